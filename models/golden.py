"""What onnxruntime makes of 500 texts with the bundle: the tests hold the native build and the module against it."""

import json

import pii
from bundle import Bundle
from corpus import Split, category, groups, guard, of
from settings import DATA

COUNT = 500


def texts() -> list[str]:
    """Held-out prompts, attacks and texts with names, in turns."""
    kinds = [
        [line.text for line in of(category(), Split.TEST)], [line.text for line in of(guard(), Split.TEST)],
        [example.text for example in pii.examples(Split.TEST, COUNT, 7)],
    ]
    return [kind[n * 7 % len(kind)] for n in range(COUNT) for kind in kinds][:COUNT]


def write_entities() -> None:
    """data/pii/held-out.jsonl: texts of held-out templates and sentences with their types, and held-out texts without any."""
    examples = pii.examples(Split.TEST, 1200, 5)
    examples += [t for t, split in pii.marked() + pii.negatives() + pii.tempting() if split is Split.TEST]
    with (DATA / "pii" / "held-out.jsonl").open("w", encoding="utf-8") as out:
        for example in {e.text: e for e in examples}.values():
            entities = [{"type": kind, "start": start, "end": end} for kind, start, end in example.entities]
            out.write(json.dumps({"text": example.text, "entities": entities}, ensure_ascii=False) + "\n")


def write_pairs() -> None:
    """data/pairs/golden.jsonl: what likeness.py makes of held-out pairs, and of texts in other languages and with signs."""
    bundle = Bundle()
    pairs = [(group["q"], text) for group, split in groups() if split is Split.TEST for text in group["same"][:1] + group["different"][:1]]
    other = [line.text for line in of(guard(), Split.TEST)]
    with (DATA / "pairs" / "golden.jsonl").open("w", encoding="utf-8") as out:
        for n, (one, two) in enumerate(pairs[:200] + list(zip(other, other[1:]))[:200]):
            cosine = round(0.5 + n % 50 / 100, 2)
            row = {"one": one, "other": two, "cosine": cosine, "likeness": round(bundle.likeness.probability(one, two, cosine), 6)}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def write() -> None:
    """data/golden.jsonl: text, tokens of its windows, and rounded outputs of the first window and over all windows."""
    bundle = Bundle()
    with (DATA / "golden.jsonl").open("w", encoding="utf-8") as out:
        for text in texts():
            windows = bundle.windows(text)
            out.write(json.dumps({
                "text": text,
                "windows": [len(w.offsets) for w in windows],
                "category": [round(float(p), 5) for p in bundle.category(text)],
                "jailbreak": round(bundle.jailbreak(text), 5),
                "names": sorted(bundle.types(text)),
                "factcheck": round(bundle.needs_fact_check(text), 5),
                "embedding": [round(float(v), 5) for v in bundle.embedding(text)[:16]],
            }, ensure_ascii=False) + "\n")
