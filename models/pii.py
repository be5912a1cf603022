"""Text with its entities, for the token head: filled templates, marked sentences, and text without any."""

import random
import re
import sys
from dataclasses import dataclass
from functools import cache

from corpus import Split, rows, split_of, texts
from settings import DATA, ENTITIES

PII = DATA / "pii"
sys.path.insert(0, str(PII))  # the generator that came with the corpus

import generate  # noqa: E402
import values  # noqa: E402

_MARK = re.compile(r"\[\[(\w+)\|(.+?)\]\]")


@dataclass(frozen=True)
class Tagged:
    """A text and the (type, start, end) of its entities: offsets in characters, end exclusive."""

    text: str
    entities: tuple[tuple[str, int, int], ...]


def templates() -> list[tuple[dict, Split]]:
    """Templates in the generator's form, with their split."""
    given = [(row, split_of(i, own=False)) for i, row in enumerate(rows(PII / "templates.jsonl"))]
    own = [({"template": text, "register": "chat", "lang": "en", "own": True}, split_of(i, own=True))
           for i, text in enumerate(texts(PII / "own-templates.txt")) if generate.SLOT.search(text)]
    return given + own


def marked() -> list[tuple[Tagged, Split]]:
    """Sentences with their entities marked by hand."""
    return [(_unmark(text), split_of(i, own=True)) for i, text in enumerate(texts(PII / "own-marked.txt"))]


def negatives() -> list[tuple[Tagged, Split]]:
    """Texts without any entity of any type."""
    return [(Tagged(row["text"], ()), split_of(i, own=False)) for i, row in enumerate(rows(PII / "negatives.jsonl"))]


def tempting() -> list[tuple[Tagged, Split]]:
    """The same, with words that look like names."""
    return [(Tagged(text, ()), split_of(i, own=True)) for i, text in enumerate(texts(PII / "own-negatives.txt"))]


def fill(template: dict, rng: random.Random) -> Tagged:
    """One example of a template; values from the own lists as often as from the generator's."""
    text, entities = generate.fill(template, rng)
    return Tagged(text, tuple((e["type"], e["start"], e["end"]) for e in entities))


def examples(split: Split, count: int, seed: int) -> list[Tagged]:
    """`count` examples: filled templates two thirds, marked sentences a sixth, negatives a sixth, some in lower case."""
    rng = random.Random(seed)
    forms = [t for t, s in templates() if s is split]
    sentences = [t for t, s in marked() if s is split]
    plain = [t for t, s in negatives() + tempting() if s is split]
    out = []
    with _own_values(split is Split.TRAIN):
        for _ in range(count):
            kind = rng.random()
            if kind < 0.66:
                example = fill(rng.choice(forms), rng)
            elif kind < 0.84:
                example = _reworded(rng.choice(sentences), rng)
            else:
                example = rng.choice(plain)
            out.append(_lower(example) if rng.random() < 0.15 else example)
    return out


def _unmark(text: str) -> Tagged:
    plain, entities, at = "", [], 0
    for match in _MARK.finditer(text):
        plain += text[at:match.start()]
        entities.append((match[1], len(plain), len(plain) + len(match[2])))
        plain, at = plain + match[2], match.end()
    return Tagged(plain + text[at:], tuple(entities))


def _lower(example: Tagged) -> Tagged:
    lower = example.text.lower()
    return Tagged(lower, example.entities) if len(lower) == len(example.text) else example


def _reworded(example: Tagged, rng: random.Random) -> Tagged:
    """The same sentence with some of its entities exchanged for others of their type."""
    text, entities, at = "", [], 0
    for kind, start, end in example.entities:
        text += example.text[at:start]
        old = example.text[start:end]
        new = values.value(kind, rng) if rng.random() < 0.5 else old
        if old.islower():
            new = new.lower()
        entities.append((kind, len(text), len(text) + len(new)))
        text, at = text + new, end
    return Tagged(text + example.text[at:], tuple(entities))


@cache
def _lists() -> dict[str, list[str]]:
    return {name: texts(PII / f"own-{name}.txt") for name in ("first_names", "last_names", "organizations", "gpe", "nrp", "streets")}


class _own_values:
    """While it lasts, half of the generator's names come from the own lists."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __enter__(self) -> None:
        self.kept = dict(values.GENERATORS)
        if not self.on:
            return
        lists = _lists()

        def street(rng: random.Random) -> str:
            name, number = rng.choice(lists["streets"]), str(rng.randint(1, 240)) + rng.choice(["", "", "", "a", "B"])
            form = rng.choice(["{n} {s}"] * 4 + ["{s} {n}"] * 3 + ["{n}, {s}", "{s}, {n}", "Flat {f}, {n} {s}", "{n} {s}, Apt {f}", "{n} {s}, Suite {f}"])
            return form.format(n=number, s=name, f=rng.randint(1, 60))

        def person(rng: random.Random, hint: str | None) -> str:
            first, last = rng.choice(lists["first_names"]), rng.choice(lists["last_names"])
            forms = {"first": first, "last": last, "rev": f"{last}, {first}", "init": f"{first[0]}. {last}", "full": f"{first} {last}"}
            return forms.get(hint or rng.choice(["full", "full", "full", "first", "init"]), f"{first} {last}")

        own = {
            "PERSON": person, "STREET_ADDRESS": lambda rng, _: street(rng), "NRP": lambda rng, _: rng.choice(lists["nrp"]),
            "ORGANIZATION": lambda rng, _: rng.choice(lists["organizations"]), "GPE": lambda rng, _: rng.choice(lists["gpe"]),
        }

        def either(kind: str):
            given, mine = self.kept[kind], own[kind]
            return lambda rng, hint=None, lang="en": mine(rng, hint) if lang not in ("ru", "ja", "zh") and rng.random() < 0.5 else given(rng, hint, lang)

        for kind in ENTITIES:
            values.GENERATORS[kind] = either(kind)

    def __exit__(self, *_: object) -> None:
        values.GENERATORS.update(self.kept)
