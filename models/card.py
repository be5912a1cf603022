"""MODEL_CARD.md, written from what the run measured."""

from dataclasses import fields

from settings import BUNDLE, CATEGORIES, HERE, MAX_TOKENS, SEED, VERSION, Plan

_FILES = {"onnx": "classifier.onnx", "tokenizer": "tokenizer.json"}

_CARD = """\
# Model card: category classifier {version}

`models/train.py` writes this page at the end of a run.

## What it is

It sorts a prompt into one of {count} fields, from its text alone. The filter compiles it into its module and runs it on the
request path.

Input: token ids, at most {max_tokens} with [CLS] and [SEP]; a longer text is cut. Output: {count} logits; their softmax is the
calibrated probability.

Labels, in the order of the logits: {labels}. `other` is whatever none of the {fields} fields covers, small talk too.

## Use

Made to choose between models or endpoints by the field of a prompt, where a wrong choice costs quality or money and
nothing else. Not made to moderate, to detect attacks or personal data, to grant or refuse access, or to judge people.

## Architecture

WordPiece tokens, lower case ({vocabulary} of BERT's uncased pieces) → embedding of {width}, int8 with one scale a row
→ convolution over {conv} tokens with a residual → {heads} attention poolings and a maximum over the sequence
→ hidden layer of {hidden} → {count} logits.

classifier.onnx: {onnx} bytes; tokenizer.json: {tokenizer} bytes. Everything but the embedding is float32.

## Data

| part | what | texts |
|---|---|---|
| `data/category` | labelled prompts: exam questions, everyday questions with typos, tasks, longer ones | {corpus} to train on |
| `data/extra` | labelled prompts, mostly short | {written} |
| `data/topics` | topic phrases of each field, put into templates (`topics.py`) | {topic_prompts} |
| disturbed copies | the first two rows with typos, words lost, parts cut out (`augment.py`) | {disturbed} |
| unlabelled | known prompts with words swapped for neighbours or at random (`synthesis.py`) | {unlabelled} |
| definitions | unlabelled glosses of WordNet 3.1, fetched for training and not kept here (`glosses.py`) | {glosses} |

All text in `data` was written for this project; none of it comes from a published data set. WordNet is Princeton
University's, under its own licence, which allows any use. Each file of `data/category` has
one author.

Split: in each file of `data/category` the lines whose 0-based index i has i % 5 == 4 are held out. Nothing is trained,
tuned or stopped on them. Their exact copies are left out of training, and so is any line of `data/extra` that has more than
60 % of its words in common with one of them.

## Training

all-MiniLM-L6-v2 (22 M parameters) was fine-tuned on the first three rows; teachers: {teachers}. The probabilities that it gives
every text (the mean, if there are several), mixed with the true label where there is one, are what the classifier learned.
Its embedding starts from what the teacher makes of each piece alone, reduced by PCA.

| teacher | | classifier | |
|---|---|---|---|
{settings}

Seed {seed}; a fixed number of epochs, no early stopping. The divisor of the logits ({temperature}) was fitted on a development
fold, a fifth of the training lines, with a classifier trained the same way, from one teacher, without that fold:

| on {lines} development lines | |
|---|---|
| accuracy of the teacher | {teacher_accuracy:.4f} |
| accuracy of the classifier, float32 embedding | {accuracy_float:.4f} |
| accuracy of the classifier, int8 embedding | {accuracy_int8:.4f} |
| calibration error before and after the division | {ece_before:.4f}, {ece_after:.4f} |

## Evaluation

On the held-out lines, through onnxruntime on the files of the bundle (`python models/evaluate.py`):

```text
{report}
```

## Limits

- English alone. Other languages were neither trained on nor measured, and its probabilities do not warn of them.
- It was made for and measured on short prompts, up to about 120 words. Beyond {max_tokens} tokens it reads nothing, and longer
  inputs within that are untested.
- The held-out lines have the same authors as the training lines. Expect less on real traffic.
- The probabilities are calibrated on text of that kind alone.
- A prompt that touches two fields gets one label; neighbours (see the confusions) are mixed up most.
- It knows words and their neighbours, not meaning: a text made to mislead it will mislead it. It is not a safety model.

## Licence

The code is Apache-2.0. all-MiniLM-L6-v2, from which the weights and the vocabulary are derived, is Apache-2.0. The text in
`data` was written for this project and has no licence of its own.
"""


def _settings_rows(plan: Plan) -> str:
    """Both settings side by side, as they stand in settings.py."""
    left, right = ([f"{f.name} | {getattr(s, f.name)}" for f in fields(s)] for s in (plan.teacher, plan.distil))
    length = max(len(left), len(right))
    pad = [side + [" | "] * (length - len(side)) for side in (left, right)]
    return "\n".join(f"| {a} | {b} |" for a, b in zip(*pad))


def write(text: str, figures: dict, counts: dict[str, int], plan: Plan) -> None:
    """`text`: the report of evaluate.py; `figures`: the development pass; `counts`: texts by kind."""
    sizes = {name: f"{(BUNDLE / file).stat().st_size:,}" for name, file in _FILES.items()}
    shape = {name: getattr(plan.shape, name) for name in ("width", "conv", "heads", "hidden")}
    card = _CARD.format(
        version=VERSION, count=len(CATEGORIES), fields=len(CATEGORIES) - 1, labels=", ".join(CATEGORIES), max_tokens=MAX_TOKENS,
        seed=SEED, vocabulary=plan.vocabulary, teachers=plan.teachers, settings=_settings_rows(plan), report=text,
        **shape, **sizes, **figures, **counts)
    (HERE / "MODEL_CARD.md").write_text(card, "utf-8")
