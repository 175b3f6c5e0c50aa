#!/usr/bin/env python3
"""Time EfficientNet-B0 here against ONNX Runtime and PyTorch, side by side.

    pip install torch timm onnx onnxscript onnxruntime
    python benches/compare.py [--threads 2] [--rounds 3] [--json]

Run it from the repository's root on an otherwise idle machine. Every round times each peer and then
this crate (`cargo bench`, criterion's median), all in float32 at 224x224 with the same number of
threads. The table holds the median of each figure over the rounds and the median of the rounds'
ratios, ours over the peer's: below 1 is faster than the peer. Weights are random.
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

BATCHES = (1, 32)
SIZE = 224
GOALS = {"onnxruntime": 1.0, "torch": 0.5, "torch, channels last": 0.5}


def median_seconds(call, runs):
    for _ in range(3):
        call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class Peers:
    """The same network in PyTorch and, exported once per batch size, in ONNX Runtime."""

    def __init__(self, threads, folder):
        import onnxruntime
        import timm
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch
        self.plain = timm.create_model("tf_efficientnet_b0", num_classes=0).eval()
        self.images = {batch: torch.randn(batch, 3, SIZE, SIZE) for batch in BATCHES}
        self.sessions = {}
        for batch, images in self.images.items():
            path = os.path.join(folder, f"b0_{batch}.onnx")
            torch.onnx.export(
                self.plain,
                (images,),
                path,
                dynamo=True,
                input_names=["images"],
                external_data=False,
                verbose=False,
            )
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            self.sessions[batch] = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        self.last = timm.create_model("tf_efficientnet_b0", num_classes=0).eval()
        self.last = self.last.to(memory_format=torch.channels_last)

    def seconds(self, batch):
        runs = 20 if batch == 1 else 5
        images = self.images[batch]
        array = images.numpy()
        session = self.sessions[batch]
        last = images.to(memory_format=self.torch.channels_last)
        with self.torch.inference_mode():
            return {
                "onnxruntime": median_seconds(lambda: session.run(None, {"images": array}), runs),
                "torch": median_seconds(lambda: self.plain(images), runs),
                "torch, channels last": median_seconds(lambda: self.last(last), runs),
            }


def ours(threads):
    """Runs the benches of the backbone and gives the median seconds per batch size."""
    started = time.time()
    command = ["cargo", "bench", "--bench", "speed", "--", "backbone/"]
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"],
        capture_output=True,
        text=True,
        check=True,
    )
    folder = pathlib.Path(json.loads(metadata.stdout)["target_directory"]) / "criterion"
    medians = {}
    for path in folder.glob("**/new/benchmark.json"):
        estimates = path.with_name("estimates.json")
        name = json.loads(path.read_text())["full_id"]
        for batch in BATCHES:
            if name == f"backbone/b0_224/batch_{batch}" and estimates.stat().st_mtime >= started:
                nanoseconds = json.loads(estimates.read_text())["median"]["point_estimate"]
                medians[batch] = nanoseconds * 1e-9
    missing = set(BATCHES) - set(medians)
    if missing:
        sys.exit(f"{folder}: no new estimates for batch sizes {sorted(missing)}")
    return medians


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        peers = Peers(arguments.threads, folder)
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
            times = {batch: peers.seconds(batch) for batch in BATCHES}
            own = ours(arguments.threads)
            rounds.append((times, own))

    rows = []
    for batch in BATCHES:
        for peer, goal in GOALS.items():
            rows.append(
                {
                    "batch": batch,
                    "peer": peer,
                    "ours_seconds": statistics.median(own[batch] for _, own in rounds),
                    "peer_seconds": statistics.median(times[batch][peer] for times, _ in rounds),
                    "ratio": statistics.median(
                        own[batch] / times[batch][peer] for times, own in rounds
                    ),
                    "goal": goal,
                }
            )
    if arguments.json:
        print(json.dumps(rows))
        return
    print("| batch | peer | ours, ms | peer, ms | ours, images/s | peer, images/s | ratio | goal |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        own, peer, batch = row["ours_seconds"], row["peer_seconds"], row["batch"]
        print(
            f"| {batch} | {row['peer']} | {own * 1e3:.1f} | {peer * 1e3:.1f} "
            f"| {batch / own:.0f} | {batch / peer:.0f} | {row['ratio']:.2f} | {row['goal']} |"
        )


if __name__ == "__main__":
    main()
