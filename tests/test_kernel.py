"""The compiled part gives what NumPy and `re` give, to the last bit, and takes any text."""

import io
import json
import mmap
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import scoring, sentences, vocabulary
from classifier.features import CLASSES, FOLD, folded
from classifier.kernel import kernel
from classifier.writers import lines

if kernel is None:
    if shutil.which("cc"):
        pytest.fail("not built, or from other code: pip install -e . builds it", pytrace=False)
    pytest.skip("there is no compiler", allow_module_level=True)

REAL = Path(__file__).parent.parent.parent / "shared" / "text" / "documents.jsonl"
WEIGHTS = np.random.default_rng(0).normal(0, 3, (256, 5)).astype(np.float32)
PIECES = [
    "The board met", "Mr", "etc", "w" * 63, "w" * 64, "w" * 65, "U.S", ".", ". ", ".\n", "...", "…",
    "… ", "?", "! ", ".)", '."', ".’ ", ". A", ". É", "É. A", ".\x1cA", ".\xa0A", ".\u2028", "\n\n",
    "\n1. ", "(a) ", "A. B. ", "5", ",", '"', "\r", "\0", "\x1e", "\x7f", "中文", "\U0001f600", "ﬁ",
    "\ud800", " ", "3.5 ", "--", "İ", "longer words ", ".A", "a.b)c.",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), TEXTS, st.binary(),
    st.floats().map(lambda value: value + 0.0),  # no share is -0.0
    st.integers(0, 10_000).map(lambda k: k / 10_000), st.sampled_from([1.0, 1e-5, 0.99995]),
)


def both(monkeypatch, module, function, *arguments):
    """With the compiled part and without it."""
    compiled = function(*arguments)
    with monkeypatch.context() as patch:
        patch.setattr(module, "kernel", None)
        return compiled, function(*arguments)


@pytest.fixture(scope="module")
def monkeypatch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=8), st.integers(1, 6))
def test_sums_of_features_are_the_same_bits(monkeypatch, texts, width):
    weights = np.ascontiguousarray(WEIGHTS[:, :width] if width < 6 else np.tile(WEIGHTS, 3))
    compiled, plain = both(monkeypatch, scoring, scoring.sum_features, texts, weights)
    assert compiled[0].tobytes() == plain[0].tobytes()
    assert compiled[1].tobytes() == plain[1].tobytes()


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 127, 128, 129, 130, 1000, 4097, 50_001])
def test_sums_of_long_sentences_are_the_same_bits(monkeypatch, n):
    text = " ".join(str(k) * (k % 9) for k in range(n)) + " end of it"
    words = " ".join(f"w{chr(97 + k % 26) * (k % 11)}" for k in range(n))
    compiled, plain = both(monkeypatch, scoring, scoring.sum_features, [text, words], WEIGHTS)
    assert compiled[0].tobytes() == plain[0].tobytes()


@settings(deadline=None)
@given(TEXTS)
def test_sentences_are_the_same(monkeypatch, text):
    compiled, plain = both(monkeypatch, sentences, sentences.pieces, text)
    assert compiled == plain


def test_sentences_of_real_documents_are_the_same(monkeypatch):
    if not REAL.is_file():
        pytest.skip("no real documents here")
    for line in REAL.read_text("utf-8").splitlines():
        text = json.loads(line)["text"]
        compiled, plain = both(monkeypatch, sentences, sentences.pieces, text)
        assert compiled == plain


@pytest.mark.parametrize("answer, error", [
    ((0, 0, True, ""), ValueError), ((3, 2, True, ""), ValueError), ((3, 99, True, ""), ValueError),
    ((2**63 - 1, 2**63 - 1, True, ""), ValueError), ((-(2**63), 3, True, ""), ValueError),
    (("3", 3, True, ""), TypeError), ((3, 3), TypeError), (None, TypeError),
])
@pytest.mark.parametrize("before", ["", "A block\n\n"])
def test_an_end_that_python_cannot_mean_is_refused(before, answer, error):
    nothing = frozenset()
    text = before + "\u4e2d. A"
    with pytest.raises(error):
        kernel.split(text, nothing, nothing, nothing, nothing, lambda *stop: answer)


@settings(deadline=None)
@given(TEXTS)
def test_unknown_words_are_the_same(monkeypatch, text):
    text += " The Ministers of the qwxzz"
    compiled, plain = both(monkeypatch, vocabulary, vocabulary.unknown_share, text)
    assert compiled == plain


