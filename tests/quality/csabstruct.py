"""The same pipeline on a public benchmark: sentence roles in abstracts (Cohan et al. 2019).

    python tests/quality/csabstruct.py ../shared/bench/csabstruct

Fine-tunes the encoder on the benchmark's train part with our recipe (needs policytag[encoder];
goes on where it was cut), measures it on the test part beside scikit-learn TF-IDF with
neighbouring sentences, and fills the table of README.md.
"""

import json
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from classifier.card import fill
from classifier.corpus import GoldDocument, GoldSentence
from classifier.document import LABELS
from classifier.finetune import Recipe, Tagger, example, finetune, requirements, score

ROLES = ("background", "method", "objective", "result", "other")
SLOT = dict(zip(ROLES, LABELS, strict=True))  # the network has five outputs; their names matter not
README = Path(__file__).parent.parent.parent / "README.md"


def read(path):
    """Abstracts as documents, roles in our label slots."""
    documents = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        sentences = tuple(
            GoldSentence(text, (SLOT[role],), path.name)
            for text, role in zip(row["sentences"], row["labels"], strict=True)
        )
        documents.append(GoldDocument(str(row["abstract_id"]), "abstract", "", "", sentences))
    return documents


def figures(gold, guess):
    """Accuracy and macro-F1 in percent."""
    return 100 * accuracy_score(gold, guess), 100 * f1_score(gold, guess, average="macro")


def tfidf(train, test):
    """TF-IDF of words 1-2 of a sentence and of both neighbours, with its position."""

    def columns(documents):
        own, before, after, place = [], [], [], []
        for document in documents:
            texts = document.texts
            own += texts
            before += ["", *texts[:-1]]
            after += [*texts[1:], ""]
            place += [f"p{k} q{len(texts) - k}" for k in range(len(texts))]
        return own, before, after, place

    makers = [TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True) for _ in range(4)]
    x = hstack([m.fit_transform(c) for m, c in zip(makers, columns(train), strict=True)]).tocsr()
    y = [label for d in train for label in d.primary]
    model = LogisticRegression(C=10, max_iter=1000).fit(x, y)
    x = hstack([m.transform(c) for m, c in zip(makers, columns(test), strict=True)]).tocsr()
    return model.predict(x)


@click.command()
@click.argument("bench", type=click.Path(path_type=Path, exists=True))
@click.option("--folder", type=click.Path(path_type=Path), default="build/csabstruct")
@click.option("--epochs", default=5, show_default=True)
@click.option("--readme", type=click.Path(path_type=Path), default=README)
def main(bench, folder, epochs, readme):
    """Train, measure, print, and fill the table."""
    train, dev, test = (read(bench / f"{part}.jsonl") for part in ("train", "dev", "test"))
    gold = [label for d in test for label in d.primary]
    recipe = replace(Recipe(), epochs=epochs)
    finetune(train, folder, recipe, dev)
    torch, base, tokenizer = requirements()
    network = Tagger.build(base, recipe)
    network.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    scores = score(network, [example(d, tokenizer, recipe) for d in test])
    ours = figures(gold, [LABELS[k] for k in np.argmax(scores, axis=1)])
    linear = figures(gold, tfidf(train + dev, test))
    rows = [
        "| System | Parameters | Accuracy (micro-F1) | Macro-F1 |",
        "| --- | --- | --- | --- |",
        f"| policytag encoder, our recipe, {epochs} epochs | 22M | {ours[0]:.1f} | {ours[1]:.1f} |",
        "| Cohan et al. 2019 (SciBERT), as published | 110M | 83.1 | |",
        f"| scikit-learn TF-IDF with neighbours and position | | {linear[0]:.1f} "
        f"| {linear[1]:.1f} |",
        "",
        f"n = {len(gold)} sentences of {len(test)} abstracts (test part).",
    ]
    click.echo("\n".join(rows))
    fill(readme, "csabstruct", "\n".join(rows))


if __name__ == "__main__":
    main()
