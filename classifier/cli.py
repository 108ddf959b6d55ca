"""The command line: parse, call, print."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from classifier import __version__
from classifier.cli_upkeep import MODEL, PATH, corpus, model
from classifier.document import Document
from classifier.errors import ClassifierError

_MOST_SHOWN = 50


class Commands(click.Group):
    """A group that shows the package's own errors as one-line messages."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command, turning what the user can mend into one line and exit code 1."""
        try:
            return super().invoke(ctx)
        except ClassifierError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:  # click ends quietly where a reader of the output has had enough
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{where}{error.strerror or error}") from error


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Label the sentences of government letters and news text."""


@main.command()
@click.argument("texts", nargs=-1)
@click.option("-f", "--file", "path", type=PATH, help="Read the text from a file (- for stdin).")
@click.option("--proba", is_flag=True, help="Show the probability of each label.")
@click.option("--explain", is_flag=True, help="Show the words that decided.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a sentence.")
@MODEL
def classify(texts: tuple[str, ...], path: Path | None, proba: bool, explain: bool, as_json: bool,
             model: str) -> None:
    """Label the sentences of TEXTS, of a file, or of standard input."""
    from classifier.artifact import load_model
    from classifier.files import read_file
    from classifier.ledger import is_failure, status_of
    from classifier.tagging import label, records

    loaded = load_model(model)
    documents: Any = [Document("-", text) for text in texts]
    if not texts:
        documents = read_file(path or Path("-"))
    has_failed = False
    for labelled in label(documents, loaded):
        for document, part in labelled.parts():
            status = status_of(document, bool(labelled.given[part]))
            if status != "ok":
                click.echo(f"{document.id}: {status}", err=True)
                has_failed = has_failed or is_failure(status)
        for row in records(labelled, loaded if explain else None):
            if as_json:
                click.echo(json.dumps(row, ensure_ascii=False))
                continue
            shares = " ".join(f"{k}={row[k]:.2f}" for k in loaded.labels) + "\t" if proba else ""
            why = f"\t[{', '.join(row['words'])}]" if explain else ""
            text = " ".join(row["text"].split())
            click.echo(f"{row['label']}\t{row['confidence']:.2f}\t{shares}{text}{why}")
    if has_failed:
        sys.exit(3)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=PATH)
@click.option("-o", "--output", type=PATH, default="-",
              help="csv, jsonl, parquet, xlsx or db file; - for stdout.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), help="Of -o - (csv).")
@click.option("--text-column", default="text", show_default=True, help="Of tables and JSONL.")
@click.option("--id-column", default="id", show_default=True, help="Of tables and JSONL.")
@click.option("--query", default="", help="The rows of a SQLite database to read.")
@click.option("--sentences", is_flag=True, help="Table rows are sentences already.")
@click.option("--excel", is_flag=True, help="CSV that Excel opens rightly and safely.")
@click.option("--workers", type=click.IntRange(1), help="Processes; all cores if not given.")
@click.option("--backend", type=click.Choice(["local", "dask"]), default="local",
              show_default=True, help="Where the work is done.")
@click.option("--scheduler", default="", help="Address of the Dask scheduler (tcp://host:8786).")
@click.option("--resume", is_flag=True, help="Go on with a run that was cut.")
@click.option("--time-limit", default=30.0, show_default=True, help="Seconds a document may take.")
@click.option("--report", "report_path", type=PATH, help="Also make a page to look at.")
@MODEL
def tag(paths: tuple[Path, ...], output: Path, form: str | None, text_column: str,
        id_column: str, query: str, sentences: bool, excel: bool, workers: int | None, backend: str,
        scheduler: str, resume: bool, time_limit: float, report_path: Path | None,
        model: str) -> None:
    """Label every sentence of files, folders and tables; a ledger beside the output."""
    import os
    import tempfile

    from classifier.batch import run
    from classifier.isolation import Limits
    from classifier.ledger import summary
    from classifier.parts import Settings
    from classifier.progress import Progress
    from classifier.readers.base import ReadOptions

    if report_path:
        from classifier.pages import check

        check(report_path)
    to_stdout = output.name == "-"
    if form and not to_stdout:
        raise click.UsageError("--format goes with -o - (the name of a file says its format)")
    if (backend == "dask") != bool(scheduler):
        raise click.UsageError("--backend dask and --scheduler ADDRESS go together")
    if scheduler:  # its workers know no current folder of ours
        paths, output = tuple(path.absolute() for path in paths), output.absolute()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(
            Path(scratch) / f"tags.{form or 'csv'}" if to_stdout else output, model,
            ReadOptions(text_column, id_column, sentences, query), Limits(time_limit), excel,
        )
        with Progress(sys.stderr) as progress:
            result = run(paths, settings, workers=workers or os.cpu_count() or 1,
                         scheduler=scheduler, resume=resume, progress=progress.update)
        if to_stdout:
            sys.stdout.write(settings.output.read_text("utf-8"))
        if report_path:
            from classifier.artifact import load_model
            from classifier.report import report as page

            html = page(settings.output, title=", ".join(map(str, paths)), model=load_model(model))
            report_path.write_text(html, "utf-8")
    for entry in result.failures[:_MOST_SHOWN]:
        click.echo(f"{entry.where}: {entry.status}", err=True)
    if len(result.failures) > _MOST_SHOWN:
        click.echo(f"and {len(result.failures) - _MOST_SHOWN:,} more: see the ledger", err=True)
    click.echo(summary(result.statuses, result.sentences), err=True)
    if result.failures:
        sys.exit(3)


@main.command()
@click.argument("tags", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="HTML file to write.")
@click.option("--title", default="", help="Heading of the page.")
@click.option("--by", default="", help="Also compare the values of this ledger column.")
@click.option("--explain/--no-explain", default=True, help="Show deciding words (small runs).")
@MODEL
def report(
    tags: Path, output: Path, title: str, by: str, explain: bool, model: str
) -> None:
    """Make a page to look at from a table of tags, of any format that `tag` writes.

    Deciding words are those of MODEL: name the one that made the tags.
    """
    from classifier.artifact import load_model
    from classifier.report import report as page

    html = page(tags, title=title, by=by, model=load_model(model) if explain else None)
    output.write_text(html, "utf-8")
    click.echo(f"{output}: {len(html) >> 10:,} kB", err=True)


@main.command()
@click.argument("data", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="Model file to write.")
@click.option("--kind", type=click.Choice(["encoder", "fast"]), default="encoder",
              show_default=True, help="A head on the shipped encoder, or the fast model.")
@click.option("--cv", type=click.IntRange(2), help="Cross-validate first, in N folds.")
@click.option("--also", "more", multiple=True, type=PATH, help="More labelled documents.")
@click.option("--split", "splits", multiple=True,
              help="Only documents of these splits, of DATA and of those of --also.")
@click.option("--punkt", type=PATH, help="Learn where DATA's sentences end, into this JSON file.")
@click.option("--teacher", help="A model whose probabilities teach the fast one.")
@click.option("--text", "unlabelled", type=PATH, help="Unlabelled documents for the teacher.")
def train(data: Path, output: Path, kind: str, cv: int | None, more: tuple[Path, ...],
          splits: tuple[str, ...], punkt: Path | None, teacher: str | None,
          unlabelled: Path | None) -> None:
    """Train on your own labels: corpus files, gold JSONL, or a CSV with text and label."""
    from classifier.corpus import load
    from classifier.evaluation import evaluate_proba, format_table
    from classifier.files import read_file
    from classifier.splits import select
    from classifier.training import fit_taught, train_punkt, trainer
    from classifier.training import train as fit_and_save
    from classifier.validation import cross_validate

    own = load(data, labels=None)
    documents = select([*own, *(d for path in more for d in load(path, labels=None))], *splits)
    fit = trainer(kind)
    if teacher:
        if kind != "fast":
            raise click.UsageError("--teacher goes with --kind fast")
        fit = fit_taught(read_file(unlabelled) if unlabelled else [], teacher)
    if cv:
        click.echo(format_table(evaluate_proba(documents, *cross_validate(documents, cv, fit))))
    if punkt:
        train_punkt(select(own, *splits), punkt)
    fit_and_save(documents, output, fit)
    click.echo(f"{output}: fitted on {len(documents)} documents", err=True)


@main.command()
@click.argument("gold", type=PATH)
@click.option("--json", "json_path", type=PATH, help="Write all figures to this file.")
@click.option("--predictions", type=PATH, help="Write a row a sentence to this JSONL file.")
@click.option("--cv", type=click.IntRange(2), help="Train on GOLD instead, in N folds.")
@click.option("--split", "splits", multiple=True, help="Only documents of these splits.")
@click.option("--report", "report_path", type=PATH, help="Write an HTML page to look at.")
@click.option("--learning-curve", "curve_of", type=PATH, metavar="DATA",
              help="Also train on growing parts of DATA and measure each on GOLD.")
@click.option("--target-precision", type=click.FloatRange(0, 1, min_open=True, max_open=True),
              help="Choose review thresholds, a label each, that reach this precision on GOLD.")
@click.option("--save", type=PATH, help="Write the model with these thresholds to this file.")
@MODEL
def evaluate(gold: Path, json_path: Path | None, predictions: Path | None, cv: int | None,
             splits: tuple[str, ...], report_path: Path | None, curve_of: Path | None,
             target_precision: float | None, save: Path | None, model: str) -> None:
    """Measure a model on a gold file or corpus folder."""
    from classifier import evaluation
    from classifier.artifact import with_thresholds
    from classifier.corpus import load
    from classifier.splits import select
    from classifier.validation import learning_curve, probabilities

    if save and (cv or not target_precision):
        raise click.UsageError("--save goes with --target-precision, and not with --cv")
    documents = select(load(gold, labels=None), *splits)
    measured = (documents, *probabilities(documents, model, cv))
    result = evaluation.evaluate_proba(*measured)
    click.echo(evaluation.format_table(result))
    curve: list[evaluation.CurvePoint] = []
    if curve_of:
        from classifier.training import trainer

        curve = learning_curve(load(curve_of, labels=None), documents, trainer(model))
        click.echo(evaluation.format_curve(curve))
    if target_precision:
        click.echo(evaluation.format_thresholds(*measured, target_precision))
    if save and target_precision:
        chosen = evaluation.thresholds(*measured, target_precision)
        with_thresholds(model, save, chosen, f"precision {target_precision} on {gold.name}")
    if json_path:
        json_path.write_text(result.to_json(), "utf-8")
    if predictions:
        evaluation.write_predictions(*measured, predictions)
    if report_path:
        from classifier.evaluation_report import page

        title = f"{'Cross-validation on' if cv else 'Evaluation on'} {gold.name}"
        html = page(*measured, title=title, model=model, curve=curve)
        report_path.write_text(html, "utf-8")


@main.command()
@click.argument("source", type=PATH)
@click.argument("target", type=PATH)
@click.option("--from", "source_form", default="gold", show_default=True,
              help="gold, doccano, labelstudio, prodigy or docbin.")
@click.option("--to", "target_form", default="corpus", show_default=True,
              help="corpus, gold, doccano, labelstudio, prodigy or docbin.")
def convert(source: Path, target: Path, source_form: str, target_form: str) -> None:
    """Convert labelled documents from and to the formats of annotation tools."""
    from classifier.corpus import load
    from classifier.interchange import read, write

    is_own = source_form in ("gold", "corpus")
    documents = load(source, labels=None) if is_own else read(source, source_form)
    write(documents, target, target_form)
    click.echo(f"{target}: {len(documents)} documents", err=True)


main.add_command(corpus)
main.add_command(model)
