"""Our models against the peers: speed end to end, memory, cold start, size, quality, in one run.

    python tests/speed/bench.py --text documents.jsonl --gold gold.jsonl --readme README.md

Everyone is trained on the corpus of the project (once; the models are kept in --models) and reads
the same plain-text files, on one core and on two, and writes a table. Each runs in child processes
of its own, bound to its cores; runs alternate, medians are reported. A slow system reads some of
the files, spread over all. A peer whose library is missing is left out. Quality is macro-F1 on the
gold. With --readme, the table and a plot of quality over speed (tests/speed/bench.svg) are filled
in.
"""

import importlib.util
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from contenders import CONTENDERS, training_data

from classifier.card import fill
from classifier.corpus import fingerprint, load

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Child:
    """A contender's process, which serves until it is closed."""

    def __init__(self, name, models):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "contenders.py", name, models, "serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise click.ClickException(f"{self.process.args[2]}: broke off (see above)")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def trained(names, models):
    """Those of the names that can run, their models made where they are not there yet."""
    ready = []
    for name in names:
        contender = CONTENDERS[name][0](models)
        package = getattr(contender, "package", "")
        if package and not importlib.util.find_spec(package):
            click.echo(f"left out: {name} ({package} is not installed)", err=True)
            continue
        mark = contender.folder.with_suffix(".done") if package else None
        if mark and not mark.is_file():
            click.echo(f"training: {name}", err=True)
            command = [sys.executable, HERE / "contenders.py", name, models, "train"]
            if subprocess.run(command).returncode:
                click.echo(f"left out: {name} (training broke off, see above)", err=True)
                continue
            mark.touch()
        ready.append(name)
    return ready


def cold_start(name, models):
    """Seconds from nothing to a labelled sentence, in a new process."""
    command = [sys.executable, HERE / "contenders.py", name, models, "cold"]
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - started


