"""Prints how well the built bundle does on the held-out lines, through onnxruntime on the files of models/bundle alone.

    python models/evaluate.py [--bundle FOLDER]

These are the heads as trained. `make evaluate` runs the filter's own code, with normaliser and recognisers, on the same text.
"""

import argparse
from pathlib import Path

import numpy as np

import corpus
import factcheck
import pii
from bundle import Bundle
from corpus import Split, of
from metrics import calibration_error, confusions, recalls, wilson
from settings import BUNDLE, CATEGORIES, ENTITIES
from teacher import Teacher, rows_of


def share(right: int, total: int) -> str:
    low, high = wilson(right, total) if total else (0.0, 0.0)
    return f"{right / max(1, total):.4f}  ({right} of {total}; 95 % interval {low:.4f} to {high:.4f}, Wilson)"


def of_teacher(teacher: Teacher) -> str:
    """Its accuracy by group."""
    lines = of(corpus.category(), Split.TEST)
    said = rows_of(teacher, [line.text for line in lines]).argmax(1).tolist()
    return ", ".join(f"{group} {np.mean([s == line.label for s, line in zip(said, lines) if line.group == group]):.4f}"
             for group in ("corpus", "everyday", "exam"))


def of_category(bundle: Bundle) -> list[str]:
    lines = of(corpus.category(), Split.TEST)
    said = np.stack([bundle.category(line.text) for line in lines])
    truth, predicted = np.array([line.label for line in lines]), said.argmax(1)
    out = ["category"]
    for group in ("corpus", "everyday", "exam"):
        mine = np.array([line.group == group for line in lines])
        out.append(f"  accuracy, {group:<10} {share(int((truth == predicted)[mine].sum()), int(mine.sum()))}")
    out.append(f"  calibration error    {calibration_error(said, truth):.4f}  (ECE, 15 bins)")
    out += [f"  {name:<18}{n:>6}{r:>8.3f}{p:>8.3f}" for name, n, r, p in recalls(predicted, truth, CATEGORIES)]
    out.append("  most frequent confusions (truth -> predicted)")
    return out + [f"  {t:>18} -> {p:<18}{n:>3}" for t, p, n in confusions(predicted, truth, CATEGORIES)]


def of_guard(bundle: Bundle) -> list[str]:
    lines = of(corpus.guard(), Split.TEST)
    said = [bundle.jailbreak(line.text) >= bundle.thresholds["guard"] for line in lines]
    out = ["guard"]
    for twin, kind in ((False, ""), (True, " of twins")):
        for label, name in ((1, "recall"), (0, "false positives")):
            mine = [s for s, line in zip(said, lines) if line.label == label and line.twin == twin]
            out.append(f"  {name + kind:<24} {share(sum(mine), len(mine))}")
    for group in sorted({line.group for line in lines}):
        mine = [s for s, line in zip(said, lines) if line.group == group]
        out.append(f"  {group:<26}{sum(mine):>4} of {len(mine):>3} flagged")
    return out


def of_tags(bundle: Bundle) -> list[str]:
    out, found = ["names (token head alone)"], {kind: [0, 0] for kind in ENTITIES}
    sets = [pii.examples(Split.TEST, 1000, 5), [t for t, split in pii.marked() if split is Split.TEST]]
    for example in sets[0] + sets[1]:
        types = bundle.types(example.text)
        for kind in {kind for kind, _, _ in example.entities if kind in ENTITIES}:
            found[kind][0] += kind in types
            found[kind][1] += 1
    out += [f"  recall {kind:<16} {share(*counts)}" for kind, counts in found.items()]
    for name, texts in (("without names", pii.negatives()), ("tempting", pii.tempting())):
        plain = [t.text for t, split in texts if split is Split.TEST]
        out.append(f"  a name in texts {name:<14} {share(sum(bool(bundle.types(text)) for text in plain), len(plain))}")
    return out


def of_fact_check(bundle: Bundle) -> list[str]:
    lines, out = factcheck.held_out(), ["fact check"]
    said = [bundle.needs_fact_check(text) for text, _ in lines]
    for limit in (0.5, 0.7):
        right = [(p >= limit) == bool(label) for p, (_, label) in zip(said, lines)]
        out.append(f"  accuracy at {limit:<12} {share(sum(right), len(right))}")
        for label, name in ((1, "recall"), (0, "false positives")):
            mine = [p >= limit for p, (_, truth) in zip(said, lines) if truth == label]
            out.append(f"  {name:<24} {share(sum(mine), len(mine))}")
    return out


def of_pairs(bundle: Bundle) -> list[str]:
    groups = [group for group, split in corpus.groups() if split is Split.TEST]
    limit, out = bundle.thresholds["likeness"], [f"cache pairs at {bundle.thresholds['likeness']}"]
    for key, name in (("same", "paraphrase hits"), ("different", "false hits")):
        hits = [bundle.alike(g["q"], text) >= limit for g in groups for text in g[key]]
        out.append(f"  {name:<16} {share(sum(hits), len(hits))}")
    return out


def report(bundle: Bundle) -> str:
    return "\n".join(of_category(bundle) + of_guard(bundle) + of_tags(bundle) + of_pairs(bundle) + of_fact_check(bundle))


def main() -> None:
    parser = argparse.ArgumentParser(description="The bundle's heads on the held-out lines.")
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    print(report(Bundle(parser.parse_args().bundle)))


if __name__ == "__main__":
    main()
