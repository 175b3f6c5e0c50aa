#!/usr/bin/env python3
"""Time face detection here against other programs, side by side, and print one table.

    pip install numpy pillow opencv-python-headless torch torchvision requests tqdm
    pip install --no-deps facenet-pytorch==2.6.0
    python benches/compare_faces.py --yunet YUNET.onnx --photograph FILE --face FILE
        [--threads 2] [--rounds 5] [--json FILE]

Run it from the repository's root on an otherwise idle machine. YUNET.onnx is the network as OpenCV's
FaceDetectorYN reads it. The benches are built first. Every round then times each peer and this crate one
after the other, with the same number of threads, on pictures of the same sizes. The table holds medians
over the rounds; a ratio is the median of the rounds' ratios, ours over the peer's, and below 1 is faster
than the peer. The time of YuNet does not depend on its weights, and ours are drawn, nor on what is in the
picture while there is no face in it. That of MTCNN does: it is timed with its published weights on a
photograph of many people, resized to 1280x720, and on one of a face, resized to 512x512.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNS = 15


def median_seconds(call):
    for _ in range(3):
        call()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def picture(width, height):
    """Waves and edges, as the benches have them, without a face."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    edge = np.where((x // 40 + y // 30) % 2 == 0, 20, -20)
    planes = [
        128 + 90 * np.sin(x * 0.031 + phase) * np.cos(y * 0.017 - phase) + edge for phase in (2, 1, 0)
    ]
    return np.stack(planes, 2).clip(0, 255).astype(np.uint8)


class OpenCv:
    """FaceDetectorYN, which reads blue, green and red."""

    name, goal = "OpenCV", 0.5

    def __init__(self, network, threads):
        import cv2

        cv2.setNumThreads(threads)
        self.create, self.network = cv2.FaceDetectorYN.create, str(network)

    def seconds(self, width, height):
        detector = self.create(self.network, "", (width, height), 0.6, 0.3, 5000)
        pixels = picture(width, height)
        return median_seconds(lambda: detector.detect(pixels))


class FacenetPytorch:
    """MTCNN, which reads red, green and blue."""

    name, goal = "facenet-pytorch", 0.4

    def __init__(self, threads, photographs):
        import facenet_pytorch
        import torch

        torch.set_num_threads(threads)
        self.create, self.photographs = facenet_pytorch.MTCNN, photographs
        self.weights = pathlib.Path(facenet_pytorch.__file__).parent / "data"

    def seconds(self, min_face, width, height):
        detector = self.create(keep_all=True, min_face_size=min_face)
        photograph = Image.open(self.photographs / f"{width}x{height}.png").convert("RGB")
        return median_seconds(lambda: detector.detect(photograph, landmarks=True))


class Ours:
    """This crate's benches."""

    def __init__(self, threads, weights, photographs):
        self.environment = dict(
            os.environ,
            RAYON_NUM_THREADS=str(threads),
            COUNTENANCE_FACES=str(weights),
            COUNTENANCE_PHOTOGRAPHS=str(photographs),
        )
        metadata = self.run("cargo", "metadata", "--format-version", "1", "--no-deps")
        self.target = pathlib.Path(json.loads(metadata)["target_directory"])
        self.run("cargo", "bench", "--bench", "speed", "--no-run")

    def run(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=self.environment)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
        return done.stdout

    def seconds(self, bench):
        self.run("cargo", "bench", "--bench", "speed", "--", f"^{bench}$", "--measurement-time", "3")
        for path in (self.target / "criterion").glob("**/new/benchmark.json"):
            if json.loads(path.read_text())["full_id"] == bench:
                estimates = json.loads(path.with_name("estimates.json").read_text())
                return estimates["median"]["point_estimate"] * 1e-9
        sys.exit(f"cargo bench knows no {bench}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--yunet", type=pathlib.Path, required=True, help="OpenCV's file of the network")
    parser.add_argument("--photograph", required=True, help="a photograph of many people")
    parser.add_argument("--face", required=True, help="a photograph of one face")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="also write every round's figures here")
    arguments = parser.parse_args()

    folder = tempfile.TemporaryDirectory()
    photographs = pathlib.Path(folder.name)
    for path, size in ((arguments.photograph, (1280, 720)), (arguments.face, (512, 512))):
        resized = Image.open(path).convert("RGB").resize(size, Image.Resampling.BICUBIC)
        resized.save(photographs / f"{size[0]}x{size[1]}.png")
    facenet = FacenetPytorch(arguments.threads, photographs)
    ours = Ours(arguments.threads, facenet.weights, photographs)
    opencv = OpenCv(arguments.yunet, arguments.threads)
    # The bench, the peer and what it is given: the least side of a face, for MTCNN, and the size of
    # the picture.
    rows = [
        (f"detector/yunet_{width}x{height}/batch_1", opencv, (width, height))
        for width, height in ((512, 512), (1280, 720), (1666, 1136))
    ]
    rows += [
        (f"detector/mtcnn_{least}_{width}x{height}/batch_1", facenet, (least, width, height))
        for least, width, height in ((20, 1280, 720), (40, 1280, 720), (20, 512, 512))
    ]
    rounds = []
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        rounds.append(
            [{"peer": peer.seconds(*given), "ours": ours.seconds(bench)} for bench, peer, given in rows]
        )
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(rounds))
    print("| figure | ours | peer | ratio | goal |")
    print("|---|---|---|---|---|")
    for place, (bench, peer, _) in enumerate(rows):
        figures = [one[place] for one in rounds]
        own, other = (statistics.median(one[who] for one in figures) * 1e3 for who in ("ours", "peer"))
        ratio = statistics.median(one["ours"] / one["peer"] for one in figures)
        print(f"| {bench}, against {peer.name} | {own:.1f} ms | {other:.1f} ms | {ratio:.2f} | at most {peer.goal} |")


if __name__ == "__main__":
    main()
