"""The encoder as an ONNX graph that reads one window: int8 weights, fused attention.

Nodes of com.microsoft are onnxruntime's own. Written node by node, because exported graphs keep
masks and transposes that a window without padding does not need.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_MICROSOFT = "com.microsoft"
_EPSILON = 1e-12  # of BERT's layer normalisation
# 255 * 64 * 2 fits 16 bits: processors without int8 instructions add two products in so many
_LARGEST = 64


def graph(weights: Mapping[str, Array], n_layers: int, n_heads: int) -> bytes:
    """An ONNX file from `input_ids` (1, n_tokens) to `states` (1, n_tokens, width).

    `weights` are those of a BERT, named as transformers names them. Matrices have a scale an
    output, the table of words a scale a word; inputs of matrices are quantised as they come.
    """
    nodes = _Nodes(weights)
    x = nodes.embeddings()
    for k in range(n_layers):
        x = nodes.layer(f"encoder.layer.{k}", x, n_heads)
    return nodes.model(x)


def narrowed(matrix: Array, largest: int = 127) -> tuple[Array, Array]:
    """A matrix as int8 and a scale a column: `values * scales` is about the matrix.

    >>> values, scales = narrowed(np.array([[0.5, 0], [-1, 0]]), 64)
    >>> values.tolist(), scales.tolist()
    ([[32, 0], [-64, 0]], [0.015625, 1.0])
    """
    scales = np.abs(matrix).max(axis=0) / largest
    scales[scales == 0] = 1
    return np.rint(matrix / scales).astype(np.int8), scales.astype(np.float32)


class _Nodes:
    """A graph in the making; a node's name is its output's, a constant's that of its weights."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = weights
        self._constants: list[Any] = []
        self._made: list[Any] = []

    def model(self, states: str) -> bytes:
        from onnx import TensorProto, helper

        self._add("Identity", [states], ["states"])
        width = len(self._weights["embeddings.LayerNorm.bias"])
        made = helper.make_graph(
            self._made, "encoder",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "length"])],
            [helper.make_tensor_value_info("states", TensorProto.FLOAT, [1, "length", width])],
            self._constants,
        )
        sets = [helper.make_opsetid("", 17), helper.make_opsetid(_MICROSOFT, 1)]
        found: bytes = helper.make_model(made, opset_imports=sets, ir_version=8).SerializeToString()
        return found

    def embeddings(self) -> str:
        """Words and places, added up and normalised; all tokens are of the first type."""
        name = "embeddings.{}_embeddings.weight".format
        words, scales = narrowed(self._weights[name("word")].T)
        place = self._weights[name("position")] + self._weights[name("token_type")][0]
        rows = self._add("Gather", [self._constant("words", words.T), "input_ids"], ["rows"])
        scale = self._add("Gather", [self._constant("word_scales", scales[:, None]), "input_ids"],
                          ["row_scales"])
        cast = self._add("Cast", [rows], ["rows_as_float"], to=1)
        word = self._add("Mul", [cast, scale], ["word"])
        length = self._add("Shape", ["input_ids"], ["length"], start=1, end=2)
        place = self._add("Slice", [self._constant("places", place),
                                    self._constant("from", np.array([0])), length], ["place"])
        return self._normalised("embeddings", word, place)

    def layer(self, name: str, x: str, n_heads: int) -> str:
        """Attention and the feed-forward part, each added to its input and normalised."""
        part = f"{name}.attention"
        narrow = self._add("DynamicQuantizeLinear", [x], [f"{name}.{p}" for p in "xsz"])
        inputs = [narrow, f"{name}.s", f"{name}.z"]
        ours = [f"{part}.self.{kind}" for kind in ("query", "key", "value")]
        biases = self._constant(f"{part}.biases",
                                np.concatenate([self._weights[f"{own}.bias"] for own in ours]))
        heads = self._add("MultiHeadAttention", [*(self._from_narrow(o, inputs) for o in ours),
                                                 biases], [f"{part}.heads"], num_heads=n_heads)
        x = self._normalised(f"{part}.output", self._dense(f"{part}.output.dense", heads), x)
        inner = self._dense(f"{name}.intermediate.dense", x)
        bent = self._add("FastGelu", [inner], [f"{name}.bent"])
        return self._normalised(f"{name}.output", self._dense(f"{name}.output.dense", bent), x)

    def _normalised(self, name: str, x: str, y: str) -> str:
        total = self._add("Add", [x, y], [f"{name}.sum"])
        own = [self._constant(f"{name}.LayerNorm.{p}", self._weights[f"{name}.LayerNorm.{p}"])
               for p in ("weight", "bias")]
        return self._add("LayerNormalization", [total, *own], [f"{name}.normal"], epsilon=_EPSILON)

    def _dense(self, name: str, x: str) -> str:
        bias = self._constant(f"{name}.bias", self._weights[f"{name}.bias"])
        return self._add("DynamicQuantizeMatMul", [x, *self._matrix(name), bias], [name])

    def _from_narrow(self, name: str, inputs: list[str]) -> str:
        x, x_scale, x_zero = inputs
        matrix, scale, zero = self._matrix(name)
        return self._add("MatMulIntegerToFloat", [x, matrix, x_scale, scale, x_zero, zero], [name])

    def _matrix(self, name: str) -> list[str]:
        values, scales = narrowed(self._weights[f"{name}.weight"].T, _LARGEST)
        parts = {"values": values, "scales": scales, "zeros": np.zeros(len(scales), np.int8)}
        return [self._constant(f"{name}.{part}", value) for part, value in parts.items()]

    def _constant(self, name: str, value: Array) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _add(self, kind: str, inputs: list[str], outputs: list[str], **settings: Any) -> str:
        from onnx import helper

        domain = _MICROSOFT if kind in _OWN else ""
        self._made.append(helper.make_node(kind, inputs, outputs, outputs[0], domain=domain,
                                           **settings))
        return outputs[0]


_OWN = {"DynamicQuantizeMatMul", "FastGelu", "MatMulIntegerToFloat", "MultiHeadAttention"}
