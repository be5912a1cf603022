"""Training of the student: teacher's soft labels on every text, true labels where they are known."""

import random
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from settings import DistilSettings, StudentShape
from student import Student
from teacher import batches, warmed


@dataclass
class Sample:
    """A text's token ids, the teacher's probabilities [labels] and the true label (or -1)."""

    ids: list[int]
    soft: Tensor
    label: int = -1


def samples(tokenizer: Tokenizer, texts: list[str], soft: Tensor, labels: list[int], max_tokens: int) -> list[Sample]:
    encoded = tokenizer.encode_batch(texts)
    return [Sample(e.ids[:max_tokens], s, y) for e, s, y in zip(encoded, soft, labels)]


def collate(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Right-padded ids [batch, longest] and their mask (float, 1 = token)."""
    longest = max(len(r) for r in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest)
    for i, row in enumerate(rows):
        ids[i, :len(row)] = torch.tensor(row)
        mask[i, :len(row)] = 1
    return ids, mask


def train(data: list[Sample], initial: Tensor, labels: int, shape: StudentShape, settings: DistilSettings, seed: int,
          log=print) -> Student:
    """`initial`: [vocabulary, width] start of the embedding. Fixed number of epochs, no early stopping."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    student = Student(len(initial), labels, shape)
    student.embedding.weight.data.copy_(initial)
    rest = [p for n, p in student.named_parameters() if not n.startswith("embedding")]
    optimisers: list[torch.optim.Optimizer] = [  # only the rows that a batch uses are moved
        torch.optim.SparseAdam([student.embedding.weight], lr=settings.embedding_lr),
        torch.optim.AdamW(rest, lr=settings.lr, weight_decay=settings.weight_decay),
    ]
    steps = settings.epochs * -(-len(data) // settings.batch)
    schedules = [warmed(optimiser, max(1, steps // 20), steps) for optimiser in optimisers]
    for epoch in range(settings.epochs):
        student.train()
        total = 0.0
        for part in batches([len(s.ids) for s in data], settings.batch, rng):
            rows = [data[i] for i in part]
            ids, mask = collate([r.ids for r in rows])
            hide = (torch.rand(mask.shape) < settings.token_dropout).float()
            hide[:, 0] = 0  # [CLS] stays, so that no row is empty
            loss = _loss(student(ids, mask * (1 - hide)), rows, settings.hard_weight)
            for optimiser in optimisers:
                optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(rest, 1.0)
            for optimiser, schedule in zip(optimisers, schedules):
                optimiser.step()
                schedule.step()
            total += loss.item() * len(part)
        log(f"student seed {seed} epoch {epoch + 1}/{settings.epochs} loss {total / len(data):.4f}")
    student.eval()
    return student


def _loss(logits: Tensor, rows: list[Sample], hard_weight: float) -> Tensor:
    """Cross-entropy against a mixture of the teacher's probabilities and the true label."""
    soft = torch.stack([r.soft for r in rows])
    labels = torch.tensor([r.label for r in rows])
    known = (labels >= 0).float().unsqueeze(1) * hard_weight
    one_hot = F.one_hot(labels.clamp(min=0), logits.shape[1]).float()
    target = (1 - known) * soft + known * one_hot
    return -(target * logits.log_softmax(1)).sum(1).mean()


@torch.inference_mode()
def predict(student: Student, rows: list[list[int]], batch: int = 256) -> Tensor:
    """Logits [rows, labels] of many token lists, in their order."""
    student.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    out = torch.empty(len(rows), student.out.out_features)
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        out[part] = student(*collate([rows[i] for i in part]))
    return out
