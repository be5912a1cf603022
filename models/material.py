"""Everything that the student learns from: texts, the teacher's opinions, its vocabulary and its first embedding."""

import hashlib
import json
from dataclasses import dataclass, field
from random import Random
from typing import Callable

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

import corpus
import pii
import topics
import vocabulary
from augment import disturb
from corpus import Line, Split
from settings import CACHE, GUARD, Plan, as_dict
from synthesis import Neighbours, unlabelled
from teacher import PRETRAINED, Encoder, Teacher, finetune, pretrained_word_embeddings, rows_of

Log = Callable[[str], None]


@dataclass
class Texts:
    """Rows in parallel: the true labels (-1 = unknown), the teacher's probabilities [texts, labels] and the sentence vector
    that MiniLM gives the text (all zeros = not asked)."""

    texts: list[str]
    labels: list[int]
    soft: Tensor
    sentence: Tensor


@dataclass
class Attacks:
    """Attacks and harmless texts, and a label of the guard for each."""

    texts: list[str]
    labels: list[int]


@dataclass
class Material:
    """`initial` is [vocabulary, width]; `entities` have their own shape."""

    tokenizer: Tokenizer
    category: Texts
    guard: Attacks
    entities: list[pii.Tagged]
    initial: Tensor
    teacher: Teacher
    counts: dict[str, int] = field(default_factory=dict)


def collect(plan: Plan, seed: int, log: Log) -> Material:
    """Fine-tunes the teacher (or takes it from the cache), makes the texts and has the teacher label them."""
    lines, guards = corpus.of(corpus.category(), Split.TRAIN), corpus.of(corpus.guard(), Split.TRAIN)
    groups = [group for group, split in corpus.groups() if split is Split.TRAIN]
    labelled = [(line.text, line.label) for line in lines]
    teacher = _teacher(labelled + topics.prompts(seed, 1), plan, seed, log)
    prompts = topics.prompts(seed + 2, plan.prompts_per_topic)

    pieces = vocabulary.bert_pieces(PRETRAINED / "vocab.txt")
    full = vocabulary.build(pieces)
    rng = Random(seed)
    seeds = [t for t, _ in topics.prompts(seed + 1, 3)]
    free = unlabelled([t for t, _ in labelled], seeds, full, Neighbours(pieces, pretrained_word_embeddings()), plan.unlabelled, seed)
    known = [t for t, _ in labelled + prompts]
    asked = sorted({t for group in groups for t in (group["q"], *group["same"], *group["different"])})
    soft = torch.cat([_cached("soft", [part, _key(plan, seed)], lambda: rows_of(teacher, part).softmax(1), log)
                      for part in (known + asked, free)])
    like = known + asked + free[:plan.sentences]
    sentence = _cached("sentences", [like], lambda: _sentences(like), log)
    copies = [place for place in range(len(labelled)) for _ in range(plan.disturbed_copies)]  # a disturbed copy means the same
    places = [*range(len(known) + len(asked) + len(free)), *copies]
    texts = known + asked + free + [disturb(known[place], rng) for place in copies]
    labels = [y for _, y in labelled + prompts] + [-1] * (len(asked) + len(free)) + [labelled[place][1] for place in copies]
    sentence = torch.cat([sentence, torch.zeros(len(free) - plan.sentences, sentence.shape[1])])

    attacks, verdicts = _guard_texts(guards, [text for text, _ in labelled], rng)
    entities = pii.examples(Split.TRAIN, plan.pii_examples, seed)

    wanted = known + attacks + [e.text for e in entities] + asked
    used = {token for e in full.encode_batch(wanted) for token in e.tokens}
    kept = vocabulary.prune(pieces, used, plan.vocabulary)
    initial = _cached("start", [kept, plan.shape.width, _key(plan, seed)],
                      lambda: first_embedding(teacher, pieces, kept, plan.shape.width), log)
    counts = {"lines": len(lines), "guard": len(guards), "topic_prompts": len(prompts), "groups": len(groups), "entities": len(entities),
              "disturbed": len(copies), "unlabelled": len(free), "guard_texts": len(attacks)}
    log(f"material: {counts}")
    return Material(
        vocabulary.build(kept), Texts(texts, labels, soft[places], sentence[places]), Attacks(attacks, verdicts), entities,
        initial, teacher, counts)


