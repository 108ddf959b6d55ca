"""The splitter on cases written by hand; known failures too, so that a lucky mend is noticed."""

import time
from pathlib import Path

import pytest

from classifier.sentences import split

CASES = Path(__file__).parent / "cases"


def join(marked):
    """The text of a case: a space where a boundary stands between two words."""
    parts = marked.split("|")
    text = parts[0]
    for part in parts[1:]:
        text += ("" if part[:1].isspace() else " ") + part
    return text


def load(name):
    found = []
    for line in (CASES / name).read_text("utf-8").split("\n"):
        if line and not line.startswith("#"):
            kind, marked = line.split("\t", 1)
            for code, char in (("\\n", "\n"), ("\\t", "\t"), ("\\u00a0", "\u00a0")):
                marked = marked.replace(code, char)
            found.append((kind, join(marked), [part.strip() for part in marked.split("|")]))
    return found


GOOD = load("sentences.txt")


@pytest.mark.xfail(strict=True)
@pytest.mark.parametrize("kind, text, sentences", load("sentences_known_failures.txt"))
def test_known_failure(kind, text, sentences):
    assert [s.text for s in split(text)] == sentences


HARD = [
    ".", ". ", "Mr. ", "U.S. ", "Q.W. ", "a.", "A. ", '"', '" ', '."', ".' ", "'\")", "?", "?!",
    "x", "1", "1 ", "1. ", " ", "…", "… ", "\n", "\r\n ", "\n1. ", "x.\n", "x\nY ", ". . ", "--. ",
    "(a) ", ".\u00a0", "…\u00a0", "1,-.",
]


@pytest.mark.parametrize("unit", HARD)
def test_no_text_takes_more_than_its_share_of_time(unit):
    """Twice the text takes about twice the time of this process; a hasty clock is asked again."""

    def seconds(n):
        text = unit * (n // len(unit))
        started = time.process_time()
        split(text)
        return time.process_time() - started

    split("")  # the parameters are read
    ratios = (seconds(200_000) / max(seconds(100_000), 1e-3) for _ in range(12))
    assert any(ratio < 2.5 for ratio in ratios)


def test_there_are_enough_cases():
    assert len(GOOD) >= 300


@pytest.mark.parametrize("kind, text, sentences", GOOD)
def test_case(kind, text, sentences):
    assert [s.text for s in split(text)] == sentences
