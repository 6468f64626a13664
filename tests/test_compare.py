import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from stages import compare
from stages.common import files
from stages.results import comparison


def right(*counts):
    """Two arrays, by the numbers of photos that both, only transfer, only custom, neither gets."""
    custom = np.repeat([True, False, True, False], counts)
    transfer = np.repeat([True, True, False, False], counts)
    return custom, transfer


def test_the_report_that_this_project_comes_from():
    # 21 and 29 of 30 right: at least 8 photos are right only with the base.
    values = comparison.compare(*right(21, 8, 0, 1))
    assert values.accuracy_gain == pytest.approx(8 / 30)
    assert (values.only_transfer_right, values.only_custom_right) == (8, 0)
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


def test_the_stage_counts_the_photos_that_only_one_network_gets_right(workspace, capsys):
    actual = ["1", "1", "NA", "NA"]
    for name, predicted in {"custom": ["1", "NA", "1", "1"], "transfer": actual}.items():
        table = pd.DataFrame({"photo": list("abcd"), "actual": actual, "predicted": predicted})
        files.write_table(f"metrics/predictions/{name}.csv", table)
    compare.main()
    values = json.loads(Path("metrics/comparison.json").read_text())
    assert list(values) == [
        "accuracy_gain", "accuracy_gain_low", "accuracy_gain_high", "p_value",
        "only_transfer_right", "only_custom_right",
    ]  # fmt: skip
    assert values["accuracy_gain"] == 0.75
    assert values["only_transfer_right"] == 3
    assert (
        "only transfer right: 3 photos, only custom right: 0; p = 0.25" in capsys.readouterr().out
    )
