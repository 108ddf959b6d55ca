"""policytag: label the sentences of government letters and news."""

from typing import TYPE_CHECKING, Any

from classifier.document import LABELS, Document, Prediction, Sentence
from classifier.errors import ClassifierError, CorpusError, ModelError, ReadError

if TYPE_CHECKING:
    from classifier.artifact import load_model
    from classifier.estimator import SentenceClassifier
    from classifier.sentences import split
    from classifier.tagging import tag

__version__ = "0.1.0"
__all__ = [
    "ClassifierError", "CorpusError", "Document", "LABELS", "ModelError", "Prediction",
    "ReadError", "Sentence", "SentenceClassifier", "load_model", "split", "tag",
]

_LAZY = {
    "load_model": "artifact", "SentenceClassifier": "estimator",
    "split": "sentences", "tag": "tagging",
}


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module 'classifier' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"classifier.{_LAZY[name]}"), name)
