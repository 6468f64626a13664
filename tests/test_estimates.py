from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from study.common import folds
from study.common.estimates import Estimate, divide_spread, estimate

STUDIES, PHOTOS, SPLITS = 500, 150, 10
SHARES = st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5])
GAINS = st.lists(st.integers(-30, 30), min_size=2, max_size=30).map(lambda n: np.array(n) / 30)
SPREAD_GAINS = GAINS.filter(lambda gains: np.ptp(gains) > 0)


def ordinary_interval(values):
    """The usual interval, as if the splits were independent."""
    error = stats.sem(values)
    return stats.t.interval(0.95, len(values) - 1, np.mean(values), error)


def honest(gains):
    return estimate(gains, 1 / 5)


@cache
def simulated_gains(advantage=0.0, seed=0):
    """The gains `[studies, splits]` of a second network over a first one.

    Each study has photos of its own. A network learns more from some photos than from others,
    so its skill is the sum over its training photos; some photos are hard for both networks.
    With no advantage, both networks are equally good over all possible photos. The gains of
    two splits correlate by almost 0.2, as Nadeau and Bengio assume, because the choice of the
    training photos alone gives the accuracy of a network a standard deviation of 2.4 points.
    """
    random = np.random.default_rng(seed)
    trained = np.ones((STUDIES, SPLITS, PHOTOS), bool)
    for study in range(STUDIES):
        labels, contents = random.integers(3, size=PHOTOS), random.permutation(PHOTOS)
        for number, split in enumerate(folds.make_splits(labels, contents, 5, 2, study)):
            trained[study, number, split.held_out] = False

    taught = random.normal(0, 0.1 / np.sqrt(0.8 * PHOTOS), (STUDIES, PHOTOS, 2))
    skill = 1 + trained @ taught + [0, advantage]
    difficulty = random.normal(0, 1, (STUDIES, PHOTOS, 1)) + random.normal(
        0, 0.5, (STUDIES, PHOTOS, 2)
    )
    luck = random.normal(0, 0.3, (STUDIES, SPLITS, PHOTOS, 2))
    right = skill[:, :, None] + luck > difficulty[:, None]
    gained = np.where(trained, 0, right[..., 1].astype(int) - right[..., 0])
    return gained.sum(axis=-1) / (~trained).sum(axis=-1)


def test_of_two_equally_good_networks_one_is_seldom_called_better():
    wrong = [not low <= 0 <= high for _, low, high, _ in map(honest, simulated_gains())]
    assert np.mean(wrong) <= 0.08


def test_the_ordinary_interval_would_call_one_better_too_often():
    wrong = [not low <= 0 <= high for low, high in map(ordinary_interval, simulated_gains())]
    assert np.mean(wrong) > 0.08


def test_a_network_that_is_much_better_is_mostly_found():
    found = [low > 0 for _, low, _, _ in map(honest, simulated_gains(advantage=1.0))]
    assert np.mean(found) > 0.9


def test_the_interval_is_that_of_nadeau_and_bengio():
    values = [0.1, 0.3, 0.2, 0.0, 0.4]
    # Their mean is 0.2, their sample variance 0.1 / 4; 2.776445 is the t of 4 degrees of freedom.
    error = np.sqrt((1 / 5 + 1 / 4) * 0.025)
    found = estimate(values, 0.2)
    assert found.mean == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2 - 2.776445 * error)
    assert found.high == pytest.approx(0.2 + 2.776445 * error)


@given(SPREAD_GAINS, SHARES)
def test_it_is_the_ordinary_interval_times_the_correction(gains, held_out):
    found = estimate(gains, held_out)
    low, high = ordinary_interval(gains)
    correction = np.sqrt(1 + len(gains) * held_out / (1 - held_out))
    assert found.mean - found.low == pytest.approx((np.mean(gains) - low) * correction)
    assert found.high - found.mean == pytest.approx((high - np.mean(gains)) * correction)
    if held_out == 0.1:
        bare = estimate(gains, 1e-15)
        assert (bare.low, bare.high) == pytest.approx((low, high))


@given(GAINS, SHARES)
def test_swapping_the_networks_mirrors_every_number(gains, held_out):
    forward, backward = estimate(gains, held_out), estimate(-gains, held_out)
    assert forward.mean == pytest.approx(-backward.mean)
    assert forward.low == pytest.approx(-backward.high)
    assert forward.positive == pytest.approx(1 - backward.positive, nan_ok=True)
    assert forward.sign == -backward.sign


@given(SPREAD_GAINS, SHARES)
def test_an_interval_above_0_and_a_probability_above_0_975_are_the_same(gains, held_out):
    found = estimate(gains, held_out)
    assert (found.low > 0) == (found.positive > 0.975) == (found.sign == 1)
    assert (found.high < 0) == (found.positive < 0.025) == (found.sign == -1)


def test_the_probability_is_even_for_a_gain_of_0():
    assert estimate([-0.1, 0.1], 0.2).positive == pytest.approx(0.5)


@pytest.mark.parametrize("value", [0.1, 0.0, -0.1])
def test_values_without_spread_leave_no_interval_and_no_probability(value):
    found = estimate([value] * 7, 0.2)
    assert found.mean == pytest.approx(value)
    assert found.low == found.mean == found.high
    assert np.isnan(found.positive)
    assert found.sign == 0


def test_values_that_differ_only_by_rounding_have_no_spread():
    found = estimate([0.3, 0.1 + 0.2, 0.3], 0.2)
    assert found.low == found.high
    assert np.isnan(found.positive)
    assert found.sign == 0


@pytest.mark.parametrize(
    ("low", "high", "sign"),
    [
        (0.001, 0.1, 1),
        (0.0, 0.1, 0),
        (-0.1, 0.1, 0),
        (-0.1, 0.0, 0),
        (-0.1, -0.001, -1),
        (0.1, 0.1, 0),
        (0.0, 0.0, 0),
        (-0.1, -0.1, 0),
    ],
)
def test_the_sign_is_not_0_if_the_interval_has_a_width_and_excludes_0(low, high, sign):
    assert Estimate((low + high) / 2, low, high, 0.5).sign == sign


def test_more_splits_alone_never_make_the_interval_vanish():
    # They are still the same photos, however often they are divided.
    gains = np.tile([0.0, 0.2], 5000)
    found = estimate(gains, 0.2)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.1 * np.sqrt(0.25), rel=0.01)


@pytest.mark.parametrize(("seed", "split"), [(0.03, 0.05), (0.05, 0.01), (0.04, 0.0)])
def test_the_spread_is_divided_as_it_was_simulated(seed, split):
    random = np.random.default_rng(0)
    values = random.normal(0.8, split, (20000, 1)) + random.normal(0, seed, (20000, 3))
    assert divide_spread(values) == pytest.approx((seed, split), abs=0.003)


def test_splits_more_alike_than_by_chance_contribute_nothing():
    assert divide_spread(np.array([[0.7, 0.9], [0.9, 0.7]])) == (pytest.approx(np.sqrt(0.02)), 0)


def test_seeds_that_agree_contribute_nothing():
    assert divide_spread(np.array([[0.7, 0.7], [0.9, 0.9]])) == (0, pytest.approx(np.sqrt(0.02)))
