#!/usr/bin/env python3
"""Time inference here against other programs, side by side, and print one table.

    pip install torch timm onnx onnxscript onnxruntime safetensors
    python benches/compare.py [--threads 2] [--rounds 3] [--images 5000] [--tract] [--json FILE]

Run it from the repository's root on an otherwise idle machine. Everything is built first. Every
round then times each peer and this crate one after the other, all in float32 with the same number
of threads: EfficientNet-B0 at 224x224 in ONNX Runtime, PyTorch, tract (a build of its own, with
--tract) and here; all heads in PyTorch and here; `extract` on the synthetic set's JPEGs, with 500
images and with all of them; and `predict` on one image in a new process. The table holds medians
over the rounds; a ratio is the median of the rounds' ratios, ours over the peer's, and below 1 is
faster than the peer. Weights are random.
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

import torch
import torch.nn as nn
import torch.nn.functional as F

BATCHES = (1, 32)
HEADS = (1, 256)
SIZE = 224
WIDTH = 1288
FEW = 500
STARTS = 15
ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = ("synthesize", "convert", "extract", "predict")
GOALS = {"onnxruntime": 1.0, "torch": 0.5, "torch, channels last": 0.5, "tract": 0.5}


def median_seconds(call, runs):
    for _ in range(3):
        call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return done


def measured(*command, environment):
    """Seconds, peak memory in bytes, and standard error of one run of a program."""
    done = run(sys.executable, "-c", STARTER, *command, env=environment)
    seconds, memory, code, text = json.loads(done.stdout)
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{text}")
    return seconds, memory * 1024, text


# A process that is started counts the memory of what started it, which here is PyTorch. So a small
# one comes between.
STARTER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
seconds = time.perf_counter() - start
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([seconds, memory, done.returncode, done.stderr]))
"""


def target_folder():
    metadata = run("cargo", "metadata", "--format-version", "1", "--no-deps", cwd=ROOT)
    return pathlib.Path(json.loads(metadata.stdout)["target_directory"])


