#!/usr/bin/env python3
"""Time the way from a video to its rows, here and with other programs, side by side.

    pip install torch timm onnx onnxscript onnxruntime opencv-python-headless pillow safetensors
    python benches/compare_video.py PORTRAIT --yunet YUNET.pth --yunet-onnx YUNET.onnx
        [--seconds 10] [--threads 2] [--rounds 5] [--memory] [--json FILE]

Two videos of 1280x720 pixels at 25 frames a second are made of the portrait with ffmpeg: one face, and
ten faces, both moving. The other program: OpenCV decodes the video and finds faces in every frame (YuNet),
Pillow cuts and resizes them, ONNX Runtime runs EfficientNet-B0 on all faces of a frame in one batch; its
time is that of the loop, with all models loaded before. Here: the whole process of the example `video` with
the same B0 and all heads behind it, its start included; with its own --detect-every, and with
--detect-every 1, which searches every frame as the other program does. Weights are random.

With --memory the table is of peak memory instead, the most that this process and ffmpeg have at one moment:
of 30 seconds and of 10 minutes of one face, the median and the range of the rounds.

Run it from the repository's root on an otherwise idle machine. Everything is built first, and every round
runs the peer and both of ours on both videos one after another. The table holds medians over the rounds; a
ratio is the median of the rounds' ratios, our frames per second over the peer's.
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
import torch
from PIL import Image

from compare import ROOT, SIZE, Heads, onnx_session, plain_b0, run, save_whole, target_folder

WIDTH, HEIGHT, RATE = 1280, 720, 25
MARGIN = 96
MEAN, STD = 0.5, 0.5
GOALS = {("one", "ours"): 2, ("one", "every"): 1.5, ("ten", "ours"): 1.5, ("ten", "every"): 1.5}
REAL_TIME = 1.5


def make_video(portrait, columns, rows, seconds, path):
    """A canvas of portraits, over which a window moves in circles."""
    canvas = Image.new("RGB", (WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN), (90, 110, 130))
    side = min((WIDTH - MARGIN) // columns, (HEIGHT - MARGIN) // rows)
    side = min(side, 480)
    tile = portrait.resize((side, side), Image.LANCZOS)
    for place in range(columns * rows):
        column, row = place % columns, place // columns
        left = MARGIN + (2 * column + 1) * WIDTH // (2 * columns) - side // 2
        top = MARGIN + (2 * row + 1) * HEIGHT // (2 * rows) - side // 2
        canvas.paste(tile if place % 2 else tile.transpose(Image.FLIP_LEFT_RIGHT), (left, top))
    picture = path.with_suffix(".png")
    canvas.save(picture)
    window = (f"crop={WIDTH}:{HEIGHT}:x='{MARGIN}+{MARGIN / 2}*sin(1.3*t)'"
              f":y='{MARGIN}+{MARGIN / 2}*cos(1.1*t)'")
    run("ffmpeg", "-v", "error", "-y", "-loop", "1", "-framerate", RATE, "-i", picture, "-t", seconds,
        "-vf", window, "-c:v", "libx264", "-preset", "fast", "-pix_fmt", "yuv420p", path)


class Peer:
    def __init__(self, threads, yunet, folder):
        import cv2

        self.cv2, self.yunet = cv2, str(yunet)
        cv2.setNumThreads(threads)
        network, state = plain_b0(threads)
        save_whole(state, Heads().eval(), folder / "whole.pth")
        images = torch.randn(2, 3, SIZE, SIZE)
        self.session = onnx_session(network, images, folder / "b0.onnx", threads)

    def __call__(self, path):
        """Frames per second, faces, and milliseconds a frame of each part."""
        start = time.perf_counter()
        capture = self.cv2.VideoCapture(str(path))
        detector = self.cv2.FaceDetectorYN.create(self.yunet, "", (WIDTH, HEIGHT), 0.6, 0.3, 5000)
        parts, frames, faces = dict.fromkeys(("read", "detect", "network"), 0.0), 0, 0
        while True:
            marks = [time.perf_counter()]
            is_there, frame = capture.read()
            marks.append(time.perf_counter())
            if not is_there:
                break
            _, found = detector.detect(frame)
            marks.append(time.perf_counter())
            crops = []
            for x, y, width, height in [] if found is None else found[:, :4].astype(int):
                crop = frame[max(y, 0):y + height, max(x, 0):x + width, ::-1]
                crop = Image.fromarray(crop).resize((SIZE, SIZE), Image.BILINEAR)
                crops.append((np.asarray(crop, np.float32).transpose(2, 0, 1) / 255 - MEAN) / STD)
            if crops:
                self.session.run(None, {"images": np.stack(crops)})
            marks.append(time.perf_counter())
            for part, begin, end in zip(parts, marks, marks[1:]):
                parts[part] += end - begin
            frames, faces = frames + 1, faces + len(crops)
        seconds = time.perf_counter() - start
        return {"fps": frames / seconds, "faces": faces,
                "parts": {part: spent / frames * 1e3 for part, spent in parts.items()}}


class Ours:
    def __init__(self, threads, yunet, folder):
        self.environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
        examples = target_folder() / "release" / "examples"
        run("cargo", "build", "--release", "--features", "video", "--example", "convert", "--example",
            "video", cwd=ROOT)
        run("cargo", "bench", "--features", "video", "--bench", "video", "--no-run", cwd=ROOT)
        self.model = folder / "whole.safetensors"
        run(examples / "convert", folder / "whole.pth", self.model, "--kind", "mtl-abaw4")
        self.yunet = yunet
        self.command = [examples / "video", "--model", self.model, "--detector", yunet]

    def __call__(self, path, *flags):
        start = time.perf_counter()
        table = run(*self.command, path, *flags, env=self.environment).stdout
        seconds = time.perf_counter() - start
        rows = [line.split(",") for line in table.splitlines()[1:]]
        return {"fps": (int(rows[-1][0]) + 1) / seconds, "faces": sum(row[4] == "1" for row in rows)}

    def stages(self, path):
        """Milliseconds a frame of each stage, run alone."""
        command = ["cargo", "bench", "--features", "video", "--bench", "video", "--"]
        done = run(*command, self.model, self.yunet, path, env=self.environment, cwd=ROOT)
        return json.loads(done.stdout.splitlines()[-1])

    def memory(self, path):
        """The most bytes that the process and those it started have at one moment, together.

        Not the sum of what each had at most: ffprobe has ended before the models are loaded."""
        command = list(map(str, [*self.command, path]))
        peak = 0
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=self.environment) as process:
            while process.poll() is None:
                peak = max(peak, sum(map(resident, family(process.pid))))
                time.sleep(0.02)
        if process.returncode:
            sys.exit(f"{command} failed")
        return peak


def family(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:  # A thread that has just ended.
            pass
    return found


def resident(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    file = lambda text: pathlib.Path(text).resolve()
    parser.add_argument("portrait", type=file, help="a photograph of one face")
    parser.add_argument("--yunet", type=file, required=True)
    parser.add_argument("--yunet-onnx", type=file, required=True)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="compare peak memory instead of time")
    parser.add_argument("--json", metavar="FILE", help="also write every round's figures here")
    arguments = parser.parse_args()
    portrait = Image.open(arguments.portrait).convert("RGB")

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        peer = Peer(arguments.threads, arguments.yunet_onnx, folder)
        ours = Ours(arguments.threads, arguments.yunet, folder)
        if arguments.memory:
            for seconds in (30, 600):
                make_video(portrait, 1, 1, seconds, folder / "long.mp4")
                peaks = [ours.memory(folder / "long.mp4") / 1e6 for _ in range(arguments.rounds)]
                print(f"{seconds} s: {statistics.median(peaks):.0f} MB ({min(peaks):.0f} to "
                      f"{max(peaks):.0f})", flush=True)
            return
        videos = {"one": folder / "one.mp4", "ten": folder / "ten.mp4"}
        make_video(portrait, 1, 1, arguments.seconds, videos["one"])
        make_video(portrait, 5, 2, arguments.seconds, videos["ten"])
        rounds = []
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", flush=True)
            rounds.append({name: {
                "peer": peer(path),
                "ours": ours(path),
                "every": ours(path, "--detect-every", 1),
            } for name, path in videos.items()})
        stages = {name: ours.stages(path) for name, path in videos.items()}
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"rounds": rounds, "stages": stages}))

    median = lambda call: statistics.median(map(call, rounds))
    print("| faces | every frame searched | ours | peer | ratio | goal | times real time |")
    print("|---|---|---|---|---|---|---|")
    for (name, how), goal in GOALS.items():
        fps = median(lambda one: one[name][how]["fps"])
        theirs = median(lambda one: one[name]["peer"]["fps"])
        ratio = median(lambda one: one[name][how]["fps"] / one[name]["peer"]["fps"])
        print(f"| {name} | {'yes' if how == 'every' else 'no'} | {fps:.1f} frames/s | {theirs:.1f} frames/s | "
              f"{ratio:.2f} | at least {goal} | {fps / RATE:.2f} |")
    for name in videos:
        faces = {who: rounds[0][name][who]["faces"] for who in ("peer", "ours", "every")}
        parts = {part: median(lambda one: one[name]["peer"]["parts"][part]) for part in ("read", "detect", "network")}
        words = lambda parts: ", ".join(f"{part} {spent:.2f}" for part, spent in parts.items())
        print(f"\n{name}: faces found {faces}\n  ours, ms a frame, each alone: {words(stages[name])}"
              f"\n  peer, ms a frame: {words(parts)}")


if __name__ == "__main__":
    main()
