"""The student: token and shape embedding → dilated convolutions → attention poolings → four heads, in one pass."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import shape as shapes
from settings import CATEGORIES, GUARD, TAGS, StudentShape


@dataclass
class Output:
    """Logits [b, 14] and [b, 2], tag logits [b, s, 11], unit vectors [b, e]."""

    category: Tensor
    guard: Tensor
    tags: Tensor
    embedding: Tensor


def neighbourhood(x: Tensor, dilation: int) -> Tensor:
    """[b, s, w] → [b, s, 3 * w]: each token between the two that stand `dilation` before and after it, zeros beyond the ends.
    A linear layer on this is a convolution, but trains several times faster on a CPU for short, ever-changing lengths."""
    pad = F.pad(x, (0, 0, dilation, dilation))
    length = x.shape[1]
    return torch.cat([pad[:, :length], x, pad[:, 2 * dilation:]], 2)


class Student(nn.Module):
    """ids, shapes [b, s] and mask [b, s] (1 = token, 0 = padding) in; an Output out."""

    def __init__(self, vocabulary: int, shape: StudentShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(vocabulary, shape.width, sparse=True)
        self.shapes = nn.Embedding(shapes.COUNT, shape.width)
        nn.init.normal_(self.shapes.weight, std=0.02)
        self.enter = nn.Linear(shape.width, shape.context)
        self.convs = nn.ModuleList(nn.Linear(3 * shape.context, shape.context) for _ in shape.dilations)
        for conv in self.convs:  # starts near "no change"
            nn.init.normal_(conv.weight, std=0.02)
            nn.init.zeros_(conv.bias)
        wide = shape.width + shape.context
        self.score = nn.Linear(wide, sum(shape.pools), bias=False)
        pooled = [count * wide for count in shape.pools]
        self.dropout = nn.Dropout(shape.dropout)
        self.category_hidden = nn.Linear(pooled[0], shape.hidden[0])
        self.category = nn.Linear(shape.hidden[0], len(CATEGORIES))
        self.guard_hidden = nn.Linear(pooled[1], shape.hidden[1])
        self.guard = nn.Linear(shape.hidden[1], len(GUARD))
        self.tags = nn.Linear(wide, len(TAGS))
        self.sentence = nn.Linear(pooled[2], shape.embedding)

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor, hide: Tensor | None = None) -> Output:
        """`hide` [b, s]: tokens that the poolings are not to see, 1 = hidden."""
        keep = mask.unsqueeze(-1)                                        # [b, s, 1]
        x = (self.embedding(ids) + self.shapes(kinds)) * keep            # [b, s, w]
        if hide is not None:
            x = x * (1 - hide.unsqueeze(-1))
        c = torch.relu(self.enter(x)) * keep                             # [b, s, c]
        for conv, dilation in zip(self.convs, self.shape.dilations):
            c = (c + torch.relu(conv(neighbourhood(c, dilation)))) * keep
        wide = torch.cat([x, c], 2)
        seen = mask if hide is None else mask * (1 - hide)
        weight = self.score(wide).masked_fill(seen.unsqueeze(-1) == 0, -1e9).softmax(1)
        pooled = weight.transpose(1, 2) @ wide                           # [b, pools, w + c]
        category, guard, sentence = (part.flatten(1) for part in pooled.split(self.shape.pools, 1))
        category, guard = self.dropout(category), self.dropout(guard)
        return Output(
            self.category(self.dropout(torch.relu(self.category_hidden(category)))),
            self.guard(self.dropout(torch.relu(self.guard_hidden(guard)))),
            self.tags(self.dropout(wide)),
            F.normalize(self.sentence(sentence), dim=1),
        )
