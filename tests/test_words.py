import numpy as np
import pytest

from study import repeat
from study.common import words
from study.common.estimates import Estimate
from study.common.parameters import Study

WOBBLE = np.array([-0.02, 0.02, -0.01, 0.01, 0.0, 0.02, -0.02, 0.01, -0.01, 0.0])
SIZES = [5, 10, 40]
NOT_ANY_MORE = "With 40 photos of each class for both, the difference is not sure any more."
NEVER = "With the same number of photos for both, no difference is sure."
UP_TO = "Up to 40 photos of each class the curves have not met, so these photos cannot tell "


def settings(**changes):
    usual = {"folds": 5, "repeats": 2, "seeds": 1, "photos_per_class": SIZES, "scheduler": "local"}
    return Study(**usual | changes)


def summarise(custom, transfer, seeds=1):
    """The summary for accuracies of ten splits, where each seed more has 0.1 more."""
    steps = 0.1 * np.arange(seeds)
    scores = {
        "majority": np.full((10, 1), 1 / 3),
        "probe": np.full((10, 1), 0.75),
        "custom": np.add.outer(custom, steps),
        "transfer": np.add.outer(transfer, steps),
    }
    summary = {name: repeat.score(values, 0.2) for name, values in scores.items()}
    gain = scores["transfer"] - scores["custom"]
    return summary | {"gain": repeat.score(gain, 0.2, least=-1)}


def test_the_sentences_say_all_that_decides():
    assert words.compare(summarise(0.6 + WOBBLE, 0.9 - WOBBLE), settings()) == (
        "Transfer is better. Over 10 splits (5 folds, 2 repeats), custom has an accuracy of 0.600 "
        "and transfer 0.900; transfer gains +0.300 (95 % interval +0.260 to +0.340), and is "
        "better with a probability of more than 0.999. A linear classifier on the base's "
        "features has 0.750, and to name the most common class every time 0.333."
    )


def test_custom_may_be_better():
    answer = words.compare(summarise(0.9 + WOBBLE, 0.6 - WOBBLE), settings())
    assert answer.startswith("Custom is better. ")
    assert (
        "custom gains +0.300 (95 % interval +0.260 to +0.340), and is better with a probability "
        "of more than 0.999."
    ) in answer


@pytest.mark.parametrize(
    ("gain", "better", "interval"),
    [(0.02, "transfer", "-0.020 to +0.060"), (-0.02, "custom", "-0.020 to +0.060")],
)
def test_without_a_sure_difference_the_gain_is_still_that_of_the_better_one(gain, better, interval):
    answer = words.compare(summarise(0.7 + WOBBLE, 0.7 + gain - WOBBLE), settings())
    assert answer.startswith("No sure difference. ")
    assert f"{better} gains +0.020 (95 % interval {interval})" in answer
    assert "is better with a probability of 0.857." in answer


def test_a_gain_of_nothing_is_no_sure_difference():
    summary = summarise(0.7 + WOBBLE, 0.7 - WOBBLE)
    summary["gain"] |= {"accuracy": 0.0, "probability": 0.5}
    answer = words.compare(summary, settings())
    assert answer.startswith("No sure difference. ")
    assert "transfer gains +0.000 (95 % interval -0.040 to +0.040)" in answer
    assert "probability of 0.500." in answer


@pytest.mark.parametrize(
    ("low", "high", "headline"),
    [
        (0.001, 0.101, "Transfer is better"),
        (0.0, 0.1, "No sure difference"),
        (-0.1, 0.0, "No sure difference"),
        (-0.101, -0.001, "Custom is better"),
    ],
)
def test_a_difference_is_sure_if_its_interval_leaves_out_0(low, high, headline):
    summary = summarise(0.7 + WOBBLE, 0.7 - WOBBLE)
    gain = {"accuracy": (low + high) / 2, "accuracy_low": low, "accuracy_high": high}
    summary["gain"] |= gain
    assert words.compare(summary, settings()).startswith(f"{headline}. ")


@pytest.mark.parametrize("gain", [0.1, 0.0, -0.1])
def test_the_same_gain_on_every_split_is_no_answer(gain):
    answer = words.compare(summarise(0.7 + WOBBLE, 0.7 + gain + WOBBLE), settings())
    assert answer.startswith("No answer. ")
    assert f"{abs(gain):.3f} on every split, and with no spread has no interval." in answer
    assert "95 %" not in answer
    assert "probability" not in answer


def test_with_more_seeds_the_spread_is_divided():
    summary = summarise(0.6 + WOBBLE, 0.9 - WOBBLE)
    assert "deviation" not in words.compare(summary, settings())
    summary = summarise(0.6 + 10 * WOBBLE, 0.8 - WOBBLE, seeds=2)
    answer = words.compare(summary, settings(seeds=2))
    # Two seeds 0.1 apart have a standard deviation of 0.071.
    assert answer.endswith(
        " The standard deviation of a single training is, for custom 0.071 from the seed and "
        "0.140 from the split; for transfer 0.071 from the seed and 0.000 from the split."
    )


def test_one_repeat_is_not_called_repeats():
    summary = summarise(0.6 + WOBBLE, 0.9 - WOBBLE)
    answer = words.compare(summary, settings(folds=10, repeats=1))
    assert "Over 10 splits (10 folds, 1 repeat), custom" in answer


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (1.0, "of more than 0.999."),
        (0.99949, "of more than 0.999."),
        (0.999, "of 0.999."),
        (0.9762, "of 0.976."),
    ],
)
def test_a_probability_is_never_shown_as_certain(probability, shown):
    summary = summarise(0.6 + WOBBLE, 0.9 - WOBBLE)
    summary["gain"]["probability"] = probability
    assert f"probability {shown}" in words.compare(summary, settings())
    summary = summarise(0.9 + WOBBLE, 0.6 - WOBBLE)
    summary["gain"]["probability"] = 1 - probability
    assert f"probability {shown}" in words.compare(summary, settings())


