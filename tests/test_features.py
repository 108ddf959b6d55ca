"""Features as array operations equal their definition, written out slowly; models depend on it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import SentenceClassifier, load_model
from classifier.features import hash_features
from classifier.sentences import split

TEXT = Path(__file__).parent.parent.parent / "shared" / "text" / "documents.jsonl"
SPACES = "\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
P, MASK = 0x9E3779B97F4A7C15, 2**64 - 1
CASES = [
    [], [""], ["", "a", ""], ["a"], ["We act.", "", "Costs rose 4% in May.", "Why?"],
    ["Año nuevo", "ÇA VA À L’ÉCOLE", "Straße STRASSE ﬁn İstanbul"],
    ["“Curly” ‘quotes’ — dashes… and\xa0no-break\u2003spaces\u3000here\x85\u200b"],
    ["Η ΚΥΒΕΡΝΗΣΗ ΑΠΟΦΑΣΙΣΕ ΟΔΟΣ", "Правительство", "中华人民共和国 政府", "भारत सरकार", "حكومة"],
    ["\U0001f600 astral \U0001d49c letters\U0001f1eb\U0001f1f7"], ["\ud800 alone \udfff"],
    ["an end mark \x1e inside", "\x1e", "\x00\x01 controls\t\n"], ["a-b c_d e@f 1,234.56 3rd"],
    ["wordof6 longer"], ["x" * 5000],
]


def mix(value):
    return ((value ^ (value >> 31)) * 0xBF58476D1CE4E5B9) & MASK


def polynomial(data):
    return sum((byte + 1) * pow(P, i, 2**64) for i, byte in enumerate(data)) & MASK


def bucket(value, salt, n_buckets):
    value = ((value + salt) * 0x94D049BB133111EB) & MASK
    value = ((value ^ (value >> 32)) * P) & MASK
    return (value >> 33) % n_buckets


def tokens_of(text):
    """Runs of word bytes, other printable characters one by one."""
    text = "".join(" " if c in SPACES or c == "\x1e" else c for c in text.lower())
    word, tokens = b"", []
    for byte in text.encode("utf-8", "replace") + b" ":
        if byte > 127 or chr(byte).isalnum():
            word += b"0" if chr(byte).isdigit() and byte < 128 else bytes([byte])
            continue
        tokens += [word] if word else []
        tokens += [bytes([byte])] if 32 < byte < 128 else []
        word = b""
    return tokens


def slow_features(text, n_buckets):
    """The buckets of a sentence, in the order of the blocks."""
    tokens = tokens_of(text)
    words = [polynomial(token) for token in tokens]
    pairs = [(mix(a) + b) & MASK for a, b in zip(words, words[1:], strict=False)]
    triples = [(mix(ab) + c) & MASK for ab, c in zip(pairs, words[2:], strict=False)]
    long = [token for token in tokens if len(token) > 5]
    kinds = [(words, 1), (pairs, 3), (triples, 5), ([polynomial(t[:5]) for t in long], 7),
             ([polynomial(t[-4:]) for t in long], 9), (words[:1], 11)]
    return [[bucket(value, salt, n_buckets) for value in values] for values, salt in kinds]


def assert_equal_to_slow(texts, n_buckets=2**18):
    features = hash_features(texts, n_buckets)
    wanted = [slow_features(text, n_buckets) for text in texts]
    assert features.n_rows == len(texts)
    for kind, (sizes, buckets) in enumerate(features.blocks):
        assert sizes.tolist() == [len(found[kind]) for found in wanted]
        assert buckets.tolist() == [b for found in wanted for b in found[kind]]
    assert features.counts().tolist() == [sum(map(len, found)) for found in wanted]
    assert np.bincount(features.row, minlength=len(texts)).tolist() == features.counts().tolist()


@pytest.mark.parametrize("texts", CASES)
def test_features_equal_their_definition(texts):
    assert_equal_to_slow(texts)


PIECES = st.sampled_from(["a", "Ban", " ", "9", ".", "é", "Σ", "\xa0", "\u2028", "\U0001f600",
                          "\ud800", "\x1e", "\x7f", "longest", "’"])


@given(st.lists(st.lists(PIECES).map("".join) | st.text(), max_size=5))
def test_features_of_any_text_equal_their_definition(texts):
    assert_equal_to_slow(texts, 512)


def test_features_of_real_text_equal_their_definition():
    if not TEXT.is_file():
        pytest.skip("the real documents are not here")
    with TEXT.open(encoding="utf-8") as file:
        documents = [json.loads(line)["text"] for _, line in zip(range(20), file, strict=False)]
    assert_equal_to_slow([s.text for text in documents for s in split(text)])


def slow_scores(model, text):
    """Kind by kind the sum in single precision, the kinds in double."""
    total, n = np.zeros(len(model.labels)), 0
    for found in slow_features(text, len(model.weights)):
        n += len(found)
        if found:
            total += np.add.reduce(model.weights[found], axis=0)
    return total / np.sqrt(max(n, 1)) + model.bias


def test_scores_equal_a_sum_sentence_by_sentence_wherever_the_batch_is_cut(monkeypatch):
    model = load_model("fast")
    texts = [text for texts in CASES for text in texts]
    wanted = np.array([slow_scores(model, text) for text in texts])
    for piece in (1, 100, 2**17):
        monkeypatch.setattr("classifier.scoring._PIECE", piece)
        assert np.allclose(model.first_scores(texts), wanted, rtol=0, atol=1e-6)
        assert np.array_equal(
            model.first_scores(texts), np.vstack([model.first_scores([text]) for text in texts])
        )


def test_training_and_tagging_see_the_same_features():
    texts = ["We ban it.", "Prices rose 4%.", "They ban it.", "Costs rose.", ""] * 3
    estimator = SentenceClassifier(n_buckets=256)
    model = estimator.fit(texts, ["ban", "rise", "ban", "rise", "ban"] * 3).model_
    in_training = estimator._matrix(texts) @ model.weights + model.bias
    assert np.allclose(in_training, model.first_scores(texts), atol=1e-6)
