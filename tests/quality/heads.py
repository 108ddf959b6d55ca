"""How few labels a model of your own needs: a head on the encoder beside TF-IDF.

    python tests/quality/heads.py ../shared/bench/csabstruct --gold ../shared/gold/dev.jsonl

Trains on growing parts, by document, of two label sets: the roles of CSAbstruct, which the encoder
has never seen, and our own labels (our corpus, measured on the gold). Fills the table of
models/README.md.
"""

import json
from pathlib import Path

import click
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

from classifier.artifact import load_encoder
from classifier.card import fill
from classifier.corpus import GoldDocument, GoldSentence, load
from classifier.head import HeadTrainer
from classifier.splits import select

ROOT = Path(__file__).parent.parent.parent
SIZES = (100, 200, 500, 1000, 2000, 4000)


def read(path):
    """Abstracts as documents."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        GoldDocument(str(row["abstract_id"]), "", "", "", tuple(
            GoldSentence(text, (role,), path.name)
            for text, role in zip(row["sentences"], row["labels"], strict=True)))
        for row in rows
    ]


def parts(documents):
    """Nested parts of documents, shuffled once, of about so many sentences."""
    order = np.random.default_rng(0).permutation(len(documents))
    sizes = np.cumsum([len(documents[i].sentences) for i in order])
    for size in SIZES:
        if size <= sizes[-1]:
            yield size, [documents[i] for i in order[: int(np.searchsorted(sizes, size)) + 1]]


def macro_f1(gold, guess):
    """Macro-F1 over the labels of the gold."""
    return f1_score([k for d in gold for k in d.primary], guess, average="macro")


def curve(train, test, heads):
    """(sentences, macro-F1 of the head, of TF-IDF) for each part."""
    vectors = np.concatenate([heads.vectors_of(d) for d in test])
    for size, part in parts(train):
        head = heads.fit(part)
        best = (vectors @ head.weights + head.bias).argmax(axis=1)
        texts, labels = [s.text for d in part for s in d.sentences], [k for d in part
                                                                      for k in d.primary]
        linear = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            LogisticRegression(C=10, max_iter=1000, class_weight="balanced"),
        ).fit(texts, labels)
        guess = linear.predict([s.text for d in test for s in d.sentences])
        yield size, macro_f1(test, [head.labels[k] for k in best]), macro_f1(test, guess)


@click.command()
@click.argument("bench", type=click.Path(path_type=Path, exists=True))
@click.option("--gold", type=click.Path(path_type=Path, exists=True), required=True)
def main(bench, gold):
    """Measure, print, and fill the table."""
    heads = HeadTrainer(load_encoder())
    sets = {
        "CSAbstruct": (read(bench / "train.jsonl"), read(bench / "test.jsonl")),
        "our labels": (select(load(ROOT / "corpus"), "train", "dev"), load(gold)),
    }
    rows = ["| Labels | Sentences | Head on the encoder | TF-IDF + logistic regression |",
            "| --- | --- | --- | --- |"]
    for name, (train, test) in sets.items():
        for size, ours, linear in curve(train, test, heads):
            rows.append(f"| {name} | {size:,} | {ours:.3f} | {linear:.3f} |")
    click.echo("\n".join(rows))
    fill(ROOT / "models" / "README.md", "heads", "\n".join(rows))


if __name__ == "__main__":
    main()
