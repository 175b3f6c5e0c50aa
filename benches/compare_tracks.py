#!/usr/bin/env python3
"""Score which face is whose in made videos, by the public program motmetrics.

    pip install motmetrics 'numpy<2' pillow
    python benches/compare_tracks.py --photographs FILE-or-FOLDER... --detector YUNET.pth --model MODEL
        [--seeds 3] [--keep FOLDER] [--json FILE]

Five people, cut out of the photographs by the faces that the example `crop` finds in them, walk in front
of a wall and behind two pillars, with varying speed, coming closer and going farther, nodding, leaning, in
a light that falls off to one side. They pass before and behind each other all the time, and behind each
pillar they are hidden for about a second. What is scored:

- `cross`: that, at 25 frames a second, with the default --detect-every and with 1;
- `slow`: the same walks at 10 frames a second;
- `enter`: two people who enter the picture and leave it, and come back after longer than anybody is
  remembered for, which makes them other people;
- `turn`: pairs of the same size who meet behind a pillar, where half of them turn back: nobody can tell by
  how they moved.

The truth is where the script has put each face. One of which less than half can be seen, or is within the
picture, counts neither way. A face is found where its box overlaps the true one by half. A photograph has
one face for each person, so that what people look like is told more easily than in life.

Run it from the repository's root. IDF1 is the share of faces with the right person's number; MOTA counts
faces missed, faces too many and changes of the number.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1280, 720
SECONDS = 12
PEOPLE = 5
PILLAR = ((560, 730),)
PILLARS = ((340, 510), (780, 950))
VISIBLE = 0.5
OVERLAP = 0.5
GOAL = 0.95


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return done


class Person:
    """A face with what is around it, and where in it the face is."""

    def __init__(self, photograph, box):
        x, y, width, height = box
        left, top = int(max(x - 0.45 * width, 0)), int(max(y - 0.4 * height, 0))
        right = int(min(x + 1.45 * width, photograph.width))
        bottom = int(min(y + 1.7 * height, photograph.height))
        self.picture = photograph.crop((left, top, right, bottom))
        self.box = (x - left, y - top, width, height)
        mask = Image.new("L", self.picture.size, 0)
        wide, high = self.picture.size
        inner = (0.04 * wide, 0.04 * high, 0.96 * wide, 0.96 * high)
        ImageDraw.Draw(mask).rounded_rectangle(inner, 0.3 * wide, fill=255)
        self.mask = mask.filter(ImageFilter.GaussianBlur(0.02 * wide))

    def drawn(self, height, angle, light):
        """The person with a face of this height, leaning by an angle, and where its face is."""
        times = height / self.box[3]
        size = [max(1, round(side * times)) for side in self.picture.size]
        picture = self.picture.resize(size, Image.BICUBIC).rotate(angle, Image.BICUBIC)
        mask = self.mask.resize(size, Image.BICUBIC).rotate(angle, Image.BICUBIC)
        picture = picture.point(lambda level: min(255, int(level * light)))
        # Where the middle of the face comes to lie when it is turned around the middle of the picture.
        x, y, width, face_height = (side * times for side in self.box)
        across, down = x + width / 2 - size[0] / 2, y + face_height / 2 - size[1] / 2
        turn = math.radians(-angle)
        middle = (
            size[0] / 2 + across * math.cos(turn) - down * math.sin(turn),
            size[1] / 2 + across * math.sin(turn) + down * math.cos(turn),
        )
        return picture, mask, (middle[0] - width / 2, middle[1] - face_height / 2, width, face_height)


class Walk:
    """Where somebody is at a time: middle of the face, its height, how it leans."""

    def __init__(self, random, row, tall, start=0):
        self.phase = [random.uniform(0, 2 * math.pi) for _ in range(5)]
        self.pace = random.uniform(150, 230) * random.choice((-1, 1))
        self.start = start
        self.period = random.uniform(3, 6)
        self.row, self.tall = row, tall

    def at(self, time):
        wave = [math.sin(2 * math.pi * time / period + phase)
                for period, phase in zip((self.period, 0.6, 5.0, 2.3, 4.1), self.phase)]
        # The speed is 0.75 to 1.25 of the pace: its integral.
        slow = self.period / (2 * math.pi) * 0.25
        way = self.start + self.pace * (time - slow * math.cos(2 * math.pi * time / self.period + self.phase[0]))
        # Between the picture's edges, back and forth.
        low, high = 70, WIDTH - 70
        turn = (way - low) % (2 * (high - low))
        x = low + (turn if turn < high - low else 2 * (high - low) - turn)
        return x, self.row + 4 * wave[1] + 12 * wave[4], self.tall * (1 + 0.18 * wave[2]), 6 * wave[3]

    def before(self, time):
        """How often they have been in the picture, and out of it for longer than they are remembered."""
        return 0


class Visit(Walk):
    """Somebody who comes into the picture and leaves it, again and again, out of it for 3 s."""

    def around(self, time):
        """How often around, through the picture and behind it."""
        return (time * abs(self.pace) + self.start) / (WIDTH + 240 + 3 * abs(self.pace))

    def before(self, time):
        return math.floor(self.around(time))

    def at(self, time):
        _, y, height, angle = super().at(time)
        x = -120 + self.around(time) % 1 * (WIDTH + 240 + 3 * abs(self.pace))
        return (x if self.pace > 0 else WIDTH - x), y, height, angle


class Meeting(Walk):
    """One of two who walk to the same pillar from either side, and behind it turn back or do not."""

    def __init__(self, random, row, tall, side, pillar, turns):
        super().__init__(random, row, tall)
        self.side, self.turns = side, turns
        self.pillar = sum(pillar) / 2

    def at(self, time):
        _, y, height, angle = super().at(time)
        # Three seconds to the pillar, then on or back. The middle is reached at 3 s.
        away = (3 - time) * 110 + 14 * math.sin(time * 1.7)
        if self.turns and time > 3:
            away = -away
        return self.pillar + self.side * away, y, height, angle


def wall(generator):
    """Soft blotches and stripes, no face."""
    coarse = generator.uniform(70, 180, (10, 17, 3)).astype(np.uint8)
    soft = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.BICUBIC), np.float32)
    stripes = 10 * np.sin(np.arange(WIDTH) / 9.0)[None, :, None]
    return Image.fromarray((soft + stripes).clip(0, 255).astype(np.uint8))


def film(folder, people, walks, seconds, rate, pillars, seed):
    """Writes the frames; for each the people with their boxes and whether they count."""
    generator = np.random.default_rng(seed)
    background = wall(generator)
    grains = generator.normal(0, 3, (7, HEIGHT, WIDTH, 1)).round().astype(np.int16)
    edge = Image.new("RGB", (WIDTH, HEIGHT), (96, 88, 80))
    truth = []
    # Who is taller is nearer, and hides the others.
    order = sorted(range(len(walks)), key=lambda who: walks[who].tall)
    for number in range(round(seconds * rate)):
        time = number / rate
        frame = background.copy()
        owner = np.full((HEIGHT, WIDTH), -1, np.int8)
        boxes = {}
        for who in order:
            x, y, height, angle = walks[who].at(time)
            light = 0.75 + 0.4 * min(max(x / WIDTH, 0), 1)
            picture, mask, (left, top, wide, high) = people[who].drawn(height, angle, light)
            corner = round(x - left - wide / 2), round(y - top - high / 2)
            frame.paste(picture, corner, mask)
            covers = Image.new("L", (WIDTH, HEIGHT))
            covers.paste(mask, corner)
            owner[np.asarray(covers) > 127] = who
            boxes[who] = (corner[0] + left, corner[1] + top, wide, high)
        for start, end in pillars:
            frame.paste(edge.crop((0, 0, end - start, HEIGHT)), (start, 0))
            owner[:, start:end] = -1
        row = {}
        for who, (x, y, wide, high) in boxes.items():
            rows = slice(max(round(y), 0), max(round(y + high), 0))
            columns = slice(max(round(x), 0), max(round(x + wide), 0))
            share = (owner[rows, columns] == who).sum() / (wide * high)
            if share > 0.05:
                name = who + PEOPLE * walks[who].before(time)
                row[name] = ((x, y, wide, high), bool(share >= VISIBLE))
        truth.append(row)
        pixels = (np.asarray(frame, np.int16) + grains[number % len(grains)]).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"frame_{number:05}.jpg", quality=92)
    return truth


def overlap(one, other):
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    common = max(across, 0) * max(down, 0)
    return common / (one[2] * one[3] + other[2] * other[3] - common)


def score(truth, found):
    """IDF1, MOTA and counts of what `found` says of each frame: (number, box) of each face."""
    import motmetrics

    total = motmetrics.MOTAccumulator(auto_id=True)
    for people, faces in zip(truth, found):
        counted = [(who, box) for who, (box, counts) in people.items() if counts]
        half = [box for box, counts in people.values() if not counts]
        # A face that was found of somebody who does not count is none too many.
        faces = [
            (number, face) for number, face in faces
            if any(overlap(face, box) >= OVERLAP for _, box in counted)
            or not any(overlap(face, box) > 0.2 for box in half)
        ]
        distances = np.array([[1 - overlap(box, face) for _, face in faces] for _, box in counted], float)
        distances = distances.reshape(len(counted), len(faces))
        distances[distances > 1 - OVERLAP] = np.nan
        total.update([who for who, _ in counted], [number for number, _ in faces], distances)
    names = ["idf1", "mota", "num_switches", "num_misses", "num_false_positives", "num_objects"]
    summary = motmetrics.metrics.create().compute(total, metrics=names)
    return {name: float(summary[name].iloc[0]) for name in names}


def rows(text, frames):
    """The faces of each frame in the table of the example `video`."""
    found = [[] for _ in range(frames)]
    for row in csv.DictReader(text.splitlines()):
        if row["success"] == "1":
            box = tuple(float(row[name]) for name in ("x", "y", "width", "height"))
            found[int(row["frame"])].append((int(row["face_id"]), box))
    return found


def cast(photographs, grey, detector, crop, folder):
    """People with different faces: one of each photograph in turn, the largest first."""
    files = []
    for path in photographs:
        files += sorted(path.iterdir()) if path.is_dir() else [path]
    given, crops = folder / "photographs", folder / "crops"
    given.mkdir()
    for number, path in enumerate(files):
        os.symlink(path, given / f"{number:03}{path.suffix}")
    run(crop, "--images", given, "--out", crops, "--detector", detector)
    faces = {}
    with open(crops / "index.csv", newline="") as index:
        for row in csv.DictReader(index):
            if float(row["confidence"] or 0) >= 0.85:
                box = tuple(float(row[name]) for name in ("x", "y", "width", "height"))
                faces.setdefault(row["image"], []).append(box)
    people = []
    ranked = {image: sorted(boxes, key=lambda box: -box[3]) for image, boxes in sorted(faces.items())}
    while len(people) < PEOPLE and any(ranked.values()):
        for image, boxes in ranked.items():
            if boxes and len(people) < PEOPLE:
                photograph = Image.open(given / image).convert("L" if grey else "RGB").convert("RGB")
                people.append(Person(photograph, boxes.pop(0)))
    if len(people) < PEOPLE:
        sys.exit(f"expected {PEOPLE} faces in the photographs, found {len(people)}")
    return people


def scenes(people, seed):
    """Name, people, walks, seconds, frames a second and pillars of each video."""
    chance = random.Random(seed)
    tall = [84, 96, 108, 120, 132]
    chance.shuffle(tall)
    places = [120, 310, 500, 800, 1080]
    chance.shuffle(places)
    cross = [Walk(chance, chance.uniform(300, 360), height, place) for height, place in zip(tall, places)]
    yield "cross", people, cross, SECONDS, 25, PILLAR
    yield "crowd", people, cross, SECONDS, 25, PILLARS
    yield "slow", people, cross, SECONDS, 10, PILLAR
    visits = [Visit(chance, 260, 110, 300), Visit(chance, 430, 130, 800)]
    yield "enter", people[:2], visits, SECONDS, 25, ()
    pair = chance.sample(people, 4)
    meetings = []
    for place, pillar in enumerate(PILLARS):
        turns = (place + seed) % 2 == 0
        for side in (-1, 1):
            meetings.append(Meeting(chance, 200 + 300 * place, 110, side, pillar, turns))
    yield "turn", pair, meetings, 6, 25, PILLARS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    path = lambda text: pathlib.Path(text).resolve()
    parser.add_argument("--photographs", type=path, nargs="+", required=True)
    parser.add_argument("--detector", type=path, required=True)
    parser.add_argument("--model", type=path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scenes", nargs="+", help="those of these names alone")
    parser.add_argument("--grey", action="store_true", help="people without colours, which tell them apart")
    parser.add_argument("--keep", type=path, metavar="FOLDER", help="where the videos are left")
    parser.add_argument("--json", metavar="FILE", help="also write every figure here")
    parser.add_argument("--video", type=path, help="a program instead of the example `video`")
    arguments = parser.parse_args()
    metadata = json.loads(run("cargo", "metadata", "--format-version", "1", "--no-deps", cwd=ROOT).stdout)
    examples = pathlib.Path(metadata["target_directory"]) / "release" / "examples"
    if arguments.video is None:
        run("cargo", "build", "--release", "--example", "crop", "--example", "video", cwd=ROOT)
    video = arguments.video or examples / "video"

    figures = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        people = cast(arguments.photographs, arguments.grey, arguments.detector, examples / "crop", folder)
        print("| video | seed | detect every | IDF1 | MOTA | changes | missed | too many | faces |")
        print("|---|---|---|---|---|---|---|---|---|", flush=True)
        for seed in range(arguments.seeds):
            for name, cast_, walks, seconds, rate, pillars in scenes(people, seed):
                if arguments.scenes and name not in arguments.scenes:
                    continue
                frames = (arguments.keep or folder) / f"{name}-{seed}"
                frames.mkdir(parents=True, exist_ok=True)
                known = frames.with_suffix(".json")
                if known.exists():
                    truth = [{int(who): tuple(face) for who, face in row.items()} for row in json.loads(known.read_text())]
                else:
                    truth = film(frames, cast_, walks, seconds, rate, pillars, seed)
                    known.write_text(json.dumps(truth))
                for every in (None, 1):
                    table = folder / "rows.csv"
                    command = [video, "--model", arguments.model, "--detector", arguments.detector, frames]
                    command += ["--frame-rate", rate, "--out", table]
                    command += [] if every is None else ["--detect-every", every]
                    run(*command)
                    result = score(truth, rows(table.read_text(), len(truth)))
                    figures.append({"video": name, "seed": seed, "detect_every": every, **result})
                    counts = [result[key] for key in ("num_switches", "num_misses", "num_false_positives", "num_objects")]
                    print(f"| {name} | {seed} | {every or 'default'} | {result['idf1']:.3f} | {result['mota']:.3f} | "
                          + " | ".join(f"{count:.0f}" for count in counts) + " |", flush=True)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures))
    worst = min(figure["idf1"] for figure in figures if figure["video"] == "cross") if figures else 1
    print(f"\nThe least IDF1 of `cross` is {worst:.3f}; the goal is at least {GOAL}.")


if __name__ == "__main__":
    main()
