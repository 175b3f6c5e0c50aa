#!/usr/bin/env python3
"""Time a training step of ME-GraphAU's second half here against PyTorch, side by side.

    pip install torch
    python benches/compare_mefl.py [--threads 2] [--rounds 5] [--json]

Run it from the repository's root on an otherwise idle machine. The step is that of the head on the tokens of a
ResNet-50 of 224 pixels (16 images, 49 tokens of 2048 channels, 512 behind the first block, 12 units): forward,
the asymmetric loss of the units and the cross entropy of the edges, backward, SGD with momentum and weight
decay, float32. PyTorch does the work in two ways:

- `program`: as the method is written down and its program computes it, with queries, keys and values of each
  of the 144 pairs, and the norm over every token of every pair;
- `shared`: queries, keys and values of each unit once, which PyTorch's broadcasting allows without a change
  of the method; the norm as before.

Every round times this crate and both of these, one after the other, with the same number of threads. The
table holds the medians over the rounds and the median of the rounds' ratios, ours over PyTorch's: below 1
is faster. `--batch`, `--tokens` and so on choose other sizes.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

SIZES = {"batch": 16, "tokens": 49, "channels": 2048, "width": 512, "units": 12}
PEERS = ("program", "shared")


def peer(way, sizes, runs, threads):
    """Seconds of PyTorch's steps."""
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    batch, tokens, channels, width, units = (sizes[name] for name in SIZES)
    pairs = units * units

    class Block(nn.Module):
        def __init__(self, input):
            super().__init__()
            self.linear, self.norm = nn.Linear(input, width), nn.BatchNorm1d(width)

        def forward(self, x):
            return F.relu(self.norm(self.linear(x).transpose(1, 2))).transpose(1, 2)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.key = nn.Linear(width, width // 2), nn.Linear(width, width // 2)
            self.value = nn.Linear(width, width)

        def mixed(self, query, key, value):
            scores = query @ key.transpose(-2, -1) * (width // 2) ** -0.5
            return scores.softmax(-1) @ value

        def forward(self, y, x):
            return self.mixed(self.query(y), self.key(x), self.value(x))

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.maps = nn.ModuleDict({name: nn.Linear(width, width, bias=False) for name in "uvabe"})
            self.nodes, self.edges = nn.BatchNorm1d(units), nn.BatchNorm1d(pairs)

        def forward(self, v, e):
            maps = {name: layer(v) for name, layer in self.maps.items() if name != "e"}
            learnt = (maps["a"][:, :, None] + maps["b"][:, None]).flatten(1, 2)
            e = e + F.relu(self.edges(learnt + self.maps["e"](e)))
            gate = torch.sigmoid(e).unflatten(1, (units, units)).softmax(2)
            gathered = (gate * maps["v"][:, None]).sum(2) / units
            return F.relu(v + self.nodes(maps["u"] + gathered)), e

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.block, self.units = Block(channels), nn.ModuleList([Block(width) for _ in range(units)])
            self.facial, self.relation = Attention(), Attention()
            self.projection, self.norm = nn.Linear(width, width), nn.BatchNorm2d(pairs)
            self.gates = nn.ModuleList([Gated(), Gated()])
            self.anchors = nn.Parameter(nn.init.xavier_uniform_(torch.empty(units, width)))
            self.classes = nn.Linear(width, 4)

        def related(self, u, x):
            if way == "program":
                f = self.facial(u, x[:, None].expand(-1, units, -1, -1).contiguous())
                end = f[:, :, None].expand(-1, -1, units, -1, -1).flatten(1, 2)
                start = f[:, None].expand(-1, units, -1, -1, -1).flatten(1, 2)
                return self.relation(start, end)
            f, layer = self.facial(u, x[:, None]), self.relation
            query, key, value = layer.query(f)[:, None], layer.key(f)[:, :, None], layer.value(f)[:, :, None]
            return layer.mixed(query, key, value).flatten(1, 2)

        def forward(self, x):
            x = self.block(x)
            u = torch.stack([block(x) for block in self.units], 1)
            v, e = u.mean(2), self.norm(self.projection(self.related(u, x))).mean(2)
            for gate in self.gates:
                v, e = gate(v, e)
            scores = (F.normalize(v, dim=-1) * F.normalize(F.relu(self.anchors), dim=-1)).sum(-1)
            return scores, self.classes(e)

    model = Head().train()
    x = torch.rand(batch, tokens, channels)
    y = (torch.rand(batch, units) < 0.3).float()
    classes = (2 * y[:, :, None] + y[:, None]).flatten().long()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1 / 256)

    def step():
        start = time.perf_counter()
        scores, logits = model(x)
        p = scores.clamp(1e-8, 1 - 1e-8)
        loss = -(y * p.log() + (1 - y) * p.detach() * (1 - p).log()).mean()
        loss = loss + 0.01 * F.cross_entropy(logits.flatten(0, 1), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return time.perf_counter() - start

    step()
    seconds = [step() for _ in range(runs)]
    parameters = sum(tensor.numel() for tensor in model.parameters())
    statistics_ = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    print(json.dumps({"seconds": seconds, "parameters": parameters + statistics_}))


def run(command, threads):
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return done.stdout


def bench_program():
    """Builds the bench and gives its path."""
    command = ["cargo", "bench", "--bench", "mefl", "--no-run", "--message-format", "json"]
    for line in run(command, os.cpu_count()).splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "mefl":
            return message["executable"]
    sys.exit("cargo names no program for the bench `mefl`")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3, help="steps of each in a round, behind one that is not timed")
    for name, size in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--program", help="the bench's program, where it is built")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sizes = {name: getattr(arguments, name) for name in SIZES}
    if arguments.peer:
        return peer(arguments.peer, sizes, arguments.runs, arguments.threads)

    given = [text for name, size in sizes.items() for text in (f"--{name}", str(size))]
    given += ["--runs", str(arguments.runs)]
    commands = {"ours": [arguments.program or bench_program(), *given]}
    for way in PEERS:
        command = [sys.executable, __file__, "--peer", way, "--threads", str(arguments.threads)]
        commands[way] = [*command, *given]
    rounds, parameters = [], set()
    for number in range(arguments.rounds):
        found = {}
        for who, command in commands.items():
            out = json.loads(run(command, arguments.threads))
            found[who] = statistics.median(out["seconds"])
            parameters.add(out["parameters"])
        rounds.append(found)
        shown = ", ".join(f"{who} {seconds * 1e3:.1f} ms" for who, seconds in found.items())
        print(f"round {number + 1}: {shown}", file=sys.stderr)
    if len(parameters) > 1:
        sys.exit(f"the networks differ: {sorted(parameters)} numbers")
    result = {
        "sizes": sizes,
        "threads": arguments.threads,
        "milliseconds": {who: 1e3 * statistics.median(found[who] for found in rounds) for who in commands},
        "ratio": {way: statistics.median(found["ours"] / found[way] for found in rounds) for way in PEERS},
    }
    if arguments.json:
        return print(json.dumps(result))
    print(f"one step of the second half, {arguments.threads} threads, medians of {arguments.rounds} rounds")
    print(f"{'':10}{'ms':>10}{'ours / it':>12}")
    print(f"{'ours':10}{result['milliseconds']['ours']:>10.1f}")
    for way in PEERS:
        print(f"{way:10}{result['milliseconds'][way]:>10.1f}{result['ratio'][way]:>12.2f}")


if __name__ == "__main__":
    main()
