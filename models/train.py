"""One command from the text in data/ to the files of bundle/, the golden outputs and MODEL_CARD.md:

    python models/train.py [--threads 2]

The held-out lines are never trained, tuned or stopped on; evaluate.py reads them, at the end.
"""

import argparse
import time

import numpy as np
import torch

import bundle
import calibrate
import card
import corpus
import distil
import evaluate
import export
import factcheck
import golden
import material as materials
import ngrams
import vocabulary
from corpus import Split
from settings import BUNDLE, SEED, VERSION, Plan, as_dict
from student import Student


def rounded(student: Student) -> Student:
    """The same student with the embedding that the int8 table gives back."""
    copy = Student(student.embedding.num_embeddings, student.shape)
    copy.load_state_dict(student.state_dict())
    codes, scales = export.quantise_rows(copy.embedding.weight.detach().numpy())
    copy.embedding.weight.data = torch.from_numpy(codes * scales)
    return copy.eval()


def versions() -> dict[str, str]:
    from importlib.metadata import version
    return {name: version(name) for name in ("torch", "transformers", "tokenizers", "onnx", "onnxruntime", "numpy")}


def check_export(student: Student, tokenizer, calibration: export.Calibration) -> float:
    """Largest difference between the category probabilities of the ONNX file and those of PyTorch, on short lines."""
    shipped = bundle.Bundle()
    texts = [line.text for line in corpus.of(corpus.category(), Split.CALIBRATION) if len(line.text) < 300][:200]
    said = distil.predict(student, tokenizer, texts, batch=1)
    t = calibration.category_temperature
    worst = max(float(np.abs(shipped.category(x) - (o.category / t).softmax(0).numpy()).max()) for x, o in zip(texts, said))
    if worst > 1e-4:
        raise SystemExit(f"the exported graph differs from PyTorch by {worst:.2e}")
    return worst


def log(message: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {message}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the classifier bundle.")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    started, plan = time.time(), Plan()
    material = materials.collect(plan, SEED, log)
    log(f"teacher, held out: {evaluate.of_teacher(material.teacher)}")
    student = rounded(distil.train(material, plan.shape, plan.distil, SEED, log))
    table = ngrams.fit(material.tokenizer, material.guard.texts, material.guard.labels, plan.ngrams)
    judge = calibrate.like(student, material.tokenizer)
    calibration, thresholds = calibrate.fit(student, table, judge, material.tokenizer)
    log(f"{calibration} {thresholds}")
    BUNDLE.mkdir(exist_ok=True)
    export.save(export.build(student, calibration), BUNDLE / "classifier.onnx")
    table.scaled(calibration.guard_ngrams).save(BUNDLE / "ngrams.bin")
    judge.save(BUNDLE / "likeness.json")
    vocabulary.save(material.tokenizer, BUNDLE / "tokenizer.json")
    bundle.write(BUNDLE, VERSION, thresholds, {
        "seed": SEED, "settings": as_dict(plan), "texts": material.counts, "versions": versions()})
    texts = factcheck.main()
    log(f"ONNX against PyTorch: {check_export(student, material.tokenizer, calibration):.1e}")
    golden.write()
    golden.write_entities()
    golden.write_pairs()
    log(f"trained in {(time.time() - started) / 60:.0f} minutes")
    text = evaluate.report(bundle.Bundle())
    print(text)
    card.write(text, calibration, thresholds, material.counts | {"factcheck": texts}, plan)


if __name__ == "__main__":
    main()
