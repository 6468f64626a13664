"""What choosing the best of many networks is worth, and which could be as good as the best."""

import numpy as np
import pytest

from experiments import choosing
from stages.results import comparison
from stages.results.intervals import get_wilson
from tests.helpers.simulated import ACCURACY, draw


def make_right(*rows):
    """Rows of `1` and `0`, one for each network, as an array."""
    return np.array([list(map(float, row)) for row in rows])


def simulate(photos, correlation, repeats=40, **better):
    random = np.random.default_rng(0)
    return [choosing.choose(draw(random, photos, correlation, **better)) for _ in range(repeats)]


@pytest.mark.parametrize("correlation", [0.3, 0.7])
def test_what_to_expect_of_the_best_of_equal_networks_is_their_accuracy(correlation):
    choices = simulate(60, correlation)
    assert np.mean([choice.accuracy for choice in choices]) == pytest.approx(ACCURACY, abs=0.025)
    covered = [choice.accuracy_low <= ACCURACY <= choice.accuracy_high for choice in choices]
    assert np.mean(covered) >= 0.9


def test_equal_networks_are_hardly_ever_called_surely_worse():
    marked = [(choice.p_values < choosing.LEVEL).any() for choice in simulate(60, 0.7)]
    assert np.mean(marked) <= 0.1


def test_the_best_shows_more_than_it_is_worth():
    random = np.random.default_rng(1)
    right = draw(random, 30, 0.3)
    choice = choosing.choose(right)
    assert right[choice.best].mean() > ACCURACY + 0.05
    assert choice.accuracy < right[choice.best].mean() - 0.03


def test_a_network_that_is_far_better_is_found_and_the_others_are_surely_worse():
    for choice in simulate(300, 0.7, repeats=5, better=0.95):
        assert choice.best == 0
        assert (choice.p_values[1:] < choosing.LEVEL).all()


def test_one_network_was_not_chosen():
    choice = choosing.choose(make_right("1110"))
    assert (choice.best, choice.accuracy, choice.p_values.tolist()) == (0, 0.75, [1])
    assert (choice.accuracy_low, choice.accuracy_high) == get_wilson(0.75, 4)


def test_no_pair_is_told_apart_that_its_own_exact_test_does_not():
    choice = choosing.choose(make_right("1" * 30, "0" * 5 + "1" * 25))
    assert choice.p_values[1] >= comparison.test_exactly(5, 0) == 0.0625


@pytest.mark.parametrize("row", ["1", "0", "11", "0000000000"])
def test_few_photos_or_none_right_still_give_numbers(row):
    choice = choosing.choose(make_right(row, row, row))
    assert choice.accuracy == float(row[0])
    assert choice.p_values.tolist() == [1, 1, 1]


def test_the_same_networks_give_the_same_numbers():
    right = draw(np.random.default_rng(2), 30, 0.5)
    one, other = choosing.choose(right), choosing.choose(right)
    assert one.accuracy == other.accuracy
    assert one.p_values.tolist() == other.p_values.tolist()
