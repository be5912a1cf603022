"""What the guard sees besides the encoder: weights of token n-grams, a logistic regression on tf-idf.

A window's score is Σ weight / sqrt(Σ idf²) over its n-grams of one to three neighbouring tokens that the table knows, [CLS] and
[SEP] among them, each place counted. Such a line between two wordings that differ in a word or in word order is what the
encoder's poolings blur (n-grams alone: recall 0.61 at 2 % false positives on held-out lines, the encoder alone: 0.45).

The file `ngrams.bin`, little-endian: u32 count n; f32 scale of weights; f32 scale of idfs; n sorted u32 keys; n int8 weights;
n uint8 idfs. A key is the 32-bit FNV-1a hash of the ids as u32.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

LONGEST = 3


def keys(ids: list[int]) -> list[int]:
    """The keys of all n-grams of a window's tokens, [CLS] and [SEP] included."""
    out = []
    for start in range(len(ids)):
        key = 0x811C9DC5
        for token in ids[start:start + LONGEST]:
            for shift in (0, 8, 16, 24):
                key = ((key ^ (token >> shift & 0xFF)) * 0x01000193) & 0xFFFFFFFF
            out.append(key)
    return out


@dataclass
class Ngrams:
    """Sorted keys with the weight and the idf of each."""

    keys: np.ndarray     # uint32 [n]
    weights: np.ndarray  # float32 [n]
    idfs: np.ndarray     # float32 [n]

    def score(self, ids: list[int]) -> float:
        """Of one window."""
        wanted = np.array(keys(ids), np.uint32)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        at = at[self.keys[at] == wanted]
        return float(self.weights[at].sum() / max(1e-6, np.sqrt((self.idfs[at] ** 2).sum())))

    def scaled(self, factor: float) -> "Ngrams":
        return Ngrams(self.keys, self.weights * np.float32(factor), self.idfs)

    def save(self, path: Path) -> None:
        weight, idf = float(np.abs(self.weights).max()) / 127, float(self.idfs.max()) / 255
        path.write_bytes(
            np.uint32(len(self.keys)).tobytes() + np.array([weight, idf], "<f4").tobytes() + self.keys.astype("<u4").tobytes()
            + np.rint(self.weights / weight).astype(np.int8).tobytes() + np.rint(self.idfs / idf).astype(np.uint8).tobytes())


def read(path: Path) -> Ngrams:
    data = path.read_bytes()
    count = int(np.frombuffer(data, "<u4", 1)[0])
    weight, idf = np.frombuffer(data, "<f4", 2, 4)
    at = 12 + 4 * count
    codes, idfs = np.frombuffer(data, np.int8, count, at), np.frombuffer(data, np.uint8, count, at + count)
    return Ngrams(np.frombuffer(data, "<u4", count, 12), codes * weight, idfs * idf)


def fit(tokenizer: Tokenizer, texts: list[str], labels: list[int], count: int, strength: float = 30.0, most: int = 192) -> Ngrams:
    """A regression on all n-grams that two texts or more have; the `count` that weigh most; a regression on these alone.
    `strength` is the inverse of its L2 penalty; of each text `most` tokens count."""
    from scipy.sparse import csr_matrix  # not for those who only run a bundle
    from sklearn.linear_model import LogisticRegression

    rows = [keys(encoding.ids[:most]) for encoding in tokenizer.encode_batch(texts)]
    common = Counter(key for row in rows for key in set(row))
    known = sorted(key for key, texts_with in common.items() if texts_with > 1)
    idf = {key: float(np.log((1 + len(rows)) / (1 + common[key])) + 1) for key in known}

    def regression(known: list[int]) -> np.ndarray:
        place = {key: n for n, key in enumerate(known)}
        places, starts, values = [], [0], []
        for row in rows:
            mine = [place[key] for key in row if key in place]
            idfs = np.array([idf[known[n]] for n in mine], np.float32)
            places += mine
            values.append(idfs / max(1e-6, float(np.sqrt((idfs ** 2).sum()))))
            starts.append(len(places))
        matrix = csr_matrix((np.concatenate(values), places, starts), (len(rows), len(known)))
        return LogisticRegression(C=strength, class_weight="balanced", max_iter=300).fit(matrix, labels).coef_[0]

    effect = np.abs(regression(known)) * np.array([idf[key] for key in known])
    known = sorted(known[n] for n in np.argsort(-effect)[:count])
    idfs = np.array([idf[key] for key in known], np.float32)
    return Ngrams(np.array(known, np.uint32), (regression(known) * idfs).astype(np.float32), idfs)
