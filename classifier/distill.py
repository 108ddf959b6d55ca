"""Teach the fast model with the encoder's probabilities, on labelled and unlabelled text."""

from collections.abc import Sequence

import numpy as np

from classifier.corpus import GoldDocument
from classifier.document import Document
from classifier.estimator import SentenceClassifier
from classifier.scoring import FastModel, Floats, Model
from classifier.sentences import split

_TRUST_IN_GOLD = 0.5


def teach(
    teacher: Model, labelled: Sequence[GoldDocument], unlabelled: Sequence[Document]
) -> FastModel:
    """Fit the fast model to the teacher's probabilities.

    On labelled sentences the target is the mean of the gold label and the teacher's. Unlabelled
    documents that are among the labelled ones, by id, are left out.
    """
    known = {d.id for d in labelled}
    read = [[s.text for s in split(d.text)] for d in unlabelled if d.id not in known]
    texts = [d.texts for d in labelled] + [sentences for sentences in read if sentences]
    targets = teacher.predict_proba(texts)
    gold = _one_hot(labelled, teacher.labels)
    n = len(gold)
    targets[:n] = _TRUST_IN_GOLD * gold + (1 - _TRUST_IN_GOLD) * targets[:n]
    groups = [str(i) for i, sentences in enumerate(texts) for _ in sentences]
    flat = [text for sentences in texts for text in sentences]
    return SentenceClassifier().fit_soft(flat, targets, teacher.labels, groups).model_


def _one_hot(documents: Sequence[GoldDocument], labels: Sequence[str]) -> Floats:
    codes = [labels.index(label) for d in documents for label in d.primary]
    return np.eye(len(labels))[codes]
