#!/usr/bin/env python3
"""Train every choice of tasks on the same faces and features, and compare each task with itself alone.

    cargo build --release --example train
    python3 .ci/tasks.py [--work DIR] [--orders staged joint whole] [--seeds 3] [--epochs 60] [--faces 4000]
        [--learning-rate 1e-3] [--jobs 1]

The default run's faces are rendered and its backbone is trained on all their labels once. Then, for each
of the 7 choices of action units (AU), expressions (EX), valence and arousal (VA), the labels of the other
tasks are taken out of both splits, and the heads are trained on that backbone at the paper's rate, or at
another: at the paper's, sets as small as this take hundreds of epochs. With
--work, what is done stays, and a second call goes on from there.

A task beside others must be no worse than alone: its score, averaged over the seeds, may fall short by
no more than the noise, twice the standard error of the difference of two such averages over the seeds.
One task at a time (`staged`), it must be the very same to the last digit, but for expressions that attend
to action units. The exit code is 1 where it is not so.
"""

import argparse
import concurrent.futures
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TRAIN = Path(__file__).resolve().parents[1] / "target" / "release" / "examples" / "train"
ANNOTATIONS = ("training_set_annotations.txt", "validation_set_annotations.txt")
IMAGES = "cropped_aligned"
SCORES = {"AU": "p_au", "EX": "p_ex", "VA": "p_va"}
# Where a task's labels are in a line, and what stands for a missing one.
FIELDS = {"VA": (slice(1, 3), "-5"), "EX": (slice(3, 4), "-1"), "AU": (slice(4, 16), "-1")}
CHOICES = [set_ for size in (1, 2, 3) for set_ in itertools.combinations(SCORES, size)]


def run(*arguments):
    """Runs `train`; its words are shown only if it fails."""
    command = [str(TRAIN), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")


def faces(work, rows):
    """The rendered set, and a backbone trained on all its labels."""
    out = work / "faces"
    if not (out / "report.json").exists():
        print(f"rendering {rows} faces and training the backbone", file=sys.stderr)
        goes_on = (out / "config.json").exists()
        how = ["--resume"] if goes_on else ["--epochs", 1, "--synthetic-train", rows]
        run("--out", out, *how)
    return out / "synthetic", out / "model.safetensors"


def stripped(root, choice, out):
    """The set in `root` with the labels of the tasks in `choice` alone."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / IMAGES).exists():
        (out / IMAGES).symlink_to(root / IMAGES)
    for name in ANNOTATIONS:
        header, *lines = (root / name).read_text().splitlines()
        rows = [line.split(",") for line in lines]
        for row, (task, (fields, missing)) in itertools.product(rows, FIELDS.items()):
            if task not in choice:
                row[fields] = [missing] * len(row[fields])
        (out / name).write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return out


def scores(out, data, backbone, order, seed, epochs, rate):
    """The scores of a run, made if it is not there yet."""
    report = out / "report.json"
    if not report.exists():
        goes_on = (out / "config.json").exists()
        given = ("--data", data, "--backbone", backbone, "--order", order, "--seed", seed)
        given += ("--epochs", epochs, "--learning-rate", rate, "--recipe", "paper")
        run("--out", out, *(["--resume"] if goes_on else given))
    return json.loads(report.read_text())


def spread(values):
    return statistics.stdev(values) if len(values) > 1 else 0.0


def compared(order, results, seeds):
    """Prints the table of an order; the complaints about it."""
    complaints = []
    print(f"\n--order {order}: mean over {seeds} seeds, and the difference to the task alone")
    print(f"{'labels of':<12}" + "".join(f"{'P_' + task:>20}" for task in SCORES))
    alone = {task: results[order, (task,)] for task in SCORES}
    for choice in CHOICES:
        cells = ""
        for task, key in SCORES.items():
            if task not in choice:
                cells += f"{'-':>20}"
                continue
            found = [report[key] for report in results[order, choice]]
            base = [report[key] for report in alone[task]]
            difference = statistics.mean(found) - statistics.mean(base)
            cells += f"{statistics.mean(found):>12.4f} {difference:>+7.4f}"
            noise = 2 * ((spread(found) ** 2 + spread(base) ** 2) / seeds) ** 0.5
            what = f"--order {order}, labels of {'+'.join(choice)}: P_{task}"
            if order == "staged" and (task != "EX" or "AU" not in choice):
                if found != base:
                    complaints.append(f"{what} is {found} and not {base}, as alone")
            elif difference < -noise:
                complaints.append(f"{what} is {-difference:.4f} below the task alone; noise {noise:.4f}")
        print(f"{'+'.join(choice):<12}{cells}")
    deviations = (f"P_{task} {spread([report[SCORES[task]] for report in alone[task]]):.4f}" for task in SCORES)
    print(f"standard deviation over the seeds, alone: {', '.join(deviations)}")
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, help="folder to work in; a temporary one unless given")
    parser.add_argument("--orders", nargs="+", default=["staged", "joint"], choices=["staged", "joint", "whole"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--faces", type=int, default=4000)
    parser.add_argument("--learning-rate", default="1e-3")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = (arguments.work or Path(scratch)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        root, backbone = faces(work, arguments.faces)
        results = {}

        def trained(choice, order, seed):
            name = f"{order} {'+'.join(choice)} seed {seed}"
            print(name, file=sys.stderr)
            data = work / "sets" / "+".join(choice)
            out = work / "runs" / name
            return scores(out, data, backbone, order, seed, arguments.epochs, arguments.learning_rate)

        for choice in CHOICES:
            stripped(root, choice, work / "sets" / "+".join(choice))
        wanted = list(itertools.product(CHOICES, arguments.orders, range(arguments.seeds)))
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for (choice, order, _), report in zip(wanted, pool.map(lambda one: trained(*one), wanted)):
                results.setdefault((order, choice), []).append(report)
        complaints = [line for order in arguments.orders for line in compared(order, results, arguments.seeds)]
    for line in complaints:
        print(line, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
