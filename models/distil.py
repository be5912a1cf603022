"""Training of the student: one step takes a batch of every task, and their losses are added up."""

import random
from dataclasses import dataclass
from typing import Iterator

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from material import Material, Texts
from settings import ENTITIES, TAGS, DistilSettings, StudentShape
from shape import shapes
from student import Output, Student
from teacher import batches, warmed


@dataclass
class Row:
    """Token ids, their shapes and, for the token head, their tags (-1 = none asked)."""

    ids: list[int]
    kinds: list[int]
    tags: list[int]


def row(text: str, encoding: Encoding, most: int, entities: tuple[tuple[str, int, int], ...] = ()) -> Row:
    return Row(encoding.ids[:most], shapes(text, encoding)[:most], tags(encoding, entities)[:most])


def rows_for(tokenizer: Tokenizer, texts: list[str], most: int) -> list[Row]:
    return [row(text, encoding, most) for text, encoding in zip(texts, tokenizer.encode_batch(texts))]


def tags(encoding: Encoding, entities: tuple[tuple[str, int, int], ...]) -> list[int]:
    """B- for the first token that touches an entity, I- for those after it, O elsewhere; -1 for special tokens."""
    out = [0 if word is not None else -1 for word in encoding.word_ids]
    for kind, start, end in entities:
        if kind not in ENTITIES:
            continue
        begun = False
        for n, ((a, b), word) in enumerate(zip(encoding.offsets, encoding.word_ids)):
            if word is not None and a < end and b > start:
                out[n] = TAGS.index(("I-" if begun else "B-") + kind)
                begun = True
    return out


