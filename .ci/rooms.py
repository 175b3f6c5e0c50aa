#!/usr/bin/env python3
"""Whether the rooms of the house are as CONTRIBUTING.md says.

    python3 .ci/rooms.py
    python3 .ci/rooms.py --lines

The first fails, with each violation as `file:line: what`, when

- the CPU engine (src/cpu) names a module that is not its own, or a crate that it may not need;
- a file outside its door names the cargo feature `flex`;
- files in src import each other, two of them or more in a ring. A `mod.rs` that re-exports a child does not import it; the child
  that imports what its `mod.rs` defines does. An import through re-exports counts for the file that
  defines the item.

The second prints figures instead: lines by part, files with `unsafe`, files outside the engine that
name `flex`, circles. Test code is not looked at.
"""

import pathlib
import re
import sys
from graphlib import CycleError, TopologicalSorter

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
ENGINE = SOURCE / "cpu"
CRATES = {"burn", "burn_std", "rayon", "memmap2", "gemm"}
MAY_NAME_FLEX = {"src/cpu/mod.rs", "src/lib.rs", "src/device/backend.rs"}


def blank(text, pattern):
    """`text` with what matches `pattern` as blanks, lines kept."""
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found.group()), text, flags=re.S)


def bare(text):
    """`text` without comments, strings and characters."""
    pattern = r'//[^\n]*|/\*.*?\*/|\bb?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\.[^\']*|[^\\\'])\''
    return blank(text, pattern)


def block_end(text, start):
    """Behind the brace that closes the first one from `start` on, or behind the first semicolon."""
    depth = 0
    for place in range(start, len(text)):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if depth == 0:
                return place + 1
        elif text[place] == ";" and depth == 0:
            return place + 1
    return len(text)


def split(tree):
    """The parts of a list at its top-level commas."""
    parts, depth, part = [], 0, ""
    for letter in tree:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [part for part in parts + [part] if part]


def paths(tree, before=()):
    """Every (path, name here) that a use tree imports."""
    tree = tree.strip()
    if tree.startswith("{"):
        for part in split(tree[1:-1]):
            yield from paths(part, before)
        return
    head, _, rest = tree.partition("::")
    if rest:
        yield from paths(rest, (*before, head.strip()))
        return
    name, _, alias = (word.strip() for word in tree.partition(" as "))
    path = before if name == "self" else (*before, name)
    yield path, alias or path[-1]


class File:
    """One file of src, without its test code."""

    def __init__(self, path):
        self.path = path
        self.name = path.relative_to(ROOT).as_posix()
        inner = path.relative_to(SOURCE).with_suffix("").parts
        self.module = inner[:-1] if inner[-1] in ("mod", "lib") else inner
        raw = path.read_text()
        text = bare(raw)
        self.test_modules = set()
        self.lines = raw.count("\n")
        # What is compiled for tests alone: the attribute, and the item behind it.
        for found in reversed(list(re.finditer(r"#\[cfg\((test\b|all\(test\b)[^\]]*\]", text))):
            end = block_end(text, found.end())
            declared = re.search(r"\bmod (\w+)\s*;", text[found.end():end])
            if declared:
                self.test_modules.add((*self.module, declared.group(1)))
            gone = re.sub(r"[^\n]", " ", text[found.start():end])
            self.lines -= gone.count("\n") + 1
            text = text[:found.start()] + gone + text[end:]
            raw = raw[:found.start()] + gone + raw[end:]
        self.raw = raw
        self.text = text
        self.children = set(re.findall(r"\bmod (\w+)\s*;", text))

    def line(self, place):
        return self.text.count("\n", 0, place) + 1

    def absolute(self, path):
        """A path from the crate's root; None if it leads into another crate."""
        here = list(self.module)
        path = list(path)
        if path[0] == "crate":
            return tuple(path[1:])
        if path[0] in ("self", "super"):
            while path and path[0] in ("self", "super"):
                if path.pop(0) == "super":
                    here = here[:-1]
            return (*here, *path)
        if path[0] in self.children:
            return (*here, *path)
        return None

    def uses(self):
        """(place, whether it is a re-export, path, name here) of every `use`."""
        for found in re.finditer(r"(\bpub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);", self.text):
            for path, name in paths(re.sub(r"\s+", " ", found.group(2))):
                yield found.start(2), bool(found.group(1)), path, name

    def mentions(self):
        """(place, path) of every path in the code outside `use`."""
        text = blank(self.text, r"\buse\s+[^;]+;")
        text = blank(text, r"\bpub\(in [^)]*\)")
        for found in re.finditer(r"(?<![\w:])(\w+)(?:::\w+)+", text):
            yield found.start(), tuple(found.group().split("::"))


