"""Temperatures, biases and thresholds, fitted on the calibration lines alone."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

import corpus
import distil
import likeness
import pii
from corpus import Split
from export import Calibration
from likeness import Likeness
from metrics import fit_temperature
from ngrams import Ngrams
from settings import GUARD, SEED
from student import Student

GUARD_FALSE_POSITIVES = 0.015  # aimed at: the mean of its rates on hard harmless texts and on ordinary ones, twins of attacks apart
TAG_FALSE_POSITIVES = 0.025    # texts without a name in which one is seen, one tempting text among nine others
CACHE_FALSE_HITS = 0.015       # look-alikes, and the nearest of other prompts, that pass for the same question


def fit(student: Student, ngrams: Ngrams, judge: Likeness, tokenizer: Tokenizer) -> tuple[Calibration, dict[str, float]]:
    """What export.py builds in, and the thresholds of the bundle."""
    lines = corpus.of(corpus.category(), Split.CALIBRATION)
    said = distil.predict(student, tokenizer, [line.text for line in lines])
    temperature = fit_temperature(np.stack([o.category.numpy() for o in said]), np.array([line.label for line in lines]))
    return (
        Calibration(temperature, *_guard(student, ngrams, tokenizer), _tags(student, tokenizer)),
        {"guard": 0.5, "likeness": round(_likeness(student, judge, tokenizer), 3)},
    )


def _guard(student: Student, ngrams: Ngrams, tokenizer: Tokenizer) -> tuple[float, float, float]:
    """Weights of the encoder's margin and of the n-grams' score, by a regression on both, and the bias that puts the wanted
    rate of false positives at a probability of one half."""
    lines = corpus.of(corpus.guard(), Split.CALIBRATION)
    harmless = corpus.of(corpus.category(), Split.CALIBRATION)
    texts = [line.text for line in lines + harmless]
    margins = [float(o.guard[1] - o.guard[0]) for o in distil.predict(student, tokenizer, texts)]
    scores = [ngrams.score(encoding.ids) for encoding in tokenizer.encode_batch(texts)]
    truth = np.array([line.label == GUARD.index("jailbreak") for line in lines] + [False] * len(harmless))
    seen = np.stack([margins, scores], 1)
    stacked = LogisticRegression(C=100, class_weight="balanced").fit(seen, truth)
    weights = np.maximum(stacked.coef_[0], 0)
    said = seen @ weights
    twin = np.array([line.twin for line in lines] + [False] * len(harmless))
    hard = np.array([line.group == "hard_negative" for line in lines] + [False] * len(harmless)) & ~twin
    ordinary = ~hard & ~truth & ~twin
    for limit in np.sort(said[~truth]):
        if (np.mean(said[hard] > limit) + np.mean(said[ordinary] > limit)) / 2 <= GUARD_FALSE_POSITIVES:
            return float(weights[0]), float(weights[1]), -float(limit) - 1e-4
    raise SystemExit("no limit has so few false positives")


def _tags(student: Student, tokenizer: Tokenizer) -> float:
    """The least bias of O with which no more than the wanted share of texts without names has one."""
    plain, tempting = ([t.text for t, split in texts if split is Split.CALIBRATION] for texts in (pii.negatives(), pii.tempting()))
    margins, others = _margins(student, tokenizer, plain), _margins(student, tokenizer, tempting)
    for limit in np.sort(np.concatenate([[0.0], margins, others])):
        if limit >= 0 and 0.9 * np.mean(margins > limit) + 0.1 * np.mean(others > limit) <= TAG_FALSE_POSITIVES:
            return float(limit)
    raise SystemExit("no limit has so few false names")


def _margins(student: Student, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """By how much the most likely name of each text is likelier than none."""
    margins = []
    for said, encoding in zip(distil.predict(student, tokenizer, texts), tokenizer.encode_batch(texts)):
        words = encoding.word_ids  # the first piece of a word decides
        first = [n for n in range(1, len(words) - 1) if words[n] != words[n - 1]]
        tags = said.tags.numpy()[first]
        margins.append(float((tags[:, 1:].max(1) - tags[:, 0]).max(initial=-99.0)))
    return np.array(margins)


def like(student: Student, tokenizer: Tokenizer) -> Likeness:
    """Fitted on the groups to train on."""
    return likeness.fit(_examples(student, tokenizer, Split.TRAIN), SEED)


def _likeness(student: Student, judge: Likeness, tokenizer: Tokenizer) -> float:
    """The least probability at which no more than the wanted share of other questions passes."""
    said: dict[str, list[float]] = {}
    for one, other, cosine, kind in _examples(student, tokenizer, Split.CALIBRATION):
        said.setdefault(kind, []).append(judge.probability(one, other, cosine))
    return max(float(np.quantile(said[kind], 1 - CACHE_FALSE_HITS)) for kind in ("different", "near")) + 1e-3


def _examples(student: Student, tokenizer: Tokenizer, split: Split) -> list[tuple[str, str, float, str]]:
    def embed(texts: list[str]) -> np.ndarray:
        return np.stack([o.embedding.numpy() for o in distil.predict(student, tokenizer, texts)])

    return likeness.examples([group for group, s in corpus.groups() if s is split], embed, SEED)
