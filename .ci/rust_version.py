#!/usr/bin/env python3
"""Whether the crate builds with the Rust version that Cargo.toml promises.

    python3 .ci/rust_version.py

No dependency, whatever the features, may ask for a newer one. Then the crate is checked with that very
version: by whoever calls this if it is the one in use, or else by rustup, which fetches it. Where there
is no rustup, clippy's `incompatible_msrv` is what is left: it knows since when the standard library has
what the crate uses.
"""

import json
import os
import shutil
import subprocess
import sys


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def parsed(version):
    numbers = [int(number) for number in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))


def main():
    packages = json.loads(output("cargo", "metadata", "--locked", "--all-features",
                                 "--format-version", "1"))["packages"]
    promised = next(p["rust_version"] for p in packages if p["name"] == "countenance")
    newer = [package for package in packages
             if parsed(package["rust_version"] or "0") > parsed(promised)]
    for package in newer:
        print(f"{package['name']} {package['version']} needs Rust {package['rust_version']}, "
              f"newer than {promised}")
    if newer:
        return 1
    in_use = parsed(output("rustc", "--version").split()[1].partition("-")[0])
    exact = ".".join(map(str, parsed(promised)))
    if in_use == parsed(promised):
        print(f"Rust {exact} is in use: everything else in this run tests it")
        return 0
    if shutil.which("rustup"):
        return subprocess.run(["rustup", "run", "--install", exact, "cargo", "check", "--release",
                               "--lib", "--examples"],
                              env=os.environ | {"CARGO_TARGET_DIR": f"target/rust-{exact}"}).returncode
    return subprocess.run(["cargo", "clippy", "--release", "--lib", "--examples", "--",
                           "--deny", "clippy::incompatible_msrv"]).returncode


if __name__ == "__main__":
    sys.exit(main())
