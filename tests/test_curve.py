import numpy as np
import pytest

from study import curve
from study.common import folds
from study.common.estimates import estimate
from study.common.results import find_need

SIZES = [5, 10, 20, 40]
WOBBLE = np.array([-0.02, 0.02, -0.01, 0.01, 0.0])  # of the accuracies over five splits


def need(custom, transfer, sizes=SIZES):
    """What is found for these mean accuracies of each size."""
    curves = {
        "custom": np.add.outer(custom, WOBBLE),
        "transfer": np.add.outer(transfer, -WOBBLE),
    }
    return find_need(curves, sizes, 0.2)


def photos_of_each(found):
    return found.custom_photos, found.transfer_photos


def test_transfer_needs_the_fewest_photos_that_clearly_beat_custom_with_the_most():
    found = need([0.4, 0.5, 0.6, 0.7], [0.6, 0.75, 0.85, 0.95])
    assert photos_of_each(found) == (40, 20)
    assert found.accuracy == pytest.approx(0.15)
    assert 0 < found.accuracy_low < 0.15 < found.accuracy_high


def test_the_interval_is_that_of_the_pair_it_names():
    found = need([0.4, 0.5, 0.6, 0.7], [0.6, 0.75, 0.85, 0.95])
    gain = estimate(0.15 - 2 * WOBBLE, 0.2)
    assert found.accuracy_low == pytest.approx(gain.low)
    assert found.accuracy_high == pytest.approx(gain.high)


def test_the_smallest_size_may_be_enough():
    assert photos_of_each(need([0.4, 0.5, 0.6, 0.7], [0.9] * 4)) == (40, 5)


def test_only_the_largest_size_may_be_clearly_better():
    found = need([0.4, 0.5, 0.6, 0.7], [0.4, 0.5, 0.7, 0.9])
    assert photos_of_each(found) == (40, 40)
    assert found.accuracy_low > 0


def test_a_better_mean_alone_is_not_enough():
    found = need([0.4, 0.5, 0.6, 0.7], [0.4, 0.5, 0.71, 0.9])
    assert photos_of_each(found) == (40, 40)


@pytest.mark.parametrize("last", [0.69, 0.7, 0.71])
def test_if_no_size_is_clearly_better_both_have_the_most(last):
    found = need([0.4, 0.5, 0.6, 0.7], [0.4, 0.5, 0.6, last])
    assert photos_of_each(found) == (40, 40)
    assert found.accuracy == pytest.approx(last - 0.7)
    assert found.accuracy_low < 0 < found.accuracy_high


@pytest.mark.parametrize("last", [0.9, 0.7, 0.5])
def test_equal_gains_on_every_split_are_never_clear(last):
    custom = np.add.outer([0.4, 0.5, 0.6, 0.7], WOBBLE)
    transfer = np.add.outer([0.6, 0.6, 0.6, last], WOBBLE)
    found = find_need({"custom": custom, "transfer": transfer}, SIZES, 0.2)
    assert photos_of_each(found) == (40, 40)
    assert found.accuracy == pytest.approx(last - 0.7)
    assert found.accuracy_low == found.accuracy == found.accuracy_high


def test_equal_gains_of_a_smaller_size_are_passed_over():
    custom = np.add.outer([0.4, 0.5, 0.6, 0.7], WOBBLE)
    transfer = np.array([0.9 + WOBBLE, 0.9 + WOBBLE, 0.9 - WOBBLE, 0.95 - WOBBLE])
    found = find_need({"custom": custom, "transfer": transfer}, SIZES, 0.2)
    assert photos_of_each(found) == (40, 20)


def test_if_custom_is_ahead_it_is_custom_that_needs_fewer():
    found = need([0.6, 0.75, 0.85, 0.95], [0.4, 0.5, 0.6, 0.7])
    assert photos_of_each(found) == (20, 40)
    assert found.accuracy == pytest.approx(-0.15)
    assert found.accuracy_low < -0.15 < found.accuracy_high < 0


def test_which_network_is_ahead_is_decided_with_the_most_photos():
    found = need([0.2, 0.4, 0.7, 0.95], [0.6, 0.6, 0.6, 0.6])
    assert photos_of_each(found) == (20, 40)
    assert found.accuracy_high < 0


def test_one_size_is_a_curve_too():
    assert photos_of_each(need([0.5], [0.9], sizes=[10])) == (10, 10)


@pytest.mark.parametrize("ahead", [1, -1])
def test_an_interval_stays_within_minus_1_and_1(ahead):
    split_gains = ahead * np.array([1.0, 1.0, 1.0, 1.0, 0.4])
    custom, transfer = np.maximum(-split_gains, 0), np.maximum(split_gains, 0)
    found = find_need({"custom": custom[None], "transfer": transfer[None]}, [10], 0.2)
    assert (found.accuracy_low == -1) == (ahead == -1)
    assert (found.accuracy_high == 1) == (ahead == 1)


def make_labels_and_splits(*counts, copies=0):
    """Labels, groups and splits of photos of each class, with copies of the last photo."""
    labels = np.repeat(range(len(counts)), counts)
    rows = [*range(len(labels)), *[len(labels) - 1] * copies]
    labels, groups = labels[rows], np.array(rows)
    return labels, groups, folds.make_splits(labels, groups, 5, 2, 0)


def test_a_size_is_kept_if_the_smallest_class_has_enough_training_photos():
    kept, most = curve.select_sizes([5, 10, 20, 40, 80], *make_labels_and_splits(50, 25, 100))
    assert kept == [5, 10, 20]
    assert most == 20


def test_the_sizes_are_sorted_and_unique():
    kept, _ = curve.select_sizes([40, 5, 20, 5], *make_labels_and_splits(50, 50))
    assert kept == [5, 20, 40]


def test_every_split_has_the_sizes_that_are_kept_in_different_photos():
    labels, groups, splits = make_labels_and_splits(50, 25, copies=20)
    kept, most = curve.select_sizes([*range(1, 60)], labels, groups, splits)
    assert kept == [*range(1, most + 1)]
    assert most == 20
    for split in splits:
        chosen = folds.choose_of_each_class(labels, groups, split, most, 0)
        assert np.bincount(labels[chosen]).tolist() == [most, most]
        assert len(set(groups[chosen])) == 2 * most


def test_if_no_size_is_left_the_message_names_the_largest():
    with pytest.raises(SystemExit) as refusal:
        curve.select_sizes([30, 40], *make_labels_and_splits(50, 25))
    message = str(refusal.value)
    assert "study.photos_per_class is [30, 40]; expected one up to 20," in message
    assert "\n" not in message


def test_the_plotted_table_has_each_network_at_each_size_within_0_and_1():
    values = [estimate([0.0, 0.2, 0.1], 0.2), estimate([0.9, 1.0, 0.95], 0.2)]
    table = curve.tabulate_curve({"custom": values, "transfer": values, "gain": values}, [5, 40])
    assert table["network"].tolist() == ["custom", "custom", "transfer", "transfer"]
    assert table["photos_per_class"].tolist() == [5, 40, 5, 40]
    assert table["accuracy_low"].min() == 0
    assert table["accuracy_high"].max() == 1
