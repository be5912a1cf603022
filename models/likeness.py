"""Whether two prompts ask the same thing: the cosine of their embeddings and what their words have in common, judged by a small
network. A cosine alone cannot tell: a prompt with one word exchanged ("a credit card" for "a debit card") is nearer to another
than most paraphrases are.

`filter/src/classify/likeness.rs` does the same.
"""

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np

# Words that say little: another way to ask has others of them.
LITTLE = frozenset("""a about an and any are as at be been but by can could d did do does explain for from get give got had has have he
her his how i if in into is it its just know like ll m may me might much my need of on or our please re s she should show so some tell
than that the their then there these they this those to us ve want was we were what which will with would you your""".split())
NEGATIONS = frozenset("arent avoid cant didnt doesnt dont except isnt never no none not nothing only without wont".split())
_CONTRACTIONS = (("\u2019", "'"), ("can't", "can not"), ("won't", "will not"), ("n't", " not"), ("cannot", "can not"))
_ENDINGS = ("ies", "ing", "ed", "es", "s")
_CJK = "\u3040-\u30ff\u3400-\u9fff"
# Everything that neither ASCII nor these blocks of signs hold is a letter; other libraries have other opinions on marks and signs.
_SIGNS = "\x00-@\\[-`{-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u303f\ufe10-\ufe6f\uff00-\uff0f\uff1a-\uff20"
_WORD = re.compile(f"[{_CJK}]|[^{_SIGNS}{_CJK}]+|[0-9]+(?:[.,][0-9]+)*")
HIDDEN = 16


def stem(word: str) -> str:
    """`word` without its ending, if three letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[:-len(ending)]
    return word


def words(text: str) -> list[str]:
    """Stems of the words, and numbers, in lower case; a Chinese or Japanese character is a word."""
    text = text.lower()
    for written, meant in _CONTRACTIONS:
        text = text.replace(written, meant)
    return [word if word in LITTLE or word in NEGATIONS else stem(word) for word in _WORD.findall(text)]


def content(stems: list[str]) -> list[str]:
    return [word for word in stems if word not in LITTLE]


def _share(one: set, other: set) -> float:
    return len(one & other) / max(1, len(one | other))


def is_rewording(one: list[str], other: list[str]) -> bool:
    """Whether they have the same words that matter, in the same order."""
    return content(one) == content(other) and bool(content(one))


def features(one: list[str], other: list[str], cosine: float) -> list[float]:
    """[11] of two lists of stems; the same whichever comes first."""
    all_one, all_other = set(one), set(other)
    mine, yours = set(content(one)), set(content(other))
    shorter, longer = sorted((len(one), len(other)))
    begin = 0
    while begin < shorter and one[begin] == other[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and one[-1 - end] == other[-1 - end]:
        end += 1
    ends = (begin + end) / max(1, longer)
    fewer, more = sorted((len(mine - yours), len(yours - mine)))
    numbers = [{word for word in stems if word[0].isascii() and word[0].isdigit()} for stems in (one, other)]
    negated = [bool(stems & NEGATIONS) for stems in (all_one, all_other)]
    return [
        cosine, _share(mine, yours), _share(all_one, all_other), _share(set(zip(one, one[1:])), set(zip(other, other[1:]))),
        ends, min(fewer, 10) / 5, min(more, 10) / 5, float(numbers[0] != numbers[1]), float(negated[0] != negated[1]),
        shorter / max(1, longer), min(shorter, 60) / 20,
    ]


@dataclass
class Likeness:
    """One hidden layer of rectified units on the features."""

    hidden: np.ndarray  # [HIDDEN, features]
    bias: np.ndarray    # [HIDDEN]
    out: np.ndarray     # [HIDDEN]
    shift: float

    def probability(self, one: str, other: str, cosine: float) -> float:
        """That an answer to one serves the other."""
        mine, yours = words(one), words(other)
        if is_rewording(mine, yours):
            return 1.0
        units = np.maximum(self.hidden @ np.array(features(mine, yours, cosine)) + self.bias, 0)
        return float(1 / (1 + np.exp(-(units @ self.out + self.shift))))

    def save(self, path: Path) -> None:
        numbers = {name: np.round(getattr(self, name), 6).tolist() for name in ("hidden", "bias", "out", "shift")}
        path.write_text(json.dumps(numbers) + "\n", "utf-8")


def read(path: Path) -> Likeness:
    told = json.loads(path.read_text("utf-8"))
    return Likeness(np.array(told["hidden"]), np.array(told["bias"]), np.array(told["out"]), told["shift"])


def examples(groups: list[dict], embed: Callable[[list[str]], np.ndarray], seed: int) -> list[tuple[str, str, float, str]]:
    """Two prompts, the cosine of their embeddings, and what they are to each other: "same"; "different", although they look the
    same; "near", the nearest prompts of other groups; "random"."""
    rng = random.Random(seed)
    prompts = [(n, text) for n, group in enumerate(groups) for text in (group["q"], *group["same"])]
    others = [text for group in groups for text in group["different"]]
    vectors = embed([text for _, text in prompts] + others)
    place = {text: n for n, text in enumerate([text for _, text in prompts] + others)}
    owner = np.array([n for n, _ in prompts])
    pairs: list[tuple[str, str, str]] = []
    for n, group in enumerate(groups):
        asked = [group["q"], *group["same"]]
        pairs += [(one, other, "same") for i, one in enumerate(asked) for other in asked[i + 1:]]
        pairs += [(group["q"], text, "different") for text in group["different"]]
        pairs += [(text, rng.choice(group["different"]), "aslant") for text in group["same"]]
        cosines = vectors[:len(prompts)] @ vectors[place[group["q"]]] - 2 * (owner == n)
        pairs += [(group["q"], prompts[i][1], "near") for i in np.argsort(-cosines)[:2]]
        pairs.append((group["q"], rng.choice(prompts)[1], "random"))
    return [(one, other, float(vectors[place[one]] @ vectors[place[other]]), kind) for one, other, kind in pairs]


def fit(pairs: list[tuple[str, str, float, str]], seed: int) -> Likeness:
    """From what `examples` gave."""
    from sklearn.neural_network import MLPClassifier  # not for those who only run a bundle
    from sklearn.preprocessing import StandardScaler

    rows = np.array([features(words(one), words(other), cosine) for one, other, cosine, _ in pairs])
    same = [kind == "same" for *_, kind in pairs]
    scaler = StandardScaler().fit(rows)
    net = MLPClassifier((HIDDEN,), alpha=1e-2, max_iter=300, random_state=seed).fit(scaler.transform(rows), same)
    hidden = net.coefs_[0].T / scaler.scale_
    return Likeness(hidden, net.intercepts_[0] - hidden @ scaler.mean_, net.coefs_[1][:, 0], float(net.intercepts_[1][0]))
