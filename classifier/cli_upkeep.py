"""The command line for those who look after labelled documents and models."""

import json
import sys
from pathlib import Path

import click

PATH = click.Path(path_type=Path)
MODEL = click.option(
    "--model", default="encoder", show_default=True, help="encoder, fast, or a model file."
)


@click.group()
def corpus() -> None:
    """Look after labelled documents."""


@corpus.command()
@click.argument("path", type=PATH)
def check(path: Path) -> None:
    """Report what is wrong with a corpus; exit 1 if anything is."""
    from classifier.doctor import check as findings_of

    findings = findings_of(path)
    for finding in findings:
        click.echo(finding)
    click.echo(f"{len(findings)} findings", err=True)
    if findings:
        sys.exit(1)


@corpus.command()
@click.argument("path", type=PATH)
def stats(path: Path) -> None:
    """Count documents and sentences by genre and label."""
    from collections import Counter

    from classifier.corpus import fingerprint, load

    documents = load(path)
    labels = Counter(label for d in documents for label in d.primary)
    n = sum(labels.values())
    countries = len({d.country for d in documents})
    click.echo(f"{len(documents)} documents, {n} sentences, {countries} countries")
    for genre, count in sorted(Counter(d.genre for d in documents).items()):
        click.echo(f"{genre:<12}{count:>6} documents")
    for label, count in labels.most_common():
        click.echo(f"{label:<12}{count:>6} sentences {count / n:>6.1%}")
    click.echo(f"fingerprint {fingerprint(documents)}")


@corpus.command()
@click.argument("path", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="CSV to fill in.")
@click.option("--share", default=0.2, show_default=True, help="Of the documents, at random.")
@click.option("--seed", default=0, show_default=True)
def blind(path: Path, output: Path, share: float, seed: int) -> None:
    """Write a sample without labels, for a second annotator."""
    from classifier.audit import write_blind
    from classifier.corpus import load

    n = write_blind(load(path, labels=None), share, seed, output)
    click.echo(f"{output}: {n} sentences", err=True)


@corpus.command()
@click.argument("path", type=PATH)
@click.argument("second", type=PATH)
@click.option("--datasheet", type=PATH, help="Also fill in the figures of this datasheet.")
def agreement(path: Path, second: Path, datasheet: Path | None) -> None:
    """Compare the labels of a corpus with a second annotator's (columns document, index, label)."""
    from classifier.audit import agreement as compare
    from classifier.audit import format_agreement, read_second
    from classifier.card import fill
    from classifier.corpus import load

    text = format_agreement(compare(load(path, labels=None), read_second(second)))
    click.echo(text)
    if datasheet:
        fill(datasheet, "agreement", text)


@corpus.command()
@click.argument("path", type=PATH)
@click.option("--cv", type=click.IntRange(2), help="Train on the corpus itself, in N folds.")
@click.option("--most", default=100, show_default=True, help="How many to print.")
@MODEL
def suspects(path: Path, cv: int | None, most: int, model: str) -> None:
    """Print sentences whose label is probably wrong, the most doubtful first.

    MODEL must not have learned from them; with --cv its kind (encoder, fast) is trained anew.
    """
    from classifier.audit import suspects as doubtful
    from classifier.corpus import load
    from classifier.validation import probabilities

    documents = load(path, labels=None)
    proba, labels = probabilities(documents, model, cv)
    found = doubtful(documents, proba, labels)
    for one in found[:most]:
        click.echo(f"{one.where}: {one.label}, or {one.other} ({one.probability:.2f})? {one.text}")
    click.echo(f"{len(found)} suspects of {len(proba)} sentences", err=True)


@click.group()
def model() -> None:
    """Look at models."""


@model.command()
@click.argument("name", default="encoder")
def show(name: str) -> None:
    """Print what a model file says of itself."""
    from classifier.artifact import load_manifest

    click.echo(json.dumps(load_manifest(name), indent=1, sort_keys=True))


@model.command()
@click.argument("card", type=PATH)
@click.option("--gold", "golds", nargs=2, multiple=True, required=True, metavar="NAME FILE",
              help="Gold to measure on; a corpus folder stands for its test split.")
@click.option("--model", "names", multiple=True, default=("encoder", "fast"))
def card(card: Path, golds: tuple[tuple[str, str], ...], names: tuple[str, ...]) -> None:
    """Measure models and fill in the figures of a model card."""
    from classifier.artifact import load_model
    from classifier.card import figures, fill
    from classifier.corpus import load
    from classifier.evaluation import evaluate as measure
    from classifier.splits import select

    parts = []
    for gold, path in golds:
        documents = load(Path(path))
        documents = select(documents, "test") if Path(path).is_dir() else documents
        parts += [figures(measure(documents, load_model(name)), name, gold) for name in names]
    fill(card, "figures", "\n".join(parts))


@corpus.command()
@click.argument("path", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="Text file to write.")
def words(path: Path, output: Path) -> None:
    """Write the words of a corpus, a line each; the ledger counts those a document has besides."""
    from classifier.corpus import load
    from classifier.vocabulary import write_words

    n = write_words((text for d in load(path, labels=None) for text in d.texts), output)
    click.echo(f"{output}: {n:,} words", err=True)


@corpus.command()
@click.argument("path", type=PATH)
@click.argument("card", type=PATH)
def datasheet(path: Path, card: Path) -> None:
    """Count a corpus and fill in the counts of its datasheet."""
    from classifier.card import counts, fill
    from classifier.corpus import load

    fill(card, "counts", counts(load(path)))