def _key(plan: Plan, seed: int) -> list[object]:
    """What the teacher depends on besides its texts."""
    lines = [(line.text, line.label) for line in corpus.of(corpus.category(), Split.TRAIN)]
    return [as_dict(plan.teacher), seed, hashlib.sha256(repr(lines).encode()).hexdigest()]


def _guard_texts(guards: list[Line], harmless: list[str], rng: Random) -> tuple[list[str], list[int]]:
    """The lines, an altered copy of each, and prompts that are harmless. An attack within harmless text is an attack."""
    bad = GUARD.index("jailbreak")
    benign = [line.text for line in guards if line.label != bad] + harmless
    texts, labels = [line.text for line in guards], [line.label for line in guards]
    for line in guards:
        text, kind = line.text, rng.random()
        if kind < 0.35:
            text = disturb(text, rng)
        elif kind < 0.7:
            before, after = _part(rng.choice(benign), rng), _part(rng.choice(benign), rng)
            gap = rng.choice([" ", "\n", "\n\n", " ... "])
            text = rng.choice([f"{before}{gap}{text}", f"{text}{gap}{after}", f"{before}{gap}{text}{gap}{after}"])
        else:
            text = text.lower() if rng.random() < 0.5 else text.rstrip(".!?")
        texts.append(text)
        labels.append(line.label)
    some = rng.sample(harmless, min(len(harmless), 6000))
    return texts + some, labels + [GUARD.index("benign")] * len(some)


def _part(text: str, rng: Random) -> str:
    words = text.split(" ")
    keep = rng.randint(min(5, len(words)), min(60, len(words)))
    start = rng.randint(0, len(words) - keep)
    return " ".join(words[start:start + keep])


def first_embedding(teacher: Teacher, pieces: list[str], kept: list[str], width: int) -> Tensor:
    """[kept, width]: what the fine-tuned teacher makes of each piece alone, reduced by PCA to `width`, mean length 1."""
    place = {piece: i for i, piece in enumerate(pieces)}
    rows = [place[piece] for piece in kept]
    alone = rows_of(teacher.encoder, [piece.removeprefix("##") for piece in pieces], batch=512)[rows]
    centred = F.normalize(alone - alone.mean(0), dim=1)
    reduced = centred @ _axes(centred, width)
    return reduced / reduced.norm(dim=1).mean()


def _axes(rows: Tensor, width: int) -> Tensor:
    """[columns, width]: the principal axes of centred rows."""
    _, axes = torch.linalg.eigh(rows.T @ rows)
    return axes.flip(1)[:, :width]


def _sentences(texts: list[str]) -> Tensor:
    """Unit vectors [texts, 128] whose cosines are about those of MiniLM's."""
    vectors = F.normalize(rows_of(Encoder(192, True), texts), dim=1)
    return F.normalize(vectors @ _axes(vectors, 128), dim=1)


def _teacher(labelled: list[tuple[str, int]], plan: Plan, seed: int, log: Log) -> Teacher:
    teacher = Teacher(plan.teacher)
    path = _path(f"teacher-{seed}", _key(plan, seed))
    if path.exists():
        teacher.load_state_dict(torch.load(path, weights_only=True))
        log("teacher from the cache")
        return teacher.eval()
    teacher = finetune([text for text, _ in labelled], [label for _, label in labelled], plan.teacher, seed, log)
    torch.save(teacher.state_dict(), path)
    return teacher


def _path(name: str, key: object):
    CACHE.mkdir(exist_ok=True)
    return CACHE / f"{name}-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]}.pt"


def _cached(name: str, key: object, make: Callable[[], Tensor], log: Log) -> Tensor:
    path = _path(name, key)
    if path.exists():
        log(f"{name} from the cache")
        return torch.load(path, weights_only=True)
    made = make()
    torch.save(made, path)
    log(f"{name} made")
    return made