def test_the_table_has_a_row_for_each_network_and_one_for_the_gain():
    table = words.table(summarise(0.6 + WOBBLE, 0.9 - WOBBLE))
    assert table.splitlines() == [
        "         accuracy     95 % interval over splits, sd",
        "majority    0.333    0.333 to 0.333           0.000",
        "probe       0.750    0.750 to 0.750           0.000",
        "custom      0.600    0.580 to 0.620           0.015",
        "transfer    0.900    0.880 to 0.920           0.015",
        "gain       +0.300  +0.260 to +0.340           0.030",
    ]


def test_the_table_of_the_curve_has_a_column_for_each_size():
    means = {"custom": [0.4, 0.55, 0.7], "transfer": [0.8, 0.9, 0.95], "gain": [0.4, 0.35, -0.25]}
    estimates = {
        name: [Estimate(mean, mean - 0.1, mean + 0.1, 0.5) for mean in row]
        for name, row in means.items()
    }
    assert words.curve(estimates, SIZES).splitlines() == [
        "photos of each class      5       10      40",
        "custom                 0.400   0.550   0.700",
        "transfer               0.800   0.900   0.950",
        "gain                  +0.400  +0.350  -0.250",
    ]


def enough(custom, transfer, gain, signs):
    """The sentences for the photos that are enough, and the sign of the gain at each size."""
    low, high = gain
    found = {
        "custom_photos": custom,
        "transfer_photos": transfer,
        "accuracy": (low + high) / 2,
        "accuracy_low": low,
        "accuracy_high": high,
    }
    gains = [Estimate(0.3 * sign, 0.3 * sign - 0.1, 0.3 * sign + 0.1, 0.5) for sign in signs]
    return words.enough(found, SIZES, gains, 10)


def test_transfer_beats_custom_with_fewer_photos():
    assert enough(40, 5, (0.05, 0.25), [1, 1, 1]) == (
        "Transfer with 5 photos of each class beats custom with 40: transfer gains +0.150 (95 % "
        "interval +0.050 to +0.250) over 10 splits. Up to 40 photos of each class the curves "
        "have not met, so these photos cannot tell how many custom would need to catch up with "
        "transfer."
    )


def test_custom_beats_transfer_with_fewer_photos():
    answer = enough(10, 40, (-0.25, -0.05), [-1, -1, -1])
    assert answer.startswith("Custom with 10 photos of each class beats transfer with 40: ")
    assert "custom gains +0.150 (95 % interval +0.050 to +0.250) over 10 splits. " in answer
    assert answer.endswith("how many transfer would need to catch up with custom.")


@pytest.mark.parametrize(
    ("gain", "better"),
    [
        ((-0.1, 0.2), "transfer"),
        ((0.0, 0.2), "transfer"),
        ((-0.1, 0.1), "transfer"),
        ((-0.2, 0.0), "custom"),
        ((-0.2, 0.1), "custom"),
        ((0.1, 0.1), "transfer"),
        ((-0.1, -0.1), "custom"),
    ],
)
def test_neither_surely_beats_the_other(gain, better):
    answer = enough(40, 40, gain, [0, 0, 0])
    assert answer.startswith(
        f"With 40 photos of each class, neither network surely beats the other: {better} gains +"
    )
    assert answer.endswith(f" over 10 splits. {NEVER}")


@pytest.mark.parametrize(
    ("signs", "meeting"),
    [
        ([0, 0, 0], NEVER),
        ([1, 0, 0], NOT_ANY_MORE),
        ([1, 1, 0], NOT_ANY_MORE),
        ([0, -1, 0], NOT_ANY_MORE),
        (
            [-1, 0, 1],
            "The curves cross: custom is ahead with fewer photos, "
            "but not with 40 photos of each class.",
        ),
        (
            [1, 1, -1],
            "The curves cross: transfer is ahead with fewer photos, "
            "but not with 40 photos of each class.",
        ),
        (
            [0, 0, 1],
            "With 40 photos of each class for both, transfer is surely ahead, but not with every "
            "number.",
        ),
        (
            [-1, 0, -1],
            "With 40 photos of each class for both, custom is surely ahead, but not with every "
            "number.",
        ),
        ([1, 1, 1], UP_TO + "how many custom would need to catch up with transfer."),
        ([-1, -1, -1], UP_TO + "how many transfer would need to catch up with custom."),
    ],
)
def test_the_curves_meet_or_cross_or_do_not(signs, meeting):
    gain = {1: (0.1, 0.3), 0: (-0.1, 0.1), -1: (-0.3, -0.1)}[signs[-1]]
    assert enough(40, 40, gain, signs).endswith(f" over 10 splits. {meeting}")


@pytest.mark.parametrize(
    ("sign", "first", "second"),
    [
        (1, "Transfer with 1 photo of each class beats custom with 1: ", "Up to 1 photo of each "),
        (0, "With 1 photo of each class, neither ", NEVER),
    ],
)
def test_one_photo_is_not_called_photos(sign, first, second):
    low, high = 0.3 * sign - 0.1, 0.3 * sign + 0.1
    found = {"custom_photos": 1, "transfer_photos": 1, "accuracy": 0.3 * sign}
    found |= {"accuracy_low": low, "accuracy_high": high}
    answer = words.enough(found, [1], [Estimate(0.3 * sign, low, high, 0.5)], 10)
    assert answer.startswith(first)
    assert f" over 10 splits. {second}" in answer
