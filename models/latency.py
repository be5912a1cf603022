"""How long onnxruntime takes for texts, on one thread, tokenizer and windows included:

    python models/latency.py FILE.jsonl

Each line of the file is a list of texts; printed is, for each, the median of their times in milliseconds. Used by
`make bench-inference`.
"""

import json
import sys
import time

import numpy as np

from bundle import Bundle


def milliseconds(bundle: Bundle, text: str) -> float:
    started = time.perf_counter()
    bundle.windows(text)
    return (time.perf_counter() - started) * 1e3


def main() -> None:
    bundle = Bundle()
    bundle.windows("warm up")
    for line in open(sys.argv[1], encoding="utf-8"):
        print(round(float(np.median([milliseconds(bundle, text) for text in json.loads(line)])), 4))


if __name__ == "__main__":
    main()
