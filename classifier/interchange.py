"""Labelled documents from and to the formats of annotation tools.

A document's text is its sentences, a line each, with an empty line between paragraphs; a label is
a span over a sentence, and a second label a second span over the same characters.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from classifier.corpus import GoldDocument, GoldSentence
from classifier.errors import ClassifierError, CorpusError

Span = tuple[int, int, str]
_BLANK = re.compile(r"\n[ \t\r]*\n")
_GROUP = "sentences"
Raw = tuple[str, str, list[Span]]


def write(documents: Sequence[GoldDocument], path: Path, form: str) -> None:
    """Write documents as `gold`, `corpus`, `doccano`, `labelstudio`, `prodigy` or `docbin`.

    Raises:
        CorpusError: the format is unknown, or the file cannot be written.
    """
    try:
        written = _WRITERS[form](documents)
        path.write_bytes(written if isinstance(written, bytes) else written.encode())
    except KeyError:
        raise CorpusError(f"{form}: no such format (known: {', '.join(_WRITERS)})") from None
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error


def read(path: Path, form: str) -> list[GoldDocument]:
    """Read documents that an annotation tool wrote.

    Raises:
        CorpusError: the format is unknown, or the file is not of it.
    """
    if form not in _READERS:
        raise CorpusError(f"{form}: no such format (known: {', '.join(_READERS)})")
    try:
        rows = _READERS[form](path.read_bytes())
        documents = [_document(path, n, *row) for n, row in enumerate(rows, 1)]
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise CorpusError(f"{path}: not {form} ({type(error).__name__}: {error})") from error
    return [document for document in documents if document.sentences]


def _document(path: Path, number: int, key: str, text: str, spans: list[Span]) -> GoldDocument:
    by_place: dict[tuple[int, int], list[str]] = {}
    for start, end, label in spans:
        if not 0 <= start < end <= len(text):
            raise CorpusError(f"{path}: document {number}: span {start}-{end} is outside its text")
        taken = text[start:end]
        start += len(taken) - len(taken.lstrip())
        end = start + len(taken.strip())
        by_place.setdefault((start, end), []).append(label)
    sentences, paragraph, last = [], 0, len(text)
    for (start, end), labels in sorted(by_place.items()):
        paragraph += bool(_BLANK.search(text, last, start))
        sentences.append(GoldSentence(text[start:end], tuple(dict.fromkeys(labels)),
                                      f"{path}:{number}", paragraph))
        last = end
    return GoldDocument(key, "", "", "", tuple(sentences))


def _spans(document: GoldDocument) -> tuple[str, list[Span]]:
    text, spans, last = "", [], 0
    for sentence in document.sentences:
        if text:
            text += "\n" if sentence.paragraph == last else "\n\n"
        end = len(text) + len(sentence.text)
        spans += [(len(text), end, label) for label in sentence.labels]
        text += sentence.text
        last = sentence.paragraph
    return text, spans


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _rows(text: bytes) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in text.decode().split("\n") if line.strip())


def _to_gold(documents: Sequence[GoldDocument]) -> str:
    return _lines({
        "id": d.id, "genre": d.genre, "country": d.country, "title": d.title,
        "sentences": [{"text": s.text, "par": s.paragraph, "labels": list(s.labels)}
                      for s in d.sentences],
    } for d in documents)


def _to_corpus(documents: Sequence[GoldDocument]) -> str:
    parts = []
    for d in documents:
        paragraphs = [
            "\n".join(f"{','.join(s.labels)}\t{' '.join(s.text.split())}" for s in group)
            for _, group in groupby(d.sentences, key=lambda s: s.paragraph)
        ]
        head = (f"# id={'_'.join(d.id.split())} genre={d.genre or 'news'} "
                f"type={d.type or 'unknown'} country={d.country or 'XX'} "
                f"{f'sector={d.sector} ' if d.sector else ''}"
                f"title={' '.join(d.title.split()) or d.id}")
        parts.append(head + "\n" + "\n\n".join(paragraphs))
    return "\n\n\n".join(parts) + "\n"


def _to_doccano(documents: Sequence[GoldDocument]) -> str:
    rows = ((d, *_spans(d)) for d in documents)
    return _lines({"id": d.id, "text": text, "label": [list(s) for s in spans]}
                  for d, text, spans in rows)


def _from_doccano(text: bytes) -> Iterator[Raw]:
    """Spans as triples, or as `entities` where a project has relations too."""
    for row in _rows(text):
        spans = [(int(s[0]), int(s[1]), str(s[2])) for s in row.get("label", row.get("labels", []))]
        spans += [(int(s["start_offset"]), int(s["end_offset"]), str(s["label"]))
                  for s in row.get("entities", [])]
        yield str(row["id"]), str(row["text"]), spans


def _to_prodigy(documents: Sequence[GoldDocument]) -> str:
    rows = ((d, *_spans(d)) for d in documents)
    return _lines({
        "text": text, "meta": {"id": d.id}, "answer": "accept",
        "spans": [{"start": a, "end": b, "label": k} for a, b, k in spans],
    } for d, text, spans in rows)


def _from_prodigy(text: bytes) -> Iterator[Raw]:
    """Only what was accepted counts."""
    for number, row in enumerate(_rows(text), 1):
        if row.get("answer", "accept") == "accept":
            spans = [(int(s["start"]), int(s["end"]), str(s["label"]))
                     for s in row.get("spans") or ()]
            yield str(row.get("meta", {}).get("id", number)), str(row["text"]), spans


def _to_labelstudio(documents: Sequence[GoldDocument]) -> str:
    tasks = []
    for d in documents:
        text, spans = _spans(d)
        result = [
            {"from_name": "label", "to_name": "text", "type": "labels",
             "value": {"start": a, "end": b, "text": text[a:b], "labels": [k]}}
            for a, b, k in spans
        ]
        tasks.append({"data": {"id": d.id, "text": text}, "annotations": [{"result": result}]})
    return json.dumps(tasks, ensure_ascii=False, indent=1)


def _from_labelstudio(text: bytes) -> Iterator[Raw]:
    """The newest annotation of a task that was not cancelled."""
    for number, task in enumerate(json.loads(text), 1):
        kept = [a for a in task["annotations"] if not a.get("was_cancelled")]
        results = kept[-1]["result"] if kept else []
        values = [item["value"] for item in results if item["type"] == "labels"]
        spans = [(int(v["start"]), int(v["end"]), str(k)) for v in values for k in v["labels"]]
        yield str(task["data"].get("id", number)), str(task["data"]["text"]), spans


def _to_docbin(documents: Sequence[GoldDocument]) -> bytes:
    """spaCy's binary documents; the labels are the span group `sentences`."""
    spacy = _spacy()
    nlp = spacy.blank("xx")
    nlp.max_length = 10**9
    binary = spacy.tokens.DocBin(attrs=["ORTH", "SPACY"], store_user_data=True)
    for document in documents:
        text, spans = _spans(document)
        doc = nlp.make_doc(text)
        doc.user_data["id"] = document.id
        doc.spans[_GROUP] = [
            doc.char_span(start, end, label=label, alignment_mode="expand")
            for start, end, label in spans
        ]
        binary.add(doc)
    return bytes(binary.to_bytes())


