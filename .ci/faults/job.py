"""The long jobs on small sets: how each starts, goes on, and what it must leave."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "target" / "release" / "examples"
# What may stay behind without being a result.
MARKS = {".lock"}


class Wrong(Exception):
    """A promise that was not kept."""


class NotTried(Exception):
    """A fault that this machine does not let us make."""


def tree(root):
    """Every file below `root` with its bytes."""
    files = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            if name not in MARKS:
                files[str(path.relative_to(root))] = path.read_bytes()
    return files


def differences(found, expected):
    """The files in which two trees differ, with how."""
    told = []
    for name in sorted(found.keys() | expected.keys()):
        if name not in found:
            told.append(f"{name} is missing")
        elif name not in expected:
            told.append(f"{name} is left over")
        elif found[name] != expected[name]:
            told.append(f"{name} differs")
    return told


class Extract:
    """A folder of images into one feature file: three blocks of rows."""

    name = "extract"
    hint = "running it again"

    def __init__(self, backbone, images):
        self.inputs = ["--backbone", str(backbone), "--images", str(images)]

    def command(self, out):
        return [EXAMPLES / "extract", *self.inputs, "--out", str(out / "features.safetensors")]


class Train:
    """The whole run: synthetic set, backbone, features, three stages, report."""

    name = "train"
    hint = "--resume --out"
    settings = [
        "--synthetic-train", "80", "--synthetic-validation", "40",
        "--backbone-epochs", "2", "--epochs", "3", "--batch-size", "32",
    ]

    def command(self, out):
        start = [EXAMPLES / "train", "--out", str(out)]
        # The config is the first thing that a run writes; before it there is nothing to resume.
        resumable = (out / "config.json").exists()
        return [*start, "--resume"] if resumable else [*start, *self.settings]


class Ablation:
    """Three runs, of which two are branches of the first."""

    name = "ablation"
    hint = "running it again"

    def __init__(self, run):
        self.inputs = ["--config", str(run / "config.json"), "--data", str(run / "synthetic")]

    def command(self, out):
        rows = [word for name in ("none", "elementwise", "additive") for word in ("--row", name)]
        return [EXAMPLES / "ablation", *self.inputs, "--seeds", "1", *rows, "--out", str(out)]


def start(job, out, before=None, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE):
    return subprocess.Popen(
        job.command(out),
        stdout=stdout,
        stderr=stderr,
        text=True,
        errors="replace",
        preexec_fn=before,
    )


def end(process, within=120):
    """The exit code and what was said on stderr; a panic is always wrong."""
    try:
        _, said = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Wrong(f"still at work after {within} s")
    said = said or ""
    if "panicked" in said:
        raise Wrong(f"panicked: {said[-2000:]}")
    return process.returncode, said


def complete(job, out):
    """Runs the job to its end."""
    code, said = end(start(job, out))
    if code != 0:
        raise Wrong(f"exit code {code}: {said[-2000:]}")


def check(out, expected):
    told = differences(tree(out), expected)
    if told:
        raise Wrong("; ".join(told[:6]))


def prepared(scratch):
    """The jobs, each with the tree of its uninterrupted run and the seconds that it took."""
    def timed(job):
        out = scratch / f"whole-{job.name}"
        out.mkdir()
        began = time.monotonic()
        complete(job, out)
        return job, tree(out), time.monotonic() - began

    train = timed(Train())
    ablation = timed(Ablation(scratch / "whole-train"))
    images = scratch / "images"
    rendered = [EXAMPLES / "synthesize", "--out", str(images), "--train", "600", "--validation", "10"]
    subprocess.run(rendered, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    model = scratch / "whole-train" / "model.safetensors"
    extract = timed(Extract(model, images / "cropped_aligned"))
    return {job.name: (job, expected, seconds) for job, expected, seconds in (train, ablation, extract)}


def killed(code):
    return code == -signal.SIGKILL


@dataclass
class Trial:
    """A job that is disturbed, with what it leaves otherwise and the seconds that it takes."""

    job: object
    expected: dict
    seconds: float
    scratch: Path
    chance: random.Random

    @contextmanager
    def attempt(self, name):
        """A folder to disturb the job in; it must then be completed to the expected bytes."""
        out = self.scratch / f"{self.job.name}-{name}"
        out.mkdir()
        yield out
        complete(self.job, out)
        check(out, self.expected)
        shutil.rmtree(out)


def try_all(parser, faults):
    """Does every fault to every job and prints what each tells; a fault takes a trial and the
    parsed arguments."""
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--job", choices=["ablation", "extract", "train"])
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="countenance-faults-") as scratch:
        for name, (job, expected, seconds) in prepared(Path(scratch)).items():
            if arguments.job not in (None, name):
                continue
            print(f"{name}: {len(expected)} files, {seconds:.1f} s uninterrupted", flush=True)
            for fault in faults:
                try:
                    told = fault(Trial(job, expected, seconds, Path(scratch), chance), arguments)
                except NotTried as reason:
                    told = f"{fault.__name__} not tried: {reason}"
                except Wrong as wrong:
                    sys.exit(f"{name}, {fault.__name__}: {wrong}")
                if told:
                    print(f"{name}: {told}", flush=True)