def plain_b0(threads):
    """EfficientNet-B0 with random weights, the same in every process, and its tensors as files hold them."""
    import timm

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = timm.create_model("tf_efficientnet_b0", num_classes=8).eval()
    state = {
        name: value.clone()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    return network, state


def save_whole(state, heads, path):
    """Writes a backbone's tensors with heads behind it, named as the authors name them."""
    whole = {f"extractor.backbone.{name}": value for name, value in state.items()}
    for field in ("weight", "bias"):
        whole[f"extractor.classifier.{field}"] = whole.pop(f"extractor.backbone.classifier.{field}")
    torch.save(whole | heads.state_dict(), path)


def onnx_session(network, images, path, threads, any_batch=True):
    """The network in ONNX Runtime, exported to `path`; for batches of every size or that of `images`."""
    import onnxruntime

    torch.onnx.export(
        network,
        (images,),
        path,
        dynamo=True,
        input_names=["images"],
        dynamic_shapes=({0: torch.export.Dim("batch")},) if any_batch else None,
        external_data=False,
        verbose=False,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Node(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.bn = nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH)

    def forward(self, x):
        return F.relu(self.bn(self.fc(x)))


class Heads(nn.Module):
    """The authors' heads, with their names, as plain PyTorch."""

    def __init__(self, units=12):
        super().__init__()
        self.au = nn.Module()
        self.au.class_linears = nn.ModuleList([Node() for _ in range(units)])
        self.au.gnn = nn.Module()
        self.au.gnn.U, self.au.gnn.V = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.au.gnn.bnv = nn.BatchNorm1d(units)
        self.au.sc = nn.Parameter(nn.init.xavier_uniform_(torch.empty(units, WIDTH)))
        self.ex, self.va, self.attention = nn.Module(), nn.Module(), nn.Module()
        self.ex.fc = nn.Linear(WIDTH, 8)
        self.va.fc, self.va.bn = nn.Linear(WIDTH, 2), nn.BatchNorm1d(2)
        self.attention.W_q = nn.Linear(units, 64, bias=False)
        self.attention.W_k = nn.Linear(1, 64, bias=False)
        self.attention.w_v = nn.Linear(64, 1, bias=False)

    def units(self, x):
        v = torch.stack([node(x) for node in self.au.class_linears], 1)
        s = v @ v.transpose(1, 2)
        a = (s >= s.topk(4, -1).values[..., -1:]).float()
        d = a.sum(-1).rsqrt()
        gnn = self.au.gnn
        v = F.relu(v + gnn.bnv((d[:, :, None] * a * d[:, None]) @ gnn.V(v) + gnn.U(v)))
        return (F.normalize(v, dim=-1) * F.normalize(F.relu(self.au.sc), dim=-1)).sum(-1)

    def forward(self, x):
        au, ex = self.units(x), self.ex.fc(x)
        h = torch.tanh(self.attention.W_q(au)[:, None] + self.attention.W_k(ex[..., None]))
        attended = self.attention.w_v(h).squeeze(-1).softmax(-1) * ex
        return au, attended, torch.tanh(self.va.bn(self.va.fc(x)))


class Peers:
    """The same networks in PyTorch and, exported once per batch size, in ONNX Runtime and tract."""

    def __init__(self, threads, folder, tract):
        import timm
        from safetensors.torch import save_file

        self.threads, self.folder, self.tract = threads, folder, tract
        self.plain, state = plain_b0(threads)
        self.heads = Heads().eval()
        save_file(state, folder / "b0.safetensors")
        save_whole(state, self.heads, folder / "whole.pth")

        self.images = {batch: torch.randn(batch, 3, SIZE, SIZE) for batch in BATCHES}
        self.features = {batch: torch.randn(batch, WIDTH) for batch in HEADS}
        self.sessions = {}
        # The peers stop at the pooled feature, as the benches here do.
        self.plain.reset_classifier(0)
        for batch, images in self.images.items():
            path = folder / f"b0_{batch}.onnx"
            self.sessions[batch] = onnx_session(self.plain, images, path, threads, any_batch=False)
        self.last = timm.create_model("tf_efficientnet_b0", num_classes=0).eval()
        self.last = self.last.to(memory_format=torch.channels_last)

    def backbone(self, batch):
        runs = 20 if batch == 1 else 5
        images = self.images[batch]
        array = images.numpy()
        session = self.sessions[batch]
        last = images.to(memory_format=torch.channels_last)
        with torch.inference_mode():
            seconds = {
                "onnxruntime": median_seconds(lambda: session.run(None, {"images": array}), runs),
                "torch": median_seconds(lambda: self.plain(images), runs),
                "torch, channels last": median_seconds(lambda: self.last(last), runs),
            }
        if self.tract:
            path = self.folder / f"b0_{batch}.onnx"
            done = run(self.tract, path, batch, SIZE, runs, self.threads)
            seconds["tract"] = statistics.median(map(float, done.stdout.split()))
        return seconds

    def head(self, batch):
        features = self.features[batch]
        with torch.inference_mode():
            return median_seconds(lambda: self.heads(features), 50 if batch == 1 else 8)


class Ours:
    """This crate: its benches and its examples."""

    def __init__(self, threads, folder, images):
        self.folder = folder
        self.environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
        self.target = target_folder()
        names = [word for name in EXAMPLES for word in ("--example", name)]
        run("cargo", "build", "--release", *names, cwd=ROOT)
        run("cargo", "bench", "--bench", "speed", "--no-run", cwd=ROOT)
        self.example = {name: self.target / "release" / "examples" / name for name in EXAMPLES}
        rendered = folder / "set"
        run(self.example["synthesize"], "--out", rendered, "--train", images, "--validation", 1)
        found = sorted(rendered.glob("cropped_aligned/**/*.jpg"))[:images]
        self.folders = {}
        for count in (FEW, images):
            self.folders[count] = folder / f"images_{count}"
            self.folders[count].mkdir()
            for number, image in enumerate(found[:count]):
                (self.folders[count] / f"{number:06}.jpg").hardlink_to(image)

    def convert(self):
        for source, kind, model in (
            ("b0.safetensors", "hsemotion", "classifier"),
            ("whole.pth", "mtl-abaw4", "whole"),
        ):
            out = self.folder / f"{model}.model.safetensors"
            run(self.example["convert"], self.folder / source, out, "--kind", kind)

    def benches(self):
        """Median seconds of the benches of the backbone and the heads, by their ids."""
        started = time.time()
        command = ["cargo", "bench", "--bench", "speed", "--", "(backbone|heads)/"]
        run(*command, env=self.environment, cwd=ROOT)
        medians = {}
        for path in (self.target / "criterion").glob("**/new/benchmark.json"):
            estimates = path.with_name("estimates.json")
            if estimates.stat().st_mtime >= started:
                nanoseconds = json.loads(estimates.read_text())["median"]["point_estimate"]
                medians[json.loads(path.read_text())["full_id"]] = nanoseconds * 1e-9
        return medians

    def extract(self, count):
        """Images per second without the start of the program, and peak memory."""
        out = self.folder / "features.safetensors"
        out.unlink(missing_ok=True)
        command = [self.example["extract"], "--backbone", self.folder / "b0.safetensors"]
        command += ["--images", self.folders[count], "--out", out]
        _, memory, text = measured(*command, environment=self.environment)
        words = text.strip().splitlines()[-1].split()
        return int(words[1]) / float(words[3]), memory

    def predict(self, model):
        """Median seconds of a process that reads one image."""
        image = next(self.folders[FEW].iterdir())
        path = self.folder / f"{model}.model.safetensors"
        command = [self.example["predict"], "--model", path, image]
        runs = [measured(*command, environment=self.environment)[0] for _ in range(STARTS)]
        return statistics.median(runs)


def build_tract(target):
    run("cargo", "build", "--release", "--target-dir", target, cwd=ROOT / "benches" / "tract")
    return target / "release" / "time-tract"


def row(figure, rounds, ours, peer, goal, unit=1e3, text="ms"):
    """One line: medians of ours and the peer's, and the median of the rounds' ratios."""
    own = statistics.median(map(ours, rounds)) * unit
    other = statistics.median(map(peer, rounds)) * unit
    ratio = statistics.median(ours(one) / peer(one) for one in rounds)
    print(f"| {figure} | {own:.1f} {text} | {other:.1f} {text} | {ratio:.2f} | {goal} |")


def table(rounds, images, peers):
    print("| figure | ours | peer | ratio | goal |")
    print("|---|---|---|---|---|")
    for batch in BATCHES:
        for peer in peers:
            row(
                f"B0, batch {batch}, against {peer}",
                rounds,
                lambda one: one["ours"][f"backbone/b0_224/batch_{batch}"],
                lambda one: one["backbone"][str(batch)][peer],
                f"at most {GOALS[peer]}",
            )
    for batch in HEADS:
        row(
            f"all heads, batch {batch}, against torch",
            rounds,
            lambda one: one["ours"][f"heads/inference/batch_{batch}"],
            lambda one: one["heads"][str(batch)],
            "at most 0.8",
        )
    row(
        f"extract, {images} JPEGs, against the bare plan at batch 32",
        rounds,
        lambda one: one["extract"][str(images)][0],
        lambda one: 32 / one["ours"]["backbone/b0_224/batch_32"],
        "at least 0.9",
        unit=1,
        text="images/s",
    )
    row(
        f"peak memory of extract, {images} images against {FEW}",
        rounds,
        lambda one: one["extract"][str(images)][1],
        lambda one: one["extract"][str(FEW)][1],
        "0.95 to 1.05, under 600 MB",
        unit=1e-6,
        text="MB",
    )
    for model, name in (("classifier", "B0 with a classifier"), ("whole", "B0 with all heads")):
        own = statistics.median(one["predict"][model] for one in rounds) * 1e3
        print(f"| one image, new process, {name} | {own:.1f} ms | | | under 150 ms |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--tract", action="store_true", help="build tract and time it too")
    parser.add_argument("--json", metavar="FILE", help="also write every round's figures here")
    arguments = parser.parse_args()

    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ours = Ours(arguments.threads, folder, arguments.images)
        tract = build_tract(ours.target / "tract") if arguments.tract else None
        peers = Peers(arguments.threads, folder, tract)
        ours.convert()
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
            rounds.append(
                {
                    "backbone": {str(batch): peers.backbone(batch) for batch in BATCHES},
                    "heads": {str(batch): peers.head(batch) for batch in HEADS},
                    "ours": ours.benches(),
                    "extract": {
                        str(count): ours.extract(count) for count in (FEW, arguments.images)
                    },
                    "predict": {model: ours.predict(model) for model in ("classifier", "whole")},
                }
            )
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(rounds))
    table(rounds, arguments.images, [peer for peer in GOALS if peer != "tract" or tract])


if __name__ == "__main__":
    main()
