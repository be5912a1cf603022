"""Temperatures, biases and thresholds, fitted on the calibration lines alone."""

import numpy as np
from tokenizers import Tokenizer

import corpus
import distil
import pii
from corpus import Split
from export import Calibration
from metrics import fit_temperature, softmax
from settings import ENTITIES, TAGS
from student import Student

GUARD_FALSE_POSITIVES = 0.015   # aimed at on harmless calibration texts
TAG_FALSE_POSITIVES = 0.025    # texts without a name in which one is seen
CACHE_FALSE_HITS = 0.012       # look-alikes that pass for the same question


def fit(student: Student, tokenizer: Tokenizer) -> tuple[Calibration, dict[str, float]]:
    """What export.py builds in, and the thresholds of the bundle."""
    lines = corpus.of(corpus.category(), Split.CALIBRATION)
    said = distil.predict(student, tokenizer, [line.text for line in lines])
    temperature = fit_temperature(np.stack([o.category.numpy() for o in said]), np.array([line.label for line in lines]))
    guard_temperature, guard_bias = _guard(student, tokenizer, [o.guard.numpy() for o in said])
    return (
        Calibration(temperature, guard_temperature, guard_bias, _tags(student, tokenizer)),
        {"guard": 0.5, "embedding": round(threshold(student, tokenizer, Split.CALIBRATION), 3)},
    )


def _guard(student: Student, tokenizer: Tokenizer, harmless: list[np.ndarray]) -> tuple[float, float]:
    """A temperature, and a bias that puts the wanted share of false positives at a probability of one half."""
    lines = corpus.of(corpus.guard(), Split.CALIBRATION)
    logits = np.stack([o.guard.numpy() for o in distil.predict(student, tokenizer, [line.text for line in lines])])
    truth = np.array([line.label for line in lines])
    margins = np.concatenate([np.diff(logits[truth == 0], axis=1)[:, 0], np.diff(np.stack(harmless), axis=1)[:, 0]])
    bias = -max(float(np.quantile(margins, 1 - GUARD_FALSE_POSITIVES)),
                float(np.quantile(np.diff(logits[truth == 0], axis=1), 1 - GUARD_FALSE_POSITIVES)))
    return fit_temperature(logits + np.array([0, bias]), truth), bias


def _tags(student: Student, tokenizer: Tokenizer) -> float:
    """The least bias of O with which no more than the wanted share of negatives has a name."""
    plain = [t.text for t, split in pii.negatives() if split is Split.CALIBRATION]
    margins = []
    for said, encoding in zip(distil.predict(student, tokenizer, plain), tokenizer.encode_batch(plain)):
        words = encoding.word_ids  # the first piece of a word decides
        first = [n for n in range(1, len(words) - 1) if words[n] != words[n - 1]]
        tags = said.tags.numpy()[first]
        margins.append(float((tags[:, 1:].max(1) - tags[:, 0]).max(initial=-99.0)))
    return max(0.0, float(np.quantile(margins, 1 - TAG_FALSE_POSITIVES)))


def threshold(student: Student, tokenizer: Tokenizer, split: Split) -> float:
    """The least cosine at which no more than the wanted share of look-alikes passes."""
    groups = [group for group, s in corpus.groups() if s is split]
    _, different = similarities(student, tokenizer, groups)
    return float(np.quantile(different, 1 - CACHE_FALSE_HITS)) + 1e-4


def similarities(student: Student, tokenizer: Tokenizer, groups: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of every prompt with its paraphrases, and with its look-alikes."""
    texts = [text for g in groups for text in (g["q"], *g["same"], *g["different"])]
    vectors = iter(o.embedding.numpy() for o in distil.predict(student, tokenizer, texts))
    same, different = [], []
    for group in groups:
        q = next(vectors)
        same += [float(q @ next(vectors)) for _ in group["same"]]
        different += [float(q @ next(vectors)) for _ in group["different"]]
    return np.array(same), np.array(different)
