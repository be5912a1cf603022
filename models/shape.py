"""What the lower-case vocabulary loses of a word: its capitals and digits. The filter's `classify/shape.rs` does the same."""

from tokenizers import Encoding

SPECIAL, LOWER, CAPITALISED, CAPITALS, MIXED, DIGITS, SIGN, CASELESS = range(8)
COUNT = 8


def of_word(word: str) -> int:
    upper = sum(c.isupper() for c in word)
    lower = sum(c.islower() for c in word)
    if any("0" <= c <= "9" for c in word):
        return MIXED if upper + lower else DIGITS
    if upper + lower == 0:
        return SIGN if word.isascii() else CASELESS
    if upper == 0:
        return LOWER
    if lower == 0 and upper > 1:
        return CAPITALS
    first = next(c for c in word if c.isupper() or c.islower())
    return CAPITALISED if upper == 1 and first.isupper() else MIXED


def shapes(text: str, encoding: Encoding) -> list[int]:
    """One shape a token: that of the whole word it is part of."""
    spans: dict[int, tuple[int, int]] = {}
    for word, (start, end) in zip(encoding.word_ids, encoding.offsets):
        if word is not None:
            first, last = spans.get(word, (start, end))
            spans[word] = (min(first, start), max(last, end))
    known = {word: of_word(text[a:b]) for word, (a, b) in spans.items()}
    return [SPECIAL if word is None else known[word] for word in encoding.word_ids]
