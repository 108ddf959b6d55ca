"""Train on labelled documents: a head on the encoder, the fast model, Punkt's parameters."""

from collections.abc import Callable, Sequence
from pathlib import Path

from classifier.abbreviations import ORDINARY, REVIEWED
from classifier.artifact import load_encoder, load_model, save
from classifier.corpus import GoldDocument, fingerprint
from classifier.distill import teach
from classifier.document import Document
from classifier.encoder import EncoderModel
from classifier.errors import CorpusError, ModelError
from classifier.estimator import SentenceClassifier
from classifier.head import Head, HeadTrainer
from classifier.punkt import Punkt
from classifier.scoring import REVIEW_BELOW, FastModel

Fit = Callable[[Sequence[GoldDocument]], FastModel | EncoderModel]


def trainer(kind: str) -> Fit:
    """A function that fits a model of a kind (`fast` or `encoder`) on documents.

    Raises:
        ModelError: there is no such kind.
        CorpusError: (by the function) there are fewer than two labels or documents.
    """
    if kind not in ("fast", "encoder"):
        raise ModelError(f"{kind}: cannot be trained anew (fast and encoder can)")
    fit = fit_fast if kind == "fast" else fit_on(HeadTrainer(load_encoder()))

    def checked(documents: Sequence[GoldDocument]) -> FastModel | EncoderModel:
        labels = {label for d in documents for label in d.primary}
        if len(documents) < 2 or len(labels) < 2:
            raise CorpusError(
                f"{len(documents)} documents with {len(labels)} labels (at least two of each; "
                f"the column `document` says which sentences belong together)"
            )
        return fit(documents)

    return checked


def fit_fast(documents: Sequence[GoldDocument]) -> FastModel:
    """Fit the fast model."""
    rows = [(s.text, s.labels[0], d.id) for d in documents for s in d.sentences]
    texts, labels, groups = ([row[k] for row in rows] for k in range(3))
    return SentenceClassifier().fit(texts, labels, groups).model_


def fit_taught(unlabelled: Sequence[Document], teacher: str = "encoder") -> Fit:
    """A function that fits the fast model, taught by another model on unlabelled text too."""

    def fit(documents: Sequence[GoldDocument]) -> FastModel:
        return teach(load_model(teacher), documents, unlabelled)

    return fit


def fit_on(heads: HeadTrainer) -> Fit:
    """A function that fits a head on the encoder, which reads each document once only."""

    def fit(documents: Sequence[GoldDocument]) -> EncoderModel:
        head: Head = heads.fit(documents)
        return EncoderModel(head.labels, heads.encoder, head.weights, head.bias, head.temperature,
                            (REVIEW_BELOW,) * len(head.labels))

    return fit


def train(documents: Sequence[GoldDocument], path: Path, fit: Fit) -> None:
    """Fit a model on labelled documents and write the model file."""
    save(fit(documents), path, {
        "corpus": fingerprint(documents),
        "n_documents": len(documents),
        "n_sentences": sum(len(d.sentences) for d in documents),
        "is_head": True,
    })


def train_punkt(documents: Sequence[GoldDocument], path: Path) -> None:
    """Learn Punkt's parameters with NLTK's trainer, and write them with the reviewed list."""
    from nltk.tokenize.punkt import PunktTrainer

    trainer = PunktTrainer()
    trainer.train("\n\n".join(" ".join(d.texts) for d in documents), finalize=True)
    found = trainer.get_params()
    abbreviations = found.abbrev_types - ORDINARY | REVIEWED
    Punkt(
        frozenset(abbreviations), frozenset(found.collocations), frozenset(found.sent_starters),
        {word: flags for word, flags in found.ortho_context.items() if flags},
    ).save(path)
