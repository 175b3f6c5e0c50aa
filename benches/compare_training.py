#!/usr/bin/env python3
"""Time the SAM steps of the AU, EX and VA stages here against PyTorch, side by side.

    pip install torch
    python benches/compare_training.py [--threads 2] [--rounds 3] [--json]

Run it from the repository's root on an otherwise idle machine. Every round times PyTorch and then
this crate (`cargo bench`, criterion's median) with the same number of threads: 1288 features, batch
256, float32, SGD with momentum and weight decay under SAM. PyTorch does what the authors' program
does: in the EX and VA stages it runs the frozen action-unit branch forward in both passes. The table
holds the median of each figure over the rounds and the median of the rounds' ratios, ours over
PyTorch's: below 1 is faster. Peak memory is that of one process that takes only one stage's steps.

An epoch of the AU stage over 100,000 cached rows, beside its steps alone, is a test of eight minutes:

    cargo test --release --lib -- --ignored --nocapture an_epoch
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

GOALS = {"au": 1.0, "ex": 0.05, "va": 0.05}
BATCH, WIDTH, UNITS, CLASSES = 256, 1288, 12, 8


def peer(task, threads, runs):
    """Seconds of PyTorch's steps, and the peak memory of this process in MiB."""
    import resource

    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(0)

    class Node(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.5)
            self.linear, self.norm = nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH)

        def forward(self, x):
            return F.relu(self.norm(self.linear(self.drop(x))))

    class Units(nn.Module):
        def __init__(self):
            super().__init__()
            self.nodes = nn.ModuleList([Node() for _ in range(UNITS)])
            self.own, self.other = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
            self.norm = nn.BatchNorm1d(UNITS)
            self.anchors = nn.Parameter(torch.empty(UNITS, WIDTH))
            nn.init.xavier_uniform_(self.anchors)

        def forward(self, x):
            v = torch.stack([node(x) for node in self.nodes], 1)
            s = v.detach() @ v.detach().transpose(1, 2)
            a = (s >= s.topk(4, -1).values[..., -1:]).float()
            d = a.sum(-1).rsqrt()
            a = d[:, :, None] * a * d[:, None]
            v = F.relu(v + self.norm(a @ self.other(v) + self.own(v)))
            return (F.normalize(v, dim=-1) * F.normalize(F.relu(self.anchors), dim=-1)).sum(-1)

    class Expressions(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(WIDTH, CLASSES)
            self.query, self.key = nn.Linear(UNITS, 64, bias=False), nn.Linear(1, 64, bias=False)
            self.score = nn.Linear(64, 1, bias=False)

        def forward(self, x, units):
            logits = self.linear(x)
            hidden = torch.tanh(self.query(units)[:, None] + self.key(logits[..., None]))
            return self.score(hidden).squeeze(-1).softmax(-1) * logits

    x = torch.randn(BATCH, WIDTH)
    units = Units().train()
    if task != "au":
        units.requires_grad_(False)
    if task == "au":
        model, y = units, (torch.rand(BATCH, UNITS) < 0.3).float()

        def loss():
            p = model(x).clamp(1e-8, 1 - 1e-8)
            return -(y * p.log() + (1 - y) * p.detach() * (1 - p).log()).mean()
    elif task == "ex":
        model, y = Expressions(), torch.randint(0, CLASSES, (BATCH,))

        def loss():
            return F.cross_entropy(model(x, units(x)), y)
    else:
        model = nn.Sequential(nn.Linear(WIDTH, 2), nn.BatchNorm1d(2), nn.Tanh())
        y = torch.rand(BATCH, 2) * 2 - 1

        def loss():
            units(x)
            a, b = model(x), y
            p, q = a - a.mean(0), b - b.mean(0)
            gap = (a.mean(0) - b.mean(0)) ** 2
            return (1 - 2 * (p * q).mean(0) / ((p**2).mean(0) + (q**2).mean(0) + gap)).sum()

    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=1e-3, momentum=0.9, weight_decay=1 / 256)

    def step():
        loss().backward()
        live = [p for p in parameters if p.grad is not None]
        norm = torch.sqrt(sum((p.grad**2).sum() for p in live)) + 1e-12
        with torch.no_grad():
            kept = [p.clone() for p in live]
            for p in live:
                p.add_(p.grad, alpha=float(0.05 / norm))
        optimizer.zero_grad()
        loss().backward()
        with torch.no_grad():
            for p, w in zip(live, kept):
                p.copy_(w)
        optimizer.step()
        optimizer.zero_grad()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    step()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": statistics.median(times), "peak": peak / 1024, "before": before / 1024}))


