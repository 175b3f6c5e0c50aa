#!/usr/bin/env python3
"""Puts small whole files of every kind into fuzz/corpus/<target>, for the fuzzer to start from."""

import argparse
import collections
import json
import pickle
import shutil
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "tests" / "fixtures"


def put(target, name, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def safetensors(tensors, metadata):
    """A safetensors file of float32 tensors: name to shape and values."""
    header, data = {"__metadata__": metadata}, b""
    for name, (shape, values) in tensors.items():
        start = len(data)
        data += struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(data)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def annotation():
    header = "image,valence,arousal,expression,aus\n"
    row = "1/00001.jpg,0.5,-0.25,4,0,0,0,1,1,1,1,0,0,0,1,0\n"
    missing = "a b/00002.jpg,-5,-5.0,-1" + ",-1" * 12 + "\n"
    put("annotation", "rows", (header + row + missing + row).encode())
    put("annotation", "crlf", ("\ufeff" + header + "\n" + row).replace("\n", "\r\n").encode())
    names = "image, valence, arousal, expression" + "".join(
        f", AU{unit:02}" for unit in (2, 1, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26))
    put("annotation", "names", (names + "\n \t\n" + row.replace(",", " , ").replace("4 ", "4.0 ")).encode())
    put("annotation", "list", (header + "1/00001.jpg\n2/00002.jpg").encode())


def table():
    put("table", "names", b"image,valence,arousal,expression,AU1,AU12_r,split,video,frame,subject,weight\n"
        b"a/b.jpg,0.5,-1,happy,1,2.5,train,v,7,Ada,2\nc.jpg,,-5,NA,,9,test,,,,\n")
    put("table", "soft", b"image,expression:happy,expression:so so,expression\na.jpg,3,1,\nb.jpg,0,0,happy\n")
    put("table", "fer", b"Usage,Image name,neutral,happiness,fear,NF\nTraining,a.png,4,1,5,0\n")
    put("table", "quoted", "\ufeff\"image\";\"valence\";AU4;note\r\n\"a;\"\"b\"\".jpg\";0,5;0;\"two\nlines\"\r\n".encode())
    put("table", "tabs", b"image\texpression\n a.jpg \tsad\n\nb.jpg\tBored\n")


def cache():
    metadata = {"rows": '["a","b"]', "fingerprint": "0" * 64}
    put("cache", "cache", safetensors({"features": ([2, 3], [1.0] * 6)}, metadata))
    absent = [float("nan")] * 3
    put("cache", "absent", safetensors({"features": ([2, 3], [1.0] * 3 + absent)}, metadata))
    put("cache", "partial", bytes(32) + bytes(24) + bytes(32))


def feature():
    for file in sorted((FIXTURES / "feature").rglob("*.*")):
        put("feature", file.name, file.read_bytes())


def weights():
    put("weights", "tensors", safetensors({"a.b": ([2], [1.0, 2.0]), "c": ([1, 1], [3.0])}, {}))
    for file in sorted((FIXTURES / "weights").iterdir()):
        if file.stat().st_size < 20_000:
            put("weights", file.name, file.read_bytes())


    said = {
        "args": argparse.Namespace(model="efficientnet_b0", img_size=None, mean=[0.5] * 3),
        "class_to_idx": collections.OrderedDict(sad=1, happy=0),
        "counts": collections.Counter("aab"),
        "history": collections.defaultdict(list, loss=[0.5, 1 << 80, True, None, b"a"]),
        1: {(2.5, 3), frozenset("a")},
    }
    said["itself"] = said
    for protocol in range(6):
        put("weights", f"pickle-{protocol}", pickle.dumps(said, protocol))


def config():
    network = {
        "feature_width": 1288, "feature": "PooledAndLogits", "action_units": 12,
        "node_map": "Normalised", "dropout": 0.5, "attention": {"Additive": {"hidden": 64}},
        "tasks": {"action_unit": True, "expression": False, "valence_arousal": True},
        "backbone": {"variant": "B0", "flavour": "Tensorflow", "width": 1.0, "depth": 1.0,
                     "classes": 8, "drop_path": 0.0, "dropout": 0.2, "momentum": None},
    }
    classifier = {"backbone": network["backbone"], "expressions": ["Anger"], "valence_arousal": True}
    image = {"size": 224, "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2]}
    for name, content in {"network": network, "classifier": classifier, "image": image}.items():
        put("config", name, json.dumps(content).encode())


def image():
    """The files that the tests of decoding keep: eight bytes to an int64, behind their length."""
    for part in ("decode", "jpeg"):
        content = (FIXTURES / f"{part}.safetensors").read_bytes()
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length])
        for name, info in header.items():
            if name.endswith(".file"):
                start, _ = (8 + length + offset for offset in info["data_offsets"])
                (size,) = struct.unpack_from("<q", content, start)
                put("image", f"{part}.{name}", content[start + 8 : start + 8 + size])


if __name__ == "__main__":
    for make in (annotation, table, cache, feature, weights, config, image):
        make()
    # What once broke something is where to look again.
    for kept in sorted((HERE / "broke").glob("*/*")):
        shutil.copy(kept, HERE / "corpus" / kept.parent.name / kept.name)