def measure(name, cores, models, files, output):
    """One run in a child that has read the files once before; seconds, sentences, bytes of peak."""
    child = Child(name, models)
    try:
        question = {"paths": [str(p) for p in files], "cores": cores, "output": str(output)}
        child.ask(**question | {"paths": question["paths"][: max(len(files) // 10, 1)]})
        return child.ask(**question)
    finally:
        child.close()


def texts_of(path):
    """Texts to label; made here where no file is given."""
    if path:
        return [json.loads(line)["text"] for line in path.open(encoding="utf-8")]
    texts, rng = training_data()[0], random.Random(0)
    return [" ".join(rng.choices(texts, k=25)) for _ in range(500)]


def write_files(texts, size, folder):
    """Plain-text files of about so many bytes in all."""
    files, written = [], 0
    while written < size:
        files.append(folder / f"{len(files):06}.txt")
        written += files[-1].write_bytes(texts[(len(files) - 1) % len(texts)].encode())
    return files


@click.command()
@click.option("--text", type=click.Path(path_type=Path))
@click.option("--gold", type=click.Path(path_type=Path))
@click.option("--megabytes", default=8.0, show_default=True, help="Text that the quick ones read.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--only", multiple=True, help="Only those whose names hold this.")
@click.option("--models", default=ROOT / "build" / "bench", type=click.Path(path_type=Path),
              help="Where the peers' models are kept.")
@click.option("-o", "--output", type=click.Path(path_type=Path))
@click.option("--readme", type=click.Path(path_type=Path), help="Fill in the table and the plot.")
def main(text, gold, megabytes, rounds, only, models, output, readme):
    """Run the benchmark and print the table."""
    models = models / fingerprint(load(ROOT / "corpus"))[:12]
    models.mkdir(parents=True, exist_ok=True)
    wanted = [n for n in CONTENDERS if not only or any(part in n for part in only)]
    names = trained(wanted, models)
    texts = texts_of(text)
    cpus = sorted(os.sched_getaffinity(0))
    bindings = [cpus[:1]] + ([cpus[:2]] if len(cpus) > 1 else [])
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "text"
        folder.mkdir()
        files = write_files(texts, megabytes * 1e6, folder)
        samples = {n: files[:: round(1 / CONTENDERS[n][1])] for n in names}
        runs = {}
        for _ in range(rounds):
            for cores in bindings:
                for name in names:
                    runs.setdefault((name, len(cores)), []).append(measure(
                        name, cores, models, samples[name], Path(scratch) / "out.csv"))
        table = {name: speeds(name, runs, samples[name]) for name in names}
    for name, row in table.items():
        row["cold_s"] = statistics.median(cold_start(name, models) for _ in range(rounds))
        row["model_mb"] = sum(p.stat().st_size for p in CONTENDERS[name][0](models).files) / 1e6
    documents = load(gold) if gold else []
    if documents:
        add_quality(table, documents, models)
    click.echo(render(table))
    words = f"{len(documents)} documents of gold" if documents else "no gold"
    note = (f"Plain-text files in, a table out. {megabytes:g} MB of {len(texts)} documents (slow "
            f"ones read some, spread over all), medians of {rounds} alternating rounds, {words}; "
            f"all trained on the corpus ({len(training_data()[0]):,} sentences), ours with what "
            f"its card says. "
            f"Memory: of the process on one core. Cold: a new process to its first sentence.")
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(table, indent=1), "utf-8")
    if readme:
        fill(readme, "bench", f"{render(table)}\n\n{note}")
        if documents:
            (HERE / "bench.svg").write_text(plot(table), "utf-8")


def speeds(name, runs, sample):
    """A contender's medians."""
    megabytes, row = sum(p.stat().st_size for p in sample) / 1e6, {}
    for cores in (1, 2):
        found = runs.get((name, cores))
        if found:
            seconds = statistics.median(run["seconds"] for run in found)
            row[f"sentences_s_{cores}"] = found[0]["sentences"] / seconds
            row[f"mb_s_{cores}"] = megabytes / seconds
    row["memory_mb"] = statistics.median(r["memory"] for r in runs[name, 1]) / 1e6
    return row


def add_quality(table, documents, models):
    """Macro-F1 on the gold, by each contender's own process."""
    from sklearn.metrics import f1_score

    truth = [label for d in documents for label in d.primary]
    for name, row in table.items():
        child = Child(name, models)
        guess = child.ask(gold=[d.texts for d in documents])["labels"]
        child.close()
        row["macro_f1"] = float(f1_score(truth, guess, average="macro"))


def plot(table):
    """Quality over speed as SVG; speed on a logarithmic scale from 10 to 1,000,000."""
    points, taken = [], []
    for name, row in sorted(table.items(), key=lambda item: item[1].get("sentences_s_1", 0)):
        if "macro_f1" in row:
            x = 60 + 100 * (math.log10(row["sentences_s_1"]) - 1)
            y = 300 - 400 * (row["macro_f1"] - 0.2)
            colour = "#c44100" if name.startswith("ours") else "#0072b2"
            at = y + 4
            while any(abs(at - v) < 13 and abs(x - u) < 180 for u, v in taken):
                at -= 13
            taken.append((x, at))
            points.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{colour}"/>'
                          f'<text x="{x + 7:.0f}" y="{at:.0f}">{name}</text>')
    for k in range(6):
        points.append(f'<text x="{60 + 100 * k}" y="318" text-anchor="middle">{10 ** (k + 1):,}'
                      "</text>")
    for k in range(2, 9, 2):
        y = 300 - 400 * (k / 10 - 0.2)
        points.append(f'<text x="52" y="{y + 4:.0f}" text-anchor="end">{k / 10}</text>'
                      f'<line x1="60" x2="660" y1="{y:.0f}" y2="{y:.0f}" stroke="#ddd"/>')
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 345" '
            'font-family="sans-serif" font-size="12"><rect width="700" height="345" '
            'fill="white"/>' + "".join(points) +
            '<text x="360" y="338" text-anchor="middle">sentences a second, one core</text>'
            '<text x="-180" y="14" text-anchor="middle" transform="rotate(-90)">macro-F1</text>'
            "</svg>\n")


COLUMNS = {
    "sentences_s_1": ("sentences/s, 1 core", ",.0f"), "mb_s_1": ("MB/s, 1 core", ".2f"),
    "sentences_s_2": ("sentences/s, 2 cores", ",.0f"), "mb_s_2": ("MB/s, 2 cores", ".2f"),
    "memory_mb": ("memory, MB", ",.0f"), "cold_s": ("cold start, s", ".2f"),
    "model_mb": ("model, MB", ",.1f"), "macro_f1": ("macro-F1", ".3f"),
}


def render(table):
    """The results as Markdown."""
    heads = [head for head, _ in COLUMNS.values()]
    rows = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name, row in table.items():
        cells = [format(row[key], form) if key in row else "" for key, (_, form) in COLUMNS.items()]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
