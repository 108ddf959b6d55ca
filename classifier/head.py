"""Fit a linear head on the encoder's sentence vectors with scikit-learn."""

from collections.abc import Sequence

import numpy as np

from classifier.calibration import fit_temperature
from classifier.corpus import GoldDocument
from classifier.encoder import Encoder, EncoderModel


def fit_head(
    encoder: Encoder,
    documents: Sequence[GoldDocument],
    held_out: Sequence[GoldDocument],
    C: float = 0.02,
) -> EncoderModel:
    """Fit logistic regression on documents; temperature on documents that nothing has seen."""
    from sklearn.linear_model import LogisticRegression

    vectors = encoder.vectors([d.texts for d in documents])
    gold = [label for d in documents for label in d.primary]
    fitted = LogisticRegression(C=C, max_iter=2000).fit(vectors, gold)
    weights, bias = fitted.coef_.T, fitted.intercept_
    if len(fitted.classes_) == 2:
        weights, bias = np.hstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    labels = tuple(str(label) for label in fitted.classes_)
    model = EncoderModel(labels, encoder, weights.astype(np.float32), bias, 1.0, 0.5)
    scores = model.decision_function([d.texts for d in held_out])
    codes = np.array([labels.index(label) for d in held_out for label in d.primary])
    return EncoderModel(
        labels, encoder, model.weights, bias, fit_temperature(scores, codes), 0.5
    )
