"""Learning curve of the corpus: the same recipe on growing parts, measured on a gold file.

    python tests/quality/curve.py GOLD

Fills the table in corpus/README.md.
"""

from pathlib import Path

import click

from classifier.card import fill
from classifier.corpus import load
from classifier.splits import select
from classifier.training import trainer
from classifier.validation import learning_curve

CORPUS = Path(__file__).parent.parent.parent / "corpus"
SHARES = (0.1, 0.25, 0.5, 1.0)


@click.command()
@click.argument("gold", type=click.Path(path_type=Path, exists=True))
@click.option("--kind", default="fast", show_default=True)
def main(gold, kind):
    """Train on parts, measure, fill the table."""
    documents, parts = load(gold), select(load(CORPUS), "train", "dev")
    rows = ["| documents | sentences | macro-F1 | 95% interval |", "|---|---|---|---|"]
    for p in learning_curve(parts, documents, trainer(kind), SHARES):
        low, high = p.interval
        rows.append(f"| {p.n_documents:,} | {p.n_sentences:,} | {p.macro_f1:.3f} "
                    f"| {low:.3f} to {high:.3f} |")
        click.echo(rows[-1])
    n = sum(len(d.sentences) for d in documents)
    rows += ["", f"n = {n} sentences of {len(documents)} documents."]
    fill(CORPUS / "README.md", "curve", "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
