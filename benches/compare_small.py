#!/usr/bin/env python3
"""A small set of FER's kind, learnt here and in PyTorch: the scores and the time of both, side by side.

    pip install torch timm pillow safetensors numpy
    python benches/compare_small.py [--faces 1200] [--seeds 3] [--threads 2] [--folder DIR] [--json]

Run it from the repository's root on an otherwise idle machine. `synthesize --form votes` renders the set:
48 grey pixels square, ten votes on eight expressions a face, the rarest of which half a percent shows; a
quarter as many faces again for validation, of other people. For each seed

- `train --data labels.csv` runs with nothing but its defaults, as a process, from its start to its end:
  reading, training of the backbone, features, training of the head, scores, pictures;
- the same recipe runs in PyTorch: timm's EfficientNet of the same table, channels last, with what the run's
  `config.json` says (batch, rate, warm-up, schedule, label smoothing, class weights, SAM) and as many epochs
  as it took (`metrics.csv`), the same augmentation, and the loss of soft labels; the best epoch by macro F1.
  Its clock runs from the table to the scores, and not while Python imports. What does not change from epoch
  to epoch it does once: images are decoded and enlarged before the first.

Both have as many threads and run one after the other. The table has macro F1 and accuracy of each seed, those of
the layer that the backbone was trained with beside, and the ratio of times, ours over PyTorch's: below 1 is
faster. A second ratio compares the stages alone, from before the backbone's first step to the head's last one.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Of every stage: its blocks' kernel, stride, expansion, channels and number, as `src/backbone/stage.rs` has them.
TINY = {"stem": 8, "head": 192, "size": 112,
        "stages": [(3, 2, 1, 16, 1), (3, 2, 2, 24, 1), (3, 2, 3, 48, 2), (3, 1, 3, 96, 1)]}
ENLARGE, JITTER = 1.02, 0.2


# --- PyTorch's side, in a process of its own -----------------------------------------------------------------


def network(outputs):
    """timm's EfficientNet of the table of the small backbone."""
    from functools import partial

    from timm.models._efficientnet_builder import decode_arch_def, round_channels
    from timm.models.efficientnet import EfficientNet
    from torch import nn

    def row(kernel, stride, expansion, channels, repeats):
        kind = "ds" if expansion == 1 else "ir"
        return [f"{kind}_r{repeats}_k{kernel}_s{stride}_e{expansion}_c{channels}_se0.25"]

    return EfficientNet(
        block_args=decode_arch_def([row(*stage) for stage in TINY["stages"]]),
        num_classes=outputs,
        num_features=TINY["head"],
        stem_size=TINY["stem"],
        round_chs_fn=round_channels,
        pad_type="same",
        act_layer=nn.SiLU,
        norm_layer=partial(nn.BatchNorm2d, eps=1e-3, momentum=0.1),
    )


def read(table):
    """The rows of the two parts: image, and the share of each class."""
    parts = {"train": [], "validation": []}
    with open(table, newline="") as file:
        reader = csv.DictReader(file)
        classes = [name for name in reader.fieldnames if name.startswith("expression:")]
        for row in reader:
            votes = [float(row[name] or 0) for name in classes]
            part = "train" if row["split"].startswith("train") else "validation"
            parts[part].append((table.parent / row["image"], [vote / sum(votes) for vote in votes]))
    return parts, classes


def images(paths, side):
    """Images at `side` pixels square, as 8-bit levels."""
    import numpy
    import torch
    from PIL import Image

    found = numpy.empty((len(paths), side, side, 3), numpy.uint8)
    for place, path in enumerate(paths):
        with Image.open(path) as image:
            found[place] = image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    return torch.from_numpy(found).permute(0, 3, 1, 2)


def blend(batch, factor, anchor):
    return (factor * batch + (1 - factor) * anchor).round_().clamp_(0, 255)


