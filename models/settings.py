"""Every knob of a training run in one place, and where its files lie (all paths relative to this folder)."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
BUNDLE = HERE / "bundle"
CACHE = HERE / ".cache"

SEED = 20
VERSION = "0.1.0"
MAX_TOKENS = 256  # the runtime cuts here, [CLS] and [SEP] included

# Logit order of the category head. The runtime reads it from labels.json; later versions only append heads.
CATEGORIES = [
    "business", "law", "psychology", "biology", "chemistry", "history", "other",
    "health", "economics", "math", "physics", "computer science", "philosophy", "engineering",
]


@dataclass(frozen=True)
class TeacherSettings:
    """Fine-tuning of MiniLM (22 M parameters)."""

    epochs: int = 3
    batch: int = 32
    lr: float = 8e-5            # peak, transformer layers
    head_lr: float = 2e-3       # peak, the fresh linear head
    weight_decay: float = 0.01
    warmup: float = 0.1         # share of the steps
    dropout: float = 0.1        # on the pooled vector
    label_smoothing: float = 0.05
    max_tokens: int = 192       # the longest line of the corpus has fewer
    augment: float = 0.5        # chance that a line is disturbed when drawn
    bf16: bool = True           # autocast of the matrix products


@dataclass(frozen=True)
class StudentShape:
    """What the exported graph looks like."""

    width: int = 128     # of the embedding
    heads: int = 4       # attention poolings, each over the whole width
    max_pool: bool = True
    conv: int = 3        # tokens that the convolution sees; 0 leaves it out
    hidden: int = 128    # of the head; 0 = linear head
    dropout: float = 0.3


@dataclass(frozen=True)
class DistilSettings:
    """Knobs of the student's training."""

    epochs: int = 6
    batch: int = 64
    lr: float = 2e-3             # peak, everything but the embedding
    embedding_lr: float = 2e-3   # peak, embedding table
    weight_decay: float = 0.01
    token_dropout: float = 0.15  # chance that a token is hidden
    hard_weight: float = 0.3     # share of the true label in the target where there is one
    max_tokens: int = 192


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    shape: StudentShape = field(default_factory=StudentShape)
    distil: DistilSettings = field(default_factory=DistilSettings)
    teachers: int = 1            # seeds whose opinions are averaged
    prompts_per_topic: int = 1   # from the templates in topics.py
    disturbed_copies: int = 1    # of each labelled line, see augment.py
    unlabelled: int = 30_000     # texts made by synthesis.py
    vocabulary: int = 16_000     # WordPiece pieces kept


def as_dict(settings: object) -> dict:
    """A settings dataclass as plain values, for the manifest."""
    return asdict(settings)  # type: ignore[call-overload]
