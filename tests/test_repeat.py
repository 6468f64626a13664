import numpy as np
import pytest

from stages.networks import linear
from study import repeat
from study.common import folds
from study.common.estimates import divide_spread, estimate
from study.common.results import summarize

WOBBLE = np.array([-0.02, 0.02, -0.01, 0.01, 0.0])  # over five splits
INTERVAL = {"accuracy", "accuracy_low", "accuracy_high", "accuracy_sd"}


def of_one_seed(values):
    return np.reshape(values, (-1, 1))


def split(train, held_out):
    return folds.Split(0, 0, np.array(train), np.array(held_out))


def test_one_seed_gives_the_estimate_over_the_splits():
    accuracies = 0.7 + WOBBLE
    found = summarize(of_one_seed(accuracies), 0.2)
    mean, low, high, _ = estimate(accuracies, 0.2)
    assert found.to_json() == {
        "accuracy": pytest.approx(mean),
        "accuracy_low": pytest.approx(low),
        "accuracy_high": pytest.approx(high),
        "accuracy_sd": pytest.approx(np.sqrt(0.001 / 4)),
    }


def test_with_several_seeds_the_spread_is_divided():
    values = np.add.outer(0.7 + 5 * WOBBLE, [-0.03, 0.0, 0.03])
    found = summarize(values, 0.2)
    assert found.to_json().keys() == INTERVAL | {"seed_sd", "split_sd"}
    assert (found.seed_sd, found.split_sd) == pytest.approx(divide_spread(values))
    assert found.seed_sd == pytest.approx(0.03)


def test_several_seeds_count_as_one_value_of_each_split():
    averaged = summarize(np.add.outer(0.7 + WOBBLE, [-0.1, 0.0, 0.1]), 0.2)
    alone = summarize(of_one_seed(0.7 + WOBBLE), 0.2)
    assert {name: getattr(averaged, name) for name in INTERVAL} == pytest.approx(alone.to_json())


@pytest.mark.parametrize("mean", [0.1, 0.0, -0.1])
def test_a_gain_has_a_probability(mean):
    found = summarize(of_one_seed(mean + WOBBLE), 0.2, lowest=-1)
    assert found.to_json().keys() == INTERVAL | {"probability"}
    assert found.probability == pytest.approx(estimate(mean + WOBBLE, 0.2).positive)


def test_a_gain_of_several_seeds_has_a_probability_and_a_divided_spread():
    found = summarize(np.add.outer(0.1 + WOBBLE, [0.0, 0.1]), 0.2, lowest=-1)
    assert found.to_json().keys() == INTERVAL | {"seed_sd", "split_sd", "probability"}


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.0, -0.1, -1.0])
def test_a_gain_without_spread_has_no_probability(gain):
    found = summarize(of_one_seed([gain] * 5), 0.2, lowest=-1)
    assert found.to_json().keys() == INTERVAL
    assert found.accuracy_low == found.accuracy == found.accuracy_high
    assert found.accuracy == pytest.approx(gain)
    assert found.accuracy_sd == pytest.approx(0)


def test_an_accuracy_stays_within_0_and_1():
    low = summarize(of_one_seed([0.0, 0.0, 0.2]), 0.2)
    high = summarize(of_one_seed([1.0, 1.0, 0.8]), 0.2)
    assert low.accuracy_low == 0 < low.accuracy_high < 1
    assert 0 < high.accuracy_low < 1 == high.accuracy_high


def test_a_gain_stays_within_minus_1_and_1():
    low = summarize(of_one_seed([-1.0, -1.0, -0.6]), 0.2, lowest=-1)
    high = summarize(of_one_seed([1.0, 1.0, 0.6]), 0.2, lowest=-1)
    assert low.accuracy_low == -1 < low.accuracy_high < 0
    assert 0 < high.accuracy_low < 1 == high.accuracy_high
    around = summarize(of_one_seed(WOBBLE), 0.2, lowest=-1)
    assert -1 < around.accuracy_low < 0 < around.accuracy_high < 1


def test_the_majority_class_is_that_of_the_training_photos():
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 2])
    splits = [split([0, 1, 2, 3], [4, 5, 6, 7]), split([0, 3, 4, 5], [1, 2, 6, 7])]
    # Class 0 is in none of the first held-out photos, class 1 in one of the second.
    assert repeat.score_majority(labels, np.ones(8), splits).tolist() == [[0.0], [0.25]]


def test_copies_make_no_class_the_majority_and_count_once_where_they_are_held_out():
    labels = np.array([0, 0, 0, 1, 1, 0, 1, 1])
    weights = np.array([1 / 3, 1 / 3, 1 / 3, 1, 1, 1, 0.5, 0.5])
    found = repeat.score_majority(labels, weights, [split([0, 1, 2, 3, 4], [5, 6, 7])])
    assert found.tolist() == [[0.5]]


def test_guessing_the_only_class_is_always_right():
    labels = np.zeros(4, int)
    assert repeat.score_majority(labels, np.ones(4), [split([0, 1], [2, 3])]).tolist() == [[1.0]]


def test_pooling_averages_over_rows_and_columns_only():
    maps = np.arange(2 * 2 * 3 * 2, dtype=np.float32).reshape(2, 2, 3, 2)
    pooled = linear.pool(maps, 2)
    assert pooled.tolist() == [[5.0, 6.0], [17.0, 18.0]]
    assert pooled.dtype == np.float32


def test_pooling_takes_the_photos_and_not_their_altered_copies():
    maps = np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1)
    assert linear.pool(maps, 2).tolist() == [[0.0], [1.0]]


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
def test_pooling_keeps_every_photo_in_its_place(count):
    numbers = np.arange(count, dtype=np.float32)
    maps = np.broadcast_to(numbers[:, None, None, None], (count, 2, 2, 3))
    assert np.array_equal(linear.pool(maps, count), np.repeat(numbers[:, None], 3, axis=1))


def test_the_plotted_table_has_each_split_beside_the_interval_of_its_network():
    scores = {"probe": of_one_seed([0.6, 0.8]), "custom": np.array([[0.5, 0.7], [0.9, 0.9]])}
    summary = {name: summarize(values, 0.2) for name, values in scores.items()}
    table = repeat.tabulate_splits(scores, summary)
    assert table["network"].tolist() == ["probe", "probe", "custom", "custom"]
    assert table["split"].tolist() == [1, 2, 1, 2]
    assert table["accuracy"].tolist() == pytest.approx([0.6, 0.8, 0.6, 0.9])
    for end in ("accuracy_low", "accuracy_high"):
        ends = [getattr(summary[name], end) for name in ("probe", "probe", "custom", "custom")]
        assert table[end].tolist() == ends
