#!/usr/bin/env python3
"""The tables of .ci/backends: backend x part x largest difference, and the short runs."""
import csv
import math
import pathlib
import sys

folder, backends = pathlib.Path(sys.argv[1]), sys.argv[2:]
largest = {}
for backend in backends:
    for line in (folder / f"{backend}.parity").read_text().splitlines():
        fields = [field.strip() for field in line.split("|")]
        # parity | part | name | largest difference | relative to the largest value
        # The harness may have begun the line with the name of the test.
        if fields[0].endswith("parity") and len(fields) == 5:
            try:
                difference = float(fields[4])
            except ValueError:
                continue
            key = fields[1].split("/")[0], "gradient" if "gradient" in fields[2] else "value"
            found = largest.setdefault(key, {})
            found[backend] = max(found.get(backend, 0.0), difference)
assert largest, "no part was compared"

print(f"{'part':<14}{'':<10}" + "".join(f"{backend:>11}" for backend in backends))
for (part, kind), found in sorted(largest.items()):
    missing = [backend for backend in backends if backend not in found]
    assert not missing, f"{part} was not compared on {missing}"
    print(f"{part:<14}{kind:<10}" + "".join(f"{found[backend]:>11.1e}" for backend in backends))

print(f"\n{'short run':<14}{'seconds':>9}   first and last training loss of each stage")
for backend in backends:
    start, end = map(float, (folder / f"{backend}.seconds").read_text().split())
    losses = {}
    for row in csv.DictReader((folder / backend / "metrics.csv").open()):
        losses.setdefault(row["stage"], []).append(float(row["train_loss"]))
    terms = [f"{stage} {values[0]:.3f} {values[-1]:.3f}" for stage, values in losses.items()]
    print(f"{backend:<14}{end - start:>9.1f}   {', '.join(terms)}")
    assert set(losses) == {"backbone", "au", "ex", "va"}, losses
    for stage, values in losses.items():
        assert all(map(math.isfinite, values)), f"{backend}: {stage}: {values}"
        # In so few steps the small heads, EX and VA, have not begun to learn on any backend.
        learnt = stage in ("ex", "va") or values[-1] < values[0]
        assert learnt, f"{backend}: {stage} did not learn: {values}"
