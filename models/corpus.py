"""The labelled lines and how they are split.

Split rule, fixed once and for all: in each file of data/category the lines whose 0-based index i has i % 5 == 4 are
held out. They are read by evaluate.py only. Everything else is `pool()`; folds of it serve as development data.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from settings import CATEGORIES, DATA


@dataclass(frozen=True)
class Line:
    """One labelled prompt: `file` and the 0-based `index` in it name it for ever."""

    file: str
    index: int
    text: str
    label: int  # position in CATEGORIES


def _read(path: Path) -> list[Line]:
    rows = [json.loads(row) for row in path.read_text("utf-8").splitlines() if row.strip()]
    return [Line(path.name, i, row["text"], CATEGORIES.index(row["label"])) for i, row in enumerate(rows)]


def _all_lines() -> list[Line]:
    return [line for path in sorted((DATA / "category").glob("*.jsonl")) for line in _read(path)]


def is_held_out(line: Line) -> bool:
    return line.index % 5 == 4


def held_out() -> list[Line]:
    """The lines nothing is trained, tuned or stopped on."""
    return [line for line in _all_lines() if is_held_out(line)]


def pool() -> list[Line]:
    """The lines to train on and to choose by; a text that also stands among the held-out lines is left out."""
    secret = {line.text.strip().lower() for line in held_out()}
    return [line for line in _all_lines() if not is_held_out(line) and line.text.strip().lower() not in secret]


def fold_of(line: Line, folds: int, seed: int = 0) -> int:
    """A fold that depends on the text alone, so that equal texts never fall on both sides."""
    digest = hashlib.sha256(f"{seed}:{line.text.strip().lower()}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % folds


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def extra(development: list[Line] | None = None) -> list[tuple[str, int]]:
    """(text, label) of the prompts in data/extra, one a line; those too close to a held-out line (or to a line of
    `development`) are left out: more than 60 % of the words in common."""
    secret = [_words(line.text) for line in held_out() + (development or [])]
    out: list[tuple[str, int]] = []
    for path in sorted((DATA / "extra").glob("*.txt")):
        label = CATEGORIES.index(path.stem.replace("_", " "))
        for text in dict.fromkeys(row.strip() for row in path.read_text("utf-8").splitlines() if row.strip()):
            words = _words(text)
            if not any(len(words & s) > 0.6 * len(words | s) for s in secret):
                out.append((text, label))
    return out
