"""The files of models/bundle: writing them with their checksums, and running them through onnxruntime as the filter does."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

import factcheck
import likeness
import ngrams
from metrics import softmax
from settings import BUNDLE, CATEGORIES, GUARD, INPUTS, OUTPUTS, TAGS
from shape import shapes

FILES = ("classifier.onnx", "ngrams.bin", "likeness.json", "tokenizer.json", "labels.json", "thresholds.json")
LATER = ("factcheck.bin", "factcheck.json")  # what factcheck.py adds
LABELS = {"category": CATEGORIES, "guard": GUARD, "tags": TAGS}
WINDOW = {"tokens": 128, "overlap": 24}  # [CLS] and [SEP] included; content tokens that neighbours share
CATEGORY_WINDOWS = 2                     # category and embedding look at so many


@dataclass(frozen=True)
class Window:
    """One pass: its token ids, probabilities [14], the guard's logits [2], tags of the content tokens, their words and character
    offsets, unit vector."""

    ids: list[int]
    category: np.ndarray
    guard: np.ndarray
    tags: list[str]
    words: list[int]
    offsets: list[tuple[int, int]]
    embedding: np.ndarray


class Bundle:
    """What the filter does, in Python: tokenise, cut into windows, run each at batch 1."""

    def __init__(self, folder: Path = BUNDLE) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.folder = folder
        self.window: dict[str, int] = manifest["window"]
        self.thresholds: dict[str, float] = json.loads((folder / "thresholds.json").read_text("utf-8"))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.ngrams = ngrams.read(folder / "ngrams.bin")
        self.likeness = likeness.read(folder / "likeness.json")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / "classifier.onnx"), options, providers=["CPUExecutionProvider"])

    @cached_property
    def factcheck(self) -> factcheck.FactCheck:
        return factcheck.read(self.folder)

    def windows(self, text: str) -> list[Window]:
        encoding = self.tokenizer.encode(text)
        ids, kinds, offsets = encoding.ids, shapes(text, encoding), encoding.offsets
        content = len(ids) - 2
        size, step = self.window["tokens"] - 2, self.window["tokens"] - 2 - self.window["overlap"]
        starts = [0] if content <= size else list(range(0, content - self.window["overlap"], step))
        out = []
        for start in starts:
            a, b = 1 + start, 1 + min(start + size, content)
            frame = [ids[0], *ids[a:b], ids[-1]], [kinds[0], *kinds[a:b], kinds[-1]]
            out.append(self._run(*frame, encoding.word_ids[a:b], offsets[a:b]))
        return out

    def _run(self, ids: list[int], kinds: list[int], words: list[int], offsets: list[tuple[int, int]]) -> Window:
        values = self.session.run(list(OUTPUTS.values()), {name: np.array([row], np.int64) for name, row in zip(INPUTS, (ids, kinds))})
        said = dict(zip(OUTPUTS, values))
        return Window(ids, softmax(said["category"])[0], said["guard"][0], [TAGS[n] for n in said["tags"][0][1:-1].argmax(1)], words, offsets, said["embedding"][0])

    def category(self, text: str) -> np.ndarray:
        """Mean probabilities [labels] of the first windows."""
        return np.mean([w.category for w in self.windows(text)[:CATEGORY_WINDOWS]], 0)

    def jailbreak(self, text: str) -> float:
        """The highest probability of any window."""
        place = GUARD.index("jailbreak")
        logits = [w.guard + np.eye(len(GUARD))[place] * self.ngrams.score(w.ids) for w in self.windows(text)]
        return max(float(softmax(row[None])[0, place]) for row in logits)

    def embedding(self, text: str) -> np.ndarray:
        """The mean of the first windows, length 1."""
        mean = np.mean([w.embedding for w in self.windows(text)[:CATEGORY_WINDOWS]], 0)
        return mean / np.linalg.norm(mean)

    def alike(self, one: str, other: str) -> float:
        """The probability that an answer to one prompt serves the other."""
        return self.likeness.probability(one, other, float(self.embedding(one) @ self.embedding(other)))

    def needs_fact_check(self, text: str) -> float:
        """The probability that a text asks for facts that can be checked."""
        ids = [w.ids for w in self.windows(text)[:CATEGORY_WINDOWS]]
        return self.factcheck.probability(self.embedding(text), self.category(text), ids)

    def types(self, text: str) -> set[str]:
        """Names of the entity types that the token head finds: the first piece of a word decides, and at a seam the window in
        which it stands further inside."""
        windows, half, found = self.windows(text), self.window["overlap"] // 2, set()
        for n, w in enumerate(windows):
            start, end = half if n else 0, len(w.tags) - (half if n + 1 < len(windows) else 0)
            first = [i for i in range(start, end) if i == 0 or w.words[i] != w.words[i - 1]]
            found |= {w.tags[i][2:] for i in first if w.tags[i] != "O"}
        return found


def write(folder: Path, version: str, thresholds: dict[str, float], training: dict) -> None:
    """Labels, thresholds and the manifest, which names the size and the sha256 of every other file. Call it when all but those
    that come later are there."""
    (folder / "labels.json").write_text(json.dumps(LABELS, indent=2) + "\n", "utf-8")
    (folder / "thresholds.json").write_text(json.dumps(thresholds, indent=2) + "\n", "utf-8")
    manifest = {
        "name": "semantic-router-classifier",
        "version": version,
        "window": WINDOW,
        "category_windows": CATEGORY_WINDOWS,
        "outputs": OUTPUTS,
        "files": _checksums(folder, FILES),
        "training": training,
    }
    _write_manifest(folder, manifest)


def refresh(folder: Path, texts: dict[str, int]) -> None:
    """The manifest again, once what comes later is there too, fitted on so many texts."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"] = _checksums(folder, FILES + LATER)
    manifest["training"]["texts"] |= texts
    _write_manifest(folder, manifest)


def _checksums(folder: Path, names: tuple[str, ...]) -> dict[str, dict]:
    data = {name: (folder / name).read_bytes() for name in names}
    return {name: {"bytes": len(of), "sha256": hashlib.sha256(of).hexdigest()} for name, of in data.items()}


def _write_manifest(folder: Path, manifest: dict) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
