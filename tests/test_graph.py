"""The graph that is written node by node computes what a BERT does."""

import math

import numpy as np
import onnxruntime
import pytest

from classifier.encoder import Encoder
from classifier.graph import graph

pytest.importorskip("onnx")
WIDTH, INNER, HEADS, LAYERS, WORDS = 16, 32, 2, 2, 40


@pytest.fixture
def weights():
    rng = np.random.default_rng(0)
    shapes = {f"embeddings.{kind}_embeddings.weight": (size, WIDTH)
              for kind, size in (("word", WORDS), ("position", 24), ("token_type", 2))}
    for k in range(LAYERS):
        for part, size in (("attention.self.query", (WIDTH, WIDTH)),
                           ("attention.self.key", (WIDTH, WIDTH)),
                           ("attention.self.value", (WIDTH, WIDTH)),
                           ("attention.output.dense", (WIDTH, WIDTH)),
                           ("intermediate.dense", (INNER, WIDTH)),
                           ("output.dense", (WIDTH, INNER))):
            shapes[f"encoder.layer.{k}.{part}.weight"] = size
            shapes[f"encoder.layer.{k}.{part}.bias"] = size[:1]
    norms = ["embeddings", *(f"encoder.layer.{k}.{part}" for k in range(LAYERS)
                             for part in ("attention.output", "output"))]
    for name in norms:
        shapes |= {f"{name}.LayerNorm.weight": (WIDTH,), f"{name}.LayerNorm.bias": (WIDTH,)}
    return {name: rng.normal(size=size).astype(np.float32) / math.sqrt(size[-1])
            for name, size in shapes.items()}


def expected(w, ids):
    def dense(name, x):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def normal(name, x):
        x = (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
        return x * w[f"{name}.LayerNorm.weight"] + w[f"{name}.LayerNorm.bias"]

    table = "embeddings.{}_embeddings.weight".format
    x = normal("embeddings", w[table("word")][ids] + w[table("position")][: len(ids)]
               + w[table("token_type")][0])
    for k in range(LAYERS):
        name, out = f"encoder.layer.{k}", []
        query, key, value = (np.split(dense(f"{name}.attention.self.{kind}", x), HEADS, axis=1)
                             for kind in ("query", "key", "value"))
        for q, k_, v in zip(query, key, value, strict=True):
            share = np.exp(q @ k_.T / math.sqrt(WIDTH / HEADS))
            out.append(share / share.sum(-1, keepdims=True) @ v)
        x = normal(f"{name}.attention.output",
                   dense(f"{name}.attention.output.dense", np.hstack(out)) + x)
        inner = dense(f"{name}.intermediate.dense", x)
        bent = inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        x = normal(f"{name}.output", dense(f"{name}.output.dense", bent) + x)
    return x


def test_graph_computes_what_a_bert_does_but_for_rounding(weights):
    session = onnxruntime.InferenceSession(graph(weights, LAYERS, HEADS))
    ids = np.random.default_rng(1).integers(WORDS, size=20)
    states = session.run(None, {"input_ids": ids[None]})[0][0]
    exact = expected(weights, ids)
    assert np.corrcoef(states.ravel(), exact.ravel())[0, 1] > 0.999
    assert np.abs(states - exact).max() < 0.05 * np.abs(exact).max()


def test_encoder_takes_the_graph(weights):
    from classifier.artifact import load_encoder

    encoder = Encoder.build(graph(weights, LAYERS, HEADS), load_encoder().tokenizer, 1)
    assert encoder.width == 2 * WIDTH
