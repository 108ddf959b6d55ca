"""A run as one HTML page: shares, problems, and each document to read (see pages.py)."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from os.path import commonprefix
from pathlib import Path
from typing import Any

from classifier.document import LABELS
from classifier.errors import ReadError
from classifier.explain import explain
from classifier.pages import render
from classifier.scoring import Model
from classifier.statistics import Share, shares
from classifier.tags import TagRow, labels_of, order, read_ledger, read_provenance, read_rows

_DATE = re.compile(r"\d{4}-\d{2}")
_MOST_SENTENCES = 20_000
_MOST_EXPLAINED = 3_000
_MOST_GROUPS = 40
_MONTH = 7  # characters of YYYY-MM
_YEAR = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Documents that share a folder, a month or another value, with their shares."""

    name: str
    n_documents: int
    n_sentences: int
    shares: list[Share]


def report(tags: Path, *, title: str = "", by: str = "", model: Model | None = None) -> str:
    """The page for a table of tags; with a model, the deciding words are shown too.

    `by` names a column of the ledger (sender, type, …) whose values are compared.

    Raises:
        ReadError: the table cannot be read, or its ledger has no such column.
        ClassifierError: Jinja2 is not installed.
    """
    by_document: dict[str, Counter[str]] = defaultdict(Counter)
    kept: dict[str, list[TagRow]] = defaultdict(list)
    n_kept = n_review = 0
    for row in read_rows(tags):
        by_document[row.document][row.label] += 1
        n_review += row.review
        if n_kept < _MOST_SENTENCES or row.document in kept:
            kept[row.document].append(row)
            n_kept += 1
    ledger = read_ledger(tags)
    folder = _common_folder(list(by_document))
    origins = {row["document"]: row.get("path") or row["document"] for row in ledger}
    seen = {label for counts in by_document.values() for label in counts}
    labels = order(sorted(seen | set(labels_of(tags))), LABELS)
    explained = model if model and n_kept <= _MOST_EXPLAINED else None
    n_sentences = sum(sum(counts.values()) for counts in by_document.values())
    return render(
        "report", title=title or tags.name, tags=tags.name, labels=labels, ledger=ledger,
        shares=shares(by_document, labels), n_sentences=n_sentences, n_review=n_review,
        n_documents=len(ledger) or len(by_document), n_kept=n_kept, n_shown=len(kept),
        problems=[row for row in ledger if row.get("status") != "ok"],
        comparisons=[
            ("By folder", _groups(by_document, labels,
                                  {d: _folder(origins.get(d, d)) for d in by_document})),
            (f"By {by}", _groups(by_document, labels, _column(tags, ledger, by) if by else {})),
            ("Over time", _groups(by_document, labels, _periods(ledger))),
        ],
        has_words=explained is not None,
        data={"data": _data(kept, labels, explained, folder, ledger), "labels": labels},
        folder=folder, made_by=read_provenance(tags),
    )


def _common_folder(names: Sequence[str]) -> str:
    """What the names of all documents begin with, up to a slash; it is said once."""
    return commonprefix(names).rpartition("/")[0] + "/" if len(names) > 1 else ""


def _folder(path: str) -> str:
    return str(Path(path).parent) if "/" in path else "."


def _column(tags: Path, ledger: Sequence[dict[str, str]], name: str) -> dict[str, str]:
    if not ledger or name not in ledger[0]:
        known = ", ".join(ledger[0]) if ledger else "there is no ledger beside the table"
        raise ReadError(f"{tags}: no column {name!r} in its ledger ({known})")
    return {row["document"]: row[name] or "–" for row in ledger}


def _periods(ledger: Sequence[dict[str, str]]) -> dict[str, str]:
    """Documents whose date begins as YYYY-MM, by month; by year where there are many months."""
    dates = {row["document"]: row.get("date") or "" for row in ledger}
    known = {document: date for document, date in dates.items() if _DATE.match(date)}
    n_months = len({date[:_MONTH] for date in known.values()})
    length = _MONTH if n_months <= _MOST_GROUPS else _YEAR
    return {document: date[:length] for document, date in known.items()}


def _groups(
    by_document: dict[str, Counter[str]], labels: Sequence[str], group_of: dict[str, str]
) -> list[Group]:
    """The groups in order; of very many, the largest, and the others as one."""
    members: dict[str, dict[str, Counter[str]]] = defaultdict(dict)
    for document, group in group_of.items():
        if document in by_document:
            members[group][document] = by_document[document]
    if len(members) < 2:
        return []
    largest = sorted(members, key=lambda name: -len(members[name]))
    kept = sorted(largest[:_MOST_GROUPS])
    parts = [(name, members[name]) for name in kept]
    if rest := largest[_MOST_GROUPS:]:
        together = {d: counts for name in rest for d, counts in members[name].items()}
        parts.append((f"{len(rest):,} others", together))
    return [
        Group(name, len(part), sum(c.total() for c in part.values()), shares(part, labels, 200))
        for name, part in parts
    ]


def _data(
    kept: dict[str, list[TagRow]], labels: Sequence[str], model: Model | None, folder: str,
    ledger: Sequence[dict[str, str]],
) -> list[dict[str, Any]]:
    facts = {row["document"]: row for row in ledger}
    documents = []
    for name, rows in kept.items():
        words, known = _words(rows, model), facts.get(name, {})
        about = (known.get("sender"), known.get("date"))
        documents.append({
            "name": name.removeprefix(folder), "title": known.get("title") or "",
            "about": " · ".join(filter(None, about)),
            "sentences": [
                [row.text, labels.index(row.label), round(row.confidence, 3), int(row.review),
                 row.paragraph, row.page, words[i]]
                for i, row in enumerate(rows)
            ],
        })
    return documents


def _words(rows: Sequence[TagRow], model: Model | None) -> list[list[list[int]]]:
    """Where the deciding words of each sentence stand in it."""
    if model is None:
        return [[] for _ in rows]
    found = []
    for row, why in zip(rows, explain(model, [row.text for row in rows]), strict=True):
        parts = why.deciding(row.label) if row.label in why.labels else []
        found.append(sorted([part.start, part.start + len(part.name)] for part in parts))
    return found
