"""The student: token embedding → narrow convolution → attention and max pooling → one hidden layer → logits."""

import torch
from torch import Tensor, nn

from settings import StudentShape


def neighbourhood(x: Tensor, size: int) -> Tensor:
    """[b, s, w] → [b, s, size * w]: each token with those around it, zeros beyond the ends. A linear layer on this is a
    convolution, but trains several times faster on a CPU for short, ever-changing lengths."""
    pad = nn.functional.pad(x, (0, 0, size // 2, size // 2))
    return torch.cat([pad[:, k:k + x.shape[1]] for k in range(size)], 2)


class Student(nn.Module):
    """ids [batch, sequence] and mask [batch, sequence] (1 = token, 0 = padding) in; logits [batch, labels] out."""

    def __init__(self, vocabulary: int, labels: int, shape: StudentShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(vocabulary, shape.width, sparse=True)
        self.conv = nn.Linear(shape.conv * shape.width, shape.width) if shape.conv else None
        if self.conv is not None:  # starts near "no change"
            nn.init.normal_(self.conv.weight, std=0.02)
            nn.init.zeros_(self.conv.bias)
        self.score = nn.Linear(shape.width, shape.heads, bias=False)
        pooled = shape.width * (shape.heads + int(shape.max_pool))
        self.dropout = nn.Dropout(shape.dropout)
        self.hidden = nn.Linear(pooled, shape.hidden) if shape.hidden else None
        self.out = nn.Linear(shape.hidden or pooled, labels)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        keep = mask.unsqueeze(-1)                                        # [b, s, 1]
        x = self.embedding(ids) * keep                                   # [b, s, w]
        if self.conv is not None:
            x = (x + torch.relu(self.conv(neighbourhood(x, self.shape.conv)))) * keep
        weight = self.score(x).masked_fill(keep == 0, -1e9).softmax(1)   # [b, s, h]
        parts = [(weight.transpose(1, 2) @ x).flatten(1)]                # [b, h * w]
        if self.shape.max_pool:
            parts.append(x.masked_fill(keep == 0, -1e9).amax(1))         # [b, w]
        z = self.dropout(torch.cat(parts, 1))
        if self.hidden is not None:
            z = self.dropout(torch.relu(self.hidden(z)))
        return self.out(z)
