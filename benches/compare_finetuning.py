#!/usr/bin/env python3
"""Time a fine-tuning step of the whole EfficientNet-B0 here against PyTorch, side by side.

    pip install torch timm
    python benches/compare_finetuning.py [--threads 2] [--rounds 3] [--json]

Run it from the repository's root on an otherwise idle machine. A step is forward, backward and SGD
with momentum on a batch of 16 images of 224x224, float32, random weights. Every round times PyTorch
in its default layout, PyTorch with channels last, and this crate (`cargo bench`, criterion's median),
with the same number of threads. The table holds the median of each figure over the rounds and the
median of the rounds' ratios, ours over the peer's: below 1 is faster than the peer. Peak memory is
that of a process of its own which takes the steps, ours without the build's.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

BATCH = 16
SIZE = 224
STEPS = 5
BENCH = f"train_step/b0_{SIZE}/batch_{BATCH}"
PEERS = ("torch", "torch, channels last")


def torch_step(threads, layout):
    """The median seconds of a step in PyTorch; runs in a process of its own."""
    import timm
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    memory = torch.channels_last if layout == PEERS[1] else torch.contiguous_format
    model = timm.create_model("tf_efficientnet_b0", num_classes=8).train().to(memory_format=memory)
    images = torch.randn(BATCH, 3, SIZE, SIZE).to(memory_format=memory)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    times = []
    for _ in range(2 + STEPS):
        start = time.perf_counter()
        optimizer.zero_grad()
        model(images).square().mean().backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:])


def own_process(command, environment=None):
    """Runs a command, and gives its output and its peak memory in bytes."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{errors.decode()}")
    return output.decode(), usage.ru_maxrss * 1024


def peer(threads, layout):
    command = [sys.executable, __file__, "--threads", str(threads), "--peer", layout]
    output, memory = own_process(command)
    return float(output), memory


def build():
    """Builds the benches, and gives the program."""
    command = ["cargo", "bench", "--bench", "speed", "--no-run", "--message-format", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    programs = [json.loads(line).get("executable") for line in done.stdout.splitlines()]
    return [program for program in programs if program][-1]


def ours(program, threads):
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"],
        capture_output=True,
        text=True,
        check=True,
    )
    folder = pathlib.Path(json.loads(metadata.stdout)["target_directory"]) / "criterion"
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads), CRITERION_HOME=str(folder))
    started = time.time()
    _, memory = own_process([program, "--bench", BENCH], environment)
    for path in folder.glob("**/new/benchmark.json"):
        estimates = path.with_name("estimates.json")
        name = json.loads(path.read_text())["full_id"]
        if name == BENCH and estimates.stat().st_mtime >= started:
            return json.loads(estimates.read_text())["median"]["point_estimate"] * 1e-9, memory
    sys.exit(f"{folder}: no new estimates of {BENCH}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        print(torch_step(arguments.threads, arguments.peer))
        return

    program = build()
    rounds = []
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        found = {layout: peer(arguments.threads, layout) for layout in PEERS}
        found["ours"] = ours(program, arguments.threads)
        rounds.append(found)

    def median(name, index):
        return statistics.median(found[name][index] for found in rounds)

    rows = [
        {
            "peer": name,
            "ours_seconds": median("ours", 0),
            "peer_seconds": median(name, 0),
            "ratio": statistics.median(found["ours"][0] / found[name][0] for found in rounds),
            "ours_bytes": median("ours", 1),
            "peer_bytes": median(name, 1),
            "goal": 2.0,
        }
        for name in PEERS
    ]
    if arguments.json:
        print(json.dumps(rows))
        return
    print("| peer | ours, ms | peer, ms | ratio | goal | ours, peak MB | peer, peak MB |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['peer']} | {row['ours_seconds'] * 1e3:.0f} | {row['peer_seconds'] * 1e3:.0f} "
            f"| {row['ratio']:.2f} | {row['goal']} | {row['ours_bytes'] / 1e6:.0f} "
            f"| {row['peer_bytes'] / 1e6:.0f} |"
        )


if __name__ == "__main__":
    main()
