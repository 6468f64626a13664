import numpy as np
import pytest

from stages.results.records import PAIRS
from study.common import words
from study.common.estimates import Estimate
from study.common.results import Need, summarize

WOBBLE = np.array([-0.02, 0.02, -0.01, 0.01, 0.0, 0.02, -0.02, 0.01, -0.01, 0.0])
SIZES = [5, 10, 40]
MOST = "40 training photos of each class"
NO_LONGER = f"With {MOST} for both, there is no longer a clear difference."
NEVER = "With the same number of photos for both, there is no clear difference."
UP_TO = f"Up to {MOST} the curves do not meet, so these photos cannot tell "


def summary_of(custom, transfer, seeds=1, **gain):
    """The summary for accuracies of ten splits; each further seed adds 0.1 to them."""
    steps = 0.1 * np.arange(seeds)
    scores = {
        "majority": np.full((10, 1), 1 / 3),
        "custom": np.add.outer(custom, steps),
        "transfer": np.add.outer(transfer, steps),
        "probe": np.full((10, 1), 0.75),
    }
    summary = {name: summarize(values, 0.2) for name, values in scores.items()}
    for (first, second), prefix in PAIRS.items():
        summary[f"{prefix}gain"] = summarize(scores[first] - scores[second], 0.2, lowest=-1)
    return summary | {"gain": summary["gain"]._replace(**gain)}


def describe_gain(summary):
    return " ".join(words.describe_gain(summary))


def test_the_sentence_says_how_sure_a_gain_is():
    assert describe_gain(summary_of(0.6 + WOBBLE, 0.9 - WOBBLE)) == (
        "Transfer gains +0.300 (95% interval +0.260 to +0.340), and is better than custom with a "
        "probability of more than 0.999."
    )


def test_custom_may_be_better():
    assert describe_gain(summary_of(0.9 + WOBBLE, 0.6 - WOBBLE)) == (
        "Custom gains +0.300 (95% interval +0.260 to +0.340), and is better than transfer with a "
        "probability of more than 0.999."
    )


@pytest.mark.parametrize(
    ("gain", "better", "other"), [(0.02, "Transfer", "custom"), (-0.02, "Custom", "transfer")]
)
def test_without_a_clear_difference_the_gain_is_still_that_of_the_better_one(gain, better, other):
    answer = describe_gain(summary_of(0.7 + WOBBLE, 0.7 + gain - WOBBLE))
    assert answer.startswith(f"{better} gains +0.020 (95% interval -0.020 to +0.060)")
    assert f"is better than {other} with a probability of 0.857." in answer


def test_a_gain_of_0_is_one_of_transfer():
    summary = summary_of(0.7 + WOBBLE, 0.7 - WOBBLE, accuracy=0.0, probability=0.5)
    answer = describe_gain(summary)
    assert answer.startswith("Transfer gains +0.000 (95% interval -0.040 to +0.040)")
    assert "probability of 0.500." in answer


@pytest.mark.parametrize("gain", [0.1, 0.0, -0.1])
def test_the_same_gain_on_every_split_has_no_interval(gain):
    answer = describe_gain(summary_of(0.7 + WOBBLE, 0.7 + gain + WOBBLE))
    assert f"{abs(gain):.3f} on every split, with no spread to estimate an interval from." in answer
    assert "95%" not in answer
    assert "probability" not in answer


def test_with_more_seeds_the_spread_is_divided():
    assert "deviation" not in describe_gain(summary_of(0.6 + WOBBLE, 0.9 - WOBBLE))
    answer = describe_gain(summary_of(0.6 + 10 * WOBBLE, 0.8 - WOBBLE, seeds=2))
    # Two seeds 0.1 apart have a standard deviation of 0.071.
    assert answer.endswith(
        " The standard deviation of a single training is, for custom 0.071 from the seed and "
        "0.140 from the split; for transfer 0.071 from the seed and 0.000 from the split."
    )


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
    summary = summary_of(0.6 + WOBBLE, 0.9 - WOBBLE, probability=probability)
    assert f"probability {shown}" in describe_gain(summary)
    summary = summary_of(0.9 + WOBBLE, 0.6 - WOBBLE, probability=1 - probability)
    assert f"probability {shown}" in describe_gain(summary)


