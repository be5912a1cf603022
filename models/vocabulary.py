"""The student's vocabulary: a part of BERT's uncased WordPiece that still spells every word, and its tokenizer.json."""

import json
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def bert_pieces(vocab_file: Path) -> list[str]:
    """BERT's pieces, most frequent first within its blocks (the file order)."""
    return vocab_file.read_text("utf-8").splitlines()


def _spells(piece: str) -> bool:
    """A single character, at a word's start or inside it: these must stay."""
    return len(piece.removeprefix("##")) == 1


def prune(pieces: list[str], used: set[str], size: int) -> list[str]:
    """`size` pieces, in BERT's order: special and single-character ones, those that the training text uses, then the
    most frequent of the rest. [unused…] places and pieces that mix in other scripts go first of all."""
    keep = set(SPECIAL) | {p for p in pieces if _spells(p)}
    wanted = [p for p in pieces if not p.startswith("[") and p.isascii()]
    for piece in [p for p in wanted if p in used] + [p for p in wanted if p not in used]:
        if len(keep) >= size:
            break
        keep.add(piece)
    return SPECIAL + [p for p in pieces if p in keep and p not in SPECIAL]


def build(pieces: list[str]) -> Tokenizer:
    """[CLS] pieces [SEP], lower case, accents stripped; neither truncation nor padding."""
    ids = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]", continuing_subword_prefix="##", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])])
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def save(tokenizer: Tokenizer, path: Path) -> None:
    """One line of JSON without spaces: a third smaller than the library's own layout."""
    text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", "utf-8")
