"""The ONNX file, built node by node from the trained weights (no exporter), embedding stored as int8."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from student import Student

OPSET = 17
INPUT = "input_ids"          # int64 [batch, sequence], with [CLS] and [SEP]; no padding, hence no mask
OUTPUT = "category_logits"   # float32 [batch, labels]; its softmax is the calibrated probability


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

    def op(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def _weights(student: Student) -> dict[str, np.ndarray]:
    return {k: v.detach().numpy().astype(np.float32) for k, v in student.state_dict().items()}


def build(student: Student, temperature: float) -> onnx.ModelProto:
    """The whole graph; logits are divided by `temperature` in the last layer's weights."""
    w = _weights(student)
    g = _Graph()
    codes, scales = quantise_rows(w["embedding.weight"])
    row = g.op("Gather", [g.constant("embedding.codes", codes), INPUT], "embedding.gather", axis=0)
    scale = g.op("Gather", [g.constant("embedding.scales", scales), INPUT], "embedding.scale", axis=0)
    x = g.op("Mul", [g.op("Cast", [row], "embedding.cast", to=TensorProto.FLOAT), scale], "embedding")    # [b, s, w]
    if student.conv is not None:
        x = _convolution(g, x, w["conv.weight"], w["conv.bias"], student.shape.conv)
    score = g.op("MatMul", [x, g.constant("score.weight", w["score.weight"].T)], "score")                 # [b, s, h]
    by_head = g.op("Transpose", [score], "score.by_head", perm=[0, 2, 1])                                 # [b, h, s]
    attention = g.op("Softmax", [by_head], "attention", axis=-1)
    heads = g.op("MatMul", [attention, x], "heads")                                                       # [b, h, w]
    width = student.shape.width * student.shape.heads
    pooled = g.op("Reshape", [heads, g.constant("heads.shape", np.array([-1, width], np.int64))], "attended")
    if student.shape.max_pool:
        highest = g.op("ReduceMax", [x], "highest", axes=[1], keepdims=0)                                 # [b, w]
        pooled = g.op("Concat", [pooled, highest], "pooled", axis=1)
    if student.hidden is not None:
        pooled = g.op("Relu", [_linear(g, pooled, "hidden", w["hidden.weight"], w["hidden.bias"])], "hidden.relu")
    _linear(g, pooled, "category", w["out.weight"] / temperature, w["out.bias"] / temperature, output=OUTPUT)
    return _model(g, len(w["out.bias"]))


def _convolution(g: _Graph, x: str, weight: np.ndarray, bias: np.ndarray, size: int) -> str:
    """x + relu(conv(x)) along the sequence; zero-padded at both ends. `weight`: [out, size * in], see student.py."""
    pad = size // 2
    weight = weight.reshape(len(weight), size, -1).transpose(0, 2, 1)  # [out, in, size]
    inputs = [g.op("Transpose", [x], "conv.in", perm=[0, 2, 1]), g.constant("conv.weight", weight), g.constant("conv.bias", bias)]
    y = g.op("Conv", inputs, "conv", kernel_shape=[size], pads=[pad, pad])
    y = g.op("Transpose", [g.op("Relu", [y], "conv.relu")], "conv.out", perm=[0, 2, 1])
    return g.op("Add", [x, y], "context")


def _linear(g: _Graph, x: str, name: str, weight: np.ndarray, bias: np.ndarray, output: str | None = None) -> str:
    inputs = [x, g.constant(f"{name}.weight", weight.T), g.constant(f"{name}.bias", bias)]
    return g.op("Gemm", inputs, output or name)


def _model(g: _Graph, labels: int) -> onnx.ModelProto:
    graph = helper.make_graph(
        g.nodes, "classifier",
        [helper.make_tensor_value_info(INPUT, TensorProto.INT64, ["batch", "sequence"])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", labels])],
        g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="models/export.py")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def save(model: onnx.ModelProto, path: Path) -> None:
    """Deterministic bytes, so that the manifest's sha256 is the same for the same weights."""
    path.write_bytes(model.SerializeToString(deterministic=True))