def _from_docbin(data: bytes) -> Iterator[Raw]:
    spacy = _spacy()
    try:
        docs = list(spacy.tokens.DocBin().from_bytes(data).get_docs(spacy.blank("xx").vocab))
    except Exception as error:  # damaged bytes end in errors of zlib, msgpack, NumPy and spaCy
        raise ValueError(f"no DocBin: {error}") from error
    for number, doc in enumerate(docs, 1):
        spans = [(s.start_char, s.end_char, s.label_) for s in doc.spans.get(_GROUP, ())]
        yield str(doc.user_data.get("id", number)), doc.text, spans


def _spacy() -> Any:
    try:
        import spacy
        import spacy.tokens
    except ImportError as error:
        raise ClassifierError("DocBin needs spaCy (pip install 'policytag[spacy]')") from error
    return spacy


_WRITERS: dict[str, Callable[[Sequence[GoldDocument]], str | bytes]] = {
    "gold": _to_gold, "corpus": _to_corpus, "doccano": _to_doccano, "prodigy": _to_prodigy,
    "labelstudio": _to_labelstudio, "docbin": _to_docbin,
}
_READERS: dict[str, Callable[[bytes], Iterator[Raw]]] = {
    "doccano": _from_doccano, "prodigy": _from_prodigy, "labelstudio": _from_labelstudio,
    "docbin": _from_docbin,
}
