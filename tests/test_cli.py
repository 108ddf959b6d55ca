"""Wrong usage and what cannot be read end in one line and an exit code."""

import pytest
from click.testing import CliRunner
from makers import pdf

from classifier import load_model
from classifier.cli import main
from classifier.corpus import load

GOLD = '{"id": "a", "sentences": [{"text": "We ban it.", "labels": ["measure"]}]}\n'


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("We act.")
    (tmp_path / "gold.jsonl").write_text(GOLD)
    (tmp_path / "scan.pdf").write_bytes(pdf([[]]))
    return lambda line: CliRunner().invoke(main, line.split())


@pytest.mark.parametrize(("line", "code", "words"), [
    ("tag a.txt -o no/t.csv --model fast", 1, "no/t.csv: there is no folder no"),
    ("tag a.txt -o t.tsv --model fast", 1, "t.tsv: no writer for '.tsv'"),
    ("tag a.txt -o t.csv --report no/r.html --model fast", 1, "no/r.html: there is no folder"),
    ("tag nosuch -o t.csv --model fast --workers 1", 3, "nosuch: failed: No such file"),
    ("classify -f scan.pdf --model fast", 3, "scan.pdf: no_text_layer"),
    ("evaluate gold.jsonl --json no/f.json --model fast", 1, "no/f.json: No such file"),
    ("evaluate gold.jsonl --split nosuch --model fast", 1, "no documents in split nosuch"),
    ("evaluate gold.jsonl --cv 2 --model mine.zip", 1, "mine.zip: cannot be trained"),
])
def test_what_is_wrong_is_said_in_a_line(invoke, line, code, words):
    result = invoke(line)
    assert result.exit_code == code and words in result.output
    assert "Traceback" not in result.output


def test_own_labels_come_from_spreadsheets(tmp_path):
    """Semicolons, Windows letters, and rows of a document that are not side by side."""
    path = tmp_path / "labels.csv"
    path.write_bytes("text;label;document\nCafé 1;yes;a\nTwo;no;b\nThree;no ;a\n".encode("cp1252"))
    found = load(path, labels=None)
    assert [(d.id, d.texts, d.primary) for d in found] == [
        ("a", ["Café 1", "Three"], ["yes", "no"]), ("b", ["Two"], ["no"])]


def test_line_separators_inside_a_text_end_no_row(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text(GOLD.replace("ban it", "ban\u2028it\x85"), "utf-8")
    assert load(path)[0].texts == ["We ban\u2028it\x85."]


def test_more_labelled_documents_are_learned_too(tmp_path):
    for name, labels in (("one", "ab"), ("two", "bc")):
        rows = [f"{name}{d},The {k} of {name} is number {d}.,{k}" for d in range(4) for k in labels]
        (tmp_path / f"{name}.csv").write_text("document,text,label\n" + "\n".join(rows), "utf-8")
    done = CliRunner().invoke(main, [
        "train", str(tmp_path / "one.csv"), "--also", str(tmp_path / "two.csv"),
        "--kind", "fast", "-o", str(tmp_path / "m.zip")])
    assert done.exit_code == 0, done.output
    assert list(load_model(str(tmp_path / "m.zip")).labels) == ["a", "b", "c"]
