"""Fill documents with measured figures: what stands between two marker comments is replaced."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from classifier.corpus import GoldDocument, fingerprint
from classifier.errors import WriteError
from classifier.evaluation import Evaluation
from classifier.splits import SPLITS, split_of

_MOST_NAMED = 30


def fill(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->` in a file.

    Raises:
        WriteError: the file has no such markers.
    """
    old = path.read_text("utf-8")
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.S)
    if not pattern.search(old):
        raise WriteError(f"{path}: no <!-- {name} --> ... <!-- /{name} --> to fill")
    path.write_text(pattern.sub(lambda m: f"{m[1]}{text}\n{m[2]}", old), "utf-8")


def figures(result: Evaluation, model: str, gold: str) -> str:
    """A model's figures on gold documents, as Markdown."""
    low, high = result.interval
    rows = [
        f"`{model}` on {gold} ({result.n_documents} documents, {result.n_sentences} sentences): "
        f"macro-F1 **{result.macro_f1:.3f}** (95% interval {low:.3f} to {high:.3f}, bootstrap over "
        f"documents), accuracy {result.accuracy:.3f}, with any acceptable label "
        f"{result.accuracy_any:.3f}, expected calibration error {result.calibration_error:.3f}.",
        "",
        "| label | precision | recall | F1 | support |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {name} | {f.precision:.3f} | {f.recall:.3f} | {f.f1:.3f} | {f.support} |"
        for name, f in result.labels.items()
    ]
    rows += ["", "| confidence at least | sentences answered | of them right |", "|---|---|---|"]
    for at, (share, right) in result.coverage.items():
        rows.append(f"| {at} | {share:.0%} | {right:.0%} |")
    return "\n".join(rows) + "\n"


def counts(documents: Sequence[GoldDocument]) -> str:
    """What is in a corpus, as Markdown."""
    labels = Counter(label for d in documents for label in d.primary)
    n = labels.total()
    rows = [
        f"{len(documents)} documents, {n:,} sentences, "
        f"{len({d.country for d in documents})} countries; fingerprint "
        f"`{fingerprint(documents)[:16]}`.",
        "",
        "| label | sentences | share | gov | news |",
        "|---|---|---|---|---|",
    ]
    for label, count in labels.most_common():
        part = Counter(d.genre for d in documents for k in d.primary if k == label)
        genres = f"{part['gov']:,} | {part['news']:,}"
        rows.append(f"| {label} | {count:,} | {count / n:.1%} | {genres} |")
    rows += ["", _spread("type", [d.type for d in documents]), "",
             _spread("sector", [d.sector or "not stated" for d in documents]), "",
             _spread("country", [d.country for d in documents])]
    names = [label for label, _ in labels.most_common()]
    rows += ["", f"| split | documents | sentences | gov | {' | '.join(names)} |",
             "|---" * (len(names) + 4) + "|"]
    for split in SPLITS:
        rows.append(_split_row(split, [d for d in documents if split_of(d.id) == split], names))
    return "\n".join(rows) + "\n"


def _spread(what: str, values: Sequence[str]) -> str:
    found = Counter(values)
    most = ", ".join(f"{name} {n:,}" for name, n in found.most_common(_MOST_NAMED))
    return f"Documents by {what} ({len(found)}; the {_MOST_NAMED} largest): {most}."


def _split_row(split: str, documents: Sequence[GoldDocument], names: Sequence[str]) -> str:
    labels = Counter(label for d in documents for label in d.primary)
    n = max(labels.total(), 1)
    gov = sum(d.genre == "gov" for d in documents) / max(len(documents), 1)
    shares = " | ".join(f"{labels[name] / n:.0%}" for name in names)
    return f"| {split} | {len(documents):,} | {labels.total():,} | {gov:.0%} | {shares} |"