def run(command, threads):
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return done


def bench_program():
    """Builds the bench and gives its path."""
    command = ["cargo", "bench", "--bench", "speed", "--no-run", "--message-format", "json"]
    for line in run(command, os.cpu_count()).stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "speed":
            return message["executable"]
    sys.exit("cargo names no program for the bench `speed`")


def ours(program, name, threads):
    """Criterion's median seconds of one bench, and the peak memory of its process in MiB."""
    started = time.time()
    code = (
        "import resource, subprocess, sys; "
        "done = subprocess.run(sys.argv[1:], capture_output=True, text=True); "
        "sys.stderr.write(done.stderr); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024); "
        "sys.exit(done.returncode)"
    )
    done = run([sys.executable, "-c", code, program, "--bench", name], threads)
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "criterion"
    for path in folder.glob("**/new/benchmark.json"):
        estimates = path.with_name("estimates.json")
        if json.loads(path.read_text())["full_id"] == name and estimates.stat().st_mtime >= started:
            nanoseconds = json.loads(estimates.read_text())["median"]["point_estimate"]
            return {"seconds": nanoseconds * 1e-9, "peak": float(done.stdout)}
    sys.exit(f"{folder}: no new estimate of {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", nargs="+", choices=list(GOALS), default=list(GOALS))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", choices=list(GOALS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments.peer, arguments.threads, 5 if arguments.peer == "au" else 7)

    program = bench_program()
    rounds = {task: [] for task in arguments.tasks}
    for number in range(arguments.rounds):
        for task in arguments.tasks:
            command = [sys.executable, __file__, "--peer", task, "--threads", str(arguments.threads)]
            theirs = json.loads(run(command, arguments.threads).stdout)
            mine = ours(program, f"train_step/{task}_sam/batch_256", arguments.threads)
            rounds[task].append((mine, theirs))
            print(
                f"round {number + 1}: {task} {mine['seconds'] * 1e3:.1f} ms, "
                f"PyTorch {theirs['seconds'] * 1e3:.1f} ms",
                file=sys.stderr,
            )

    rows = []
    for task, pairs in rounds.items():
        median = lambda pick: statistics.median(pick(mine, theirs) for mine, theirs in pairs)
        rows.append(
            {
                "stage": task,
                "ours": median(lambda mine, _: mine["seconds"]),
                "torch": median(lambda _, theirs: theirs["seconds"]),
                "ratio": median(lambda mine, theirs: mine["seconds"] / theirs["seconds"]),
                "goal": GOALS[task],
                "ours_peak": median(lambda mine, _: mine["peak"]),
                "torch_peak": median(lambda _, theirs: theirs["peak"]),
                "torch_import": median(lambda _, theirs: theirs["before"]),
            }
        )
    if arguments.json:
        return print(json.dumps(rows))
    print("| SAM step, batch 256 | ours | PyTorch | ratio | goal | peak memory, ours | PyTorch (of it before the first step) |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['stage'].upper()} | {row['ours'] * 1e3:.1f} ms | {row['torch'] * 1e3:.1f} ms "
            f"| {row['ratio']:.3f} | {row['goal']} | {row['ours_peak']:.0f} MiB "
            f"| {row['torch_peak']:.0f} ({row['torch_import']:.0f}) MiB |"
        )


if __name__ == "__main__":
    main()
