"""Second labels and suspects: what is planted is found, and nothing is told to the annotator."""

import csv

import numpy as np
import pytest

from classifier.audit import Pair, agreement, read_second, suspects, write_blind
from classifier.corpus import GoldDocument, GoldSentence
from classifier.errors import CorpusError

LABELS = ["measure", "other", "statistic"]


def documents(n=30):
    """Documents whose sentences are labelled in turn."""
    return [
        GoldDocument(f"d{k}", "gov", "KE", "", tuple(
            GoldSentence(f"Sentence {k}.{i}", (LABELS[(k + i) % 3],), f"f.txt:{10 * k + i}")
            for i in range(3)))
        for k in range(n)
    ]


def first_labels():
    return {(d.id, i): s.labels[0] for d in documents() for i, s in enumerate(d.sentences)}


def test_a_blind_sample_holds_whole_documents_and_no_label(tmp_path):
    n = write_blind(documents(), 0.2, 0, tmp_path / "blind.csv")
    rows = list(csv.DictReader((tmp_path / "blind.csv").open(encoding="utf-8")))
    assert len(rows) == n == 18
    assert not any(row["label"] for row in rows)


def test_an_annotator_who_copies_agrees_and_one_who_guesses_does_not():
    own = {key: Pair(label) for key, label in first_labels().items()}
    assert agreement(documents(), own).kappa == 1
    rng = np.random.default_rng(0)
    guess = {key: Pair(str(rng.choice(LABELS))) for key in own}
    assert abs(agreement(documents(), guess).kappa) < 0.25


def test_kappa_is_scikit_learns():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(1)
    own = first_labels()
    second = {k: v if rng.random() < 0.7 else str(rng.choice(LABELS)) for k, v in own.items()}
    expected = cohen_kappa_score(list(own.values()), list(second.values()))
    pairs = {key: Pair(label) for key, label in second.items()}
    assert agreement(documents(), pairs).kappa == pytest.approx(expected)


def test_labels_kept_from_before_are_compared_whatever_the_corpus_says_now(tmp_path):
    path = tmp_path / "second.csv"
    path.write_text("document,index,first,label\nd0,0,other,other\nd0,1,measure,other\n"
                    "d0,2,\"statistic,other\",other\n", "utf-8")
    found = agreement(documents(), read_second(path))
    assert (found.n_sentences, round(found.same, 2), round(found.accepted, 2)) == (3, 0.33, 0.67)


@pytest.mark.parametrize("table", ["document,index\na,0\n", "document,index,label\na,x,other\n",
                                   "document,index,label\na,0,\n"])
def test_a_table_that_is_none_of_labels_says_which_row(tmp_path, table):
    path = tmp_path / "second.csv"
    path.write_text(table, "utf-8")
    with pytest.raises(CorpusError, match="row 1"):
        read_second(path)


def test_planted_errors_come_first():
    gold = documents()
    truth = np.array([LABELS.index(k) for d in gold for k in d.primary])
    proba = np.eye(3)[truth] * 0.85 + 0.05
    wrong = {4, 31, 77}
    flat = [s for d in gold for s in d.sentences]
    spoiled = [
        GoldSentence(s.text, (LABELS[(truth[i] + 1) % 3],), s.where) if i in wrong else s
        for i, s in enumerate(flat)
    ]
    one = GoldDocument("all", "gov", "KE", "", tuple(spoiled))
    found = suspects([one], proba, LABELS)
    assert {s.where for s in found} == {flat[i].where for i in wrong}
    assert all(s.other == LABELS[truth[[f.where for f in flat].index(s.where)]] for s in found)


def test_a_label_that_the_model_does_not_know_is_named():
    with pytest.raises(CorpusError, match="f.txt:2: label 'statistic' is none of"):
        suspects(documents(), np.full((90, 2), 0.5), LABELS[:2])
