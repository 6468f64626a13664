import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from stages import compare
from stages.common import files
from stages.results import comparison
from stages.results.records import Comparison


def right(*counts):
    """What two networks get right, by the photos that both, only the first, only the second, none.

    The third array has a group for each photo.
    """
    first = np.repeat([True, True, False, False], counts)
    second = np.repeat([True, False, True, False], counts)
    return first, second, np.arange(len(first))


def test_the_report_that_this_project_comes_from():
    # 21 and 29 of 30 right: at least 8 photos are right only with the base.
    values = comparison.compare(*right(21, 8, 0, 1))
    assert values.accuracy_gain == pytest.approx(8 / 30)
    assert (values.first, values.second) == (8, 0)
    assert values.p_value == pytest.approx(2 * 0.5**8)  # eight heads in a row, two-sided
    assert 0 < values.accuracy_gain_low < 8 / 30 < values.accuracy_gain_high


@pytest.mark.parametrize("photos", [0, 1, 5, 16, 400])
def test_the_p_value_is_that_of_scipy_however_many_photos_differ(photos):
    for transfer in range(photos + 1):
        values = comparison.compare(*right(1, transfer, photos - transfer, 1))
        expected = binomtest(transfer, photos).pvalue if photos else 1
        assert values.p_value == pytest.approx(expected, rel=1e-9)


def test_the_interval_is_that_of_bonett_and_price():
    # The example of ci.prop.ps in the R package statpsych (by D. G. Bonett).
    values = comparison.compare(*right(6, 26, 4, 12))
    assert values.accuracy_gain_low == pytest.approx(0.2548067, abs=1e-6)
    assert values.accuracy_gain_high == pytest.approx(0.6251933, abs=1e-6)


def test_equal_networks_differ_by_nothing():
    values = comparison.compare(*right(25, 0, 0, 5))
    assert values.accuracy_gain == 0
    assert values.p_value == 1
    assert values.accuracy_gain_low < 0 < values.accuracy_gain_high


def test_the_other_way_round_mirrors_every_number():
    forward, backward = (
        comparison.compare(*right(9, 7, 2, 12)),
        comparison.compare(*right(9, 2, 7, 12)),
    )
    assert forward.accuracy_gain == -backward.accuracy_gain
    assert forward.accuracy_gain_low == pytest.approx(-backward.accuracy_gain_high)
    assert forward.p_value == backward.p_value


@pytest.mark.parametrize("photos", [30, 100])
@pytest.mark.parametrize("rates", [(0.6, 0.3, 0.05, 0.05), (0.6, 0.1, 0.1, 0.2)])
def test_the_interval_holds_the_true_gain_as_often_as_it_says(photos, rates):
    random = np.random.default_rng(0)
    studies = [comparison.compare(*right(*row)) for row in random.multinomial(photos, rates, 1000)]
    gain = rates[1] - rates[2]
    held = [row.accuracy_gain_low <= gain <= row.accuracy_gain_high for row in studies]
    assert np.mean(held) >= 0.94


def test_copies_of_the_same_photos_change_no_number():
    alone = right(21, 8, 2, 1)
    thrice = [np.tile(array, 3) for array in alone]
    assert comparison.compare(*thrice) == pytest.approx(comparison.compare(*alone))


def test_a_group_counts_for_the_network_that_gets_more_of_it_right():
    custom = np.array([1, 0, 0, 0, 1, 1, 0, 1], bool)
    transfer = np.array([1, 1, 0, 1, 1, 0, 1, 0], bool)
    values = comparison.compare(transfer, custom, list("aaabbccd"))
    assert values.accuracy_gain == pytest.approx((1 / 3 + 1 / 2 + 0 - 1) / 4)
    assert (values.first, values.second) == (2, 1)
    assert values.p_value == 1


