"""Documents in, predictions out; predictions in, rows out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from operator import add
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
    return [*_COLUMNS, *_order(labels), "review"]


def _order(labels: Sequence[str]) -> list[str]:
    return [k for k in LABELS if k in labels] + [k for k in labels if k not in LABELS]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document with its sentences, and what the model says of each.

    `proba` holds a list a label, rounded to four digits; `given` the label of each sentence,
    `confidence` its probability.
    """

    document: Document
    sentences: Sequence[Sentence]
    proba: Mapping[str, list[float]]
    given: list[str]
    confidence: list[float]
    review: list[bool]

    def predictions(self) -> list[Prediction]:
        """The same as values of their own."""
        shares = [dict(zip(self.proba, row, strict=True))
                  for row in zip(*self.proba.values(), strict=True)]
        each = zip(self.sentences, self.given, shares, self.review, strict=True)
        return [Prediction(*values) for values in each]


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


def table(labelled: Labelled) -> list[Sequence[Any]]:
    """The rows of a document, as the columns' values."""
    document, sentences = labelled.document, labelled.sentences
    starts = [sentence.start for sentence in sentences]
    texts = [sentence.text for sentence in sentences]
    shares = [labelled.proba[name] for name in _order(list(labelled.proba))]
    return [
        [document.id] * len(texts), range(len(texts)), list(map(document.page_of, starts)),
        [sentence.paragraph for sentence in sentences], starts,
        list(map(add, starts, map(len, texts))), texts, labelled.given, labelled.confidence,
        *shares, labelled.review,
    ]


def records(labelled: Labelled, explained_by: Model | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a document, a dictionary each.

    With a model to explain by, each also has the `words` that decided, and all `parts` of the
    scores: name, start in the sentence (-1 for what is no word) and a score for each label.
    """
    names = columns(list(labelled.proba))
    why = explain(explained_by, [s.text for s in labelled.sentences]) if explained_by else []
    for values, found in zip_longest(zip(*table(labelled), strict=True), why):
        row = dict(zip(names, values, strict=True))
        if found:
            row["words"] = [part.name for part in found.deciding(row["label"])]
            row["parts"] = [
                {"name": part.name, "start": part.start,
                 "scores": {k: round(v, 4) for k, v in zip(found.labels, part.scores, strict=True)}}
                for part in found.parts
            ]
        yield row


def _label_batch(batch: Sequence[Document], model: Model) -> Iterator[Labelled]:
    split_up = [_sentences(document) for document in batch]
    exact = model.predict_proba([[s.text for s in group] for group in split_up])
    best, proba = exact.argmax(axis=1), np.round(exact, 4)
    confidence = np.take_along_axis(proba, best[:, None], axis=1)[:, 0]
    review = confidence < np.array(model.review_below)[best]
    given = np.array(model.labels, object)[best]
    end = 0
    for document, group in zip(batch, split_up, strict=True):
        part = slice(end, end := end + len(group))
        yield Labelled(
            document, group, dict(zip(model.labels, proba[part].T.tolist(), strict=True)),
            given[part].tolist(), confidence[part].tolist(), review[part].tolist(),
        )


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
