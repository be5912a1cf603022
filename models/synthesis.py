"""Unlabelled text for distillation: known prompts in which words were swapped for their neighbours in MiniLM's own
word-embedding space, or for any word at all. It makes the student meet the whole vocabulary in sentence-like company;
the teacher says what such a text is about."""

import random

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F


class Neighbours:
    """For each whole-word piece of the vocabulary its nearest whole words by the cosine of input embeddings."""

    def __init__(self, pieces: list[str], embeddings: Tensor, count: int = 15) -> None:
        """`embeddings`: [pieces, 384], MiniLM's input word embeddings in the order of `pieces`."""
        rows = [i for i, p in enumerate(pieces) if p.isascii() and p.isalpha() and len(p) > 2]
        self.words = [pieces[i] for i in rows]
        self._place = {word: n for n, word in enumerate(self.words)}
        unit = F.normalize(embeddings[rows] - embeddings.mean(0), dim=1)
        best = [(unit[a:a + 2000] @ unit.T).topk(count + 1, dim=1).indices[:, 1:] for a in range(0, len(unit), 2000)]
        self._near: list[list[int]] = torch.cat(best).tolist()

    def __contains__(self, word: str) -> bool:
        return word in self._place

    def near(self, word: str, rng: random.Random) -> str:
        return self.words[rng.choice(self._near[self._place[word]])]

    def any(self, rng: random.Random) -> str:
        return rng.choice(self.words)


def substitute(text: str, full: Tokenizer, neighbours: Neighbours, near: float, anything: float, rng: random.Random) -> str:
    """`text` in lower-case words, each swapped with the chances given; `full` is the tokenizer with all of BERT's pieces."""
    tokens = full.encode(text, add_special_tokens=False).tokens
    words: list[str] = []
    for token in tokens:
        if token.startswith("##") and words:
            words[-1] += token.removeprefix("##")
        else:
            words.append(token)
    out = []
    for word in words:
        chance = rng.random()
        if word in neighbours and chance < near:
            word = neighbours.near(word, rng)
        elif word in neighbours and chance < near + anything:
            word = neighbours.any(rng)
        out.append(word)
    return " ".join(out)


def join(first: str, second: str, rng: random.Random) -> str:
    """Half of one prompt and half of another: a text between two fields."""
    a, b = first.split(" "), second.split(" ")
    a, b = a[:max(3, len(a) * rng.randrange(3, 10) // 10)], b[-max(3, len(b) * rng.randrange(3, 10) // 10):]
    return " ".join(a + b)


def unlabelled(prompts: list[str], topics: list[str], full: Tokenizer, neighbours: Neighbours, count: int,
               seed: int) -> list[str]:
    """`count` texts: two thirds from real prompts, a quarter from topic prompts, the rest joined halves."""
    rng = random.Random(seed)
    out: list[str] = []
    while len(out) < count:
        kind = rng.random()
        if kind < 0.66:
            text, near, anything = rng.choice(prompts), rng.choice([0.15, 0.3, 0.5]), rng.choice([0.0, 0.05, 0.15])
        elif kind < 0.91:
            text, near, anything = rng.choice(topics), rng.choice([0.15, 0.4]), rng.choice([0.0, 0.1])
        else:
            text, near, anything = join(rng.choice(prompts), rng.choice(prompts), rng), 0.15, 0.0
        out.append(substitute(text, full, neighbours, near, anything, rng))
    return out
