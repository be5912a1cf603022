"""Small models of the families that users bring, with random weights, for the tests:

    python models/fixtures.py FOLDER

Exported as users do it (torch.onnx.export, dynamic axes), so that the runtime meets the operators that such files have.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, ModernBertConfig, ModernBertForTokenClassification

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789", "the", "what", "is", "my", "name", "anna"]
WORDS += ["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"]


def tokenizer(folder: Path) -> None:
    ids = {word: n for n, word in enumerate(WORDS)}
    made = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    made.save(str(folder / "tokenizer.json"), pretty=False)


def mapping(path: Path, labels: list[str], key: str) -> None:
    path.write_text(json.dumps({f"{key}_to_idx": {x: n for n, x in enumerate(labels)}, f"idx_to_{key}": {str(n): x for n, x in enumerate(labels)}}) + "\n")


def export(model: torch.nn.Module, folder: Path, inputs: list[str], outputs: dict[int, str]) -> None:
    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *values: torch.Tensor) -> torch.Tensor:
            return self.model(**dict(zip(inputs, values))).logits

    sample = torch.tensor([[2, 5, 6, 7, 8, 9, 3]])
    values = tuple(torch.ones_like(sample) if name == "attention_mask" else torch.zeros_like(sample) if name == "token_type_ids" else sample for name in inputs)
    axes = {name: {0: "batch", 1: "sequence"} for name in inputs} | {"logits": outputs}
    torch.onnx.export(Logits().eval(), values, str(folder / "model.onnx"), input_names=inputs, output_names=["logits"],
                      dynamic_axes=axes, opset_version=17, dynamo=False)


def expected(folder: Path, inputs: list[str]) -> None:
    """What onnxruntime makes of a text."""
    text = "What is Anna's name 42?"
    ids = np.array([Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids], np.int64)
    values = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    logits = session.run(None, {name: values[name] for name in inputs})[0][0]
    (folder / "expected.json").write_text(json.dumps({"text": text, "logits": np.round(logits, 6).reshape(-1).tolist()}) + "\n")


def main(root: Path) -> None:
    torch.manual_seed(1)
    bert = root / "bert-category"
    bert.mkdir(parents=True, exist_ok=True)
    config = BertConfig(vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                        max_position_embeddings=512, num_labels=3, attn_implementation="eager")
    export(BertForSequenceClassification(config), bert, ["input_ids", "attention_mask", "token_type_ids"], {0: "batch"})
    tokenizer(bert)
    expected(bert, ["input_ids", "attention_mask", "token_type_ids"])
    mapping(bert / "category_mapping.json", ["math", "law", "other"], "category")

    modern = root / "modernbert-pii"
    modern.mkdir(parents=True, exist_ok=True)
    config = ModernBertConfig(vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=24, num_labels=3,
                              local_attention=8, global_attn_every_n_layers=3, pad_token_id=0, cls_token_id=2, sep_token_id=3,
                              attn_implementation="eager", reference_compile=False)
    export(ModernBertForTokenClassification(config), modern, ["input_ids", "attention_mask"], {0: "batch", 1: "sequence"})
    tokenizer(modern)
    expected(modern, ["input_ids", "attention_mask"])
    mapping(modern / "pii_type_mapping.json", ["O", "B-PERSON", "I-PERSON"], "label")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
