"""The labelled lines and how they are split.

Split rule, fixed once and for all, by the 0-based index i of a line in its file. In the files of the first corpus
(`category/*.jsonl`, `guard/jailbreak.jsonl`, `guard/benign.jsonl`, `pii/*.jsonl`) i % 5 == 4 is held out, in those written
later (`own`) i % 10 == 9; in `guard/twins-*.jsonl`, where each attack stands before a harmless twin, i is that of the pair. Of the rest, i % 10 == 3 calibrates: temperatures and thresholds are fitted there. What is left
is trained on. A line to train on that has more than 60 % of its words in common with a held-out one is left out.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Iterable

from settings import CATEGORIES, DATA, GUARD


class Split(Enum):
    TRAIN = "train"
    CALIBRATION = "calibration"
    TEST = "test"


def split_of(index: int, own: bool) -> Split:
    if index % 10 == 9 or (not own and index % 5 == 4):
        return Split.TEST
    return Split.CALIBRATION if index % 10 == 3 else Split.TRAIN


@dataclass(frozen=True)
class Line:
    """One labelled text. `group` names where it is from, as in `exam`; `label` is a position in the head's labels; `twin` marks
    one of a pair that was written to be told apart badly."""

    group: str
    text: str
    label: int
    split: Split
    twin: bool = False


def rows(path: Path) -> list[dict]:
    """The objects of a JSON lines file."""
    return [json.loads(row) for row in path.read_text("utf-8").splitlines() if row.strip()]


def texts(path: Path) -> list[str]:
    """The lines of a text file; a newline within one is written \\n."""
    return [row.strip().replace("\\n", "\n") for row in path.read_text("utf-8").splitlines() if row.strip()]


def _label(path: Path) -> int:
    return CATEGORIES.index(path.stem.replace("_", " "))


@cache
def category() -> list[Line]:
    """Prompts with their category."""
    lines = []
    for path in sorted((DATA / "category").glob("*.jsonl")):
        for i, row in enumerate(rows(path)):
            lines.append(Line("corpus", row["text"], CATEGORIES.index(row["label"]), split_of(i, own=False)))
    for group in ("exam", "everyday"):
        for path in sorted((DATA / group).glob("*.txt")):
            lines += [Line(group, text, _label(path), split_of(i, own=True)) for i, text in enumerate(texts(path))]
    for path in sorted((DATA / "extra").glob("*.txt")):
        lines += [Line("extra", text, _label(path), Split.TRAIN) for text in texts(path)]
    return _apart(lines)


@cache
def guard() -> list[Line]:
    """Attacks and harmless texts; the group of an attack is its technique."""
    lines = []
    for path in sorted((DATA / "guard").glob("*.jsonl")):
        first, twins = path.stem in ("benign", "jailbreak"), path.stem.startswith("twins")
        for i, row in enumerate(rows(path)):
            split = split_of(i // 2 if twins else i, own=not first)
            lines.append(Line(row["technique"], row["text"], GUARD.index(row["label"]), split, twins))
    return _apart(lines)


def groups() -> list[tuple[dict, Split]]:
    """Prompts, each with others that mean the same and others that only look the same."""
    return [(row, split_of(i, own=False)) for i, row in enumerate(rows(DATA / "pairs" / "groups.jsonl"))]


def of(lines: Iterable[Line], split: Split) -> list[Line]:
    return [line for line in lines if line.split is split]


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def _apart(lines: list[Line]) -> list[Line]:
    """`lines` less what is to train on and too close to a held-out one."""
    secret = [_words(line.text) for line in lines if line.split is Split.TEST]
    places: dict[str, list[int]] = {}
    for n, words in enumerate(secret):
        for word in words:
            places.setdefault(word, []).append(n)

    def close(text: str) -> bool:
        # Two texts with 60 % in common share one of the rarest 41 % of the words of either.
        words = _words(text)
        rare = sorted(words, key=lambda word: len(places.get(word, ())))[:int(0.41 * len(words)) + 1]
        near = {n for word in rare for n in places.get(word, ())}
        return any(len(words & secret[n]) > 0.6 * len(words | secret[n]) for n in near)

    seen: set[str] = set()
    out = []
    for line in lines:
        key = line.text.strip().lower()
        if line.split is Split.TEST or (key not in seen and not close(line.text)):
            out.append(line)
        seen.add(key)
    return out
