"""The files of models/bundle: writing them with their checksums, and running them through onnxruntime."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from settings import BUNDLE, CATEGORIES, MAX_TOKENS

FILES = ("classifier.onnx", "tokenizer.json", "labels.json")


class Bundle:
    """What the filter does, in Python: tokenise, cut to max_tokens, run at batch 1."""

    def __init__(self, folder: Path = BUNDLE) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.labels: list[str] = json.loads((folder / "labels.json").read_text("utf-8"))["category"]
        self.output: str = manifest["heads"]["category"]["output"]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(manifest["max_tokens"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / "classifier.onnx"), options, providers=["CPUExecutionProvider"])

    def logits(self, text: str) -> np.ndarray:
        """[labels]"""
        ids = np.array([self.tokenizer.encode(text).ids], np.int64)
        return self.session.run([self.output], {"input_ids": ids})[0][0]


def write_labels(folder: Path) -> None:
    (folder / "labels.json").write_text(json.dumps({"category": CATEGORIES}, indent=2) + "\n", "utf-8")


def write_manifest(folder: Path, version: str, training: dict) -> None:
    """Call it last: it names the size and the sha256 of every other file."""
    files = {}
    for name in FILES:
        data = (folder / name).read_bytes()
        files[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest = {
        "name": "semantic-router-classifier",
        "version": version,
        "max_tokens": MAX_TOKENS,
        "heads": {"category": {"output": "category_logits", "labels": len(CATEGORIES)}},
        "files": files,
        "training": training,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
