"""What the study finds, in numbers: JSON holds them under the names that they have here."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from stages.common.parameters import RIVALS
from study.common.estimates import Estimate, divide_spread, estimate


class Score(NamedTuple):
    """The accuracy of a network over many splits, or the gain of one over another.

    Attributes:
        accuracy: mean over the splits.
        accuracy_low, accuracy_high: its 95% interval.
        accuracy_sd: standard deviation over the splits.
        seed_sd, split_sd: what the seed and the split contribute to the standard deviation of
            a single training; `None` with a single seed.
        probability: that a gain is above 0; `None` for a network, and for a gain that is the
            same on every split.
    """

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    accuracy_sd: float
    seed_sd: float | None = None
    split_sd: float | None = None
    probability: float | None = None

    def to_json(self) -> dict[str, float]:
        """Return what is known, by name: DVC shows no `null`."""
        return {name: value for name, value in self._asdict().items() if value is not None}


class Need(NamedTuple):
    """How few photos one network needs to beat the other one with the most.

    Attributes:
        custom_photos, transfer_photos: training photos of each class.
        accuracy: gain of transfer over custom with these numbers of photos.
        accuracy_low, accuracy_high: its 95% interval.
    """

    custom_photos: int
    transfer_photos: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float

    def to_json(self) -> dict[str, Any]:
        """Return all of it, by name."""
        return self._asdict()


def summarize(values: np.ndarray, held_out: float, lowest: float = 0.0) -> Score:
    """Summarize the accuracies of one network, or their gains, over all trainings.

    Args:
        values: `float` array `[splits, seeds]`.
        held_out: share of the photos that each split holds out.
        lowest: the lowest possible value: 0 for an accuracy, -1 for a gain. The highest is 1.
    """
    means = values.mean(axis=1)
    found = estimate(means, held_out)
    spread = divide_spread(values) if values.shape[1] > 1 else None
    has_probability = lowest < 0 and found.low < found.high
    return Score(
        accuracy=found.mean,
        accuracy_low=max(found.low, lowest),
        accuracy_high=min(found.high, 1.0),
        accuracy_sd=float(np.std(means, ddof=1)),
        seed_sd=spread and spread.seed,
        split_sd=spread and spread.split,
        probability=found.positive if has_probability else None,
    )


def find_need(curves: dict[str, np.ndarray], sizes: Sequence[int], held_out: float) -> Need:
    """Find how few photos the better network needs to beat the other one with the most.

    The interval is estimated as if both training sets were of the larger size. Smaller ones
    overlap less, so it is wide rather than narrow.

    Args:
        curves: for each network, a `float` array `[sizes, splits]` of accuracies.
        sizes: training photos of each class, ascending.
        held_out: share of the photos that each split holds out.

    Returns:
        A `Need`. If neither network is clearly better with any number of photos, both have
        the most.
    """
    custom, transfer = (curves[network] for network in RIVALS)
    last = len(sizes) - 1
    ahead = transfer[last].mean() >= custom[last].mean()
    for size in range(last + 1):
        for_custom, for_transfer = (last, size) if ahead else (size, last)
        gain = estimate(transfer[for_transfer] - custom[for_custom], held_out)
        if gain.sign == (1 if ahead else -1):
            break
    return Need(
        sizes[for_custom], sizes[for_transfer], gain.mean, max(gain.low, -1.0), min(gain.high, 1.0)
    )


def estimate_curve(accuracies: np.ndarray, held_out: float) -> list[Estimate]:
    """Estimate the mean for each size, from a `float` array `[sizes, splits]`."""
    return [estimate(values, held_out) for values in accuracies]
