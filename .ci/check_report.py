#!/usr/bin/env python3
"""Check that a finished run directory holds what it promises, with scores above nothing at all."""
import json
import math
import os
import sys

run = sys.argv[1]
for name in ("config.json", "data.json", "metrics.csv", "curves.png", "report.json", "model.safetensors", "features", "checkpoints"):
    assert os.path.exists(os.path.join(run, name)), f"{name} is missing"

report = json.load(open(os.path.join(run, "report.json")))
keys = ["p_au", "p_ex", "p_va", "p_mtl", "au_f1", "ex_f1", "ccc", "rows"]
assert list(report) == [*keys, "chance", "tasks"], list(report)
assert list(report["chance"]) == keys, list(report["chance"])
units = ["AU1", "AU2", "AU4", "AU6", "AU7", "AU10", "AU12", "AU15", "AU23", "AU24", "AU25", "AU26"]
classes = ["Neutral", "Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Other"]
assert list(report["au_f1"]) == units, list(report["au_f1"])
assert list(report["ex_f1"]) == classes, list(report["ex_f1"])
for score in ("p_au", "p_ex", "p_va", "p_mtl"):
    assert math.isfinite(report[score]), (score, report[score])
# Knowing only how common each label is scores about 0.5; a short run gets clearly beyond that.
assert report["p_mtl"] > 0.75, report["p_mtl"]
assert abs(report["p_au"] + report["p_ex"] + report["p_va"] - report["p_mtl"]) < 1e-9
print(f"report: P_MTL {report['p_mtl']:.3f} on {report['rows']}")
