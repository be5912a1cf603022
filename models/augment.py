"""Ways to disturb a prompt without changing what it is about. All take a seeded random.Random."""

import random
import re
import string

_OPENERS = [
    "Hi,", "Hello!", "Hey there,", "Quick question:", "Please help.", "Question:", "I was wondering,",
    "Can you help me with this?", "Explain:", "Answer the following.", "You are a helpful assistant.",
    "ok so", "Thanks in advance.", "For my homework:", "Q:",
]
_CLOSERS = [
    "Thanks!", "Please explain.", "thx", "Explain your answer.", "Keep it short.", "Answer step by step.", "Any ideas?",
    "Be concise.", "Show your reasoning.", "Answer with the letter only.", "Use simple words.", "help pls", "Give an example.",
]
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _typo(word: str, rng: random.Random) -> str:
    if len(word) < 4 or not word.isalpha():
        return word
    i = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:i] + word[i + 1] + word[i] + word[i + 2:]
    if kind == 1:
        return word[:i] + word[i + 1:]
    if kind == 2:
        return word[:i] + word[i] + word[i:]
    return word[:i] + rng.choice(string.ascii_lowercase) + word[i + 1:]


def typos(text: str, rng: random.Random, rate: float = 0.08) -> str:
    return " ".join(_typo(w, rng) if rng.random() < rate else w for w in text.split(" "))


def crop(text: str, rng: random.Random) -> str:
    """A contiguous part: at least 60 % of the words and at least six of them."""
    words = text.split(" ")
    keep = max(6, int(len(words) * rng.uniform(0.6, 1.0)))
    if keep >= len(words):
        return text
    start = rng.randrange(len(words) - keep + 1)
    return " ".join(words[start:start + keep])


def drop_words(text: str, rng: random.Random, rate: float = 0.1) -> str:
    words = [w for w in text.split(" ") if rng.random() >= rate]
    return " ".join(words) or text


def drop_options(text: str, rng: random.Random) -> str:
    """Cuts a multiple-choice tail: the stem alone is asked as often."""
    match = re.search(r"\s[\(\[]?(A|a|1)[\)\.\]:]\s", text)
    return text[:match.start()] if match and match.start() > 20 else text


def frame(text: str, rng: random.Random) -> str:
    """Adds an opener or a closer that says nothing about the field."""
    if rng.random() < 0.5:
        return f"{rng.choice(_OPENERS)} {text}"
    return f"{text} {rng.choice(_CLOSERS)}"


def disturb(text: str, rng: random.Random) -> str:
    """One or two of the above."""
    moves = [
        typos, crop, drop_words, drop_options, frame,
        lambda t, _: t.lower(),
        lambda t, _: t.translate(_PUNCTUATION),
    ]
    for move in rng.sample(moves, rng.choice([1, 1, 2])):
        text = move(text, rng)
    return text if text.strip() else "?"
