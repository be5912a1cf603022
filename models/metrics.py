"""Figures about predictions: accuracy with its interval, recall by label, confusions, calibration. Plain numpy."""

from collections import Counter
from math import sqrt

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Rows of [n, labels] to probabilities."""
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def wilson(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson."""
    p, zz = right / total, z * z
    centre = (p + zz / (2 * total)) / (1 + zz / total)
    half = z * sqrt(p * (1 - p) / total + zz / (4 * total * total)) / (1 + zz / total)
    return centre - half, centre + half


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error: mean |confidence - accuracy| over equally wide confidence bins, weighted by size."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    parts = [place == b for b in range(bins)]
    return float(sum(abs(confidence[p].mean() - right[p].mean()) * p.mean() for p in parts if p.any()))


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The divisor of the logits with the smallest negative log-likelihood (grid of 1 % steps from 0.25 to 4)."""
    def loss(t: float) -> float:
        return float(-np.log(softmax(logits / t)[np.arange(len(truth)), truth] + 1e-12).mean())
    return min((0.25 * 1.01 ** k for k in range(280)), key=loss)


def recalls(predicted: np.ndarray, truth: np.ndarray, labels: list[str]) -> list[tuple[str, int, float, float]]:
    """(label, lines, recall, precision) for each label."""
    out = []
    for i, name in enumerate(labels):
        mine, said = truth == i, predicted == i
        hit = int((mine & said).sum())
        out.append((name, int(mine.sum()), hit / max(1, mine.sum()), hit / max(1, said.sum())))
    return out


def confusions(predicted: np.ndarray, truth: np.ndarray, labels: list[str], top: int = 10) -> list[tuple[str, str, int]]:
    """(truth, predicted, lines) of the most frequent mistakes."""
    pairs = Counter((labels[t], labels[p]) for t, p in zip(truth.tolist(), predicted.tolist()) if t != p)
    return [(t, p, n) for (t, p), n in pairs.most_common(top)]
