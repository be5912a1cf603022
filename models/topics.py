"""Short prompts made from the topic lists of data/topics: one field's phrases in field-neutral templates."""

import random

from settings import CATEGORIES, DATA

ONE = [
    "What is {a}?", "Explain {a}.", "explain {a} to me like im 12", "whats {a}", "{a}", "{a}?", "tell me about {a}",
    "how does {a} work",
    "Describe {a} with an example.", "Write a short essay on {a}.", "Summarise {a} in five bullet points.", "help with {a} pls",
    "Give me three exam questions about {a}, with answers.", "why does {a} matter", "What are the main ideas behind {a}?",
    "Draft a one-page handout on {a}.", "I have a question about {a}.", "can someone explain {a}", "best way to learn about {a}",
    "i dont get {a} at all", "Which of the following statements about {a} is correct?", "What is the role of {a}?",
    "Create a quiz on {a}.", "what should i know about {a}", "A question on {a}: where do I start?", "Discuss {a} critically.",
    "List common mistakes people make about {a}.", "When is {a} used?",
    "I read something about {a} yesterday and would like to understand it better.",
    "My daughter asked me about {a} and I didn't know what to say.", "Give advice on {a}.", "quick question about {a}",
]
_TWO = [
    "What is the difference between {a} and {b}?", "{a} vs {b}", "Compare {a} with {b}.", "how are {a} and {b} related",
    "Explain how {a} affects {b}.", "Does {a} have anything to do with {b}?", "Write a paragraph that links {a} to {b}.",
    "is {a} the same as {b}", "I understand {a}, but not {b}. Can you help?", "Which matters more here, {a} or {b}?",
    "We talked about {a} and then about {b}. Can you summarise both?", "{a}, {b}",
]


def read_topics() -> list[tuple[str, int]]:
    """(phrase, label) of every topic list; a file `computer_science.txt` is the label `computer science`."""
    out: list[tuple[str, int]] = []
    for path in sorted((DATA / "topics").glob("*.txt")):
        label = CATEGORIES.index(path.stem.replace("_", " "))
        out += [(phrase.strip(), label) for phrase in path.read_text("utf-8").split(";") if phrase.strip()]
    return out


def prompts(seed: int, per_topic: int) -> list[tuple[str, int]]:
    """`per_topic` prompts for each phrase; half of them pair it with another phrase of its field."""
    rng = random.Random(seed)
    topics = read_topics()
    by_label: dict[int, list[str]] = {}
    for phrase, label in topics:
        by_label.setdefault(label, []).append(phrase)
    out: list[tuple[str, int]] = []
    for phrase, label in topics:
        for n in range(per_topic):
            template = rng.choice(_TWO if n % 3 == 2 else ONE)
            out.append((template.format(a=phrase, b=rng.choice(by_label[label])), label))
    return out
