"""Prompts that look the same as another but need another answer, and harmless rewordings: for the sentence embedding."""

import random
import re

from augment import disturb
from wordnet import relatives

_OPPOSITES = """increase decrease|cheapest most-expensive|before after|with without|best worst|start stop|highest lowest|largest smallest|
maximum minimum|buy sell|import export|first last|up down|hot cold|open close|add remove|enable disable|encode decode|
encrypt decrypt|ascending descending|left right|men women|male female|boy girl|son daughter|mother father|should should-not|
can cannot|is is-not|do don't|safe dangerous|legal illegal|north south|east west|winter summer|morning evening|today tomorrow|
yesterday today|gain lose|pros cons|advantages disadvantages|short long|old new|young old|big small|more less|most least|
python java|javascript python|rust go|windows linux|mac windows|android iphone|excel word|mysql postgres|celsius fahrenheit|
miles kilometres|pounds kilograms|inches centimetres|hours minutes|days weeks|weeks months|months years|english spanish|
french german|italian french|spanish portuguese|china japan|india pakistan|france germany|england scotland|canada australia|
london paris|berlin vienna|texas florida|california nevada|cat dog|cats dogs|chicken beef|rice pasta|coffee tea|beer wine|
car motorcycle|bus train|teacher student|landlord tenant|employer employee|doctor patient|lender borrower|acid base|
mean median|sine cosine|derivative integral|speed velocity|mass weight|dna rna|virus bacteria|artery vein|mitosis meiosis|
credit debit|stocks bonds|revenue profit|gross net|supply demand|inflation deflation|asset liability|born died|inventor founder|
population area|capital currency|causes consequences|symptoms treatment|create delete|upload download|send receive|
push pull|client server|read write|input output|public private|email letter|formal informal|poem story|summarise translate"""


def _pairs() -> dict[str, str]:
    out: dict[str, str] = {}
    for pair in _OPPOSITES.replace("\n", "").split("|"):
        a, b = (word.replace("-", " ") for word in pair.split(" "))
        out.setdefault(a, b)
        out.setdefault(b, a)
    return out


_OPPOSITE = _pairs()


# Ways to ask one thing: a prompt that begins in one of a set's ways may as well begin in another.
_FRAMES = [
    (r"(?:how (?:do|can|would|should|could) (?:i|you|we|one)|how to|what(?:'s| is) the (?:best |right )?way to|steps to) (.+)",
     ["How do I {x}?", "how can i {x}", "What's the best way to {x}?", "please show me how to {x}", "I need to {x}. How?", "steps to {x}",
      "how to {x}", "Walk me through how to {x}.", "is there a way to {x}", "what do i do to {x}", "tell me how to {x}"]),
    (r"(?:what(?:'s| is| are)|define|explain what) (?:a |an |the )?(.+)",
     ["What is {x}?", "what's {x}", "Explain {x}.", "{x} meaning", "Define {x}.", "tell me what {x} is", "can you explain what {x} is",
      "{x}?", "I'd like to know what {x} is"]),
    (r"(?:why (?:do|does|did|is|are)) (.+)",
     ["Why is it that {x}?", "what's the reason {x}", "Explain why {x}.", "how come {x}", "reason why {x}"]),
    (r"(?:write|draft|compose|create|make|generate)(?: me)? (?:a |an |some )?(.+)",
     ["Write {x}.", "can you write {x}", "I need {x}", "please draft {x}", "Could you make {x} for me?", "create {x} please", "{x}, please"]),
    (r"(?:explain|describe|summarise|summarize) (.+)",
     ["Explain {x}.", "can you explain {x}", "Describe {x}.", "Help me understand {x}.", "i dont understand {x}", "tell me about {x}"]),
    (r"(?:translate|convert|calculate|compute|find|list|name|give me) (.+)", None),
]
_OTHER_FRAMES = ["When should I {x}?", "Why would anyone {x}?", "How do I avoid having to {x}?", "How much does it cost to {x}?", "How long does it take to {x}?",
                 "History of {x}", "Advantages of {x}", "Is it safe to {x}?", "Who invented {x}?", "Disadvantages of {x}", "How do I undo it once I {x}?"]


def _split(text: str) -> tuple[list[str], str] | None:
    """The ways to begin such a prompt, and what comes after."""
    for pattern, ways in _FRAMES:
        match = re.fullmatch(pattern, text.strip().rstrip("?.! "), re.IGNORECASE)
        if match and ways and len(match[1]) > 3:
            return ways, match[1]
    return None


def _exchanged(text: str, meaning: int, chance: float, most: int, rng: random.Random) -> str:
    """`text` with up to `most` words exchanged for relatives: 0 = the same meaning, 1 = another."""
    known, left = relatives(), most
    out = []
    for part in re.split(r"([A-Za-z]+)", text):
        word = part.lower()
        plural = word not in known and word.endswith("s") and word[:-1] in known
        found = known.get(word[:-1] if plural else word, ([], []))[meaning] if len(word) > 3 else []
        if found and left and rng.random() < chance:
            part, left = rng.choice(found) + ("s" if plural else ""), left - 1
        out.append(part)
    return "".join(out)


def different(text: str, names: list[str], rng: random.Random) -> str | None:
    """`text` with a number, a telling word or a name exchanged, or another question about the same; None if nothing offers itself."""
    kind, parts = rng.random(), _split(text)
    if kind < 0.15 and parts:
        return rng.choice(_OTHER_FRAMES).format(x=parts[1])
    if kind < 0.55:
        changed = _exchanged(text, 1, 0.4, 1, rng)
        return changed if changed != text else None
    return _one_exchanged(text, names, rng)


def _one_exchanged(text: str, names: list[str], rng: random.Random) -> str | None:
    spots: list[tuple[int, int, str]] = []
    for match in re.finditer(r"\d+", text):
        number = int(match[0][:9])
        spots.append((*match.span(), str(rng.choice([number + 1, number * 2 + 1, max(0, number - 1) + 10, number + rng.randint(2, 40)]))))
    for match in re.finditer(r"[A-Za-z']+", text):
        word = match[0]
        if word.lower() in _OPPOSITE:
            spots.append((*match.span(), _OPPOSITE[word.lower()]))
        elif match.start() > 0 and word[0].isupper() and len(word) > 3:
            spots.append((*match.span(), rng.choice(names)))
    if not spots:
        return None
    start, end, new = rng.choice(spots)
    return text[:start] + new + text[end:]


def same(text: str, rng: random.Random) -> str:
    """`text` as somebody else might put it: begun otherwise, with other words, polite, in lower case, with a typo."""
    changed, parts = text, _split(text)
    if parts and rng.random() < 0.6:
        changed = rng.choice(parts[0]).format(x=parts[1])
    elif rng.random() < 0.4:
        opener = rng.choice(["Please tell me: ", "can you help? ", "I'd like to know: ", "Hi! ", "quick question: ", "Could you answer this: "])
        changed = opener + changed[:1].lower() + changed[1:]
    if rng.random() < 0.5:
        changed = _exchanged(changed, 0, 0.3, 2, rng)
    if rng.random() < 0.4:
        changed = changed.lower()
    if rng.random() < 0.3:
        changed = changed.rstrip("?.! ") + rng.choice(["", "?", "??", " please", " thanks"])
    return changed if changed != text else disturb(text, rng)
