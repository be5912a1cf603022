"""Every knob of a training run in one place, and where its files lie (all paths relative to this folder)."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
BUNDLE = HERE / "bundle"
CACHE = HERE / ".cache"

SEED = 20
VERSION = "0.3.0"

# Logit order of each head. The runtime reads it from labels.json.
CATEGORIES = [
    "business", "law", "psychology", "biology", "chemistry", "history", "other",
    "health", "economics", "math", "physics", "computer science", "philosophy", "engineering",
]
GUARD = ["benign", "jailbreak"]
ENTITIES = ["PERSON", "ORGANIZATION", "GPE", "NRP", "STREET_ADDRESS"]
TAGS = ["O"] + [f"{prefix}-{entity}" for entity in ENTITIES for prefix in "BI"]

# Names in the ONNX file.
INPUTS = ("input_ids", "shape_ids")  # int64 [1, sequence], with [CLS] and [SEP]; no padding, hence no mask
OUTPUTS = {
    "category": "category_logits",   # float32 [1, labels]; its softmax is the calibrated probability
    "guard": "guard_logits",         # float32 [1, labels]; likewise, 0.5 is the default threshold
    "tags": "tag_logits",            # float32 [1, sequence, tags]
    "embedding": "embedding",        # float32 [1, width], length 1
}


@dataclass(frozen=True)
class TeacherSettings:
    """Fine-tuning of MiniLM (22 M parameters)."""

    epochs: int = 2
    batch: int = 48
    lr: float = 1e-4            # peak, transformer layers
    head_lr: float = 2e-3       # peak, the fresh linear heads
    weight_decay: float = 0.01
    warmup: float = 0.1         # share of the steps
    dropout: float = 0.1        # on the pooled vector
    label_smoothing: float = 0.05
    max_tokens: int = 192       # hardly a line of the corpora has more
    augment: float = 0.5        # chance that a line is disturbed when drawn
    bf16: bool = True           # autocast of the matrix products


@dataclass(frozen=True)
class StudentShape:
    """What the exported graph looks like."""

    width: int = 128                                     # of the embedding
    context: int = 96                                    # channels of the convolutions
    dilations: tuple[int, ...] = (1, 2, 4)               # one convolution over three tokens each
    pools: tuple[int, int, int] = (4, 4, 2)              # attention poolings: category, guard, embedding
    hidden: tuple[int, int] = (128, 64)                  # category, guard
    embedding: int = 128                                 # of the sentence embedding
    dropout: float = 0.3


@dataclass(frozen=True)
class DistilSettings:
    """Knobs of the student's training. Weights are those of the losses, which are added up."""

    epochs: int = 5
    batch: int = 64
    lr: float = 2e-3             # peak, everything but the embedding
    embedding_lr: float = 1e-3   # peak, embedding table
    weight_decay: float = 0.01
    token_dropout: float = 0.15   # chance that a token is hidden from the poolings
    hard_weight: float = 0.5     # share of the true label in the target where there is one
    guard_smoothing: float = 0.05  # of the labels
    max_tokens: int = 192
    guard_batch: int = 16
    pii_batch: int = 24
    guard_dropout: float = 0.3   # chance that a token of a guard text is hidden
    guard_weight: float = 1.5
    pii_weight: float = 1.0
    mimic_weight: float = 3.0    # sentence embedding against MiniLM's


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    shape: StudentShape = field(default_factory=StudentShape)
    distil: DistilSettings = field(default_factory=DistilSettings)
    prompts_per_topic: int = 4   # from the templates in topics.py; the teacher gets one
    disturbed_copies: int = 1    # of each labelled line, see augment.py
    unlabelled: int = 100_000    # texts made by synthesis.py
    sentences: int = 30_000      # of these, texts of which MiniLM's own sentence vector is learned too
    pii_examples: int = 40_000   # filled templates
    vocabulary: int = 16_000     # WordPiece pieces kept
    ngrams: int = 25_000         # token n-grams that the guard weighs


def as_dict(settings: object) -> dict:
    """A settings dataclass as plain values, for the manifest."""
    return asdict(settings)  # type: ignore[call-overload]
