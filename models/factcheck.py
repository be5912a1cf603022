"""Whether a prompt asks for facts about the world that can be checked: a logistic regression on the sentence embedding, the
probabilities of the categories and token n-grams, without training the encoder anew:

    python models/factcheck.py            # from data/factcheck to bundle/factcheck.bin and bundle/factcheck.json

A prompt needs checking where an answer may be wrong about the world: dates, numbers, persons, laws, medicine, nature, and what
books or experts say of them, whatever form it has. None is needed for what is made up, for code, arithmetic, opinions, small talk,
advice for the asker's own life, and for work on text that comes with the prompt.

The logit is a bias, the weighted embedding and probabilities, and the mean of the n-grams' score over the windows of which the
embedding is the mean too; `filter/src/classify/factcheck.rs` does the same. The file of n-grams is as `ngrams.py` says.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import ngrams
from ngrams import Ngrams
from settings import BUNDLE, CATEGORIES, DATA

FOLDS = 5
STRENGTH = 30.0  # inverse of the L2 penalty


@dataclass
class FactCheck:
    """What is added up to the logit."""

    embedding: np.ndarray  # [width]
    category: np.ndarray   # [categories]
    bias: float
    table: Ngrams

    def probability(self, embedding: np.ndarray, category: np.ndarray, ids: list[list[int]]) -> float:
        """That a prompt needs checking, of which the first windows have these ids."""
        said = float(np.mean([self.table.score(row) for row in ids]))
        logit = self.bias + float(self.embedding @ embedding) + float(self.category @ category) + said
        return float(1 / (1 + np.exp(-logit)))

    def save(self, folder: Path) -> None:
        self.table.save(folder / "factcheck.bin")
        told = {"embedding": self.embedding, "category": self.category, "bias": self.bias}
        (folder / "factcheck.json").write_text(json.dumps({k: np.round(v, 5).tolist() for k, v in told.items()}) + "\n", "utf-8")


def read(folder: Path) -> FactCheck:
    told = json.loads((folder / "factcheck.json").read_text("utf-8"))
    return FactCheck(np.array(told["embedding"]), np.array(told["category"]), told["bias"], ngrams.read(folder / "factcheck.bin"))


def lines(folder: Path = DATA / "factcheck") -> list[tuple[str, int]]:
    """Prompts and whether they need checking. Those in held-out/ nothing is fitted on."""
    out = []
    for name, label in (("needs", 1), ("none", 0)):
        for file in sorted(folder.glob(f"{name}*.txt")):
            texts = file.read_text("utf-8").splitlines()
            out += [(text.strip().replace("\\n", "\n"), label) for text in texts if text.strip()]
    return out


def held_out() -> list[tuple[str, int]]:
    return lines(DATA / "factcheck" / "held-out")


class _Matrix:
    """Features of prompts: n-grams that two of them or more have, each row of length 1, then embedding and categories."""

    def __init__(self, rows: list[list[int]]) -> None:
        common = Counter(key for row in rows for key in set(row))
        self.known = sorted(key for key, count in common.items() if count > 1)
        self.place = {key: n for n, key in enumerate(self.known)}
        self.idf = np.array([np.log((1 + len(rows)) / (1 + common[key])) + 1 for key in self.known], np.float32)

    def of(self, rows: list[list[int]], dense: np.ndarray) -> "object":
        from scipy.sparse import csr_matrix, hstack  # not for those who only run a bundle

        places, starts, values = [], [0], []
        for row in rows:
            mine = [self.place[key] for key in row if key in self.place]
            idfs = self.idf[mine]
            places += mine
            values.append(idfs / max(1e-6, float(np.sqrt((idfs ** 2).sum()))))
            starts.append(len(places))
        table = csr_matrix((np.concatenate(values), places, starts), (len(rows), len(self.known)))
        return hstack([table, csr_matrix(dense)]).tocsr()


def _logits(rows: list[list[int]], dense: np.ndarray, labels: np.ndarray, others: tuple) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    matrix = _Matrix(rows)
    fitted = LogisticRegression(C=STRENGTH, max_iter=1000).fit(matrix.of(rows, dense), labels)
    return fitted.decision_function(matrix.of(*others))


def fit(windows: list[list[list[int]]], embeddings: np.ndarray, categories: np.ndarray, labels: np.ndarray) -> FactCheck:
    """From prompts to train on: the ids of their first windows, and what the encoder says of them. The scale and the shift that
    make the logit's sigmoid a probability come from prompts that a regression on the others has not seen."""
    from sklearn.linear_model import LogisticRegression

    rows = [[key for ids in window for key in ngrams.keys(ids)] for window in windows]
    dense = np.hstack([embeddings, categories])
    unseen = np.zeros(len(rows))
    for fold in range(FOLDS):
        mine = np.arange(len(rows)) % FOLDS == fold
        pick = lambda wanted: [row for row, is_mine in zip(rows, mine) if is_mine == wanted]
        unseen[mine] = _logits(pick(False), dense[~mine], labels[~mine], (pick(True), dense[mine]))
    platt = LogisticRegression(C=1e6).fit(unseen[:, None], labels)
    scale, shift = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    matrix = _Matrix(rows)
    fitted = LogisticRegression(C=STRENGTH, max_iter=1000).fit(matrix.of(rows, dense), labels)
    weights, count, width = fitted.coef_[0] * scale, len(matrix.known), embeddings.shape[1]
    table = Ngrams(np.array(matrix.known, np.uint32), (weights[:count] * matrix.idf).astype(np.float32), matrix.idf)
    return FactCheck(weights[count:count + width], weights[count + width:], float(fitted.intercept_[0]) * scale + shift, table)


def main() -> int:
    """How many prompts it was fitted on."""
    import bundle

    shipped = bundle.Bundle()
    texts = lines()
    seen = [shipped.windows(text)[:bundle.CATEGORY_WINDOWS] for text, _ in texts]
    fitted = fit(
        [[window.ids for window in windows] for windows in seen], np.stack([shipped.embedding(text) for text, _ in texts]),
        np.stack([shipped.category(text) for text, _ in texts]), np.array([label for _, label in texts]))
    assert len(fitted.category) == len(CATEGORIES)
    fitted.save(BUNDLE)
    bundle.refresh(BUNDLE, {"factcheck": len(texts)})
    return len(texts)


if __name__ == "__main__":
    main()