def collate(rows: list[Row]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Right-padded ids, shapes and tags [batch, longest] and their mask (float, 1 = token)."""
    longest = max(len(r.ids) for r in rows)
    ids, kinds = torch.zeros(len(rows), longest, dtype=torch.long), torch.zeros(len(rows), longest, dtype=torch.long)
    tagged, mask = torch.full((len(rows), longest), -1), torch.zeros(len(rows), longest)
    for i, r in enumerate(rows):
        n = len(r.ids)
        ids[i, :n], kinds[i, :n], tagged[i, :n], mask[i, :n] = torch.tensor(r.ids), torch.tensor(r.kinds), torch.tensor(r.tags), 1
    return ids, kinds, tagged, mask


class Trainer:
    """The student, its optimisers and the tasks."""

    def __init__(self, material: Material, shape: StudentShape, settings: DistilSettings, seed: int) -> None:
        torch.manual_seed(seed)
        self.rng = random.Random(seed)
        self.settings, self.tokenizer = settings, material.tokenizer
        self.student = Student(len(material.initial), shape)
        self.student.embedding.weight.data.copy_(material.initial)
        most = settings.max_tokens
        self.category, self.guard = material.category, material.guard
        self.category_rows = rows_for(self.tokenizer, material.category.texts, most)
        self.guard_rows = rows_for(self.tokenizer, material.guard.texts, most)
        encoded = self.tokenizer.encode_batch([e.text for e in material.entities])
        self.tag_rows = [row(e.text, encoding, most, e.entities) for e, encoding in zip(material.entities, encoded)]
        self.rest = [p for n, p in self.student.named_parameters() if not n.startswith("embedding")]
        self.optimisers: list[torch.optim.Optimizer] = [  # only the rows that a batch uses are moved
            torch.optim.SparseAdam([self.student.embedding.weight], lr=settings.embedding_lr),
            torch.optim.AdamW(self.rest, lr=settings.lr, weight_decay=settings.weight_decay),
        ]

    def run(self, log=print) -> Student:
        """A fixed number of epochs over the category texts, no early stopping."""
        settings = self.settings
        steps = settings.epochs * -(-len(self.category_rows) // settings.batch)
        schedules = [warmed(optimiser, max(1, steps // 20), steps) for optimiser in self.optimisers]
        guard = self._endless(self.guard_rows, settings.guard_batch)
        tagged = self._endless(self.tag_rows, settings.pii_batch)
        for epoch in range(settings.epochs):
            self.student.train()
            totals: dict[str, float] = {}
            parts = batches([len(r.ids) for r in self.category_rows], settings.batch, self.rng)
            for part in parts:
                losses = self.category_loss(part) | self.guard_loss(next(guard)) | self.tag_loss(next(tagged))
                for optimiser in self.optimisers:
                    optimiser.zero_grad()
                sum(losses.values()).backward()
                nn.utils.clip_grad_norm_(self.rest, 1.0)
                for optimiser, schedule in zip(self.optimisers, schedules):
                    optimiser.step()
                    schedule.step()
                for name, loss in losses.items():
                    totals[name] = totals.get(name, 0.0) + loss.item() / len(parts)
            log(f"student epoch {epoch + 1}/{settings.epochs} " + " ".join(f"{n} {v:.4f}" for n, v in totals.items()))
        return self.student.eval()

    def _endless(self, rows: list[Row], batch: int) -> Iterator[list[int]]:
        while True:
            yield from batches([len(r.ids) for r in rows], batch, self.rng)

    def _say(self, rows: list[Row], hide: float) -> tuple[Output, Tensor]:
        """The student's output and the rows' tags; `hide`: chance that a token is hidden."""
        ids, kinds, tagged, mask = collate(rows)
        hidden = None
        if hide:
            hidden = (torch.rand(mask.shape) < hide).float()
            hidden[:, 0] = 0  # [CLS] stays, so that no row is empty
        return self.student(ids, kinds, mask, hidden), tagged

    def category_loss(self, part: list[int]) -> dict[str, Tensor]:
        said, _ = self._say([self.category_rows[i] for i in part], self.settings.token_dropout)
        target = self.category.sentence[part]
        asked = target.abs().sum(1) > 0
        mimic = (1 - (said.embedding * target).sum(1))[asked]
        likeness = said.embedding[asked] @ said.embedding[asked].T - target[asked] @ target[asked].T
        weight = self.settings.mimic_weight
        return {
            "category": _mixed(said.category, self.category, part, self.settings.hard_weight),
            "mimic": weight * (mimic.mean() + 10 * likeness.square().mean()) if asked.any() else torch.zeros(()),
        }

    def guard_loss(self, part: list[int]) -> dict[str, Tensor]:
        said, _ = self._say([self.guard_rows[i] for i in part], self.settings.guard_dropout)
        truth = torch.tensor([self.guard.labels[i] for i in part])
        return {"guard": self.settings.guard_weight * F.cross_entropy(said.guard, truth, label_smoothing=self.settings.guard_smoothing)}

    def tag_loss(self, part: list[int]) -> dict[str, Tensor]:
        said, tagged = self._say([self.tag_rows[i] for i in part], 0.0)
        loss = F.cross_entropy(said.tags.flatten(0, 1), tagged.flatten(), ignore_index=-1)
        return {"tags": self.settings.pii_weight * loss}


def _mixed(logits: Tensor, texts: Texts, part: list[int], hard_weight: float) -> Tensor:
    """Cross-entropy against a mixture of the teacher's probabilities and the true label."""
    labels = torch.tensor([texts.labels[i] for i in part])
    known = (labels >= 0).float().unsqueeze(1) * hard_weight
    target = (1 - known) * texts.soft[part] + known * F.one_hot(labels.clamp(min=0), logits.shape[1]).float()
    return -(target * logits.log_softmax(1)).sum(1).mean()


def train(material: Material, shape: StudentShape, settings: DistilSettings, seed: int, log=print) -> Student:
    return Trainer(material, shape, settings, seed).run(log)


@torch.inference_mode()
def predict(student: Student, tokenizer: Tokenizer, texts: list[str], most: int = 512, batch: int = 128) -> list[Output]:
    """One Output a text (batch 1, without padding), in their order."""
    student.eval()
    rows = rows_for(tokenizer, texts, most)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    out: list[Output | None] = [None] * len(rows)
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        ids, kinds, _, mask = collate([rows[i] for i in part])
        said = student(ids, kinds, mask)
        for n, i in enumerate(part):
            length = len(rows[i].ids)
            out[i] = Output(said.category[n], said.guard[n], said.tags[n, :length], said.embedding[n])
    return [o for o in out if o is not None]
