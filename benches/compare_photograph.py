#!/usr/bin/env python3
"""Time the way from a photograph to a table of its faces, here and with other programs, side by side.

    pip install torch torchvision timm onnx onnxscript onnxruntime safetensors pillow requests tqdm
    pip install --no-deps facenet-pytorch==2.6.0
    python benches/compare_photograph.py PHOTOGRAPH --yunet YUNET.pth --mtcnn PACKAGE
        [--threads 2] [--rounds 5] [--json FILE]

The other programs: facenet-pytorch finds the faces (MTCNN, faces of 20 pixels and more, confidence .9),
Pillow cuts and resizes them, ONNX Runtime runs EfficientNet-B0 with a classifier on all of them in one
batch. Here: the same with MTCNN of facenet-pytorch's own file (PACKAGE, its wheel or the folder with
pnet.pt, rnet.pt and onet.pt), and with YuNet. Either decodes the photograph in each run, with its models
loaded before, in float32 and with the same number of threads. The classifier's weights are random.

Run it from the repository's root on an otherwise idle machine. Everything is built first, and every round
times the peer and both of ours one after another. The table holds medians over the rounds; a ratio is the
median of the rounds' ratios, ours over the peer's. Last comes the peak memory of `predict --detect` on a
photograph of 12 megapixels, which is the given one enlarged.
"""

import argparse
import json
import os
import pathlib
import statistics
import tempfile

import numpy as np
import torch
from PIL import Image

from compare import ROOT, SIZE, measured, median_seconds, onnx_session, plain_b0, run, target_folder

RUNS = 5
MIN_FACE = 20
MEAN, STD = 0.5, 0.5
LARGE = (4000, 3000)
GOALS = {"mtcnn": 0.5, "yunet": 0.25}


class Peer:
    def __init__(self, threads, folder):
        from facenet_pytorch import MTCNN
        from safetensors.torch import save_file

        network, state = plain_b0(threads)
        save_file(state, folder / "b0.safetensors")
        images = torch.randn(2, 3, SIZE, SIZE)
        self.session = onnx_session(network, images, folder / "b0.onnx", threads)
        self.detector = MTCNN(keep_all=True, min_face_size=MIN_FACE)

    def table(self, path):
        picture = Image.open(path).convert("RGB")
        boxes, confidences = self.detector.detect(picture)
        if boxes is None:
            return []
        kept = [(box, score) for box, score in zip(boxes, confidences) if score >= 0.9]
        crops = []
        for box, _ in kept:
            left, top, right, bottom = (int(edge) for edge in box)
            edges = max(left, 0), max(top, 0), min(right, picture.width), min(bottom, picture.height)
            crop = picture.crop(edges).resize((SIZE, SIZE), Image.BILINEAR)
            crops.append((np.asarray(crop, np.float32).transpose(2, 0, 1) / 255 - MEAN) / STD)
        logits = self.session.run(None, {"images": np.stack(crops)})[0]
        odds = np.exp(logits - logits.max(1, keepdims=True))
        odds /= odds.sum(1, keepdims=True)
        return [",".join(map(str, (*box, score, *row))) for (box, score), row in zip(kept, odds)]


class Ours:
    def __init__(self, threads, folder):
        self.environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
        examples = target_folder() / "release" / "examples"
        run("cargo", "build", "--release", "--example", "convert", "--example", "predict", cwd=ROOT)
        run("cargo", "bench", "--bench", "photograph", "--no-run", cwd=ROOT)
        self.predict, self.model = examples / "predict", folder / "model.safetensors"
        run(examples / "convert", folder / "b0.safetensors", self.model, "--kind", "hsemotion")

    def seconds(self, photograph, detector, min_face):
        command = ["cargo", "bench", "--bench", "photograph", "--", self.model, detector, min_face]
        done = run(*command, RUNS, photograph, cwd=ROOT, env=self.environment)
        seconds, faces = done.stdout.split()
        return float(seconds), int(faces)

    def memory(self, photograph, detector, min_face):
        command = [self.predict, "--detect", "--detector", detector, "--min-face", min_face]
        command += ["--model", self.model, photograph]
        return measured(*command, environment=self.environment)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photograph", type=lambda text: pathlib.Path(text).resolve())
    for name in GOALS:
        parser.add_argument(f"--{name}", type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="also write every round's figures here")
    arguments = parser.parse_args()
    photograph = arguments.photograph
    detectors = {name: (getattr(arguments, name), MIN_FACE if name == "mtcnn" else 1) for name in GOALS}

    rounds, memory = [], {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        peer = Peer(arguments.threads, folder)
        ours = Ours(arguments.threads, folder)
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", flush=True)
            figures = {"peer": (median_seconds(lambda: peer.table(photograph), RUNS), len(peer.table(photograph)))}
            for name, (path, min_face) in detectors.items():
                figures[name] = ours.seconds(photograph, path, min_face)
            rounds.append(figures)
        large = folder / "large.jpg"
        Image.open(photograph).convert("RGB").resize(LARGE, Image.BICUBIC).save(large, quality=92)
        for name, (path, min_face) in detectors.items():
            memory[name] = ours.memory(large, path, min_face)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"rounds": rounds, "memory": memory}))

    def median(name):
        return statistics.median(figures[name][0] for figures in rounds) * 1e3

    print("| detector | faces | ours | peer, and its faces | ratio | goal | peak memory at 12 megapixels |")
    print("|---|---|---|---|---|---|---|")
    for name, goal in GOALS.items():
        ratio = statistics.median(figures[name][0] / figures["peer"][0] for figures in rounds)
        faces, others = rounds[0][name][1], rounds[0]["peer"][1]
        print(f"| {name} | {faces} | {median(name):.1f} ms | {median('peer'):.1f} ms, {others} | "
              f"{ratio:.2f} | at most {goal} | {memory[name] / 1e6:.0f} MB |")


if __name__ == "__main__":
    main()
