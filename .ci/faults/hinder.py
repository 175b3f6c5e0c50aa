#!/usr/bin/env python3
"""Takes disk, images and sole use away from `extract`, `train` and `ablation`; what was done must be kept.

    cargo build --release --examples
    python3 .ci/faults/hinder.py --tries 20
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

import job as jobs


def fails(process, words):
    """Waits for an error of one line that has one of `words` in it."""
    code, said = jobs.end(process)
    if code == 0:
        return False
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    if code != 1 or len(errors) != 1:
        raise jobs.Wrong(f"exit code {code} with {said[-1500:]}")
    if not any(word in errors[0] for word in words):
        raise jobs.Wrong(f"an unexpected {errors[0]}")
    return True


def file_limit(trial, arguments):
    """No file may grow beyond a limit, so that writes fail in the midst of one."""
    largest = max(len(content) for content in trial.expected.values())
    failed = 0
    for number in range(arguments.tries):
        limit = int(largest ** trial.chance.uniform(0.2, 1))

        def limited():
            # Otherwise the system ends the program instead of refusing the write.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        with trial.attempt(f"limit-{number}") as out:
            failed += fails(jobs.start(trial.job, out, before=limited), ["too large"])
    return f"files limited {arguments.tries} times, {failed} refusals, all identical once the limit was gone"


@contextmanager
def disk(trial, name, options):
    """A folder that is a disk of its own; the job must be completed there to the expected bytes."""
    out = trial.scratch / f"{trial.job.name}-{name}"
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(out)]
    if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        out.rmdir()
        raise jobs.NotTried("mounting a disk needs root")
    try:
        yield out
        jobs.complete(trial.job, out)
        jobs.check(out, trial.expected)
    finally:
        subprocess.run(["umount", str(out)], check=True)
    out.rmdir()


def remount(out, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(out)], check=True)


def full_disk(trial, arguments):
    """A small disk that fills up, and then grows."""
    needed = sum(len(content) for content in trial.expected.values()) // 1024
    failed = 0
    for number in range(arguments.tries):
        size = trial.chance.randint(4, max(8, int(needed * 1.2)))
        with disk(trial, f"disk-{number}", f"size={size}k") as out:
            failed += fails(jobs.start(trial.job, out), ["No space left"])
            remount(out, "size=1g")
    return f"disk filled {arguments.tries} times, {failed} refusals, all identical once there was room"


def unwritable(trial, arguments):
    """A folder that cannot be written, with whatever a killed process left in it."""
    refused = 0
    for number in range(arguments.tries):
        with disk(trial, f"unwritable-{number}", "size=1g") as out:
            process = jobs.start(trial.job, out)
            time.sleep(trial.chance.uniform(0, trial.seconds))
            process.kill()
            process.communicate()
            left = jobs.tree(out)
            remount(out, "ro")
            refused += fails(jobs.start(trial.job, out), ["Read-only file system"])
            if jobs.tree(out) != left:
                raise jobs.Wrong("what was done is not what it was")
            remount(out, "rw")
    return f"folder unwritable {arguments.tries} times, {refused} refusals, all identical once it was not"


def vanished(trial, arguments):
    """A folder of images goes away while they are read, and comes back."""
    if trial.job.name != "extract":
        return None
    failed = 0
    images = trial.scratch / "images" / "cropped_aligned"
    folders = sorted(path for path in images.iterdir() if path.is_dir())
    away = trial.scratch / "away"
    for number in range(arguments.tries):
        with trial.attempt(f"vanished-{number}") as out:
            folder = trial.chance.choice(folders)
            process = jobs.start(trial.job, out)
            time.sleep(trial.chance.uniform(0, trial.seconds))
            shutil.move(folder, away)
            failed += fails(process, ["that cannot be read", "features of", "cannot list"])
            shutil.move(away, folder)
    return f"images vanished {arguments.tries} times, {failed} refusals, all identical once they were back"


def rewritten(trial, arguments):
    """Images are half written while they are read, and whole again in the end."""
    if trial.job.name != "extract":
        return None
    failed = 0
    images = trial.scratch / "images" / "cropped_aligned"
    paths = sorted(path for path in images.rglob("*") if path.is_file())
    for number in range(arguments.tries):
        with trial.attempt(f"rewritten-{number}") as out:
            chosen = trial.chance.sample(paths, trial.chance.randint(2, 30))
            whole = [path.read_bytes() for path in chosen]
            process = jobs.start(trial.job, out)
            time.sleep(trial.chance.uniform(0, trial.seconds))
            for path, content in zip(chosen, whole):
                path.write_bytes(content[: len(content) // 2])
            failed += fails(process, ["that cannot be read"])
            for path, content in zip(chosen, whole):
                path.write_bytes(content)
    return f"images half written {arguments.tries} times, {failed} refusals, all identical once they were whole"


def unheard(trial, arguments):
    """Nobody reads what is said, or the disk that it goes to is full: the work is done all the same."""
    for number in range(arguments.tries):
        with trial.attempt(f"log-{number}") as out, open("/dev/full", "w") as full:
            code, _ = jobs.end(jobs.start(trial.job, out, stderr=full))
            if code != 0:
                raise jobs.Wrong(f"exit code {code} with a log on a full disk")
            jobs.check(out, trial.expected)
        with trial.attempt(f"result-{number}") as out, open("/dev/full", "w") as full:
            if not fails(jobs.start(trial.job, out, stdout=full), ["write standard output"]):
                raise jobs.Wrong("a result that was not written is no error")
            jobs.check(out, trial.expected)
        with trial.attempt(f"gone-{number}") as out:
            reader, writer = os.pipe()
            os.close(reader)
            process = jobs.start(trial.job, out, stdout=writer)
            os.close(writer)
            code, said = jobs.end(process)
            # As a shell tells of a program that SIGPIPE has ended; `| head` is no mistake.
            if code != 128 + signal.SIGPIPE or "error" in said:
                raise jobs.Wrong(f"exit code {code} without a reader: {said[-500:]}")
            jobs.check(out, trial.expected)
    return f"log, result on a full disk and reader gone {arguments.tries} times each, all identical"


def two_at_once(trial, arguments):
    """Another process starts on what one is at work on."""
    refused = 0
    for number in range(arguments.tries):
        out = trial.scratch / f"{trial.job.name}-two-{number}"
        out.mkdir()
        first = jobs.start(trial.job, out)
        deadline = time.monotonic() + 60
        while not any(out.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(trial.chance.uniform(0, 0.1))
        second = jobs.start(trial.job, out)
        refused += fails(second, ["another one at work", "no other process", "without a run"])
        code, said = jobs.end(first)
        if code != 0:
            raise jobs.Wrong(f"the first was disturbed: {said[-500:]}")
        jobs.check(out, trial.expected)
        shutil.rmtree(out)
    return f"two at once {arguments.tries} times, the second refused {refused} times, all identical"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=20, help="tries of each")
    jobs.try_all(parser, [file_limit, full_disk, unwritable, vanished, rewritten, unheard, two_at_once])
