"""Comparing two networks photo by photo: the gain, and whether it could be chance."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr

from stages.results.intervals import QUANTILE
from stages.results.records import PAIRS, Comparison, Comparisons

COUNTS = ("first", "second")  # in a `Comparison`; in files they bear the networks' names


def compare(first_right: np.ndarray, second_right: np.ndarray, groups: ArrayLike) -> Comparison:
    """Compare two networks on the same photos.

    Photos of one group count as one, with the share of them that a network gets right.

    McNemar's exact test is a binomial test: if the networks are equally good, each photo
    that only one of them gets right is as likely to be the one's as the other's. For groups
    of several photos it is the sign test, of W. J. Dixon and A. M. Mood (1946), The
    Statistical Sign Test, Journal of the American Statistical Association 41(236), 557-566,
    https://doi.org/10.1080/01621459.1946.10501898: which network gets more of the group right?

    The interval of the gain is the adjusted Wald interval for paired proportions of
    D. G. Bonett and R. M. Price (2012), Journal of Educational and Behavioral
    Statistics 37(4), 479-488, https://doi.org/10.3102/1076998611411915: the usual interval of
    a mean difference, with one more photo that only the first gets right, and one that only
    the second does. So it holds for shares as well.

    Args:
        first_right: `bool` `[n]`, whether the first network gets each photo right.
        second_right: the same for the second, in the same order.
        groups: `[n]`, equal for photos that look alike, or show one individual.
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    more = first_right.astype(int) - second_right
    differences = np.bincount(group, more) / sizes
    first, second = int(np.sum(differences > 0)), int(np.sum(differences < 0))
    adjusted = np.append(differences, [1, -1])
    centre, variance = adjusted.mean(), adjusted.var() / len(adjusted)
    margin = QUANTILE * float(variance) ** 0.5
    return Comparison(
        accuracy_gain=float(differences.mean()),
        accuracy_gain_low=max(-1.0, float(centre - margin)),
        accuracy_gain_high=min(1.0, float(centre + margin)),
        p_value=float(test_exactly(first, second)),
        first=first,
        second=second,
    )


def test_exactly(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """Return the p-value of the exact sign test, two-sided; McNemar's for photos.

    Args:
        first, second: `int`, any shape: numbers of photos on which only the first, or only the
            second, of two networks is better.
    """
    first, second = np.asarray(first), np.asarray(second)
    # scipy.stats has the test as well, but takes as long to import as all else in its stage.
    return np.minimum(1, 2 * bdtr(np.minimum(first, second), first + second, 0.5))


def to_json(comparisons: Comparisons) -> dict[str, float]:
    """Return all comparisons by the names that metrics/comparison.json has for them."""
    return {
        name: value
        for pair, comparison in comparisons.items()
        for name, value in zip(_name_values(pair), comparison, strict=True)
    }


def from_json(values: dict[str, float]) -> Comparisons:
    """Return the comparisons that `to_json` returned as `values`."""
    return {
        pair: Comparison(*(values[name] for name in _name_values(pair)))  # type: ignore[arg-type]
        for pair in PAIRS
    }


def _name_values(pair: tuple[str, str]) -> list[str]:
    counts = {name: f"only_{network}_right" for name, network in zip(COUNTS, pair, strict=True)}
    return [PAIRS[pair] + counts.get(name, name) for name in Comparison._fields]
