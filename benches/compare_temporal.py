#!/usr/bin/env python3
"""Time a training step of both forms of the temporal head here against PyTorch, side by side.

    pip install torch
    python benches/compare_temporal.py [--threads 2] [--rounds 3] [--json]

Run it from the repository's root on an otherwise idle machine. Every round times PyTorch and then this
crate (`cargo bench`, criterion's median) with the same number of threads: 32 windows of 60 frames, a tenth
of them missing, features of 1280 numbers and a head of width 256, float32, dropout 0.1, AdamW. PyTorch's
transformer is its own `nn.TransformerEncoder`, its convolution `nn.Conv1d`. The table holds the median of each
figure over the rounds and the median of the rounds' ratios, ours over PyTorch's: below 1 is faster. Peak
memory is that of one process that takes only one form's steps.
"""

import argparse
import json
import math
import statistics
import sys
import time

from compare_training import bench_program, ours, run

FORMS = ("transformer", "convolution")
GOAL = 0.9
WINDOWS, STEPS, FEATURES, WIDTH = 32, 60, 1280, 256


def peer(form, threads, runs):
    """Seconds of PyTorch's steps, and the peak memory of this process in MiB."""
    import resource

    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(0)

    class Block(nn.Module):
        def __init__(self, dilation):
            super().__init__()
            self.norm = nn.LayerNorm(WIDTH)
            self.conv = nn.Conv1d(WIDTH, WIDTH, 3, dilation=dilation, padding=dilation, bias=False)
            self.bias = nn.Parameter(torch.zeros(WIDTH))
            self.output, self.drop = nn.Linear(WIDTH, WIDTH), nn.Dropout(0.1)

        def forward(self, hidden, there):
            dilation = self.conv.dilation[0]
            count = F.conv1d(there, torch.ones(1, 1, 3), dilation=dilation, padding=dilation)
            mixed = self.conv(self.norm(hidden).transpose(1, 2) * there)
            mixed = mixed * (3 / count.clamp(min=1)) + self.bias[:, None]
            return hidden + self.drop(self.output(F.gelu(mixed).transpose(1, 2)))

    class Temporal(nn.Module):
        def __init__(self):
            super().__init__()
            self.input_norm, self.input = nn.LayerNorm(FEATURES), nn.Linear(FEATURES, WIDTH)
            if form == "transformer":
                layer = nn.TransformerEncoderLayer(
                    WIDTH, 4, 512, dropout=0.1, activation="gelu", batch_first=True, norm_first=True)
                self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            else:
                self.blocks = nn.ModuleList(Block(2**layer) for layer in range(4))
            self.output_norm, self.output = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, FEATURES)

        def forward(self, x, present, times):
            x = torch.where(present[:, :, None], x, 0.0)
            periods = torch.logspace(math.log10(0.2), math.log10(8.0), WIDTH // 2)
            angles = 2 * math.pi * times[:, :, None] / periods
            hidden = self.input(self.input_norm(x)) + torch.cat([angles.sin(), angles.cos()], 2)
            if form == "transformer":
                hidden = self.encoder(hidden, src_key_padding_mask=~present)
            else:
                for block in self.blocks:
                    hidden = block(hidden, present[:, None].float())
            return x + self.output(self.output_norm(hidden))

    model = Temporal().train()
    x, y = torch.randn(2, WINDOWS, STEPS, FEATURES)
    present = torch.rand(WINDOWS, STEPS) < 0.9
    times = (torch.arange(STEPS) / 10).expand(WINDOWS, STEPS)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step():
        ((model(x, present, times) - y) ** 2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    step()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": statistics.median(seconds), "peak": peak / 1024, "before": before / 1024}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", choices=FORMS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments.peer, arguments.threads, 9)

    program = bench_program()
    rounds = {form: [] for form in arguments.forms}
    for number in range(arguments.rounds):
        for form in arguments.forms:
            command = [sys.executable, __file__, "--peer", form, "--threads", str(arguments.threads)]
            theirs = json.loads(run(command, arguments.threads).stdout)
            mine = ours(program, f"train_step/temporal_{form}/batch_{WINDOWS}", arguments.threads)
            rounds[form].append((mine, theirs))
            print(
                f"round {number + 1}: {form} {mine['seconds'] * 1e3:.1f} ms, "
                f"PyTorch {theirs['seconds'] * 1e3:.1f} ms",
                file=sys.stderr,
            )

    rows = []
    for form, pairs in rounds.items():
        median = lambda pick: statistics.median(pick(mine, theirs) for mine, theirs in pairs)
        rows.append(
            {
                "form": form,
                "ours": median(lambda mine, _: mine["seconds"]),
                "torch": median(lambda _, theirs: theirs["seconds"]),
                "ratio": median(lambda mine, theirs: mine["seconds"] / theirs["seconds"]),
                "goal": GOAL,
                "ours_peak": median(lambda mine, _: mine["peak"]),
                "torch_peak": median(lambda _, theirs: theirs["peak"]),
                "torch_import": median(lambda _, theirs: theirs["before"]),
            }
        )
    if arguments.json:
        return print(json.dumps(rows))
    print("| temporal head, 32 windows of 60 | ours | PyTorch | ratio | goal | peak memory, ours | PyTorch (of it before the first step) |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['form']} | {row['ours'] * 1e3:.1f} ms | {row['torch'] * 1e3:.1f} ms "
            f"| {row['ratio']:.3f} | {row['goal']} | {row['ours_peak']:.0f} MiB "
            f"| {row['torch_peak']:.0f} ({row['torch_import']:.0f}) MiB |"
        )


if __name__ == "__main__":
    main()
