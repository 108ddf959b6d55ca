"""Whether a sentence costs the same, and memory stays, however large the archive is.

    python tests/speed/scaling.py --text documents.jsonl

Tags folders of small text files, and one large file, each in a process of its own on one core;
prints a table in Markdown. Microseconds are of the processor, so that other work on the machine
counts little. With --page SCALING.md, the table and what 100 million documents would cost are
filled in there.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from bench import texts_of
from contenders import peak_memory

from classifier.card import fill

SMALL = 600  # characters of a small document
ENCODED = 300  # documents for the encoder
MANY = 2.2e9  # sentences of 100 million letters and news items
HEADS = ("input", "sentences", "µs a sentence", "seconds", "peak memory, MB")


def tag(path, output, model):
    """Tag in this process, with the model in memory already; what it took."""
    from classifier.batch import _model, run
    from classifier.parts import Settings

    _model(model)
    started, used = time.perf_counter(), time.process_time()
    done = run([path], Settings(output, model), workers=1)
    return {"sentences": done.sentences, "seconds": time.perf_counter() - started,
            "used": time.process_time() - used, "memory": peak_memory()}


def write_small(texts, n, folder):
    """So many small documents, 1,000 a folder."""
    for i in range(n):
        inside = folder / f"{i // 1000:03}"
        inside.mkdir(parents=True, exist_ok=True)
        (inside / f"{i:06}.txt").write_bytes(texts[i % len(texts)][:SMALL].encode())


def measured(name, path, scratch, model):
    """A row of the table."""
    command = [sys.executable, __file__, "--child", path, Path(scratch) / "tags.csv",
               "--model", model]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(out.splitlines()[-1])
    per_sentence = found["used"] / max(found["sentences"], 1) * 1e6
    row = (f"| {name} | {found['sentences']:,} | {per_sentence:.1f} | {found['seconds']:.1f} "
           f"| {found['memory'] / 1e6:.0f} |")
    click.echo(row)
    return row, per_sentence


def plan(costs):
    """Core-hours for a million sentences, and for many, by model; costs in µs a sentence."""
    rows = ["| model | core-hours a million sentences | for 2.2 billion | on 500 cores |",
            "|---|---|---|---|"]
    for model, cost in costs.items():
        hours = cost / 3600
        total = hours * MANY / 1e6
        rows.append(f"| `{model}` | {hours:.4f} | {total:,.0f} | {total / 500:,.1f} hours |")
    return "\n".join(rows) + "\n"


@click.command()
@click.option("--text", type=click.Path(path_type=Path))
@click.option("--most", default=100_000, show_default=True, help="Small documents at most.")
@click.option("--megabytes", default=99.0, show_default=True, help="Of the one large document.")
@click.option("--model", default="fast", hidden=True)
@click.option("--page", type=click.Path(path_type=Path), help="Fill in the tables of this page.")
@click.option("--child", nargs=2, type=click.Path(path_type=Path), hidden=True)
def main(text, most, megabytes, model, page, child):
    """Print the table."""
    if child:
        click.echo(json.dumps(tag(*child, model)))
        return
    texts = texts_of(text)
    table = ["| " + " | ".join(HEADS) + " |\n" + "|---" * len(HEADS) + "|"]
    click.echo(table[0])
    costs = {}
    sizes = [("fast", n) for n in (100, 1_000, 10_000, 100_000) if n <= most]
    for name, n in [*sizes, ("encoder", ENCODED)]:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "archive"
            write_small(texts, n, folder)
            row, costs[name] = measured(f"{n:,} documents, `{name}`", folder, scratch, name)
            table.append(row)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "archive"
        folder.mkdir()
        path = folder / "large.txt"
        pieces, size = [], 0
        while size < megabytes * 1e6:
            pieces.append(texts[len(pieces) % len(texts)])
            size += len(pieces[-1].encode())
        path.write_text("\n\n".join(pieces), "utf-8")
        row, _ = measured(f"1 document of {megabytes:g} MB, `fast`", path, scratch, "fast")
        table.append(row)
    if page:
        fill(page, "scaling", "\n".join(table) + "\n")
        fill(page, "plan", plan(costs))


if __name__ == "__main__":
    main()