def augmented(batch, side):
    """Mirrored, cropped and jittered, as every epoch shows a face anew."""
    import torch

    count, _, enlarged, _ = batch.shape
    flips = torch.rand(count) < 0.5
    places = torch.randint(0, enlarged - side + 1, (count, 2)).tolist()
    batch = torch.stack([face[:, top : top + side, left : left + side] for face, (top, left) in zip(batch, places)])
    batch = torch.where(flips[:, None, None, None], batch.flip(3), batch).float()
    factors = 1 + JITTER * (2 * torch.rand(3, count, 1, 1, 1) - 1)
    luma = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    batch = blend(batch, factors[0], 0.0)
    batch = blend(batch, factors[1], (batch * luma).sum(1, keepdim=True).mean((2, 3), keepdim=True))
    return blend(batch, factors[2], (batch * luma).sum(1, keepdim=True))


def normalised(batch):
    import torch

    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    batch = (batch.float() / 255 - mean) / std
    return batch.to(memory_format=torch.channels_last)


def rates(stage, steps):
    """The learning rate of every step: up in equal parts, then along a cosine or level."""
    rate, warm_up = stage["learning_rate"], min(round(steps * stage["warm_up"]), max(steps - 1, 0))
    for step in range(steps):
        if step < warm_up:
            first = rate / (warm_up + 1)
            yield first + (rate - first) * step / warm_up
        elif stage["schedule"] == "Cosine":
            yield rate * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1))) / 2
        else:
            yield rate


def soft_loss(logits, shares, weights, smoothing):
    """The cross entropy of shares, weighted by class, over the rows; hard labels are shares too."""
    import torch.nn.functional as F

    return F.cross_entropy(logits, shares, weights, label_smoothing=smoothing)


def scores(predicted, labels, classes):
    """Macro F1, 0 for a class with neither labels nor predictions, and accuracy."""
    f1 = []
    for place in range(classes):
        hit = ((predicted == place) & (labels == place)).sum().item()
        total = (predicted == place).sum().item() + (labels == place).sum().item()
        f1.append(2 * hit / total if total else 0.0)
    return statistics.mean(f1), (predicted == labels).float().mean().item()


def optimizer_of(stage, parameters):
    import torch

    ((kind, settings),) = stage["optimizer"].items()
    if kind == "AdamW":
        return torch.optim.AdamW(
            parameters,
            lr=stage["learning_rate"],
            betas=(settings["beta_1"], settings["beta_2"]),
            eps=settings["epsilon"],
            weight_decay=settings["weight_decay"],
        )
    return torch.optim.SGD(
        parameters,
        lr=stage["learning_rate"],
        momentum=settings["momentum"],
        dampening=settings["dampening"],
        weight_decay=settings["weight_decay"],
        nesterov=settings["nesterov"],
    )


def learn(stage, ran, model, rows, batch_of, loss_of, score):
    """Trains `model` for the epochs that the stage ran, and gives it the weights of its best epoch."""
    import copy

    import torch

    for unknown in ("ema", "frozen_stages", "mixup"):
        assert stage[unknown] is None, f"{unknown} is not in this recipe"
    assert stage["layer_decay"] == 1.0 and stage["sampling"] == "Shuffled"
    parameters = list(model.parameters())
    optimizer = optimizer_of(stage, parameters)
    size = stage["batch_size"]
    schedule = rates(stage, math.ceil(rows / size) * stage["epochs"])
    best = (-1.0, None)
    for epoch in range(ran):
        model.train()
        order = torch.randperm(rows)
        for places in order.split(size):
            optimizer.param_groups[0]["lr"] = next(schedule)
            batch = batch_of(places)
            optimizer.zero_grad()
            loss_of(model, batch, places).backward()
            if stage["sam"] is not None:
                climb(model, stage["sam"], lambda: loss_of(model, batch, places))
            optimizer.step()
        found = score(model)
        if found > best[0]:
            best = (found, copy.deepcopy(model.state_dict()))
    model.load_state_dict(best[1])
    return best[0]


def climb(model, sam, loss):
    """The second pass of sharpness-aware minimisation: gradients at the worst point near by."""
    import torch

    parameters = [parameter for parameter in model.parameters() if parameter.grad is not None]
    norm = torch.sqrt(sum(parameter.grad.square().sum() for parameter in parameters))
    steps = [parameter.grad * (sam["rho"] / (norm + sam["epsilon"])) for parameter in parameters]
    with torch.no_grad():
        for parameter, step in zip(parameters, steps):
            parameter.add_(step)
    model.zero_grad()
    loss().backward()
    with torch.no_grad():
        for parameter, step in zip(parameters, steps):
            parameter.sub_(step)


