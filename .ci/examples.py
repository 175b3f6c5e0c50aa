#!/usr/bin/env python3
"""Whether every public module shows how it is used.

    python3 .ci/examples.py

Fails with the file of each public module whose own documentation (its `//!` lines) has no example, or
has one that the tests do not run: `text`, `ignore`, `no_run`, `compile_fail`.
"""

import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src"
NOT_RUN = {"text", "ignore", "no_run", "compile_fail"}


def public_modules(file, folder):
    """The files of the public modules below the one in `file`, whose children lie in `folder`."""
    text = file.read_text()
    for hidden, name in re.findall(r"^(#\[doc\(hidden\)\]\n)?pub mod (\w+);", text, re.M):
        if hidden:
            continue
        inner = folder / name
        child = inner / "mod.rs" if (inner / "mod.rs").exists() else inner.with_suffix(".rs")
        yield child
        yield from public_modules(child, inner)


def runs_an_example(file):
    head = [line[3:].strip() for line in file.read_text().splitlines() if line.startswith("//!")]
    fences = [line[3:] for line in head if line.startswith("```")]
    return any(not NOT_RUN & set(re.split(r"[\s,]+", fence)) for fence in fences[::2])


def main():
    modules = list(public_modules(SOURCE / "lib.rs", SOURCE))
    without = [file for file in modules if not runs_an_example(file)]
    for file in without:
        print(f"{file.relative_to(SOURCE.parent)}: a public module without an example that is run")
    print(f"{len(modules)} public modules, {len(without)} without an example")
    return 1 if without or not modules else 0


if __name__ == "__main__":
    sys.exit(main())
