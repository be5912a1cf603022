"""Everything that the student learns from: texts, the teachers' soft labels, its vocabulary and its first embedding."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Callable

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

import glosses
import topics
import vocabulary
from augment import disturb
from corpus import Line
from settings import CACHE, Plan, as_dict
from synthesis import Neighbours, unlabelled
from teacher import PRETRAINED, Teacher, finetune, pretrained_word_embeddings

Log = Callable[[str], None]


@dataclass
class Material:
    """`texts`, `labels` (-1 = unknown) and `soft` [texts, labels] run in parallel; `initial` is [vocabulary, width]."""

    tokenizer: Tokenizer
    texts: list[str]
    labels: list[int]
    soft: Tensor
    initial: Tensor
    teachers: list[Teacher]
    counts: dict[str, int] = field(default_factory=dict)

    def teachers_say(self, texts: list[str]) -> np.ndarray:
        """Mean probabilities [texts, labels]."""
        return _mean_probabilities(self.teachers, texts).numpy()


def collect(lines: list[Line], written: list[tuple[str, int]], plan: Plan, seed: int, name: str, log: Log,
            teachers: int) -> Material:
    """Fine-tunes the teachers (or takes them from the cache), makes the texts and has the teachers label them."""
    labelled = [(line.text, line.label) for line in lines] + written
    prompts = topics.prompts(seed, plan.prompts_per_topic)
    counts = {"corpus": len(lines), "written": len(written), "topic_prompts": len(prompts)}
    fleet = [_teacher(labelled + prompts, plan, seed + n, name, log) for n in range(teachers)]

    pieces = vocabulary.bert_pieces(PRETRAINED / "vocab.txt")
    full = vocabulary.build(pieces)
    neighbours = Neighbours(pieces, pretrained_word_embeddings())
    rng = Random(seed)
    texts, labels = [t for t, _ in labelled + prompts], [y for _, y in labelled + prompts]
    for text, label in labelled * plan.disturbed_copies:
        texts.append(disturb(text, rng))
        labels.append(label)
    seeds = [t for t, _ in topics.prompts(seed + 1, 3)]
    free = unlabelled([t for t, _ in labelled], seeds, full, neighbours, plan.unlabelled, seed)
    definitions = glosses.unlabelled(seed)
    counts |= {"disturbed": len(texts) - len(labelled) - len(prompts), "unlabelled": len(free), "glosses": len(definitions)}
    texts, labels = texts + free, labels + [-1] * len(free)
    log(f"{name}: {counts}")

    def opinions(kind: str, of: list[str]) -> Tensor:
        key = [of, as_dict(plan.teacher), seed, teachers]
        return _cached(f"{kind}-{name}", key, lambda: _mean_probabilities(fleet, of), log)

    soft = torch.cat([opinions("soft", texts), opinions("glosses", definitions)])
    used = {token for e in full.encode_batch(texts[:len(labelled) + len(prompts)]) for token in e.tokens}
    kept = vocabulary.prune(pieces, used, plan.vocabulary)
    initial = _cached(f"start-{name}", [kept, plan.shape.width, len(texts), as_dict(plan.teacher), seed],
                      lambda: first_embedding(fleet[0], pieces, kept, plan.shape.width), log)
    texts, labels = texts + definitions, labels + [-1] * len(definitions)
    return Material(vocabulary.build(kept), texts, labels, soft, initial, fleet, counts)


def first_embedding(teacher: Teacher, pieces: list[str], kept: list[str], width: int) -> Tensor:
    """[kept, width]: what the fine-tuned teacher makes of each piece alone, reduced by PCA to `width`, mean length 1."""
    place = {piece: i for i, piece in enumerate(pieces)}
    rows = [place[piece] for piece in kept]
    alone = teacher.predict([piece.removeprefix("##") for piece in pieces], batch=512, embeddings=True)[rows]
    centred = F.normalize(alone - alone.mean(0), dim=1)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    reduced = centred @ axes[:width].T
    return reduced / reduced.norm(dim=1).mean()


def _teacher(labelled: list[tuple[str, int]], plan: Plan, seed: int, name: str, log: Log) -> Teacher:
    teacher = Teacher(plan.teacher)
    path = _path(f"teacher-{name}-{seed}", [labelled, as_dict(plan.teacher), seed])
    if path.exists():
        teacher.load_state_dict(torch.load(path, weights_only=True))
        log(f"{name}: teacher {seed} from the cache")
        return teacher.eval()
    teacher = finetune([t for t, _ in labelled], [y for _, y in labelled], plan.teacher, seed, log)
    torch.save(teacher.state_dict(), path)
    return teacher


def _mean_probabilities(fleet: list[Teacher], texts: list[str]) -> Tensor:
    return torch.stack([teacher.predict(texts).softmax(1) for teacher in fleet]).mean(0)


def _path(name: str, key: object) -> Path:
    CACHE.mkdir(exist_ok=True)
    return CACHE / f"{name}-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]}.pt"


def _cached(name: str, key: object, make: Callable[[], Tensor], log: Log) -> Tensor:
    path = _path(name, key)
    if path.exists():
        log(f"{name} from the cache")
        return torch.load(path, weights_only=True)
    made = make()
    torch.save(made, path)
    return made
