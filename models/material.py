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
import wordnet
from augment import disturb
from corpus import Line, Split
from settings import CACHE, CATEGORIES, GUARD, Plan, as_dict
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
class Material:
    """`initial` is [vocabulary, width]; `pairs` and `entities` have their own shapes."""

    tokenizer: Tokenizer
    category: Texts
    guard: Texts
    entities: list[pii.Tagged]
    groups: list[dict]
    initial: Tensor
    teacher: Teacher
    counts: dict[str, int] = field(default_factory=dict)


def collect(plan: Plan, seed: int, log: Log) -> Material:
    """Fine-tunes the teacher (or takes it from the cache), makes the texts and has the teacher label them."""
    lines, guards = corpus.of(corpus.category(), Split.TRAIN), corpus.of(corpus.guard(), Split.TRAIN)
    prompts = topics.prompts(seed, plan.prompts_per_topic)
    groups = [group for group, split in corpus.groups() if split is Split.TRAIN]
    teacher = _teacher(lines, guards, prompts, plan, seed, log)

    labelled = [(line.text, line.label) for line in lines]
    pieces = vocabulary.bert_pieces(PRETRAINED / "vocab.txt")
    full = vocabulary.build(pieces)
    rng = Random(seed)
    definitions = wordnet.unlabelled(seed)
    definitions = rng.sample(definitions, min(plan.glosses, len(definitions)))
    vectors = _sentences([text for text, _ in labelled + prompts], definitions, log)

    texts, labels = [t for t, _ in labelled + prompts], [y for _, y in labelled + prompts]
    sentence = [vectors[:len(texts)]]
    for _ in range(plan.disturbed_copies):  # a disturbed copy means what its original means
        texts += [disturb(text, rng) for text, _ in labelled]
        labels += [label for _, label in labelled]
        sentence.append(vectors[:len(labelled)])
    seeds = [t for t, _ in topics.prompts(seed + 1, 3)]
    free = unlabelled([t for t, _ in labelled], seeds, full, Neighbours(pieces, pretrained_word_embeddings()), plan.unlabelled, seed)
    sentence += [torch.zeros(len(free), vectors.shape[1]), vectors[len(labelled) + len(prompts):]]
    texts, labels = texts + free + definitions, labels + [-1] * (len(free) + len(definitions))
    soft = _cached("soft", [texts, _key(plan, seed)], lambda: _opinions(teacher, texts)[:, :len(CATEGORIES)], log)

    attacks, verdicts = _guard_texts(guards, [text for text, _ in labelled], rng)
    guard_soft = _cached("guard", [attacks, _key(plan, seed)], lambda: _opinions(teacher, attacks)[:, len(CATEGORIES):], log)
    entities = pii.examples(Split.TRAIN, plan.pii_examples, seed)

    wanted = [t for t, _ in labelled + prompts] + attacks + [e.text for e in entities]
    wanted += [t for group in groups for t in (group["q"], *group["same"], *group["different"])]
    used = {token for e in full.encode_batch(wanted) for token in e.tokens}
    kept = vocabulary.prune(pieces, used, plan.vocabulary)
    initial = _cached("start", [kept, plan.shape.width, _key(plan, seed)],
                      lambda: first_embedding(teacher, pieces, kept, plan.shape.width), log)
    counts = {"lines": len(lines), "guard": len(guards), "topic_prompts": len(prompts), "groups": len(groups), "entities": len(entities),
              "disturbed": plan.disturbed_copies * len(labelled), "unlabelled": len(free), "glosses": len(definitions),
              "guard_texts": len(attacks)}
    log(f"material: {counts}")
    return Material(
        vocabulary.build(kept), Texts(texts, labels, soft, torch.cat(sentence)),
        Texts(attacks, verdicts, guard_soft, torch.zeros(len(attacks), 1)), entities, groups, initial, teacher, counts)


def _key(plan: Plan, seed: int) -> list[object]:
    """What the teacher depends on besides its texts."""
    lines = corpus.of(corpus.category(), Split.TRAIN) + corpus.of(corpus.guard(), Split.TRAIN)
    return [as_dict(plan.teacher), plan.prompts_per_topic, seed, hashlib.sha256(repr(lines).encode()).hexdigest()]


def _guard_texts(guards: list[Line], harmless: list[str], rng: Random) -> tuple[list[str], list[int]]:
    """The lines, three altered copies of each, and prompts that are harmless. An attack within harmless text is an attack."""
    bad = GUARD.index("jailbreak")
    benign = [line.text for line in guards if line.label != bad] + harmless
    texts, labels = [line.text for line in guards], [line.label for line in guards]
    for line in guards * 3:
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


def _sentences(texts: list[str], definitions: list[str], log: Log) -> Tensor:
    """Unit vectors [texts + definitions, 128] whose cosines are about those of MiniLM's."""
    def ask(name: str, of: list[str]) -> Tensor:
        return _cached(name, [of], lambda: F.normalize(rows_of(Encoder(192, True), of), dim=1), log)

    broad = ask("sentences-glosses", definitions)
    return F.normalize(torch.cat([ask("sentences", texts), broad]) @ _axes(broad, 128), dim=1)


def _opinions(teacher: Teacher, texts: list[str]) -> Tensor:
    """Probabilities [texts, categories + guard labels]."""
    logits = rows_of(teacher, texts)
    return torch.cat([part.softmax(1) for part in logits.split([len(CATEGORIES), len(GUARD)], 1)], 1)


def _teacher(lines: list[Line], guards: list[Line], prompts: list[tuple[str, int]], plan: Plan, seed: int, log: Log) -> Teacher:
    teacher = Teacher(plan.teacher)
    path = _path(f"teacher-{seed}", _key(plan, seed))
    if path.exists():
        teacher.load_state_dict(torch.load(path, weights_only=True))
        log("teacher from the cache")
        return teacher.eval()
    benign = GUARD.index("benign")
    texts = [line.text for line in lines] + [text for text, _ in prompts] + [line.text for line in guards]
    categories = [line.label for line in lines] + [label for _, label in prompts] + [-1] * len(guards)
    verdicts = [benign] * len(lines) + [-1] * len(prompts) + [line.label for line in guards]
    teacher = finetune(texts, categories, verdicts, plan.teacher, seed, log)
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
