"""One command from the text in data/ to the files of bundle/:

    python models/train.py            # everything: a development pass, then the bundle
    python models/train.py --threads 4

The development pass trains without a fifth of the pool, to measure quantisation and to fit the temperature; the bundle
is then trained on the whole pool with the same settings. Neither ever reads a held-out line; evaluate.py does, at the end.
"""

import argparse
import time

import numpy as np
import torch

import bundle
import card
import distil
import evaluate
import export
import vocabulary
from corpus import Line, extra, fold_of, held_out, pool
from material import Material, collect
from metrics import calibration_error, fit_temperature, softmax
from settings import BUNDLE, CATEGORIES, SEED, VERSION, Plan, as_dict
from student import Student

FOLDS, DEVELOPMENT_FOLD = 5, 1


def student_from(material: Material, plan: Plan, seed: int) -> Student:
    data = distil.samples(material.tokenizer, material.texts, material.soft, material.labels, plan.distil.max_tokens)
    return distil.train(data, material.initial, len(CATEGORIES), plan.shape, plan.distil, seed, log)


def logits_of(student: Student, material: Material, lines: list[Line]) -> np.ndarray:
    """[lines, labels]"""
    ids = [e.ids for e in material.tokenizer.encode_batch([line.text for line in lines])]
    return distil.predict(student, ids).numpy()


def development(plan: Plan) -> dict:
    """Trains without the development fold; returns its figures and the temperature."""
    lines = pool()
    dev = [line for line in lines if fold_of(line, FOLDS) == DEVELOPMENT_FOLD]
    rest = [line for line in lines if fold_of(line, FOLDS) != DEVELOPMENT_FOLD]
    material = collect(rest, extra(dev), plan, SEED, "development", log, teachers=1)
    student = student_from(material, plan, SEED)
    truth = np.array([line.label for line in dev])
    logits = logits_of(student, material, dev)
    rounded = logits_of(_rounded(student), material, dev)
    temperature = fit_temperature(rounded, truth)
    return {
        "lines": len(dev),
        "teacher_accuracy": float((material.teachers_say([line.text for line in dev]).argmax(1) == truth).mean()),
        "accuracy_float": float((logits.argmax(1) == truth).mean()),
        "accuracy_int8": float((rounded.argmax(1) == truth).mean()),
        "temperature": round(temperature, 4),
        "ece_before": calibration_error(softmax(rounded), truth),
        "ece_after": calibration_error(softmax(rounded / temperature), truth),
    }


def _rounded(student: Student) -> Student:
    """The same student with the embedding that the int8 table gives back."""
    copy = Student(student.embedding.num_embeddings, student.out.out_features, student.shape)
    copy.load_state_dict(student.state_dict())
    codes, scales = export.quantise_rows(student.embedding.weight.detach().numpy())
    copy.embedding.weight.data = torch.from_numpy(codes * scales)
    return copy


def write_bundle(student: Student, material: Material, figures: dict, plan: Plan) -> None:
    BUNDLE.mkdir(exist_ok=True)
    export.save(export.build(student, figures["temperature"]), BUNDLE / "classifier.onnx")
    vocabulary.save(material.tokenizer, BUNDLE / "tokenizer.json")
    bundle.write_labels(BUNDLE)
    bundle.write_manifest(BUNDLE, VERSION, {
        "seed": SEED, "settings": as_dict(plan), "development": figures, "lines": material.counts, "versions": versions()})


def versions() -> dict[str, str]:
    from importlib.metadata import version
    return {name: version(name) for name in ("torch", "transformers", "tokenizers", "onnx", "onnxruntime", "numpy")}


def check_export(student: Student, material: Material, temperature: float, lines: list[Line]) -> float:
    """Largest difference between the logits of the ONNX file and those of the rounded student in PyTorch."""
    shipped = bundle.Bundle()
    torch_says = logits_of(_rounded(student), material, lines) / temperature
    worst = max(float(np.abs(shipped.logits(line.text) - row).max()) for line, row in zip(lines, torch_says))
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
    torch.use_deterministic_algorithms(True)
    started, plan = time.time(), Plan()
    figures = development(plan)
    log(f"development: {figures}")
    material = collect(pool(), extra(), plan, SEED, "final", log, teachers=plan.teachers)
    student = student_from(material, plan, SEED)
    write_bundle(student, material, figures, plan)
    log(f"ONNX against PyTorch: {check_export(student, material, figures['temperature'], pool()[::10]):.1e}")
    log(f"trained in {(time.time() - started) / 60:.0f} minutes")
    lines, shipped = held_out(), bundle.Bundle()
    probabilities = evaluate.predictions(shipped, lines)
    text = evaluate.report(probabilities, lines, shipped.labels)
    print(text)
    card.write(text, figures, material.counts, plan)


if __name__ == "__main__":
    main()