def test_shots_of_few_individuals_seldom_make_a_difference_significant():
    """Of each individual, a network gets all shots right, or none; both are equally good."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 10)
    p_values, held = [], []
    for _ in range(400):
        custom, transfer = (random.random(12)[groups] < 0.5 for _ in range(2))
        values = comparison.compare(custom, transfer, groups)
        p_values.append(values.p_value)
        held.append(values.accuracy_gain_low <= 0 <= values.accuracy_gain_high)
    assert np.mean(np.array(p_values) < 0.05) <= 0.05
    assert np.mean(held) >= 0.94


def test_json_names_each_number_after_its_networks():
    pairs = {
        ("transfer", "custom"): Comparison(0.1, 0.01, 0.2, 0.04, 7, 3),
        ("transfer", "probe"): Comparison(-0.1, -0.2, -0.01, 0.03, 1, 5),
        ("probe", "custom"): Comparison(0.2, 0.1, 0.3, 0.001, 9, 2),
    }
    values = comparison.to_json(pairs)
    assert values == {
        "accuracy_gain": 0.1, "accuracy_gain_low": 0.01, "accuracy_gain_high": 0.2,
        "p_value": 0.04, "only_transfer_right": 7, "only_custom_right": 3,
        "probe_accuracy_gain": -0.1, "probe_accuracy_gain_low": -0.2,
        "probe_accuracy_gain_high": -0.01, "probe_p_value": 0.03,
        "probe_only_transfer_right": 1, "probe_only_probe_right": 5,
        "probe_custom_accuracy_gain": 0.2, "probe_custom_accuracy_gain_low": 0.1,
        "probe_custom_accuracy_gain_high": 0.3, "probe_custom_p_value": 0.001,
        "probe_custom_only_probe_right": 9, "probe_custom_only_custom_right": 2,
    }  # fmt: skip
    assert comparison.from_json(values) == pairs


def write_predictions(actual, custom, transfer, groups):
    """Write predictions, the probe's as transfer's, and a split that has a sealed photo as well."""
    photos = [f"{number}.jpg" for number in range(len(actual))]
    for name, predicted in (("custom", custom), ("transfer", transfer), ("probe", transfer)):
        table = pd.DataFrame({"photo": photos, "actual": actual, "predicted": predicted})
        files.write_table(f"metrics/predictions/{name}.csv", table)
    split = pd.DataFrame({"photo": photos, "split": "validation", "group": groups})
    sealed = pd.DataFrame({"photo": ["sealed.jpg"], "split": "test", "group": groups[0]})
    files.write_table("data/split.csv", pd.concat([sealed, split]))


def test_the_stage_says_that_look_alikes_count_as_one(workspace, capsys):
    actual = ["1", "1", "2", "2"]
    write_predictions(actual, ["2", "2", "2", "1"], actual, groups=list("aabc"))
    compare.main()
    values = json.loads(Path("metrics/comparison.json").read_text())
    assert values["accuracy_gain"] == pytest.approx(2 / 3, abs=1e-6)
    assert (
        "transfer better on 2 different photos, custom on 0; p = 0.5 (sign test)"
    ) in capsys.readouterr().out


def test_predictions_for_other_photos_are_refused(workspace):
    write_predictions(["1"], ["1"], ["1"], groups=["a"])
    table = files.read_table("metrics/predictions/transfer.csv").assign(photo="other.jpg")
    files.write_table("metrics/predictions/transfer.csv", table)
    with pytest.raises(SystemExit, match="not about the validation photos"):
        compare.main()


def test_the_stage_counts_the_photos_that_only_one_network_gets_right(workspace, capsys):
    actual = ["1", "1", "NA", "NA"]
    write_predictions(actual, ["1", "NA", "1", "1"], actual, groups=list("abcd"))
    compare.main()
    values = json.loads(Path("metrics/comparison.json").read_text())
    assert (values["accuracy_gain"], values["probe_accuracy_gain"]) == (0.75, 0)
    assert (values["only_transfer_right"], values["only_custom_right"]) == (3, 0)
    assert values["probe_custom_only_probe_right"] == 3
    shown = capsys.readouterr().out
    assert "only transfer right: 3 photos, only custom: 0; p = 0.25" in shown
    assert "only transfer right: 0 photos, only probe: 0; p = 1" in shown