def test_the_table_has_a_row_for_each_network_and_one_for_each_gain():
    table = words.tabulate_scores(summary_of(0.6 + WOBBLE, 0.9 - WOBBLE))
    assert table.to_string().splitlines() == [
        "                  accuracy      95% interval sd over splits",
        "majority             0.333    0.333 to 0.333          0.000",
        "custom               0.600    0.580 to 0.620          0.015",
        "transfer             0.900    0.880 to 0.920          0.015",
        "probe                0.750    0.750 to 0.750          0.000",
        "transfer - custom   +0.300  +0.260 to +0.340          0.030",
        "transfer - probe    +0.150  +0.130 to +0.170          0.015",
        "probe - custom      +0.150  +0.130 to +0.170          0.015",
    ]


def test_the_table_of_the_curve_has_a_column_for_each_size():
    means = {"custom": [0.4, 0.55, 0.7], "transfer": [0.8, 0.9, 0.95], "gain": [0.4, 0.35, -0.25]}
    estimates = {
        name: [Estimate(mean, mean - 0.1, mean + 0.1, 0.5) for mean in row]
        for name, row in means.items()
    }
    assert words.format_curve(estimates, SIZES).splitlines() == [
        "training photos of each class      5       10      40",
        "custom                          0.400   0.550   0.700",
        "transfer                        0.800   0.900   0.950",
        "gain                           +0.400  +0.350  -0.250",
    ]


def describe(custom, transfer, gain, signs):
    """The sentences for the photos that are enough, and the sign of the gain at each size."""
    low, high = gain
    need = Need(custom, transfer, (low + high) / 2, low, high)
    gains = [Estimate(0.3 * sign, 0.3 * sign - 0.1, 0.3 * sign + 0.1, 0.5) for sign in signs]
    return words.describe_curve(need, SIZES, gains, 10)


def test_transfer_beats_custom_with_fewer_photos():
    assert describe(40, 5, (0.05, 0.25), [1, 1, 1]) == (
        "Transfer with 5 training photos of each class beats custom with 40: transfer gains "
        "+0.150 (95% interval +0.050 to +0.250) over 10 splits. Up to 40 training photos of each "
        "class the curves do not meet, so these photos cannot tell how many custom would need to "
        "catch up with transfer."
    )


def test_custom_beats_transfer_with_fewer_photos():
    answer = describe(10, 40, (-0.25, -0.05), [-1, -1, -1])
    assert answer.startswith(
        "Custom with 10 training photos of each class beats transfer with 40: "
    )
    assert "custom gains +0.150 (95% interval +0.050 to +0.250) over 10 splits. " in answer
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
def test_neither_clearly_beats_the_other(gain, better):
    answer = describe(40, 40, gain, [0, 0, 0])
    assert answer.startswith(
        f"With {MOST}, neither network clearly beats the other: {better} gains +"
    )
    assert answer.endswith(f" over 10 splits. {NEVER}")


@pytest.mark.parametrize(
    ("signs", "meeting"),
    [
        ([0, 0, 0], NEVER),
        ([1, 0, 0], NO_LONGER),
        ([1, 1, 0], NO_LONGER),
        ([0, -1, 0], NO_LONGER),
        (
            [-1, 0, 1],
            f"The curves cross: custom is ahead with fewer photos, but not with {MOST}.",
        ),
        (
            [1, 1, -1],
            f"The curves cross: transfer is ahead with fewer photos, but not with {MOST}.",
        ),
        (
            [0, 0, 1],
            f"With {MOST} for both, transfer is clearly ahead, but not with every smaller number.",
        ),
        (
            [-1, 0, -1],
            f"With {MOST} for both, custom is clearly ahead, but not with every smaller number.",
        ),
        ([1, 1, 1], UP_TO + "how many custom would need to catch up with transfer."),
        ([-1, -1, -1], UP_TO + "how many transfer would need to catch up with custom."),
    ],
)
def test_the_curves_meet_or_cross_or_do_not(signs, meeting):
    gain = {1: (0.1, 0.3), 0: (-0.1, 0.1), -1: (-0.3, -0.1)}[signs[-1]]
    assert describe(40, 40, gain, signs).endswith(f" over 10 splits. {meeting}")


@pytest.mark.parametrize(
    ("sign", "first", "second"),
    [
        (
            1,
            "Transfer with 1 training photo of each class beats custom with 1: ",
            "Up to 1 training photo of each ",
        ),
        (0, "With 1 training photo of each class, neither ", NEVER),
    ],
)
def test_one_photo_is_not_called_photos(sign, first, second):
    low, high = 0.3 * sign - 0.1, 0.3 * sign + 0.1
    need = Need(1, 1, 0.3 * sign, low, high)
    answer = words.describe_curve(need, [1], [Estimate(0.3 * sign, low, high, 0.5)], 10)
    assert answer.startswith(first)
    assert f" over 10 splits. {second}" in answer
