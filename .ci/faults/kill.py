#!/usr/bin/env python3
"""Kills `extract`, `train` and `ablation` at random moments, lets them go on, and compares every byte.

    cargo build --release --examples
    python3 .ci/faults/kill.py --kills 50 --interrupts 10
"""

import argparse
import signal
import threading
import time

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


def kill_once(trial, out):
    """Starts the job and kills it; whether it was still at work, and where the kill fell."""
    process = jobs.start(trial.job, out)
    seconds, chance = trial.seconds, trial.chance
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


def kills(trial, arguments):
    """Kills the job again and again, up to four times on the way to one result."""
    done, results, fallen = 0, 0, {"anywhere": 0, "start": 0, "write": 0}
    while done < arguments.kills:
        with trial.attempt(f"killed-{results}") as out:
            for _ in range(trial.chance.randint(1, 4)):
                struck, kind = kill_once(trial, out)
                done += struck
                fallen[kind] += struck
        results += 1
    return f"{done} kills ({', '.join(f'{n} {k}' for k, n in fallen.items())}), {results} results identical"


def interrupts(trial, arguments):
    """Asks the job to stop, as Ctrl-C does; it must stop soon, say how to go on, and fail."""
    stopped = deaf = 0
    slowest = 0.0
    for number in range(arguments.interrupts):
        with trial.attempt(f"interrupted-{number}") as out:
            process = jobs.start(trial.job, out)
            # Before it listens, Ctrl-C ends a program at once, as it should.
            time.sleep(trial.chance.uniform(0.05, max(0.06, trial.seconds)))
            asked = time.monotonic()
            process.send_signal(signal.SIGINT)
            code, said = jobs.end(process, within=60)
            if code == -signal.SIGINT:
                deaf += 1
            elif code != 0:
                stopped += 1
                slowest = max(slowest, time.monotonic() - asked)
                if "interrupted" not in said or trial.job.hint not in said:
                    raise jobs.Wrong(f"no word on how to go on: {said[-500:]}")
    told = f"{stopped} stopped in order (at most {slowest:.1f} s), {deaf} did not listen yet"
    return f"{arguments.interrupts} interrupts, {told}, the others were done, all identical"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="kills of each job")
    parser.add_argument("--interrupts", type=int, default=10, help="Ctrl-Cs of each job")
    jobs.try_all(parser, [kills, interrupts])
