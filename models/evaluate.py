"""Prints how well the built bundle does on the held-out lines, through onnxruntime on the files of models/bundle alone.

    python models/evaluate.py [--bundle FOLDER] [--predictions FILE.jsonl]
"""

import argparse
import json
from pathlib import Path

import numpy as np

from bundle import Bundle
from corpus import Line, held_out
from metrics import calibration_error, confusions, recalls, softmax, wilson
from settings import BUNDLE


def predictions(bundle: Bundle, lines: list[Line]) -> np.ndarray:
    """Calibrated probabilities [lines, labels]."""
    return softmax(np.stack([bundle.logits(line.text) for line in lines]))


def report(probabilities: np.ndarray, lines: list[Line], labels: list[str]) -> str:
    truth, predicted = np.array([line.label for line in lines]), probabilities.argmax(1)
    right, total = int((truth == predicted).sum()), len(lines)
    low, high = wilson(right, total)
    top2 = np.mean([t in row.argsort()[-2:] for t, row in zip(truth, probabilities)])
    rows = [
        f"held-out lines      {total}",
        f"accuracy            {right / total:.4f}  ({right} right; 95 % interval {low:.4f} to {high:.4f}, Wilson)",
        f"right in the top 2  {top2:.4f}",
        f"macro recall        {np.mean([r for _, _, r, _ in recalls(predicted, truth, labels)]):.4f}",
        f"calibration error   {calibration_error(probabilities, truth):.4f}  (ECE, 15 bins)",
        "", f"{'label':<18}{'lines':>6}{'recall':>8}{'precision':>11}",
    ]
    rows += [f"{name:<18}{n:>6}{r:>8.3f}{p:>11.3f}" for name, n, r, p in recalls(predicted, truth, labels)]
    rows += ["", "most frequent confusions (truth -> predicted)"]
    rows += [f"{t:>18} -> {p:<18}{n:>3}" for t, p, n in confusions(predicted, truth, labels)]
    return "\n".join(rows)


def write_predictions(path: Path, probabilities: np.ndarray, lines: list[Line], labels: list[str]) -> None:
    """One JSON object a line, in corpus order; `line` is the 0-based index in `file`."""
    with path.open("w", encoding="utf-8") as out:
        for line, row in zip(lines, probabilities):
            out.write(json.dumps({
                "file": line.file, "line": line.index, "label": labels[line.label], "predicted": labels[int(row.argmax())],
                "probabilities": {name: round(float(p), 6) for name, p in zip(labels, row)},
            }) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Accuracy of the bundle on the held-out lines.")
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--predictions", type=Path, help="write the prediction for every held-out line as JSON lines")
    arguments = parser.parse_args()
    bundle, lines = Bundle(arguments.bundle), held_out()
    probabilities = predictions(bundle, lines)
    print(report(probabilities, lines, bundle.labels))
    if arguments.predictions:
        write_predictions(arguments.predictions, probabilities, lines, bundle.labels)


if __name__ == "__main__":
    main()
