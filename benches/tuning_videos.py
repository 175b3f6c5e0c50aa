#!/usr/bin/env python3
"""What tuning is worth on rendered videos, and whether what it says of itself is true, from pictures to scores.

    pip install numpy
    python benches/tuning_videos.py [--seeds 10] [--train 6000] [--tune 9000] [--fresh 18000] [--frames 30]
                                    [--folder DIR] [--json]

Run it from the repository's root. For each seed `synthesize --form videos` renders videos of people who are in
no other part: some to learn from, some to tune on, and, of a set of another seed, fresh ones. `train` makes two
networks with nothing but its defaults, of different seeds. `tune` finds each part alone and all together on the
second part, and `evaluate` judges on the fresh one what it stores, unproven too, so that a part that is worth
nothing shows.

Printed are each part's mean gain over the seeds with a 95 % interval (Student's t), and of everything together
the cross-validated number with its interval, the fresh score and the in-sample number of every seed. The faces are
drawn: this proves the pipeline, not what tuning brings on people.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

PARTS = ("weights", "smoothing", "calibration", "thresholds", "offsets")
SCORES = ("p_au", "p_ex", "p_va", "p_mtl")
# Student's t at 97.5 %, by degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 14: 2.145, 19: 2.093}


def build():
    names = ("synthesize", "train", "tune", "evaluate")
    examples = [word for name in names for word in ("--example", name)]
    command = ["cargo", "build", "--release", *examples, "--message-format", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    programs = [json.loads(line).get("executable") for line in done.stdout.splitlines()]
    return {pathlib.Path(program).stem: program for program in programs if program}


def run(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)} failed:\n{done.stderr}")
    return done.stdout


def of_seed(programs, arguments, folder, seed):
    data, fresh = folder / "data", folder / "fresh"
    form = ("--form", "videos", "--frames", arguments.frames)
    sizes = ("--train", arguments.train, "--validation", arguments.tune, "--seed", 2 * seed)
    run(programs["synthesize"], *form, "--out", data, *sizes)
    # Its own training part is nobody's: one video of it is enough.
    sizes = ("--train", arguments.frames, "--validation", arguments.fresh, "--seed", 2 * seed + 1)
    run(programs["synthesize"], *form, "--out", fresh, *sizes)
    models = []
    for network in range(2):
        out = folder / f"run-{network}"
        run(programs["train"], "--data", data, "--out", out, "--seed", 2 * seed + network)
        models += ["--model", out / "model.safetensors"]

    def scored(*model):
        found = json.loads(run(programs["evaluate"], *model, "--data", fresh, "--format", "json"))
        return {score: found[score] for score in SCORES}

    found = {"untuned": scored(*models)}
    for part in (*PARTS, "everything"):
        out = folder / f"{part}.safetensors"
        chosen = () if part == "everything" else ("--part", part)
        said = run(programs["tune"], *models, "--data", data, "--out", out, "--store-unproven", "--format", "json", *chosen)
        found[part] = scored("--model", out)
    return found | {"claims": json.loads(said)}


def half_width(values):
    degrees = len(values) - 1
    if degrees < 1:
        return math.nan
    t = STUDENT.get(degrees) or STUDENT[max(known for known in STUDENT if known <= degrees)]
    return t * np.std(values, ddof=1) / math.sqrt(len(values))


def report(rounds):
    names = ("P_AU", "P_EX", "P_VA", "P_MTL")
    print("| part | " + " | ".join(names) + " |\n|---|---|---|---|---|")
    for part in ("untuned", *PARTS, "everything"):
        cells = []
        for score in SCORES:
            values = [found[part][score] - (0 if part == "untuned" else found["untuned"][score]) for found in rounds]
            sign = "" if part == "untuned" else "+"
            cells.append(f"{np.mean(values):{sign}.3f} ± {half_width(values):.3f}")
        print(f"| {part} | " + " | ".join(cells) + " |")
    print("\n| seed | score | untuned | cross-validated | interval | fresh | inside | in-sample |\n|---|---|---|---|---|---|---|---|")
    inside = dict.fromkeys(SCORES, 0)
    for seed, found in enumerate(rounds):
        for score, name in zip(SCORES, names):
            claim, fresh = found["claims"][score], found["everything"][score]
            low, high = claim["interval"]
            inside[score] += low <= fresh <= high
            cells = [claim["untuned"], claim["cross_validated"]]
            cells = " | ".join(f"{cell:.3f}" for cell in cells)
            verdict = "yes" if low <= fresh <= high else "NO"
            print(f"| {seed} | {name} | {cells} | {low:.3f} to {high:.3f} | {fresh:.3f} | {verdict} | {claim['in_sample']:.3f} |")
    print("\n| score | fresh inside | widest interval | cross-validated - fresh | in-sample - fresh |\n|---|---|---|---|---|")
    for score, name in zip(SCORES, names):
        claims = [found["claims"][score] for found in rounds]
        widest = max(claim["interval"][1] - claim["interval"][0] for claim in claims)
        cells = []
        for number in ("cross_validated", "in_sample"):
            above = [claim[number] - found["everything"][score] for claim, found in zip(claims, rounds)]
            cells.append(f"{np.mean(above):+.3f} ± {half_width(above):.3f}")
        print(f"| {name} | {inside[score]} of {len(rounds)} | {widest:.3f} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--train", type=int, default=6000, help="frames to learn from")
    parser.add_argument("--tune", type=int, default=9000, help="frames to tune on")
    parser.add_argument("--fresh", type=int, default=18000, help="frames to judge on")
    parser.add_argument("--frames", type=int, default=30, help="frames of a video")
    parser.add_argument("--folder", type=pathlib.Path, help="where sets and runs are kept [default: nowhere]")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    programs = build()
    rounds = []
    with tempfile.TemporaryDirectory() as temporary:
        for seed in range(arguments.seeds):
            print(f"seed {seed + 1} of {arguments.seeds}", file=sys.stderr)
            folder = (arguments.folder or pathlib.Path(temporary)) / str(seed)
            folder.mkdir(parents=True, exist_ok=True)
            rounds.append(of_seed(programs, arguments, folder, seed))
    print(json.dumps(rounds)) if arguments.json else report(rounds)


if __name__ == "__main__":
    main()
