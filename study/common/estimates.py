"""Estimates from repeated splits, whose training sets overlap: means, intervals, spread."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t


class Estimate(NamedTuple):
    """A mean, its 95% interval, and the probability that the true value is above 0.

    Values without any spread have no interval: `low` and `high` are the mean, `positive` is
    NaN.
    """

    mean: float
    low: float
    high: float
    positive: float

    @property
    def sign(self) -> int:
        """1 or -1 if the interval lies above or below 0, else 0."""
        return 0 if self.low == self.high else int(self.low > 0) - int(self.high < 0)


class Spread(NamedTuple):
    """The standard deviation of single trainings, by its source; each part is at least 0."""

    seed: float
    split: float


def estimate(values: ArrayLike, held_out: float) -> Estimate:
    """Estimate a mean over splits whose training sets overlap.

    The values of such splits resemble each other more than independent ones, so the usual
    interval is too narrow. This is the corrected resampled t of C. Nadeau and Y. Bengio
    (2003), Inference for the Generalization Error, Machine Learning 52, 239-281,
    https://doi.org/10.1023/A:1024068626366: the variance of the mean of J values is
    (1 / J + held out / trained) times their sample variance, with J - 1 degrees of freedom.
    The probability is that of the Bayesian reading of the same t, by G. Corani and
    A. Benavoli (2015), A Bayesian approach for comparing cross-validated algorithms on
    multiple data sets, Machine Learning 100, 285-304,
    https://doi.org/10.1007/s10994-015-5486-z.

    Args:
        values: array `[J]`, J at least 2: one value per split.
        held_out: share of the photos that each split holds out, above 0 and below 1.
    """
    count = len(values := np.asarray(values))
    mean = float(np.mean(values))
    variance = np.var(values, ddof=1) * (1 / count + held_out / (1 - held_out))
    if variance < 1e-24:  # the values differ by no more than their rounding
        return Estimate(mean, mean, mean, np.nan)
    posterior = t(count - 1, mean, np.sqrt(variance))
    low, high = posterior.interval(0.95)
    return Estimate(mean, float(low), float(high), float(posterior.sf(0)))


def divide_spread(values: np.ndarray) -> Spread:
    """Divide the spread of trainings between the seed and the split.

    The estimates are those of a one-way analysis of variance with random effects, as in
    S. R. Searle, G. Casella and C. E. McCulloch (1992), Variance Components, Wiley.

    Args:
        values: array `[splits, seeds]`, at least 2 of each.
    """
    seeds = values.shape[1]
    seed = np.mean(np.var(values, axis=1, ddof=1))
    split = np.var(np.mean(values, axis=1), ddof=1) - seed / seeds
    return Spread(float(np.sqrt(seed)), float(np.sqrt(max(split, 0))))
