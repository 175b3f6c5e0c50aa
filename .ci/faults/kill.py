#!/usr/bin/env python3
"""Kills `extract` and `train` at random moments, lets them go on, and compares every byte.

    cargo build --release --examples
    python3 .ci/faults/kill.py --kills 50 --interrupts 10
"""

import argparse
import random
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import job as jobs


def sizes(folder):
    """What is below a folder, as far as it tells that a file was written."""
    found = []
    for path in folder.rglob("*"):
        try:
            found.append((str(path), path.stat().st_size))
        except OSError:
            pass
    return sorted(found)


def after_write(process, out, moment):
    """Waits for the first change to a file after `moment` seconds."""
    time.sleep(moment)
    before = sizes(out)
    while process.poll() is None and sizes(out) == before:
        pass


def kill_once(job, out, seconds, chance):
    """Starts the job and kills it; whether it was still at work, and where the kill fell."""
    process = jobs.start(job, out)
    kind = chance.choice(["anywhere", "anywhere", "start", "write", "write"])
    if kind == "anywhere":
        time.sleep(chance.uniform(0, seconds))
    elif kind == "start":
        time.sleep(chance.uniform(0, 0.02))
    else:
        watcher = threading.Thread(
            target=after_write, args=(process, out, chance.uniform(0, seconds)), daemon=True
        )
        watcher.start()
        watcher.join(timeout=seconds * 3 + 5)
        time.sleep(chance.choice([0, 0, chance.uniform(0, 0.003)]))
    process.kill()
    code, _ = jobs.end(process)
    return jobs.killed(code), kind


def kills(job, expected, seconds, scratch, count, chance):
    """Kills the job `count` times, up to four times on the way to one result."""
    done, results, fallen = 0, 0, {"anywhere": 0, "start": 0, "write": 0}
    while done < count:
        out = scratch / f"{job.name}-{results}"
        out.mkdir()
        for _ in range(chance.randint(1, 4)):
            struck, kind = kill_once(job, out, seconds, chance)
            done += struck
            fallen[kind] += struck
        jobs.complete(job, out)
        jobs.check(out, expected)
        shutil.rmtree(out)
        results += 1
    return f"{done} kills ({', '.join(f'{n} {k}' for k, n in fallen.items())}), {results} results identical"


def interrupts(job, expected, seconds, scratch, count, chance):
    """Asks the job to stop, as Ctrl-C does; it must stop soon, say how to go on, and fail."""
    stopped = 0
    slowest = 0.0
    for number in range(count):
        out = scratch / f"{job.name}-interrupted-{number}"
        out.mkdir()
        process = jobs.start(job, out)
        # Before it listens, Ctrl-C ends a program at once, as it should.
        time.sleep(chance.uniform(0.05, max(0.06, seconds)))
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        code, said = jobs.end(process, within=60)
        if code == -signal.SIGINT:
            pass
        elif code != 0:
            stopped += 1
            slowest = max(slowest, time.monotonic() - asked)
            if "interrupted" not in said or job.hint not in said:
                raise jobs.Wrong(f"no word on how to go on: {said[-500:]}")
        jobs.complete(job, out)
        jobs.check(out, expected)
        shutil.rmtree(out)
    return f"{count} interrupts, {stopped} stopped in order (at most {slowest:.1f} s), all identical"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="kills of each job")
    parser.add_argument("--interrupts", type=int, default=10, help="Ctrl-Cs of each job")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--job", choices=["extract", "train"])
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    chance = random.Random(arguments.seed)
    with jobs.scratch_folder() as scratch:
        scratch = Path(scratch)
        for name, (job, expected, seconds) in jobs.prepared(scratch).items():
            if arguments.job not in (None, name):
                continue
            print(f"{name}: {len(expected)} files, {seconds:.1f} s uninterrupted", flush=True)
            for what, count in ((kills, arguments.kills), (interrupts, arguments.interrupts)):
                try:
                    told = what(job, expected, seconds, scratch, count, chance)
                except jobs.Wrong as wrong:
                    sys.exit(f"{name}: {wrong}")
                print(f"{name}: {told}", flush=True)


if __name__ == "__main__":
    main()
