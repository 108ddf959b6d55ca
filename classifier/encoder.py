"""The encoder model at tagging time: a vector a sentence, read in its document, and a head."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ModelError
from classifier.scoring import Floats, softmax
from classifier.windows import Packed, Window, pack, windows

_CLS, _SEP = 101, 102
# onnxruntime 1.32: the fused node takes seven times as long as the two that it stands for
_SLOW = ["SkipLayerNormFusion"]


@dataclass(frozen=True, slots=True)
class Encoder:
    """An ONNX session and its tokenizer; `onnx` and `tokenizer` are the bytes they came from."""

    onnx: bytes
    tokenizer: bytes
    _session: Any
    _tokenize: Any

    @classmethod
    def build(cls, onnx: bytes, tokenizer: bytes, n_threads: int = 0) -> "Encoder":
        """Start a session; `n_threads` 0 takes all cores.

        Raises:
            ModelError: the bytes are no such model, or name data outside of them.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        if b"external_data" in onnx or b"location" in onnx:
            raise ModelError("encoder: the ONNX part names other files (export it in one)")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.log_severity_level = 4
        try:
            session = onnxruntime.InferenceSession(
                onnx, options, ["CPUExecutionProvider"], disabled_optimizers=_SLOW)
            tokenize = Tokenizer.from_buffer(tokenizer)
        except Exception as error:  # both libraries raise bare Exceptions of their own
            raise ModelError(f"encoder: not a model ({str(error)[:200]})") from error
        tokenize.no_padding()
        tokenize.no_truncation()
        names = [node.name for node in session.get_inputs()]
        if names != ["input_ids"]:
            raise ModelError(f"encoder: takes {names} (input_ids would work)")
        if len(session.get_outputs()) != 1:
            raise ModelError("encoder: gives more than one array (the states would work)")
        return cls(onnx, tokenizer, session, tokenize)

    @property
    def width(self) -> int:
        """Numbers in a sentence's vector."""
        return 2 * int(self._session.get_outputs()[0].shape[-1])

    def vectors(self, documents: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Vectors of all sentences, in order, (n_sentences, 2 * width).

        A vector is the mean of the sentence's token states, then its separator's state.
        """
        texts = [text for document in documents for text in document]
        tokens = [e.ids for e in self._tokenize.encode_batch(texts, add_special_tokens=False)]
        out = np.zeros((len(texts), self.width), np.float32)
        for window, packed, states in self._read(tokens, [len(d) for d in documents]):
            kept = slice(window.keep_first - window.first, window.keep_last - window.first)
            out[window.keep_first : window.keep_last] = _pool(states, packed)[kept]
        return out

    def states(self, sentences: Sequence[str]) -> list["TokenStates"]:
        """What the encoder made of each token of a document's sentences."""
        encoded = self._tokenize.encode_batch(list(sentences), add_special_tokens=False)
        found: list[TokenStates | None] = [None] * len(encoded)
        for window, packed, states in self._read([e.ids for e in encoded], [len(encoded)]):
            for index in range(window.keep_first, window.keep_last):
                start, end = packed.starts[index - window.first], packed.ends[index - window.first]
                words = _words(encoded[index].word_ids, encoded[index].offsets, int(end - start))
                found[index] = TokenStates(states[start:end], states[end], words)
        return [item for item in found if item is not None]

    def _read(
        self, tokens: list[list[int]], sizes: list[int]
    ) -> Iterator[tuple[Window, Packed, NDArray[np.float32]]]:
        """Run the session over all windows, one at a time.

        The scales of int8 span all that is read at once, so windows read together would change
        each other's labels; on a processor, whose cache a window fills, they would be slower too.
        """
        for window, packed in _jobs(tokens, sizes):
            inputs = {"input_ids": packed.ids[None]}
            yield window, packed, self._session.run(None, inputs)[0][0]


@dataclass(frozen=True, slots=True)
class TokenStates:
    """A sentence's token states (n_tokens, width), its separator's, and its words.

    A word is (start, end, slice of tokens), with offsets in the sentence.
    """

    tokens: NDArray[np.float32]
    separator: NDArray[np.float32]
    words: list[tuple[int, int, slice]]


def _words(
    word_ids: list[int | None], offsets: list[tuple[int, int]], n_tokens: int
) -> list[tuple[int, int, slice]]:
    words: list[tuple[int, int, slice]] = []
    begin = 0
    for token in range(1, n_tokens + 1):
        if token == n_tokens or word_ids[token] != word_ids[begin]:
            words.append((offsets[begin][0], offsets[token - 1][1], slice(begin, token)))
            begin = token
    return words


def _jobs(tokens: list[list[int]], sizes: list[int]) -> Iterator[tuple[Window, Packed]]:
    """Windows of all documents; their bounds count sentences over the whole batch."""
    base = 0
    for size in sizes:
        for w in windows([len(t) for t in tokens[base : base + size]]):
            moved = Window(base + w.first, base + w.last, base + w.keep_first, base + w.keep_last)
            yield moved, pack(tokens[moved.first : moved.last], _CLS, _SEP)
        base += size


def _pool(states: NDArray[np.float32], packed: Packed) -> NDArray[np.float32]:
    sums = np.concatenate([np.zeros_like(states[:1]), np.cumsum(states, axis=0)])
    sizes = np.maximum(packed.ends - packed.starts, 1)[:, None]
    means = (sums[packed.ends] - sums[packed.starts]) / sizes
    return np.hstack([means, states[packed.ends]]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class EncoderModel:
    """The encoder and a linear head over its vectors.

    `weights` is (2 * width, n_labels), `bias` (n_labels,).
    """

    labels: tuple[str, ...]
    encoder: Encoder
    weights: NDArray[np.float32]
    bias: NDArray[np.float64]
    temperature: float
    review_below: tuple[float, ...]

    def decision_function(self, documents: Sequence[Sequence[str]]) -> Floats:
        """Scores of every sentence of the documents, in order, (n_sentences, n_labels)."""
        return self.encoder.vectors(documents) @ self.weights.astype(np.float64) + self.bias

    def predict_proba(self, documents: Sequence[Sequence[str]]) -> Floats:
        """Calibrated probabilities, (n_sentences, n_labels); rows add up to 1."""
        return softmax(self.decision_function(documents) / self.temperature)