def test_tables_of_words_that_do_not_fit_are_refused_or_searched_through():
    for slots in (bytearray(3), memoryview(bytearray(9))[1:]):
        with pytest.raises(ValueError):
            kernel.unknown_words(b"a ", slots, b"", bytearray(4))
    for full in (b"\xff", b"\xfe", b"\x80"):
        tables = bytearray(full * 8), b"b ", bytearray(full * 4)
        assert kernel.unknown_words(b"a b a ", *tables) == (3, 3)


@pytest.mark.skipif(sys.maxsize < 2**32 or os.name != "posix", reason="no text is as long here")
def test_a_text_whose_places_do_not_fit_the_tables_is_refused():
    with mmap.mmap(-1, 2**32) as text, pytest.raises(ValueError):  # of which no page is touched
        kernel.unknown_words(text, bytearray(8), b"", bytearray(4))


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_lines_of_csv_are_the_same(monkeypatch, columns):
    def written(columns):
        out = io.BytesIO()
        lines.CsvStream(out, [], excel=False, header=False).write(columns)
        return out.getvalue()

    compiled, plain = both(monkeypatch, lines, written, columns)
    assert compiled == plain


@pytest.mark.parametrize("change", [
    {"counts": np.zeros(2, np.int64)}, {"sums": np.zeros((2, 5))}, {"classes": b"short"},
    {"weights": WEIGHTS[:3]}, {"weights": WEIGHTS[:0]}, {"width": 0}, {"width": -1},
    {"width": 2**62}, {"sentences": []}, {"sentences": ["two", "of them"]}, {"fold": b"short"},
])
def test_sizes_that_do_not_fit_are_refused(change):
    right = {"sentences": ["a word"], "folded": folded, "fold": FOLD, "classes": CLASSES,
             "weights": WEIGHTS, "width": 5, "sums": np.zeros((1, 5)),
             "counts": np.zeros(1, np.int64)}
    kernel.sum_features(*right.values())
    with pytest.raises(ValueError):
        kernel.sum_features(*(right | change).values())


@pytest.mark.parametrize("sentence, made", [("中", None), ("中", "text"), (1, b""), (None, b"")])
def test_what_is_no_text_is_refused(sentence, made):
    arrays = WEIGHTS, 5, np.zeros((1, 5)), np.zeros(1, np.int64)
    with pytest.raises(TypeError):
        kernel.sum_features([sentence], lambda text: made, FOLD, CLASSES, *arrays)


def test_a_sentence_that_goes_while_it_is_folded_is_held():
    """On memory that is filled when it is freed, reading it would end the process."""
    code = """if True:
        import functools, operator
        import numpy as np
        from classifier.features import CLASSES, FOLD
        from classifier.kernel import kernel

        class Clears:
            def __eq__(self, other):
                sentences.clear()
                return NotImplemented  # so that the sentence is asked too

        sentences, folded = ["\u4e2d" * len(FOLD)], functools.partial(operator.eq, Clears())
        arrays = np.zeros((64, 5), np.float32), 5, np.zeros((1, 5)), np.zeros(1, np.int64)
        try:
            kernel.sum_features(sentences, folded, FOLD, CLASSES, *arrays)
        except TypeError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env=os.environ | {"PYTHONMALLOC": "debug"})
    assert done.stdout == "expected bytes, bool found\n", (done.returncode, done.stderr)


def test_columns_that_go_while_they_are_read_are_held():
    class Clears:
        def __getitem__(self, row):
            columns.clear()
            return "only" if row else "a cell"

        def __len__(self):
            return 2

    columns = [Clears(), ["other"]]
    with pytest.raises(IndexError):
        kernel.csv_lines(columns, 0, 2)
    columns = [Clears()]
    assert kernel.csv_lines(columns, 0, 1) == b"a cell\n"


def test_no_columns_have_no_lines():
    assert kernel.csv_lines([], 0, 2**62) == b""


def test_columns_of_different_length_are_refused():
    with pytest.raises(IndexError):
        lines.CsvStream(io.BytesIO(), [], excel=False, header=False).write([[1, 2], [1]])


def test_a_variable_leaves_it_out():
    code = "from classifier.kernel import kernel; print(kernel)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                         env=os.environ | {"POLICYTAG_NO_KERNEL": "1"})
    assert out.stdout.strip() == "None"
