"""Why a sentence got its label: parts whose contributions add up to the score."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.encoder import EncoderModel
from classifier.features import hash_features
from classifier.scoring import FastModel, Floats, Model, context_features, sum_weights

_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Part:
    """Something that moved the scores: a word at `start`, or (start -1) what `name` says."""

    name: str
    start: int
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of a sentence's scores; `sum of parts == scores`, label by label."""

    labels: tuple[str, ...]
    scores: tuple[float, ...]
    parts: tuple[Part, ...]

    def deciding(self, label: str, n: int = 5) -> list[Part]:
        """The words that speak most for a label, against the mean of the others."""
        k = self.labels.index(label)
        words = [part for part in self.parts if part.start >= 0 and _edge(part, k) > 0]
        return sorted(words, key=lambda part: -_edge(part, k))[:n]


def _edge(part: Part, k: int) -> float:
    others = [value for i, value in enumerate(part.scores) if i != k]
    return part.scores[k] - sum(others) / len(others)


def explain(model: Model, sentences: Sequence[str]) -> list[Explanation]:
    """Explain each sentence of a document.

    >>> from classifier import load_model
    >>> model = load_model("fast")
    >>> [found] = explain(model, ["The council will close the bridge."])
    >>> sums = [sum(values) for values in zip(*(part.scores for part in found.parts))]
    >>> bool(np.allclose(sums, found.scores))
    True
    """
    if isinstance(model, FastModel):
        return _explain_fast(model, sentences)
    if isinstance(model, EncoderModel):
        return _explain_encoder(model, sentences)
    raise TypeError(f"no explanation for a {type(model).__name__}")


def _explanation(labels: Sequence[str], scores: Floats, parts: list[Part]) -> Explanation:
    return Explanation(tuple(labels), tuple(scores.tolist()), tuple(parts))


def _part(name: str, start: int, scores: NDArray[np.floating]) -> Part:
    return Part(name, start, tuple(float(value) for value in scores))


def _explain_fast(model: FastModel, sentences: Sequence[str]) -> list[Explanation]:
    """The context stage is linear in log-probabilities, and these in the words, up to a constant.

    A hashed feature is shared evenly by the words that it spans: what a word brings is the score
    of the sentence minus that of the sentence without it, scaled to what all words bring.
    """
    n = len(model.labels)
    first = model.first_scores(sentences)
    inputs = context_features(first, [len(sentences)])
    scores = inputs @ model.context_weights + model.context_bias
    own = model.context_weights[:n]
    names = ["the sentence before", "the sentence after", "the place in the document"]
    bounds = [(n, 2 * n), (2 * n, 3 * n), (3 * n, 3 * n + 4)]
    found = []
    for row, text in enumerate(sentences):
        by_word = _word_scores(model, text)
        parts = [_part(word, start, value @ own) for word, start, value in by_word]
        words = sum((value for _, _, value in by_word), np.zeros(n))
        rest = (inputs[row, :n] - words) @ own + model.context_bias
        parts.append(_part("what holds for every sentence", -1, rest))
        for name, (low, high) in zip(names, bounds, strict=True):
            value = inputs[row, low:high] @ model.context_weights[low:high]
            parts.append(_part(name, -1, value))
        found.append(_explanation(model.labels, scores[row], parts))
    return found


def _word_scores(model: FastModel, text: str) -> list[tuple[str, int, Floats]]:
    words = [(m.group(), m.start()) for m in _WORD.finditer(text)]
    variants = [text] + [text[:start] + " " + text[start + len(w) :] for w, start in words]
    scores = _raw_scores(model, variants)
    drops = scores[0] - scores[1:]
    total = drops.sum(axis=0)
    # Scaled, label by label, so that the words add up to what the sentence's features say.
    scale = np.where(np.abs(total) > 1e-9, scores[0] / np.where(total == 0, 1, total), 0)
    if len(words) and np.abs(scale).max() <= 5:
        drops = drops * scale
    else:
        drops = drops + (scores[0] - total) / max(len(words), 1)
    return [(w, start, drop) for (w, start), drop in zip(words, drops, strict=True)]


def _raw_scores(model: FastModel, texts: Sequence[str]) -> Floats:
    """First-stage scores without bias or normalisation by length of the variants."""
    features = hash_features(texts, len(model.weights))
    length = max(int(features.counts()[0]), 1)
    return sum_weights(features, model.weights) / np.sqrt(length)


def _explain_encoder(model: EncoderModel, sentences: Sequence[str]) -> list[Explanation]:
    """A sentence's vector is a mean over its tokens, so the head's score splits by token."""
    half = len(model.weights) // 2
    mean_weights, separator_weights = model.weights[:half], model.weights[half:]
    found = []
    for text, states in zip(sentences, model.encoder.states(sentences), strict=True):
        parts = []
        share = states.tokens.astype(np.float64) @ mean_weights / max(len(states.tokens), 1)
        for start, end, rows in states.words:
            parts.append(_part(text[start:end], start, share[rows].sum(axis=0)))
        parts.append(_part("the sentence as a whole", -1, states.separator @ separator_weights))
        parts.append(_part("what holds for every sentence", -1, model.bias))
        scores = np.sum([part.scores for part in parts], axis=0)
        found.append(_explanation(model.labels, scores, parts))
    return found
