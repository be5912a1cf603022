"""MODEL_CARD.md, written from what the run measured."""

from dataclasses import fields

from bundle import CATEGORY_WINDOWS, WINDOW
from export import Calibration
from settings import BUNDLE, CATEGORIES, ENTITIES, HERE, SEED, VERSION, Plan

_FILES = {"onnx": "classifier.onnx", "tokenizer": "tokenizer.json"}

_CARD = """\
# Model card: the bundled classifier {version}

`models/train.py` writes this page at the end of a run.

## What it is

One small encoder with four heads, compiled into the filter's module and run on the request path, one pass for each window of text:

- **category**: one of {count} fields: {labels}. `other` is whatever none of the others covers, small talk too.
- **prompt guard**: benign or jailbreak; jailbreaks are also instructions hidden in mails, pages, files and tool output.
- **names**: BIO tags for {entities}. All other types of personal data are found by recognisers in the filter (`filter/src/classify/pii`).
- **fact check**: whether a prompt asks for facts about the world that can be checked: a regression on the embedding, the probabilities of the categories and
  token n-grams (`factcheck.py`).
- **embedding**: {embedding} numbers of length 1, about what MiniLM's are. Whether two prompts ask the same, a network of sixteen units says from their cosine
  and from what their words have in common (`likeness.py`).

Windows have {window} tokens and share {overlap}. Category and embedding are the mean of the first {category_windows}; the guard takes the worst window; names
come from the window in which they stand further inside.

## Use

Made to route prompts, to hold up attacks and personal data as one layer of several, and to find cached answers. Not made to moderate, to
judge people, or to be the only thing between an attacker and something of value.

## Architecture

WordPiece tokens, lower case ({vocabulary} of BERT's uncased pieces) and the shape of the word (capitals, digits) → embedding of {width}, int8 with
one scale a row → {context} channels, {convs} residual convolutions over three tokens, dilated {dilations}, so that a token sees {reach} on each
side → attention poolings ({pools} for category, guard, embedding) over both → a hidden layer for category and guard; tags from each token.
Beside it the guard weighs {ngrams} n-grams of one to three tokens (`ngrams.py`): word order and single words, which poolings blur.

classifier.onnx: {onnx} bytes; tokenizer.json: {tokenizer} bytes. Everything but the embedding table is float32.

Why convolutions: inside Envoy, one convolution over {context} channels costs about 0.4 ms for 128 tokens, one attention layer of width 128 1.7 ms, and a
feed-forward layer of 256 another 1.0 ms (tract in V8). Order and near context are what guard and names need; what a text is about,
the poolings find anywhere in it.

## Data

| part | what | texts |
|---|---|---|
| `data/category` | labelled prompts: exam questions, everyday questions with typos, tasks, longer ones | |
| `data/exam`, `data/everyday`, `data/extra` | more of them, written later where the errors were | {lines} in all to train on |
| `data/topics` | topic phrases of each field, put into templates (`topics.py`) | {topic_prompts} |
| disturbed copies | typos, words lost, parts cut out (`augment.py`) | {disturbed} |
| unlabelled | known prompts with words swapped for neighbours (`synthesis.py`) | {unlabelled} |
| `data/guard` | attacks by technique, and harmless texts, most of them hard | {guard} |
| guard texts | the same with an altered copy of each (cut into other text, disturbed), and prompts | {guard_texts} |
| `data/pii` | templates with a generator of values, marked sentences, texts without names | {entities_count} examples |
| `data/factcheck` | prompts that ask for facts, and others | {factcheck} |
| `data/pairs` | prompts, each with paraphrases and look-alikes | {groups} groups |

All text in `data` was written for this project, most of it by language models; none comes from a published data set.

Split (`corpus.py`): of the first corpus every fifth line is held out, of what was written later every tenth (of `guard/twins-…` every tenth pair of an
attack and its harmless twin); of the rest every tenth calibrates.
Nothing is trained, tuned or stopped on held-out lines, and a line to train on that has more than 60 % of its words in common with one is left
out. Templates of personal data are split, not their fillings.

## Training

all-MiniLM-L6-v2 (22 M parameters) was fine-tuned for the category. Its probabilities, mixed with the true label where there is one (`hard_weight`
below), are what the category head learned; MiniLM's own sentence vectors, before that, what the embedding learned; guard and tags learned from
true labels alone. One step takes a batch of each task. The n-grams are a logistic regression on tf-idf over the guard's texts, of which those that
weigh most were kept and fitted again; the likeness is fitted on pairs of prompts, look-alikes and neighbours among them.

| teacher | | student | |
|---|---|---|---|
{settings}

Seed {seed}; a fixed number of epochs, no early stopping. On the calibration lines were fitted: the divisor of the category's logits
({category_temperature:.3f}); the weights of the guard's two parts (encoder {guard_encoder:.3f}, n-grams {guard_ngrams:.3f}) and its bias ({guard_bias:+.2f}), so that 0.5 is its
threshold at about 1.5 % false positives, the mean over hard harmless texts and ordinary ones (twins left out); the bias of `O` ({tag_bias:+.2f}), so that about 2.5 % of
texts without names have one, one tempting text among nine others; the threshold of the likeness ({threshold}), so that about 1.5 % of look-alikes and of nearest neighbours pass.

## Evaluation

On the held-out lines, through onnxruntime on the files of the bundle (`python models/evaluate.py`). The filter's own code, with normaliser and
recognisers, is measured by `make evaluate`.

```text
{report}
```

## Limits

- Categories are English alone. The guard was trained on attacks in some twenty languages, a few hundred lines each.
- The held-out lines have the same authors as the training lines. Expect less on real traffic.
- Look-alikes and paraphrases are told apart badly: at a threshold that lets few look-alikes pass, many paraphrases do not either.
- The guard knows forms of attack, not intent. An attack in a new form, or in a language that it has hardly seen, passes.
- Names in lower case, of one word, or that are also words are missed or seen where there are none.

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


def write(text: str, calibration: Calibration, thresholds: dict[str, float], counts: dict[str, int], plan: Plan) -> None:
    """`text`: the report of evaluate.py; `counts`: texts by kind."""
    sizes = {name: f"{(BUNDLE / file).stat().st_size:,}" for name, file in _FILES.items()}
    shape, counts = plan.shape, dict(counts)
    card = _CARD.format(
        version=VERSION, count=len(CATEGORIES), labels=", ".join(CATEGORIES), entities=", ".join(ENTITIES), window=WINDOW["tokens"],
        overlap=WINDOW["overlap"], category_windows=CATEGORY_WINDOWS, seed=SEED, vocabulary=plan.vocabulary, settings=_settings_rows(plan), report=text,
        width=shape.width, context=shape.context, convs=len(shape.dilations), dilations=", ".join(map(str, shape.dilations)), reach=sum(shape.dilations),
        pools=", ".join(map(str, shape.pools)), embedding=shape.embedding, threshold=thresholds["likeness"], ngrams=plan.ngrams, entities_count=counts.pop("entities"),
        **{f.name: getattr(calibration, f.name) for f in fields(calibration)}, **sizes, **counts)
    (HERE / "MODEL_CARD.md").write_text(card, "utf-8")
