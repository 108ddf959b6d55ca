"""What is measured is true: thresholds reach their precision, curves nest, pages are safe."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

from classifier import load_model
from classifier.cli import main
from classifier.corpus import GoldDocument, GoldSentence, load
from classifier.errors import CorpusError
from classifier.evaluation import evaluate_proba, thresholds
from classifier.evaluation_report import page
from classifier.training import fit_fast
from classifier.validation import learning_curve

LABELS = ["a", "b"]


def gold(n_documents, labels, text="Some text of it."):
    """Documents whose sentences have the given labels, over and over."""
    sentences = tuple(GoldSentence(f"{text} {k}", (label,), "here") for k, label in
                      enumerate(labels))
    return [GoldDocument(f"d{i}", "gov", "XX", "t", sentences) for i in range(n_documents)]


def probabilities(seed, n):
    """Two-label probabilities of any confidence."""
    share = np.random.default_rng(seed).random(n)
    return np.column_stack([share, 1 - share])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("target", [0.6, 0.9])
def test_from_the_threshold_on_the_precision_is_reached(seed, target):
    documents = gold(20, "aabab")
    proba = probabilities(seed, 100)
    labels = np.array([s for d in documents for s in d.primary])
    for k, threshold in enumerate(thresholds(documents, proba, LABELS, target)):
        kept = (proba.argmax(axis=1) == k) & (proba.max(axis=1) >= threshold)
        assert not kept.any() or (labels[kept] == LABELS[k]).mean() >= target


def test_perfect_and_worst_probabilities_have_the_figures_they_must():
    documents = gold(3, "abab")
    right = np.array([[1, 0], [0, 1]] * 6, float)
    perfect, worst = (evaluate_proba(documents, p, LABELS) for p in (right, 1 - right))
    assert (perfect.macro_f1, perfect.interval, perfect.calibration_error) == (1, (1, 1), 0)
    assert (worst.macro_f1, worst.accuracy, worst.calibration_error) == (0, 0, 1)


def test_labels_of_the_gold_that_the_model_does_not_know_count_as_never_found():
    documents = gold(3, "abc")
    proba = np.array([[1, 0], [0, 1], [1, 0]] * 3, float)
    found = evaluate_proba(documents, proba, LABELS)
    assert (found.labels["c"].support, found.labels["c"].f1) == (3, 0)
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 + 0) / 3)
    shown = re.sub(r"<[^>]*>", " ", page(documents, proba, LABELS, title="t", model="m"))
    assert "Gold ↓ given → a b c a 3 0 0 b 0 3 0 c 3 0 0" in " ".join(shown.split())


def test_more_documents_of_the_same_kind_never_shrink_the_curve_s_parts():
    documents = gold(12, "ab", "The council") + gold(12, "ab", "The river")
    curve = learning_curve(documents, documents[:4], fit_fast, (0.2, 0.5, 1.0))
    sizes = [point.n_documents for point in curve]
    assert sizes == sorted(sizes) and sizes[-1] == len(documents)


class Tags(HTMLParser):
    """The elements of a page."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_shows_text_and_runs_none():
    hostile = "</p><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
    plain, bad = gold(3, "ab"), gold(3, "ab", hostile)
    wrong = np.array([[0.1, 0.9], [0.9, 0.1]] * 3)
    pages = [page(d, wrong, LABELS, title=d[0].sentences[0].text, model=hostile)
             for d in (plain, bad)]
    assert [t for t, _ in Tags(pages[0]).found] == [t for t, _ in Tags(pages[1]).found]
    assert "script" not in {t for t, _ in Tags(pages[1]).found}
    for _, attrs in Tags(pages[1]).found:
        assert not any(key.startswith("on") or key in ("src", "href") for key in attrs)


def test_the_command_writes_page_figures_and_a_model_with_thresholds(tmp_path):
    file = tmp_path / "gold.jsonl"
    sentences = [{"text": "We ban it now.", "labels": ["measure"]},
                 {"text": "Prices rose by 4%.", "labels": ["statistic"]}] * 12
    file.write_text("".join(
        json.dumps({"id": f"d{i}", "genre": "gov", "country": "XX", "title": "t",
                    "sentences": sentences}) + "\n" for i in range(3)), "utf-8")
    model, html = tmp_path / "mine.zip", tmp_path / "page.html"
    done = CliRunner().invoke(main, [
        "evaluate", str(file), "--model", "fast", "--report", str(html), "--target-precision",
        "0.5", "--save", str(model), "--json", str(tmp_path / "f.json")])
    assert done.exit_code == 0, done.output
    documents = load(file, labels=None)
    shipped, mine = load_model("fast"), load_model(model)
    proba = shipped.predict_proba([d.texts for d in documents])
    assert mine.review_below == thresholds(documents, proba, shipped.labels, 0.5)
    assert np.array_equal(proba, mine.predict_proba([d.texts for d in documents]))
    assert "macro-F1" in html.read_text("utf-8")
    assert json.loads((tmp_path / "f.json").read_text("utf-8"))["n_documents"] == 3


def test_a_paragraph_without_bounds_is_an_error(tmp_path):
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"id": "a", "sentences": [{"text": "t", "labels": ["x"], "par": Infinity}]}')
    with pytest.raises(CorpusError, match="gold.jsonl:1: not a gold document"):
        load(gold)
