"""What is written for an annotation tool comes back with the same sentences and labels."""

import json

import pytest
from click.testing import CliRunner

from classifier.cli import main
from classifier.corpus import GoldDocument, GoldSentence, load
from classifier.errors import CorpusError
from classifier.interchange import read, write

DOCUMENTS = [
    GoldDocument("a", "gov", "KE", "Ferries", (
        GoldSentence("No ferry may sail full.", ("measure", "rationale"), ""),
        GoldSentence("Two sank \U0001f6a2 in May.", ("statistic",), ""),
        GoldSentence("Owners sue.", ("criticism",), "", 1),
        GoldSentence("They may lose.", ("other",), "", 1))),
    GoldDocument("b", "news", "PE", "Smelter", (GoldSentence("It shut.", ("other",), ""),)),
]


def contents(documents):
    return [(d.id, [(s.text, s.labels, s.paragraph) for s in d.sentences]) for d in documents]


@pytest.mark.parametrize("form", ["doccano", "prodigy", "labelstudio"])
def test_labels_survive_the_journey(tmp_path, form):
    write(DOCUMENTS, tmp_path / "x", form)
    assert contents(read(tmp_path / "x", form)) == contents(DOCUMENTS)


def test_what_tools_add_is_passed_over(tmp_path):
    """Relations and choices of Label Studio, entities of doccano, answers without a span."""
    made = {
        "doccano": {"id": "a", "text": "We act.", "relations": [],
                    "entities": [{"start_offset": 0, "end_offset": 7, "label": "measure"}]},
        "labelstudio": [{"data": {"id": "a", "text": "We act."}, "annotations": [{"result": [
            {"type": "relation", "from_id": "x", "to_id": "y"},
            {"type": "choices", "value": {"choices": ["good"]}},
            {"type": "labels", "value": {"start": 0, "end": 7, "labels": ["measure"]}}]}]}],
        "prodigy": {"text": "We act.", "meta": {"id": "a"},
                    "spans": [{"start": 0, "end": 7, "label": "measure"}]},
    }
    for form, value in made.items():
        (tmp_path / "x").write_text(json.dumps(value) + "\n" + (
            '{"text": "No spans.", "answer": "accept"}\n' if form == "prodigy" else ""))
        assert contents(read(tmp_path / "x", form)) == [
            ("a", [("We act.", ("measure",), 0)])]


@pytest.mark.parametrize("spans", [[(0, 6), (6, 14)], [(0, 8), (8, 14)], [(0, 7), (7, 14)]])
def test_a_span_that_takes_in_the_blank_line_does_not_join_paragraphs(tmp_path, spans):
    """A second label need not take in as much as the first."""
    text = "A one.\n\nB two."
    labels = [[*span, "other"] for span in spans] + [[8, 14, "measure"]]
    (tmp_path / "x").write_text(json.dumps({"id": "a", "text": text, "label": labels}))
    assert contents(read(tmp_path / "x", "doccano")) == [
        ("a", [("A one.", ("other",), 0), ("B two.", ("other", "measure"), 1)])]


def test_docbin_keeps_labels_and_refuses_damage(tmp_path):
    pytest.importorskip("spacy")
    path = tmp_path / "x.spacy"
    write(DOCUMENTS, path, "docbin")
    assert contents(read(path, "docbin")) == contents(DOCUMENTS)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(CorpusError, match="not docbin"):
        read(path, "docbin")


@pytest.mark.parametrize("form, name", [("gold", "x.jsonl"), ("corpus", "x.txt")])
def test_own_formats_survive_too(tmp_path, form, name):
    write(DOCUMENTS, tmp_path / name, form)
    assert contents(load(tmp_path / name)) == contents(DOCUMENTS)


@pytest.mark.parametrize("form", ["doccano", "prodigy", "labelstudio"])
@pytest.mark.parametrize("text", ["{", "[]x", '{"id": 1}\n', "null", '[{"data": 3}]'])
def test_damaged_files_are_named(tmp_path, form, text):
    path = tmp_path / "x"
    path.write_text(text)
    with pytest.raises(CorpusError, match="x: not"):
        read(path, form)


def test_a_span_outside_its_text_is_named(tmp_path):
    path = tmp_path / "x"
    path.write_text('{"id": 1, "text": "abc", "label": [[0, 9, "other"]]}')
    with pytest.raises(CorpusError, match="span 0-9"):
        read(path, "doccano")


def test_the_command_converts(tmp_path):
    source, target = tmp_path / "x.json", tmp_path / "back.txt"
    write(DOCUMENTS, source, "labelstudio")
    command = ["convert", str(source), str(target), "--from", "labelstudio", "--to", "corpus"]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert contents(load(target)) == contents(DOCUMENTS)
