"""What users rely on: offsets, probabilities, safe model files, exit codes."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from classifier import SentenceClassifier, load_model, split
from classifier.cli import main
from classifier.corpus import load
from classifier.features import hash_features
from classifier.shipped import MODELS

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
PIECES = st.sampled_from(["Mr. ", "U.S. ", "3.5 ", "(a) ", '."', "\n", "\n\n", "Ban", " it", ". ",
                          "? ", "é", "\U0001f600", "\x00", "..."])


@given(st.lists(PIECES).map("".join) | st.text())
def test_offsets_are_exact_and_only_space_lies_between(text):
    end = 0
    for sentence in split(text):
        assert text[sentence.start : sentence.end] == sentence.text
        assert not text[end : sentence.start].strip()
        end = sentence.end
    assert not text[end:].strip()


@given(st.lists(st.text(alphabet=st.characters())))
def test_any_text_has_features_in_range(texts):
    features = hash_features(texts, 512)
    assert features.n_rows == len(texts)
    assert all(0 <= b < 512 for b in features.bucket) and all(r < len(texts) for r in features.row)


def test_features_of_a_sentence_do_not_depend_on_its_batch():
    texts = ["We act.", "Costs rose 4% in May.", "Why?"]
    batch = hash_features(texts, 4096)
    for i, text in enumerate(texts):
        alone = hash_features([text], 4096)
        assert sorted(alone.bucket) == sorted(batch.bucket[batch.row == i])


def test_probabilities_add_up_in_a_document_and_alone():
    model = load_model()
    for documents in ([["We ban it.", "It fell.", "Why?"]], [["We ban it."]], [["a"], ["b", "c"]]):
        assert np.allclose(model.predict_proba(documents).sum(axis=1), 1)


@pytest.fixture(scope="module")
def data():
    texts = ["we ban it", "they ban it", "prices rose", "costs rose"] * 5
    return texts, ["measure", "measure", "statistic", "statistic"] * 5


def test_estimator_keeps_the_contract(data):
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError
    from sklearn.model_selection import cross_val_score

    texts, labels = data
    estimator = SentenceClassifier(n_buckets=256)
    with pytest.raises(NotFittedError):
        estimator.predict(texts)
    before = estimator.get_params()
    assert estimator.fit(texts, labels) is estimator and estimator.get_params() == before
    assert list(estimator.classes_) == ["measure", "statistic"]
    proba = estimator.predict_proba(texts)
    assert np.allclose(proba.sum(axis=1), 1)
    assert list(estimator.predict(texts)) == [estimator.classes_[k] for k in proba.argmax(axis=1)]
    again = clone(estimator).fit(texts, labels)
    assert np.array_equal(again.predict_proba(texts), proba)
    assert cross_val_score(clone(estimator), texts, labels, cv=3).mean() > 0.9
    with pytest.raises(ValueError, match="only one class"):
        estimator.fit(texts, ["measure"] * len(texts))
    with pytest.raises(ValueError, match="labels"):
        estimator.fit(texts, labels[:-1])


def test_tag_goes_on_after_a_bad_file_and_says_so(tmp_path):
    out = tmp_path / "tags.csv"
    bad = tmp_path / "bad.docx"
    bad.write_text("x")
    run = CliRunner().invoke(main, ["tag", str(FIXTURES), str(bad), "-o", str(out)])
    assert run.exit_code == 3 and "failed: damaged" in run.output
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert {row["document"] for row in rows} >= {"a", "b"}
    text = (FIXTURES / "ferry_letter.txt").read_text("utf-8")
    letter = [r for r in rows if r["document"].endswith("ferry_letter.txt")]
    assert len(letter) == 5
    assert all(text[int(r["start"]) : int(r["end"])] == r["text"] for r in letter)


def test_classify_reads_standard_input_and_prints_json():
    run = CliRunner().invoke(main, ["classify", "--json"], input="The ministry has banned it.")
    row = json.loads(run.stdout)
    assert row["label"] in load_model().labels and 0 < row["confidence"] <= 1


def test_an_unknown_label_is_named_with_its_line(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("# id=a genre=gov type=letter country=XX title=T\nmesure\tWe act.\n")
    run = CliRunner().invoke(main, ["corpus", "stats", str(path)])
    assert run.exit_code == 1 and "x.txt:2: unknown label 'mesure'" in run.output


def test_the_corpus_of_the_project_loads_and_the_model_beats_the_majority():
    documents = load(ROOT / "corpus")
    assert len({d.id for d in documents}) == len(documents) >= 252
    assert (MODELS / "fast.zip").is_file()


def test_quality_floor_on_the_development_gold():
    gold = ROOT.parent / "shared" / "gold" / "dev.jsonl"
    if not gold.is_file():
        pytest.skip("the development gold is not here")
    from classifier.evaluation import evaluate

    assert evaluate(load(gold), load_model("fast")).macro_f1 >= 0.60
    assert evaluate(load(gold), load_model("encoder")).macro_f1 >= 0.70
