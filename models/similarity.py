"""Prints how the thresholds of embedding rules compare: the bundled encoder beside MiniLM, for which many are set.

    python models/similarity.py

Rules in data/similarity/rules.json, each with prompts written to match it; strangers are the prompts of all other rules, and
held-out everyday prompts. The score is the highest cosine of any candidate.
"""

import json
from collections.abc import Callable

import numpy as np
import torch

import corpus
from bundle import Bundle
from corpus import Split, of
from settings import DATA
from teacher import Encoder, rows_of

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
STRANGERS = 150


def scores(rules: list[dict], strangers: list[str], embed: Callable[[list[str]], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Of prompts with their own rules, and of strangers with all."""
    near, far = [], []
    for rule in rules:
        candidates = embed(rule["candidates"])
        others = strangers + [text for other in rules if other is not rule for text in other["near"]]
        for texts, out in ((rule["near"], near), (others, far)):
            out.append((embed(texts) @ candidates.T).max(1))
    return np.concatenate(near), np.concatenate(far)


def main() -> None:
    shipped, teacher = Bundle(), Encoder(192, bf16=False)

    def mini(texts: list[str]) -> np.ndarray:
        return torch.nn.functional.normalize(rows_of(teacher, texts)).numpy()

    rules = json.loads((DATA / "similarity" / "rules.json").read_text("utf-8"))
    everyday = [line.text for line in of(corpus.category(), Split.TEST) if line.group == "everyday"]
    strangers = everyday[::6][:STRANGERS]
    ours = scores(rules, strangers, lambda texts: np.stack([shipped.embedding(text) for text in texts]))
    theirs = scores(rules, strangers, mini)
    print(f"{len(ours[0])} prompts with their rules, {len(ours[1])} strangers; shares above the threshold")
    for limit in THRESHOLDS:
        row = [np.mean(part >= limit) for part in (*ours, *theirs)]
        print("  {:.2f}  bundled {:.2f} {:.4f}  MiniLM {:.2f} {:.4f}".format(limit, *row))


if __name__ == "__main__":
    main()