def figures(files, circles):
    """Prints how large the parts are, and how far apart."""

    def part(file):
        folders = file.path.relative_to(ROOT).parent.parts
        # The engine's parts one by one, the other folders whole.
        return "/".join(folders[: 4 if folders[:2] == ("src", "cpu") else 2])

    lines = {}
    for file in files:
        lines[part(file)] = lines.get(part(file), 0) + file.lines
    for name, count in sorted(lines.items()):
        print(f"{count:6} {name}")
    engine = [file for file in files if ENGINE in file.path.parents]
    unsafe = [file for file in files if re.search(r"\bunsafe\b", file.text)]
    flex = [file.name for file in files if file not in engine and 'feature = "flex"' in file.raw]
    print(f"{sum(file.lines for file in engine):6} in {len(engine)} files of the engine, without tests")
    print(f"{sum(file.lines for file in files):6} in all {len(files)} files of src, without tests")
    print(f"{sum(file in engine for file in unsafe):6} files of the engine with `unsafe`, and elsewhere:",
          ", ".join(file.name for file in unsafe if file not in engine) or "none")
    print(f"{len(flex):6} files outside the engine that name `flex`:", ", ".join(flex) or "none")
    print(f"{len(circles):6} pairs of files that import each other")


def main():
    files = {}
    for path in sorted(SOURCE.rglob("*.rs")):
        file = File(path)
        files[file.module] = file
    tests = set().union(*(file.test_modules for file in files.values()))

    def is_test(file):
        return any(file.module[:length] in tests for length in range(1, len(file.module) + 1))

    files = {module: file for module, file in files.items() if not is_test(file)}
    exports = {
        module: [(path, name) for _, public, path, name in file.uses() if public]
        for module, file in files.items()
    }

    def defining(path, depth=0):
        """The file that defines the item at an absolute path."""
        length = max(n for n in range(len(path) + 1) if path[:n] in files)
        file, rest = files[path[:length]], path[length:]
        if rest and depth < 8:
            for exported, name in exports[file.module]:
                target = file.absolute(exported)
                if target is None or name not in (rest[0], "*"):
                    continue
                if name == "*":
                    target = (*target[:-1], rest[0])
                    if not re.search(rf"\b{rest[0]}\b", defining(target, depth + 1).text):
                        continue
                return defining((*target, *rest[1:]), depth + 1)
        return file

    failed = []
    imports = {}
    dependencies = set()
    section = ""
    for line in (ROOT / "Cargo.toml").read_text().splitlines():
        if line.startswith("["):
            section = line
        elif section == "[dependencies]" and (found := re.match(r"([\w-]+)\s*=", line)):
            dependencies.add(found.group(1).replace("-", "_"))

    for file in files.values():
        engine = ENGINE in file.path.parents
        named = [(place, path, public) for place, public, path, _ in file.uses()]
        named += [(place, path, False) for place, path in file.mentions()]
        for place, path, public in named:
            where = f"{file.name}:{file.line(place)}"
            target = file.absolute(path)
            if target is None:
                if engine and path[0] in dependencies - CRATES:
                    failed.append(f"{where}: the engine needs no crate `{path[0]}`")
                continue
            if engine and target[:1] != ("cpu",):
                failed.append(f"{where}: the engine names `{'::'.join(path)}`, which is not its own")
            own_child = target[: len(file.module)] == file.module and len(target) > len(file.module)
            if public and own_child and file.path.name in ("mod.rs", "lib.rs"):
                continue
            other = defining(target)
            if other is not file:
                imports.setdefault((file.name, other.name), where)
        if file.name not in MAY_NAME_FLEX:
            for found in re.finditer(r'feature\s*=\s*"flex"', file.raw):
                if file.raw[: found.start()].rpartition("\n")[2].lstrip().startswith("//"):
                    continue
                failed.append(f"{file.name}:{file.line(found.start())}: names the feature `flex`")

    circles = {frozenset(pair) for pair in imports if pair[::-1] in imports}
    if "--lines" in sys.argv[1:]:
        return figures(files.values(), circles)
    for pair in sorted(circles, key=sorted):
        first, second = sorted(pair)
        failed.append(f"{imports[first, second]}: imports {second}, which imports it at "
                      f"{imports[second, first].rpartition(':')[2]}")
    try:
        TopologicalSorter({file: {b for a, b in imports if a == file} for file, _ in imports}).prepare()
    except CycleError as error:
        ring = error.args[1][::-1]
        failed += [f"{imports[pair]}: imports {pair[1]}, in a ring" for pair in zip(ring, ring[1:])]
    for what in failed:
        print(what)
    print(f"{len(files)} files, {len(failed)} violations")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
