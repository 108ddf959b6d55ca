"""Documents in, predictions out; predictions in, rows out."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

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
    >>> [(document, predictions)] = tag([Document("a", "We ban it. It fell.")], load_model("fast"))
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
            "document": document.id, "index": index, "page": document.page_of(p.sentence.start),
            "paragraph": p.sentence.paragraph, "start": p.sentence.start, "end": p.sentence.end,
            "text": p.sentence.text, "label": p.label, "confidence": round(p.confidence, 4),
            **proba, "review": p.review, **words,
        }


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
    """The sentences of the text; those that came apart are sought in it, so offsets hold."""
    if document.presplit is None:
        return split(document.text)
    found, at = [], 0
    for index, text in enumerate(document.presplit):
        start = max(document.text.find(text, at), 0)
        found.append(Sentence(text, start, index))
        at = start + len(text)
    return found


def _prediction(sentence: Sentence, proba: list[float], model: Model) -> Prediction:
    best = max(range(len(proba)), key=proba.__getitem__)
    named = dict(zip(model.labels, proba, strict=True))
    return Prediction(sentence, model.labels[best], named, proba[best] < model.review_below)
