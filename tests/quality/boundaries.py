"""Where sentences end: our splitter beside NLTK's Punkt, as boundary F1 on the golden cases.

    python tests/quality/boundaries.py [--text documents.jsonl] [--readme README.md]

NLTK is measured as it comes (no parameters) and with parameters trained on our corpus. A boundary
is the place between two sentences; with --text, the share of NLTK's boundaries that are ours too.
"""

import json
import sys
from pathlib import Path

import click
from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

from classifier.card import fill
from classifier.corpus import load
from classifier.sentences import split

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from test_sentences import load as cases  # noqa: E402


def ends(text, spans):
    """Sentence ends but the last, counted without spaces."""
    return {len("".join(text[:end].split())) for _, end in list(spans)[:-1]}


def ours(text):
    """Spans of our splitter."""
    return [(s.start, s.end) for s in split(text)]


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
        pairs = [(ends(t, trained.span_tokenize(t)), ends(t, ours(t))) for t in texts]
        precision, recall, _ = f1(pairs)
        rows.append(f"On {len(texts)} real documents, {recall:.1%} of trained Punkt's boundaries "
                    f"are ours too, and {precision:.1%} of ours Punkt's (it knows no headings).")
    click.echo("\n".join(rows))
    if readme:
        fill(readme, "boundaries", "\n".join(rows))


if __name__ == "__main__":
    main()
