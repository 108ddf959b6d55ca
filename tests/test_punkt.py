"""Punkt's decisions are NLTK's: the same parameters, the same text, the same spans."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sentences import load

from classifier.abbreviations import NEVER_LAST, ORDINARY, REVIEWED
from classifier.errors import ModelError
from classifier.layout import blocks
from classifier.punkt import AT_CANDIDATE, Punkt, end_and_next
from classifier.sentences import RULES, decisions, split
from classifier.shipped import MODELS

pytest.importorskip("nltk", minversion="3.10.4")  # older ones know no curly quotes
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer  # noqa: E402

TEXT = Path(__file__).parent.parent.parent / "shared" / "text" / "documents.jsonl"
PUNKT = Punkt.load(MODELS / "punkt.json")
# NLTK takes the characters U+001C to U+001F for space in some versions and not in others, and
# marks and numerals like ½ for letters
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "M", "N"]), max_size=20)
PIECES = (
    "mr Mr. U.S. u.s 5. 3.1 . .. ... ? ! ?! \" ' ) ( ] “ ” ’ « » - -- , ; : the The Nobody he. "
    "He J. v. p. a b. x-mr. etc. … * @ { } [ & # ` 1, -5. nothing Nothing comments r. araneta "
    "Araneta (a) \xe9. \xc9".split() + [" ", " ", " ", "\n", "\t", "\xa0", "\u2003", "\x85"]
)
MADE = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def nltk_of(punkt):
    """NLTK's tokenizer with our parameters."""
    parameters = PunktParameters()
    parameters.abbrev_types = set(punkt.abbreviations)
    parameters.collocations = set(punkt.collocations)
    parameters.sent_starters = set(punkt.starters)
    parameters.ortho_context.update(punkt.contexts)
    return PunktSentenceTokenizer(parameters)


NLTK = nltk_of(PUNKT)


def spans(text):
    """What Punkt alone makes of a text without space around it."""
    found, start, previous = [], 0, 0
    for match in re.finditer(rf"[.?!]{AT_CANDIDATE}", text):
        if PUNKT.ends_sentence(text, previous, match.start()):
            end, following = end_and_next(text, match.start())
            found.append((start, end))
            start = following
        previous = match.start()
    return [*found, (start, len(text))] if start < len(text) else found


def texts_of_shared():
    """Real documents, where they are at hand."""
    if not TEXT.is_file():
        pytest.skip("no real documents here")
    return [json.loads(line)["text"].strip() for line in TEXT.open(encoding="utf-8")]


@settings(max_examples=500, deadline=None)
@given(MADE | TEXTS)
def test_random_text_is_split_as_nltk_does(text):
    text = text.strip()
    assert spans(text) == list(NLTK.span_tokenize(text))


def test_real_documents_are_split_as_nltk_does():
    for text in texts_of_shared():
        assert spans(text) == list(NLTK.span_tokenize(text))


def check_rules_alone_differ(text):
    """In each block, we differ from NLTK at most where a rule has a name."""
    for start, end, _ in blocks(text):
        block = text[start:end]
        theirs = {part.stop - 1 for part in NLTK._slices_from_text(block)}
        found = list(decisions(block, PUNKT))
        assert theirs <= {stop for stop, *_ in found} | {end - start - 1}
        for stop, _, _, is_end, rule in found:
            assert rule in RULES if rule else is_end == (stop in theirs)


@settings(max_examples=300, deadline=None)
@given(MADE | TEXTS)
def test_sentences_are_where_they_say_and_miss_nothing(text):
    end = 0
    for sentence in split(text):
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip() != ""
        assert not text[end : sentence.start].strip()
        end = sentence.end
    assert not text[end:].strip()


@settings(max_examples=300, deadline=None)
@given(MADE)
def test_in_random_text_only_named_rules_differ_from_nltk(text):
    check_rules_alone_differ(text)


def test_in_real_documents_only_named_rules_differ_from_nltk():
    for text in texts_of_shared():
        check_rules_alone_differ(text)


def test_without_a_rule_our_sentences_are_nltks():
    """Closing marks stay with their sentence, as they do there."""
    text = 'He (a clerk) saw it. “We act.” That was in May. Who pays? (Nobody did.) So "be it."'
    assert not any(rule for *_, rule in decisions(text, PUNKT))
    assert [(s.start, s.end) for s in split(text)] == list(NLTK.span_tokenize(text))


def test_other_parameters_decide_otherwise():
    other = Punkt(frozenset(["bungo"]), frozenset(), frozenset(), {})
    text = "He met the old bungo. Then he left the town. So it was."
    assert [is_end for *_, is_end, _ in decisions(text, other)] == [
        other.ends_sentence(text, 0, 20), True]
    assert [is_end for *_, is_end, _ in decisions(text, PUNKT)] == [True, True]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_mends_what_punkt_gets_wrong(rule):
    cases = [case for case in load("rules.txt") if case[0] == rule]
    assert len(cases) >= 2
    for _, text, sentences in cases:
        assert [s.text for s in split(text)] == sentences
        assert rule in {name for *_, name in decisions(text, PUNKT)}
    # what Punkt has learned changes with the corpus: not every case needs its rule for ever
    assert any(list(NLTK.tokenize(text)) != sentences for _, text, sentences in cases)


def test_the_shipped_parameters_hold_the_reviewed_list():
    assert NEVER_LAST < REVIEWED <= PUNKT.abbreviations
    assert not ORDINARY & (PUNKT.abbreviations | REVIEWED)


def test_parameters_survive_saving(tmp_path):
    PUNKT.save(tmp_path / "punkt.json")
    assert Punkt.load(tmp_path / "punkt.json") == PUNKT
    assert (tmp_path / "punkt.json").read_bytes() == (MODELS / "punkt.json").read_bytes()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"abbreviations": 1}', None])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "punkt.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(ModelError, match=r"punkt\.json: .*--punkt"):
        Punkt.load(path)
