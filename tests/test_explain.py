"""What an explanation says adds up to what the model said."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from classifier import load_model
from classifier.cli import main
from classifier.corpus import load
from classifier.explain import explain
from classifier.splits import select

ROOT = Path(__file__).parent.parent
GOLD = ROOT.parent / "shared" / "gold" / "dev.jsonl"


def documents():
    """The development gold where it is present, else a part of the corpus."""
    return load(GOLD) if GOLD.is_file() else select(load(ROOT / "corpus"), "test")


def sums(explanation):
    return np.sum([part.scores for part in explanation.parts], axis=0)


def test_contributions_add_up_to_the_fast_model_s_scores():
    model = load_model("fast")
    for document in documents():
        scores = model.decision_function([document.texts])
        for row, why in zip(scores, explain(model, document.texts), strict=True):
            assert np.allclose(sums(why), row, atol=1e-6)


def test_contributions_add_up_to_the_encoder_s_scores():
    model = load_model("encoder")
    worst = 0.0
    for document in documents():
        scores = model.decision_function([document.texts])
        found = explain(model, document.texts)
        assert len(found) == len(scores)
        for row, why in zip(scores, found, strict=True):
            worst = max(worst, float(np.abs(sums(why) - row).max()))
    assert worst < 1e-3


@pytest.mark.parametrize("name", ["fast", "encoder"])
def test_parts_that_are_words_stand_in_the_sentence(name):
    text = "The ministry 𝔹 has banned the sale of kerosene; traders object."
    [why] = explain(load_model(name), [text])
    words = [part for part in why.parts if part.start >= 0]
    assert words
    assert all(text[p.start : p.start + len(p.name)] == p.name for p in words)
    assert {p.name for p in why.deciding("measure")} <= {p.name for p in words}


def test_the_command_shows_words_and_all_parts():
    text = "The ministry has banned the sale of kerosene."
    shown = CliRunner().invoke(main, ["classify", "--explain", "--model", "fast", text]).stdout
    told = CliRunner().invoke(
        main, ["classify", "--explain", "--json", "--model", "fast", text]).stdout
    row = json.loads(told)
    assert row["words"] and all(word in shown for word in row["words"])
    assert set(row["parts"][0]["scores"]) == set(load_model("fast").labels)
