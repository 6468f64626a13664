"""Weights by which photos that look alike, or show one individual, count as one."""

import numpy as np
from numpy.typing import ArrayLike

from stages.results.records import Guess


def weigh_photos(groups: ArrayLike) -> np.ndarray:
    """Weigh photos so that different ones count the same.

    Args:
        groups: `[n]`, equal for photos that look alike, or show one individual.

    Returns:
        `float` `[n]`: 1 / number of photos of the group. They add up to the number of groups.
    """
    _, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return 1 / sizes[which]


def guess_majority(labels: ArrayLike, weights: np.ndarray) -> Guess:
    """Score always guessing the majority class.

    Args:
        labels: `[n]`, classes of the photos.
        weights: what `weigh_photos` returns.
    """
    classes, which = np.unique(labels, return_inverse=True)
    counts = np.bincount(which, weights)
    return Guess(
        label=str(classes[counts.argmax()]),
        accuracy=float(counts.max() / counts.sum()),
        even=bool(np.ptp(counts) < 1e-6),
    )
