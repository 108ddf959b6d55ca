"""Documents in, predictions out."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

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


def tag(
    documents: Iterable[Document], model: Model
) -> Iterator[tuple[Document, list[Prediction]]]:
    """Split and label documents, a batch at a time.

    >>> from classifier import Document, load_model
    >>> [(document, predictions)] = tag([Document("a", "We ban it. It fell.")], load_model())
    >>> len(predictions)
    2
    """
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == _BATCH:
            yield from _tag_batch(batch, model)
            batch = []
    yield from _tag_batch(batch, model)


def rows(
    document: Document, predictions: list[Prediction], explained_by: Model | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of a document, as the columns name them.

    With a model to explain by, each also has the `words` that decided.
    """
    explanations = explain(explained_by, [p.sentence.text for p in predictions]) if (
        explained_by) else [None] * len(predictions)
    for index, (p, why) in enumerate(zip(predictions, explanations, strict=True)):
        words = {"words": [part.name for part in why.deciding(p.label)]} if why else {}
        proba = {label: round(value, 4) for label, value in p.proba.items()}
        yield {
            "document": document.id, "index": index, "page": "",
            "paragraph": p.sentence.paragraph, "start": p.sentence.start, "end": p.sentence.end,
            "text": p.sentence.text, "label": p.label, "confidence": round(p.confidence, 4),
            **proba, "review": p.review, **words,
        }


class RowWriter:
    """Writes rows as CSV or JSON lines."""

    def __init__(self, out: IO[str], fields: list[str], *, as_json: bool) -> None:
        self._out = out
        self._table = None if as_json else csv.DictWriter(out, fields, lineterminator="\n")
        if self._table:
            self._table.writeheader()

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        if self._table:
            self._table.writerow(row)
        else:
            self._out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _tag_batch(
    batch: list[Document], model: Model
) -> Iterator[tuple[Document, list[Prediction]]]:
    sentences = [_sentences(document) for document in batch]
    if not any(sentences):
        yield from ((document, []) for document in batch)
        return
    proba = model.predict_proba([[s.text for s in group] for group in sentences])
    row = 0
    for document, group in zip(batch, sentences, strict=True):
        predictions = [
            _prediction(sentence, proba[row + i].tolist(), model)
            for i, sentence in enumerate(group)
        ]
        row += len(group)
        yield document, predictions


def _sentences(document: Document) -> list[Sentence]:
    if document.presplit is None:
        return split(document.text)
    return [Sentence(text, 0, i) for i, text in enumerate(document.presplit)]


def _prediction(sentence: Sentence, proba: list[float], model: Model) -> Prediction:
    best = max(range(len(proba)), key=proba.__getitem__)
    named = dict(zip(model.labels, proba, strict=True))
    return Prediction(sentence, model.labels[best], named, proba[best] < model.review_below)
