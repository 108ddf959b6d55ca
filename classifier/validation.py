"""Probabilities and figures on labelled documents of models that did not learn from them."""

from collections.abc import Callable, Sequence

import numpy as np

from classifier.artifact import load_model
from classifier.corpus import GoldDocument
from classifier.evaluation import CurvePoint, evaluate
from classifier.scoring import Floats, Model

Fit = Callable[[Sequence[GoldDocument]], Model]


def probabilities(
    documents: Sequence[GoldDocument], model: str, n_folds: int | None = None
) -> tuple[Floats, list[str]]:
    """Probabilities for each sentence, and their labels, from a model.

    With a number of folds, from models of its kind (`fast` or `encoder`) trained on the documents
    of the other folds.
    """
    if n_folds:
        from classifier.training import trainer

        return cross_validate(documents, n_folds, trainer(model))
    loaded = load_model(model)
    return loaded.predict_proba([d.texts for d in documents]), list(loaded.labels)


def cross_validate(
    documents: Sequence[GoldDocument], n_folds: int, fit: Fit
) -> tuple[Floats, list[str]]:
    """Probabilities for each sentence from models that did not see its document."""
    labels = sorted({label for d in documents for label in d.primary})
    proba: list[Floats] = [np.zeros((0, 0))] * len(documents)
    fold = np.random.default_rng(0).permutation(len(documents)) % n_folds
    for k in range(n_folds):
        model = fit([d for i, d in enumerate(documents) if fold[i] != k])
        place = [labels.index(label) for label in model.labels]
        test = [i for i in range(len(documents)) if fold[i] == k]
        for i in test:
            proba[i] = np.zeros((len(documents[i].sentences), len(labels)))
            proba[i][:, place] = model.predict_proba([documents[i].texts])
    return np.vstack(proba), labels


def learning_curve(
    train_on: Sequence[GoldDocument], gold: Sequence[GoldDocument], fit: Fit,
    shares: Sequence[float] = (0.1, 0.25, 0.5, 0.75, 1.0),
) -> list[CurvePoint]:
    """Figures on gold of models fitted on nested random parts of the documents."""
    order = np.random.default_rng(0).permutation(len(train_on))
    points = []
    for share in shares:
        part = [train_on[i] for i in order[: max(2, round(share * len(train_on)))]]
        if len({label for d in part for label in d.primary}) < 2:
            continue
        result = evaluate(gold, fit(part))
        points.append(CurvePoint(len(part), sum(len(d.sentences) for d in part),
                                 result.macro_f1, result.interval))
    return points
