"""Documents in, predictions out; predictions in, rows out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from classifier.document import LABELS, Document, Prediction, Sentence
from classifier.explain import explain
from classifier.scoring import Model
from classifier.sentences import split

_BATCH = 64
_COLUMNS = ("document", "index", "page", "paragraph", "start", "end", "text", "label", "confidence")


def columns(labels: Sequence[str]) -> list[str]:
    """The columns of a row, the model's labels among them."""
    order = [k for k in LABELS if k in labels] + [k for k in labels if k not in LABELS]
    return [*_COLUMNS, *order, "review"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document with its sentences, and the rows of their probabilities.

    Probabilities are rounded to four digits; `best` is the column of the label given.
    """

    document: Document
    sentences: Sequence[Sentence]
    labels: tuple[str, ...]
    proba: list[list[float]]
    best: list[int]
    review_below: tuple[float, ...]

    def predictions(self) -> list[Prediction]:
        """The same as values of their own."""
        return [
            Prediction(
                sentence, self.labels[best], dict(zip(self.labels, proba, strict=True)),
                proba[best] < self.review_below[best],
            )
            for sentence, proba, best in zip(self.sentences, self.proba, self.best, strict=True)
        ]


def tag(
    documents: Iterable[Document], model: Model
) -> Iterator[tuple[Document, list[Prediction]]]:
    """Split and label documents, a batch at a time.

    >>> from classifier import Document, load_model
    >>> [(document, predictions)] = tag([Document("a", "We ban it. It fell.")], load_model("fast"))
    >>> len(predictions)
    2
    """
    for labelled in label(documents, model):
        yield labelled.document, labelled.predictions()


def label(documents: Iterable[Document], model: Model) -> Iterator[Labelled]:
    """Split and label documents, a batch at a time, without a value a sentence."""
    stream = iter(documents)
    while batch := list(islice(stream, _BATCH)):
        yield from _label_batch(batch, model)


def rows(labelled: Labelled, explained_by: Model | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a document, as the columns name them.

    With a model to explain by, each also has the `words` that decided, and all `parts` of the
    scores: name, start in the sentence (-1 for what is no word) and a score for each label.
    """
    document, names, review_below = labelled.document, labelled.labels, labelled.review_below
    why = explain(explained_by, [s.text for s in labelled.sentences]) if explained_by else None
    each = zip(labelled.sentences, labelled.proba, labelled.best, strict=True)
    for index, (sentence, proba, best) in enumerate(each):
        row = {
            "document": document.id, "index": index, "page": document.page_of(sentence.start),
            "paragraph": sentence.paragraph, "start": sentence.start, "end": sentence.end,
            "text": sentence.text, "label": names[best], "confidence": proba[best],
        }
        row.update(zip(names, proba, strict=True))
        row["review"] = proba[best] < review_below[best]
        if why:
            row["words"] = [part.name for part in why[index].deciding(names[best])]
            row["parts"] = [
                {"name": part.name, "start": part.start,
                 "scores": {k: round(v, 4) for k, v in zip(names, part.scores, strict=True)}}
                for part in why[index].parts
            ]
        yield row


def _label_batch(batch: Sequence[Document], model: Model) -> Iterator[Labelled]:
    split_up = [_sentences(document) for document in batch]
    proba = model.predict_proba([[s.text for s in group] for group in split_up])
    table, best = np.round(proba, 4).tolist(), proba.argmax(axis=1).tolist()
    row = 0
    for document, group in zip(batch, split_up, strict=True):
        end = row + len(group)
        yield Labelled(
            document, group, model.labels, table[row:end], best[row:end], model.review_below
        )
        row = end


def _sentences(document: Document) -> list[Sentence]:
    """The sentences of the text; those that came apart are sought in it, so offsets hold."""
    if document.presplit is None:
        return split(document.text)
    found, at = [], 0
    for index, text in enumerate(document.presplit):
        start = max(document.text.find(text, at), 0)
        found.append(Sentence(text, start, index))
        at = start + len(text)
    return found
