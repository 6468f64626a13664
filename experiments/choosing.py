"""What choosing the best of many networks is worth, when all are scored on the same photos."""

from typing import NamedTuple

import numpy as np

from stages.results import comparison
from stages.results.intervals import get_wilson

RESAMPLES = 1000  # of the photos, with replacement
CHUNK = 100  # of them at a time: bounds the memory
TOLERANCE = 1e-9  # of equal accuracies, whose sums are rounded
LEVEL = 0.05  # below it, a network is surely worse than the best


class Choice(NamedTuple):
    """The best of some networks, and what it is worth.

    Attributes:
        best: its number.
        p_values: `float` `[networks]`: of each being as good as the best; 1 for the best.
        accuracy: what to expect of the best on new photos, 0 to 1.
        accuracy_low, accuracy_high: the 95% interval of that.
    """

    best: int
    p_values: np.ndarray
    accuracy: float
    accuracy_low: float
    accuracy_high: float


def choose(right: np.ndarray) -> Choice:
    """Choose the network with the highest accuracy; of several, the first.

    **What to expect of it** is estimated by bootstrapping the photos, choosing anew among the
    networks on each resample, and scoring the chosen one on the photos that are not in it:
    I. Tsamardinos, E. Greasidou and G. Borboudakis (2018), Bootstrapping the out-of-sample
    predictions for efficient and accurate cross-validation, Machine Learning 107, 1895-1922,
    https://doi.org/10.1007/s10994-018-5714-4. Networks that tie share the score. The interval
    is Wilson's for that accuracy: the percentiles of the resamples, each scored on a third of
    the photos, would be far too wide.

    **A network is surely worse than the best** only if both of two tests say so. One is the
    exact test of this pair, as in `comparison.compare`. The other corrects for the number of
    networks, and for the best having been chosen on the same photos: in each resample, the
    accuracies deviate from those on all photos; the p-value is the share of resamples in which
    the largest of these deviations exceeds the smallest by at least the gap to the best. It is
    the range statistic of P. R. Hansen, A. Lunde and J. M. Nason (2011), The Model Confidence
    Set, Econometrica 79(2), 453-497, https://doi.org/10.3982/ECTA5771, not studentized.

    Args:
        right: `float` `[networks, photos]`, the share of each different photo that each network
            gets right: 0 or 1, or between them for copies that count as one.
    """
    accuracies = right.mean(axis=1)
    best = int(accuracies.argmax())
    gaps = accuracies[best] - accuracies
    further, expected = np.zeros(len(right)), []
    random = np.random.default_rng(0)
    count = right.shape[1]
    for _ in range(RESAMPLES // CHUNK):
        rows = random.integers(count, size=(CHUNK, count))
        drawn = np.stack([np.bincount(row, minlength=count) for row in rows])
        inside = drawn @ right.T / count
        deviations = inside - accuracies
        ranges = deviations.max(axis=1) - deviations.min(axis=1)
        further += (ranges[:, None] >= gaps - TOLERANCE).sum(axis=0)

        left = drawn == 0
        usable = left.any(axis=1)  # very few photos may all be in a resample
        tied = inside[usable] >= inside[usable].max(axis=1, keepdims=True) - TOLERANCE
        unseen = left[usable] @ right.T / left[usable].sum(axis=1, keepdims=True)
        expected.append((unseen * tied).sum(axis=1) / tied.sum(axis=1))

    exact = comparison.test_exactly(
        (right[best] > right).sum(axis=1), (right[best] < right).sum(axis=1)
    )
    outside = np.concatenate(expected)
    chosen = len(right) > 1 and outside.size > 0
    accuracy = float(outside.mean() if chosen else accuracies[best])
    low, high = get_wilson(accuracy, count)
    return Choice(
        best=best,
        p_values=np.maximum(exact, (1 + further) / (1 + RESAMPLES)),
        accuracy=accuracy,
        accuracy_low=low,
        accuracy_high=high,
    )
