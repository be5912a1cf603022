"""The ONNX file, built node by node from the trained weights (no exporter), embedding stored as int8."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from settings import CATEGORIES, GUARD, INPUTS, OUTPUTS, TAGS
from student import Student

OPSET = 17


@dataclass(frozen=True)
class Calibration:
    """What the logits are divided by or multiplied with, and what is added to them, before their softmax is a probability."""

    category_temperature: float
    guard_encoder: float  # weight of the encoder's logits
    guard_ngrams: float   # weight of the n-grams' score, which the runtime adds to the logit of jailbreak
    guard_bias: float     # added to the logit of jailbreak
    tag_bias: float    # added to the logit of O


def quantise_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 by row: `codes` int8 [rows, width] and `scales` f32 [rows, 1], table ≈ codes * scales."""
    scales = np.maximum(np.abs(table).max(1, keepdims=True), 1e-8) / 127.0
    return np.clip(np.rint(table / scales), -127, 127).astype(np.int8), scales.astype(np.float32)


class _Graph:
    """Collects nodes and constants; each method returns the name of the value it made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def ints(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int64))

    def op(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def linear(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray, output: str | None = None) -> str:
        inputs = [x, self.constant(f"{name}.weight", weight.T), self.constant(f"{name}.bias", bias)]
        return self.op("Gemm", inputs, output or name)

    def conv(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None, dilation: int = 1) -> str:
        """Along the sequence of x [1, in, s]; zeros beyond both ends. `weight`: [out, in, size]."""
        size = weight.shape[2]
        pad = size // 2 * dilation
        inputs = [x, self.constant(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self.constant(f"{name}.bias", bias))
        return self.op("Conv", inputs, name, kernel_shape=[size], pads=[pad, pad], dilations=[dilation])


def build(student: Student, calibration: Calibration) -> onnx.ModelProto:
    """The whole graph. Values run as [1, channels, sequence] from the embedding on."""
    w = {k: v.detach().numpy().astype(np.float32) for k, v in student.state_dict().items()}
    shape, g = student.shape, _Graph()
    codes, scales = quantise_rows(w["embedding.weight"])
    row = g.op("Gather", [g.constant("embedding.codes", codes), INPUTS[0]], "embedding.gather", axis=0)
    scale = g.op("Gather", [g.constant("embedding.scales", scales), INPUTS[0]], "embedding.scale", axis=0)
    token = g.op("Mul", [g.op("Cast", [row], "embedding.cast", to=TensorProto.FLOAT), scale], "token")
    form = g.op("Gather", [g.constant("shapes", w["shapes.weight"]), INPUTS[1]], "shape", axis=0)
    x = g.op("Transpose", [g.op("Add", [token, form], "embedded")], "embedded.channels", perm=[0, 2, 1])   # [1, w, s]
    c = g.op("Relu", [g.conv(x, "enter", w["enter.weight"][:, :, None], w["enter.bias"])], "entered")      # [1, c, s]
    for n, dilation in enumerate(shape.dilations):
        weight = w[f"convs.{n}.weight"].reshape(shape.context, 3, shape.context).transpose(0, 2, 1)        # [out, in, 3]
        near = g.op("Relu", [g.conv(c, f"conv.{n}", weight, w[f"convs.{n}.bias"], dilation)], f"conv.{n}.relu")
        c = g.op("Add", [c, near], f"context.{n}")
    wide = g.op("Concat", [x, c], "wide", axis=1)                                                          # [1, w + c, s]
    by_token = g.op("Transpose", [wide], "wide.tokens", perm=[0, 2, 1])
    attention = g.op("Softmax", [g.conv(wide, "score", w["score.weight"][:, :, None], None)], "attention", axis=-1)
    pooled = g.op("MatMul", [attention, by_token], "pooled")                                               # [1, pools, w + c]
    parts = _parts(g, pooled, shape.pools, shape.width + shape.context)
    t = calibration.category_temperature
    z = g.op("Relu", [g.linear(parts[0], "category.hidden", w["category_hidden.weight"], w["category_hidden.bias"])], "category.relu")
    g.linear(z, "category", w["category.weight"] / t, w["category.bias"] / t, OUTPUTS["category"])
    weight, bias = calibration.guard_encoder, np.array([0, calibration.guard_bias], np.float32)
    z = g.op("Relu", [g.linear(parts[1], "guard.hidden", w["guard_hidden.weight"], w["guard_hidden.bias"])], "guard.relu")
    g.linear(z, "guard", w["guard.weight"] * weight, w["guard.bias"] * weight + bias, OUTPUTS["guard"])
    bias = np.eye(1, len(TAGS), dtype=np.float32)[0] * calibration.tag_bias
    tags = g.conv(wide, "tags", w["tags.weight"][:, :, None], w["tags.bias"] + bias)
    g.op("Transpose", [tags], OUTPUTS["tags"], perm=[0, 2, 1])
    vector = g.linear(parts[2], "sentence", w["sentence.weight"], w["sentence.bias"])
    length = g.op("Sqrt", [g.op("ReduceSum", [g.op("Mul", [vector, vector], "sentence.square"), g.ints("sentence.axis", 1)], "sentence.sum", keepdims=1)], "sentence.length")
    g.op("Div", [vector, length], OUTPUTS["embedding"])
    return _model(g, shape.embedding)


def _parts(g: _Graph, pooled: str, pools: tuple[int, ...], width: int) -> list[str]:
    """The rows of `pooled` [1, pools, width] that belong to each head, flattened to [1, rows * width]."""
    flat = g.op("Reshape", [pooled, g.ints("flat.shape", 1, sum(pools) * width)], "flat")
    out, at = [], 0
    for n, count in enumerate(pools):
        ends = [g.ints(f"part.{n}.{name}", value) for name, value in (("start", at * width), ("end", (at + count) * width), ("axis", 1))]
        out.append(g.op("Slice", [flat, *ends], f"part.{n}"))
        at += count
    return out


def _model(g: _Graph, embedding: int) -> onnx.ModelProto:
    shapes = {"category": [1, len(CATEGORIES)], "guard": [1, len(GUARD)], "tags": [1, "sequence", len(TAGS)], "embedding": [1, embedding]}
    graph = helper.make_graph(
        g.nodes, "classifier",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "sequence"]) for name in INPUTS],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shapes[head]) for head, output in OUTPUTS.items()],
        g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="models/export.py")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def save(model: onnx.ModelProto, path: Path) -> None:
    """Deterministic bytes, so that the manifest's sha256 is the same for the same weights."""
    path.write_bytes(model.SerializeToString(deterministic=True))
