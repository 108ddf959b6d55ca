"""Where sentences end: our splitter beside NLTK's Punkt, as boundary F1 on the golden cases.

    python tests/quality/boundaries.py [--text documents.jsonl] [--readme README.md]

NLTK is measured as it comes (no parameters), with parameters trained on our corpus, and with ours
in the blocks of our layout. A boundary is the place between two sentences. With --text, also how
often, and by which rule, we decide otherwise than NLTK at the stops of real documents, and how fast
both are (CPU time of this process; medians of alternating runs).
"""

import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import click
from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

from classifier.card import fill
from classifier.corpus import load
from classifier.layout import blocks
from classifier.sentences import decisions, split

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from test_punkt import NLTK, PUNKT  # noqa: E402
from test_sentences import load as cases  # noqa: E402


def ends(text, spans):
    """Sentence ends but the last, counted without spaces."""
    return {len("".join(text[:end].split())) for _, end in list(spans)[:-1]}


def ours(text):
    """Spans of our splitter."""
    return [(s.start, s.end) for s in split(text)]


def in_blocks(text):
    """Spans of NLTK's Punkt in each of our blocks."""
    return [(start + a, start + b) for start, end, _ in blocks(text)
            for a, b in NLTK.span_tokenize(text[start:end])]


def rules_that_differ(texts):
    """How many stops Punkt looks at, and how often each rule decides otherwise."""
    n, otherwise = 0, Counter()
    for text in texts:
        for start, end, _ in blocks(text):
            block = text[start:end]
            theirs = {part.stop - 1 for part in NLTK._slices_from_text(block)}
            for stop, _, _, is_end, rule in decisions(block, PUNKT):
                n += 1
                otherwise[rule] += is_end != (stop in theirs)
    return n, otherwise


def speeds(texts, n_runs=9):
    """MB of text a second of CPU time, ours and NLTK's: median, least and most."""
    size, seconds = sum(len(t.encode()) for t in texts) / 1e6, {ours: [], NLTK.tokenize: []}
    for _ in range(n_runs):
        for splitter, taken in seconds.items():
            started = time.process_time()
            for text in texts:
                splitter(text)
            taken.append(time.process_time() - started)
    return ["{:.1f} MB/s ({:.1f} to {:.1f})".format(
        *(size / pick(taken) for pick in (statistics.median, max, min))
    ) for taken in seconds.values()]


def f1(found):
    """Boundary precision, recall and F1 over (gold, guess) pairs."""
    right = sum(len(gold & guess) for gold, guess in found)
    precision = right / max(sum(len(guess) for _, guess in found), 1)
    recall = right / max(sum(len(gold) for gold, _ in found), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


@click.command()
@click.option("--text", type=click.Path(path_type=Path), help="Documents of JSONL, field text.")
@click.option("--readme", type=click.Path(path_type=Path), help="Fill the table of this file.")
def main(text, readme):
    """Measure, print, and fill the table."""
    trainer = PunktTrainer()
    trainer.train("\n".join(s.text for d in load(ROOT / "corpus") for s in d.sentences))
    trained = PunktSentenceTokenizer(trainer.get_params())
    systems = {
        "policytag": ours,
        "NLTK Punkt, our parameters, in our blocks": in_blocks,
        "NLTK Punkt, trained on our corpus": lambda t: list(trained.span_tokenize(t)),
        "NLTK Punkt, as it comes": lambda t: list(PunktSentenceTokenizer().span_tokenize(t)),
    }
    golden = []
    for name in ("sentences.txt", "sentences_known_failures.txt"):
        golden += cases(name)
    rows = ["| Splitter | Precision | Recall | Boundary F1 | Cases all right |",
            "| --- | --- | --- | --- | --- |"]
    for name, spans in systems.items():
        found = []
        for _, source, sentences in golden:
            lengths = [len("".join(s.split())) for s in sentences]
            gold = {sum(lengths[:k]) for k in range(1, len(lengths))}
            found.append((gold, ends(source, spans(source))))
        figures = " | ".join(f"{value:.3f}" for value in f1(found))
        rows.append(f"| {name} | {figures} | {sum(g == h for g, h in found)}/{len(found)} |")
    n_boundaries = sum(len(sentences) - 1 for _, _, sentences in golden)
    rows.append(f"\nn = {len(golden)} cases in `tests/cases/`, {n_boundaries} boundaries, "
                "written beside our splitter: they tell of its rules more than of new text.")
    if text:
        texts = [json.loads(line)["text"] for line in text.read_text("utf-8").splitlines()]
        n, otherwise = rules_that_differ(texts)
        rules = ", ".join(f"{rule} {count}" for rule, count in otherwise.most_common() if count)
        rows.append(f"\nIn the blocks of {len(texts)} real documents, {n:,} stops: as NLTK decides "
                    f"with our parameters, but for {otherwise.total():,} ({rules}). On one core "
                    "{}, NLTK {}: CPU time, medians of 9 rounds (least to most)."
                    .format(*speeds(texts)))
    click.echo("\n".join(rows))
    if readme:
        fill(readme, "boundaries", "\n".join(rows))


if __name__ == "__main__":
    main()
