#!/usr/bin/env python3
"""Time this crate on a GPU beside PyTorch on the same GPU, in one run.

    pip install torch timm
    python benches/gpu.py --device cuda            (or vulkan, wgpu, metal, rocm: the cargo feature)
    python benches/gpu.py --device flex --smoke    (small sizes on any device: does it all run?)

Run it from the repository's root on an otherwise idle machine. Every round times PyTorch and then this
crate (`cargo bench --bench gpu`): EfficientNet-B0 in inference, an action-unit step of the authors'
program with both passes of SAM, and a step that fine-tunes a whole B0. The table holds medians over
the rounds' samples; `ratio` is ours over the peer's and below 1 is faster. `first` is the first call,
which tunes and compiles; it is apart from all else.

Shares are of what the chip does in a large matrix product of the same numbers and in a large copy,
both measured here. The bytes of a network are the least that layer by layer can be: every
convolution reads its input and weights and writes its output once. Weights are random.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

FLOATS = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
WIDTH, UNITS, NEIGHBOURS, CLASSES = 1288, 12, 4, 8


class Clock:
    """Seconds of a call on a device of PyTorch, as the crate's bench takes them."""

    def __init__(self, torch, device, samples, least):
        self.torch, self.device, self.samples, self.least = torch, device, samples, least

    def sync(self):
        if self.device.type == "cuda":
            self.torch.cuda.synchronize()
        elif self.device.type == "mps":
            self.torch.mps.synchronize()

    def seconds(self, work, calls):
        start = time.perf_counter()
        for _ in range(calls):
            work()
        self.sync()
        return time.perf_counter() - start

    def __call__(self, work):
        self.sync()
        if self.device.type == "cuda":
            self.torch.cuda.reset_peak_memory_stats()
        first, second = self.seconds(work, 1), self.seconds(work, 1)
        calls = max(1, -int(-self.least // max(second, 1e-9)))
        self.seconds(work, calls)
        samples = [self.seconds(work, calls) / calls for _ in range(self.samples)]
        cuda = self.device.type == "cuda"
        memory = self.torch.cuda.max_memory_reserved() if cuda else None
        return {"first_seconds": first, "seconds": samples, "memory_bytes": memory}


def network(classes=0):
    import timm

    return timm.create_model("tf_efficientnet_b0", num_classes=classes)


def cost(torch, size):
    """Operations, numbers in weights and numbers in maps of one image through B0's convolutions."""
    operations, weights, maps = 0, 0, 0

    def hook(layer, inputs, output):
        nonlocal operations, weights, maps
        operations += 2 * output.numel() * layer.weight[0].numel()
        weights += layer.weight.numel()
        maps += inputs[0].numel() + output.numel()

    model = network().eval()
    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(hook)
    with torch.inference_mode():
        model(torch.zeros(1, 3, size, size))
    return operations, weights, maps


def head_operations(rows):
    """Of one step: two passes, each forward and twice that backward, of the head's products."""
    maps = rows * UNITS * WIDTH * WIDTH
    graph = 2 * maps
    return 2 * 3 * 2 * (maps + graph)


class Head:
    """The action-unit head with all node maps in one batched product, as the crate has it."""

    def __init__(self, torch, device):
        self.torch, self.functional = torch, torch.nn.functional
        draw = lambda *shape: (0.03 * torch.randn(*shape, device=device)).requires_grad_()
        self.parameters = {
            "nodes": draw(UNITS, WIDTH, WIDTH), "nodes_bias": draw(UNITS, 1, WIDTH),
            "own": draw(WIDTH, WIDTH), "own_bias": draw(WIDTH),
            "neighbour": draw(WIDTH, WIDTH), "neighbour_bias": draw(WIDTH),
            "anchors": draw(UNITS, WIDTH),
        }
        self.norms = {}
        for name, width in (("nodes_norm", UNITS * WIDTH), ("graph_norm", UNITS)):
            self.norms[name] = torch.nn.BatchNorm1d(width, device=device)
            self.parameters[f"{name}.weight"] = self.norms[name].weight
            self.parameters[f"{name}.bias"] = self.norms[name].bias

    def __call__(self, features):
        torch, F, p = self.torch, self.functional, self.parameters
        rows = len(features)
        inputs = F.dropout(features.expand(UNITS, rows, WIDTH), 0.5)
        v = torch.baddbmm(p["nodes_bias"], inputs, p["nodes"]).transpose(0, 1)
        v = F.relu(self.norms["nodes_norm"](v.reshape(rows, -1))).view(rows, UNITS, WIDTH)
        with torch.no_grad():
            similarity = v @ v.transpose(1, 2)
            least = similarity.topk(NEIGHBOURS, -1).values[..., -1:]
            adjacency = (similarity >= least).float()
            scale = adjacency.sum(-1).rsqrt()
            adjacency = scale[:, :, None] * adjacency * scale[:, None, :]
        own = F.linear(v, p["own"], p["own_bias"])
        neighbour = F.linear(v, p["neighbour"], p["neighbour_bias"])
        v = F.relu(v + self.norms["graph_norm"](adjacency @ neighbour + own))
        return (F.normalize(v, dim=-1) * F.normalize(F.relu(p["anchors"]), dim=-1)).sum(-1)


def action_unit_step(torch, device, rows, compiled):
    head = Head(torch, device)
    forward = torch.compile(head.__call__) if compiled else head
    live = list(head.parameters.values())
    optimizer = torch.optim.SGD(live, lr=1e-3, momentum=0.9, weight_decay=1 / 256)
    features = torch.rand(rows, WIDTH, device=device)
    labels = (torch.rand(rows, UNITS, device=device) < 0.3).float()

    def loss():
        p = forward(features)
        positive = labels * p.clamp(min=1e-8).log()
        negative = (1 - labels) * p.detach() * (1 - p).clamp(min=1e-8).log()
        return -(positive + negative).mean()

    def step():
        optimizer.zero_grad()
        loss().backward()
        with torch.no_grad():
            gradients = [p.grad for p in live]
            norm = torch.stack(torch._foreach_norm(gradients)).norm() + 1e-12
            kept = [p.clone() for p in live]
            torch._foreach_add_(live, torch._foreach_mul(gradients, 0.05 / norm))
        optimizer.zero_grad()
        loss().backward()
        with torch.no_grad():
            torch._foreach_copy_(live, kept)
        optimizer.step()

    return step


def fine_tuning_step(torch, device, images, compiled):
    model = network(CLASSES).to(device).to(memory_format=torch.channels_last).train()
    forward = torch.compile(model) if compiled else model
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    classes = torch.randint(0, CLASSES, (len(images),), device=device)
    images = images.to(memory_format=torch.channels_last)

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(forward(images), classes).backward()
        optimizer.step()

    return step


def peaks(torch, device, clock, smoke):
    """Operations a second of a large product for each kind of number, and bytes a second of a copy."""
    side, numbers = (256, 1 << 20) if smoke else (8192, 1 << 28)
    found = {}
    for name, dtype in FLOATS.items():
        a = torch.randn(side, side, device=device).to(getattr(torch, dtype))
        work = lambda: a @ a
        found[name] = 2 * side**3 / min(clock(work)["seconds"])
    source = torch.zeros(numbers, device=device)
    target = torch.empty_like(source)
    found["bytes"] = 8 * numbers / min(clock(lambda: target.copy_(source))["seconds"])
    return found


def theirs(torch, device, clock, arguments):
    """What PyTorch takes, by (work, how it was run); a reason in place of what could not be run."""
    found = {}

    def record(work, how, make, mode=None):
        try:
            if mode is None:
                found[work, how] = clock(make())
            else:
                with mode:
                    found[work, how] = clock(make())
        except Exception as error:  # A compiler or a memory that is not there ends one row only.
            found[work, how] = str(error).strip().splitlines()[0]

    ways = [("default", False, False)]
    if device.type == "cuda":
        ways += [("TF32", False, True), ("compile", True, False), ("compile TF32", True, True)]
    elif not arguments.smoke:
        ways += [("compile", True, False)]
    for how, compiled, tf32 in ways:
        if arguments.ways and how not in arguments.ways:
            continue
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        images = lambda batch: torch.randn(batch, 3, arguments.size, arguments.size, device=device)
        for name, dtype in FLOATS.items():
            if name != "f32" and (tf32 or device.type == "cpu"):
                continue
            for batch in arguments.batches:
                def inference():
                    last = dict(memory_format=torch.channels_last)
                    model = network().eval().to(device, getattr(torch, dtype)).to(**last)
                    forward = torch.compile(model) if compiled else model
                    inputs = images(batch).to(getattr(torch, dtype)).to(**last)
                    return lambda: forward(inputs)
                record(f"b0 {name} {batch}", how, inference, torch.inference_mode())
        rows, batch = arguments.rows, arguments.images
        record(f"au_sam f32 {rows}", how,
               lambda: action_unit_step(torch, device, rows, compiled))
        record(f"fine_tune f32 {batch}", how,
               lambda: fine_tuning_step(torch, device, images(batch), compiled))
    return found


def ours(arguments):
    command = ["cargo", "bench", "--bench", "gpu"]
    if arguments.device not in ("flex", "list"):
        command += ["--features", arguments.device.split(":")[0]]
    command = [arguments.program] if arguments.program else command + ["--"]
    command += ["--device", arguments.device, "--size", str(arguments.size)]
    command += ["--batches", ",".join(map(str, arguments.batches))]
    command += ["--rows", str(arguments.rows), "--images", str(arguments.images)]
    command += ["--samples", str(arguments.samples), "--least", str(arguments.least)]
    done = subprocess.run(command, capture_output=True, text=True)
    for line in done.stderr.splitlines():
        if "expected" in line:
            print(line, file=sys.stderr)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line.pop("work"): line for line in lines}


def device_of(torch, name, smoke):
    """The device of PyTorch that is the same chip as the crate's."""
    if name.split(":")[0] == "metal" and torch.backends.mps.is_available():
        return torch.device("mps")
    if torch.cuda.is_available():
        index = int(name.split(":")[1]) if ":" in name else 0
        return torch.device("cuda", index)
    if smoke:
        return torch.device("cpu")
    sys.exit(
        "PyTorch finds no GPU here, so there is nothing to compare with; "
        "--smoke runs everything in small sizes on a CPU"
    )


def show(rounds, chip, costs, arguments):
    operations, weights, maps = costs
    middle = lambda lines: statistics.median(s for line in lines for s in line["seconds"])
    header = f"{'work':<22}{'program':<24}{'ms':>10}{'/s':>10}{'ratio':>8}{'first s':>9}{'MB':>8}"
    print(f"{header}{'arith.':>8}{'bandw.':>8}")
    for work in rounds[0][1]:
        kind, numbers, count = work.split()
        count = int(count)
        mine = middle([own[work] for _, own in rounds])
        lines = [("countenance", [own[work] for _, own in rounds])]
        for (name, how) in rounds[0][0]:
            if name == work:
                lines.append((f"PyTorch, {how}", [peer[name, how] for peer, _ in rounds]))
        size = 4 if numbers == "f32" else 2
        if kind == "au_sam":
            done, moved = head_operations(count), None
        else:
            times = 3 if kind == "fine_tune" else 1
            done = times * count * operations
            moved = size * times * (weights + count * maps)
        for program, found in lines:
            failed = [entry for entry in found if isinstance(entry, str)]
            if failed:
                print(f"{work:<22}{program:<24} not run: {failed[0]}")
                continue
            seconds = middle(found)
            ratio = "" if program == "countenance" else f"{mine / seconds:.2f}"
            first = statistics.median(entry["first_seconds"] for entry in found)
            memory = [entry["memory_bytes"] for entry in found if entry["memory_bytes"]]
            memory = f"{max(memory) / 1e6:.0f}" if memory else "-"
            arithmetic = f"{done / seconds / chip[numbers]:.0%}"
            bandwidth = f"{moved / seconds / chip['bytes']:.0%}" if moved else "-"
            print(
                f"{work:<22}{program:<24}{seconds * 1e3:>10.2f}{count / seconds:>10.1f}{ratio:>8}"
                f"{first:>9.2f}{memory:>8}{arithmetic:>8}{bandwidth:>8}"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", required=True, help="as the crate names it, such as cuda:0")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="small sizes; a CPU will do")
    parser.add_argument("--ways", type=lambda text: text.split(","), metavar="WAY,...",
                        help="of PyTorch: default, TF32, compile, compile TF32; all of them otherwise")
    parser.add_argument("--program", metavar="FILE",
                        help="the bench, built elsewhere by `cargo bench --bench gpu --no-run --features ...`")
    parser.add_argument("--json", metavar="FILE", help="also keep every sample here")
    arguments = parser.parse_args()
    small = dict(size=64, batches=[1, 2], rows=8, images=4, samples=2, least=0.0)
    full = dict(size=224, batches=[1, 32, 256], rows=256, images=64, samples=20, least=0.05)
    vars(arguments).update(small if arguments.smoke else full)

    import torch

    torch.manual_seed(0)
    device = device_of(torch, arguments.device, arguments.smoke)
    clock = Clock(torch, device, arguments.samples, arguments.least)
    chip = peaks(torch, device, clock, arguments.smoke)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    terms = ", ".join(f"{key} {chip[key] / 1e12:.2f} TFLOP/s" for key in FLOATS)
    print(f"PyTorch {torch.__version__} on {name}: {terms}, {chip['bytes'] / 1e9:.0f} GB/s")
    print(f"countenance on {arguments.device}; f32 without TF32 unless it says so\n")
    rounds = []
    for number in range(1 if arguments.smoke else arguments.rounds):
        print(f"round {number + 1}", file=sys.stderr)
        rounds.append((theirs(torch, device, clock, arguments), ours(arguments)))
    show(rounds, chip, cost(torch, arguments.size), arguments)
    if arguments.json:
        with open(arguments.json, "w") as file:
            flat = [
                {"peer": {" | ".join(key): value for key, value in peer.items()}, "ours": own}
                for peer, own in rounds
            ]
            json.dump({"chip": chip, "rounds": flat}, file, indent=1)


if __name__ == "__main__":
    main()
