"""Documents in, predictions out; predictions in, rows out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice, zip_longest
from operator import add
from typing import Any

import numpy as np

from classifier.document import LABELS, Document, Prediction, Sentence
from classifier.explain import explain
from classifier.scoring import Model
from classifier.sentences import pieces

_BATCH = 64
_COLUMNS = ("document", "index", "page", "paragraph", "start", "end", "text", "label", "confidence")


def columns(labels: Sequence[str]) -> list[str]:
    """The columns of a row, the model's labels among them."""
    return [*_COLUMNS, *_order(labels), "review"]


def _order(labels: Sequence[str]) -> list[str]:
    return [k for k in LABELS if k in labels] + [k for k in labels if k not in LABELS]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Documents with their sentences, one after another, and what the model says of each sentence.

    `sizes` counts the sentences of each document. `proba` holds a list a label, rounded to four
    digits; `given` the label of each sentence, `confidence` its probability.
    """

    documents: Sequence[Document]
    sizes: Sequence[int]
    texts: Sequence[str]
    starts: Sequence[int]
    paragraphs: Sequence[int]
    proba: Mapping[str, list[float]]
    given: list[str]
    confidence: list[float]
    review: list[bool]

    def parts(self) -> Iterator[tuple[Document, slice]]:
        """The documents, and where the sentences of each are."""
        ends = list(accumulate(self.sizes))
        return zip(self.documents, map(slice, [0, *ends], ends), strict=True)

    def predictions(self) -> list[Prediction]:
        """The same as values of their own."""
        sentences = map(Sentence, self.texts, self.starts, self.paragraphs)
        shares = [dict(zip(self.proba, row, strict=True))
                  for row in zip(*self.proba.values(), strict=True)]
        each = zip(sentences, self.given, shares, self.review, strict=True)
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
        predictions = labelled.predictions()
        for document, part in labelled.parts():
            yield document, predictions[part]


def label(documents: Iterable[Document], model: Model) -> Iterator[Labelled]:
    """Split and label documents, a batch at a time, without a value a sentence."""
    stream = iter(documents)
    while batch := list(islice(stream, _BATCH)):
        yield _label_batch(batch, model)


def table(labelled: Labelled) -> list[Sequence[Any]]:
    """The rows of the documents, as the columns' values."""
    names: list[str] = []
    pages: list[int | None] = []
    index: list[int] = []
    for (document, part), size in zip(labelled.parts(), labelled.sizes, strict=True):
        names += [document.id] * size
        index += range(size)
        pages += (map(document.page_of, labelled.starts[part]) if document.pages
                  else [None] * size)
    shares = [labelled.proba[name] for name in _order(list(labelled.proba))]
    return [
        names, index, pages, labelled.paragraphs, labelled.starts,
        list(map(add, labelled.starts, map(len, labelled.texts))), labelled.texts, labelled.given,
        labelled.confidence, *shares, labelled.review,
    ]


def records(labelled: Labelled, explained_by: Model | None = None) -> Iterator[dict[str, Any]]:
    """The rows of the documents, a dictionary each.

    With a model to explain by, each also has the `words` that decided, and all `parts` of the
    scores: name, start in the sentence (-1 for what is no word) and a score for each label.
    """
    names = columns(list(labelled.proba))
    why = [found for _, part in labelled.parts()
           for found in explain(explained_by, labelled.texts[part])] if explained_by else []
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


def _label_batch(batch: Sequence[Document], model: Model) -> Labelled:
    split_up = [_sentences(document) for document in batch]
    exact = model.predict_proba([texts for texts, _, _ in split_up])
    best, proba = exact.argmax(axis=1), np.round(exact, 4)
    confidence = np.take_along_axis(proba, best[:, None], axis=1)[:, 0]
    review = confidence < np.array(model.review_below)[best]
    texts, starts, paragraphs = (
        list(chain.from_iterable(column)) for column in zip(*split_up, strict=True)
    )
    return Labelled(
        batch, [len(texts) for texts, _, _ in split_up], texts, starts, paragraphs,
        dict(zip(model.labels, proba.T.tolist(), strict=True)),
        np.array(model.labels, object)[best].tolist(), confidence.tolist(), review.tolist(),
    )


def _sentences(document: Document) -> tuple[Sequence[str], Sequence[int], Sequence[int]]:
    """The sentences of the text, where they start, and the numbers of their paragraphs.

    Those that came apart are sought in the text, so offsets hold.
    """
    text = document.text
    if document.presplit is None:
        return pieces(text)
    begins, at = [], 0
    for sentence in document.presplit:
        begins.append(max(text.find(sentence, at), 0))
        at = begins[-1] + len(sentence)
    return document.presplit, begins, range(len(begins))
