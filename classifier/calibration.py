"""Temperature scaling."""

import numpy as np
from scipy.optimize import minimize_scalar

from classifier.scoring import Floats, softmax


def fit_temperature(scores: Floats, targets: Floats) -> float:
    """Scale that minimises the log-loss against targets (n, n_labels), one-hot or soft.

    Guo et al. 2017, "On Calibration of Modern Neural Networks".

    >>> fit_temperature(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 0.0]] * 2)) < 1
    True
    """

    def loss(temperature: float) -> float:
        log_proba = np.log(softmax(scores / temperature) + 1e-12)
        return float(-(targets * log_proba).sum(axis=1).mean())

    return float(minimize_scalar(loss, bounds=(0.2, 5.0), method="bounded").x)