def peer(table, run, seed, threads):
    """The recipe of `run` in PyTorch; what it scores, and how long it takes."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    config = json.loads((run / "config.json").read_text())
    with open(run / "metrics.csv", newline="") as file:
        epochs = [row["stage"] for row in csv.DictReader(file)]
    start = time.perf_counter()
    parts, classes = read(table)
    side = TINY["size"]
    enlarged = round(side * ENLARGE)
    faces = {name: images([path for path, _ in rows], enlarged if name == "train" else side) for name, rows in parts.items()}
    shares = {name: torch.tensor([share for _, share in rows]) for name, rows in parts.items()}
    labels = {name: share.argmax(1) for name, share in shares.items()}
    counts = labels["train"].bincount(minlength=len(classes)).float()
    weights = counts.sum() / (len(classes) * counts.clamp_min(counts[counts > 0].min()))
    rows = len(labels["train"])

    def predicted(model, batches):
        model.eval()
        with torch.inference_mode():
            found = [model(batch) for batch in batches]
        return torch.cat(found)

    # The backbone, on images.
    begun = time.perf_counter()
    stage = config["backbone"]["stage"]
    model = network(len(classes)).to(memory_format=torch.channels_last)
    judged = [normalised(batch) for batch in faces["validation"].split(64)]

    def judge(found):
        return scores(found.argmax(1), labels["validation"], len(classes))

    layer = learn(
        stage,
        epochs.count("backbone"),
        model,
        rows,
        lambda places: normalised(augmented(faces["train"][places], side)),
        lambda model, batch, places: soft_loss(model(batch), shares["train"][places], weights, stage["label_smoothing"]),
        lambda model: judge(predicted(model, judged))[0],
    )

    # The features of every face, as it is and mirrored.
    model.classifier = nn.Identity()
    whole = images([path for path, _ in parts["train"]], side)
    batches = whole.split(32)
    variants = [predicted(model, map(normalised, batches))]
    if config["flip"]:
        variants.append(predicted(model, (normalised(batch.flip(3)) for batch in batches)))
    variants = torch.stack(variants)
    validation = predicted(model, judged)

    # The head, on features.
    stage = config["expression"]
    head = nn.Linear(TINY["head"], len(classes))
    nn.init.normal_(head.weight, std=len(classes) ** -0.5)
    learn(
        stage,
        epochs.count("ex"),
        head,
        rows,
        lambda places: variants[torch.randint(len(variants), places.shape), places],
        lambda head, batch, places: soft_loss(head(batch), shares["train"][places], weights, stage["label_smoothing"]),
        lambda head: judge(predicted(head, [validation]))[0],
    )
    macro, accuracy = judge(predicted(head, [validation]))
    end = time.perf_counter()
    shapes = {name: list(value.shape) for name, value in model.state_dict().items() if "num_batches" not in name}
    return {"macro_f1": macro, "accuracy": accuracy, "layer": layer, "seconds": end - start, "stages": end - begun,
            "shapes": shapes}


# --- Ours ----------------------------------------------------------------------------------------------------


def build():
    """Builds the two programs, and gives their paths."""
    command = ["cargo", "build", "--release", "--example", "train", "--example", "synthesize", "--message-format", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    programs = [json.loads(line).get("executable") for line in done.stdout.splitlines()]
    return {pathlib.Path(program).stem: program for program in programs if program}


def synthesize(program, folder, faces):
    sizes = ["--train", str(faces), "--validation", str(max(faces // 4, 1))]
    subprocess.run([program, "--form", "votes", "--out", folder, *sizes], check=True, stdout=subprocess.DEVNULL)
    return folder / "labels.csv"


def ours(program, table, run, seed, threads):
    """`train` with nothing but its defaults; what it scores, and how long it takes."""
    command = [program, "--data", table, "--out", run, "--seed", str(seed)]
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = process.communicate()[0]
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{said}")
    # The time of the last whole write of what each stage ends with.
    stages = (run / "metrics.csv").stat().st_mtime - (run / "data.json").stat().st_mtime
    return {"seconds": seconds, "stages": stages, **scored(run)}


def scored(run):
    with open(run / "confusion.csv", newline="") as file:
        matrix = [[int(count) for count in row[1:]] for row in list(csv.reader(file))[1:]]
    right = sum(matrix[place][place] for place in range(len(matrix)))
    macro = json.loads((run / "report.json").read_text())["p_ex"]
    with open(run / "metrics.csv", newline="") as file:
        layer = max(float(row["validation_score"]) for row in csv.DictReader(file) if row["stage"] == "backbone")
    return {"macro_f1": macro, "accuracy": right / sum(map(sum, matrix)), "layer": layer}


def in_torch(table, run, seed, threads):
    command = [sys.executable, __file__, "--threads", str(threads), "--peer", table, run, str(seed)]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed ({done.returncode})")
    found = json.loads(done.stdout)
    check_alike(run, found.pop("shapes"))
    return found


def check_alike(run, shapes):
    """That both learnt the same network: every tensor by timm's name, and its shape."""
    content = (run / "model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    prefix = "backbone."

    def called(name):
        # burn names the kind of a block, and the two vectors of a norm after their letters.
        for ours, theirs in (("DepthwiseSeparable.", ""), ("InvertedResidual.", ""), (".gamma", ".weight"), (".beta", ".bias")):
            name = name.replace(ours, theirs)
        return name.removeprefix(prefix)

    mine = {called(name): info["shape"] for name, info in header.items() if name.startswith(prefix)}
    if mine != shapes:
        differing = [name for name in sorted({*mine, *shapes}) if mine.get(name) != shapes.get(name)]
        sys.exit(f"the networks differ in {', '.join(differing)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=1200, help="training faces; a quarter as many for validation")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=pathlib.Path, help="where the set and the runs are kept [default: nowhere]")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        table, run, seed = arguments.peer
        print(json.dumps(peer(pathlib.Path(table), pathlib.Path(run), int(seed), arguments.threads)))
        return

    programs = build()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        table = synthesize(programs["synthesize"], folder / f"votes-{arguments.faces}", arguments.faces)
        rounds = []
        for seed in range(arguments.seeds):
            print(f"seed {seed + 1} of {arguments.seeds}", file=sys.stderr)
            run = pathlib.Path(temporary) / f"run-{seed}"
            # The peer takes as many epochs as our run, which so goes first; its speed does not depend on it.
            found = {"ours": ours(programs["train"], table, run, seed, arguments.threads)}
            found["peer"] = in_torch(table, run, seed, arguments.threads)
            rounds.append(found)
    report(rounds, arguments)


def report(rounds, arguments):
    names = ("ours", "peer")
    ratios = {key: [found["ours"][key] / found["peer"][key] for found in rounds] for key in ("seconds", "stages")}
    means = {
        name: {key: statistics.mean(found[name][key] for found in rounds) for key in ("macro_f1", "accuracy", "layer")}
        for name in names
    }
    medians = {key: statistics.median(values) for key, values in ratios.items()}
    if arguments.json:
        print(json.dumps({"faces": arguments.faces, "rounds": rounds, "means": means, "ratios": medians}))
        return
    print("| seed | macro F1, ours | peer | accuracy, ours | peer | of the layer, ours | peer | seconds, ours | peer | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for seed, found in enumerate(rounds):
        mine, theirs = found["ours"], found["peer"]
        cells = [f"{each[key]:.3f}" for key in ("macro_f1", "accuracy", "layer") for each in (mine, theirs)]
        cells += [f"{each['seconds']:.1f}" for each in (mine, theirs)] + [f"{ratios['seconds'][seed]:.2f}"]
        print(f"| {seed} | {' | '.join(cells)} |")
    cells = [f"{means[name][key]:.3f}" for key in ("macro_f1", "accuracy", "layer") for name in names]
    seconds = [f"{statistics.mean(found[name]['seconds'] for found in rounds):.1f}" for name in names]
    print(f"| mean | {' | '.join(cells + seconds)} | {medians['seconds']:.2f} (median) |")
    print(f"\nratio of the stages alone: {medians['stages']:.2f} (median)")


if __name__ == "__main__":
    main()
