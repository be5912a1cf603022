"""What onnxruntime makes of 500 texts with the bundle: the tests hold the native build and the module against it."""

import json

import pii
from bundle import Bundle
from corpus import Split, category, guard, of
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
    examples += [t for t, split in pii.marked() + pii.negatives() if split is Split.TEST]
    with (DATA / "pii" / "held-out.jsonl").open("w", encoding="utf-8") as out:
        for example in {e.text: e for e in examples}.values():
            entities = [{"type": kind, "start": start, "end": end} for kind, start, end in example.entities]
            out.write(json.dumps({"text": example.text, "entities": entities}, ensure_ascii=False) + "\n")


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
                "embedding": [round(float(v), 5) for v in bundle.embedding(text)[:16]],
            }, ensure_ascii=False) + "\n")
