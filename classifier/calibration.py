"""Temperature scaling."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from classifier.scoring import Floats, softmax


def fit_temperature(scores: Floats, codes: NDArray[Any]) -> float:
    """Scale that minimises the log-loss (Guo et al. 2017, "On Calibration of Modern ...").

    >>> fit_temperature(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 0])) < 1
    True
    """

    def loss(temperature: float) -> float:
        proba = softmax(scores / temperature)[np.arange(len(codes)), codes]
        return float(-np.log(proba + 1e-12).mean())

    return float(minimize_scalar(loss, bounds=(0.2, 5.0), method="bounded").x)
