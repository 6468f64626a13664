from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from stages.page import charts


def histories(epochs=3):
    """Custom climbs to 0.5 and transfer to 1.0; on validation photos both stay below."""
    tables = {}
    for name, best in {"custom": 0.5, "transfer": 1.0}.items():
        rising = [best * epoch / epochs for epoch in range(1, epochs + 1)]
        tables[name] = pd.DataFrame(
            {
                "accuracy": rising,
                "val_accuracy": [value / 2 for value in rising],
                "loss": [4 - value for value in rising],
                "val_loss": [8 * value for value in rising],
            }
        )
    return tables


def test_a_line_goes_through_the_values_of_the_history():
    lines = charts.plot_histories(histories())["Accuracy"].lines
    assert [(line.network, line.photos, line.last) for line in lines] == [
        ("custom", "training", 0.5), ("custom", "validation", 0.25),
        ("transfer", "training", 1.0), ("transfer", "validation", 0.5),
    ]  # fmt: skip
    width, height = charts.WIDTH, charts.HEIGHT
    assert lines[2].path == f"M0.0 {height * 2 / 3}L{width / 2} {height / 3}L{float(width)} 0.0"
    assert lines[2].marks[0] == (width, 0)


def test_the_axis_of_the_loss_reaches_the_highest_loss():
    loss = charts.plot_histories(histories())["Loss"]
    top = [line.path.split("L")[-1] for line in loss.lines]
    assert top[3] == f"{float(charts.WIDTH)} 0.0"
    assert loss.y_ticks[-1] == (0, "8")


def test_a_loss_of_zero_lies_on_the_axis():
    tables = {name: table.assign(loss=0.0, val_loss=0.0) for name, table in histories().items()}
    for line in charts.plot_histories(tables)["Loss"].lines:
        assert {down for _, down in line.marks} == {charts.HEIGHT}


def test_one_epoch_is_a_point():
    chart = charts.plot_histories(histories(1))["Accuracy"]
    assert chart.x_ticks == [(0, "1")]
    assert chart.lines[0].marks == [(0, charts.HEIGHT / 2)]


def test_long_trainings_have_few_marks_and_ticks():
    chart = charts.plot_histories(histories(1000))["Accuracy"]
    for line in chart.lines:
        assert len(line.marks) == charts.MAX_MARKS
        assert line.marks[0][0] == charts.WIDTH
    assert [label for _, label in chart.x_ticks] == ["200", "400", "600", "800", "1000"]


def test_bands_are_drawn_for_the_networks_of_the_table_and_for_nothing_else():
    table = pd.DataFrame(
        {
            "network": np.repeat(["majority", "probe", "custom"], 2),
            "split": [1, 2] * 3,
            "accuracy": [0.3, 0.3, 0.75, 1.0, 0.5, 0.6],
            "accuracy_low": [0.2, 0.2, 0.5, 0.5, 0.4, 0.4],
            "accuracy_high": [0.4, 0.4, 1.0, 1.0, 0.6, 0.6],
        }
    )
    custom, probe = charts.plot_bands(table, "split").lines
    assert (custom.network, probe.network) == ("custom", "probe")
    width, height = charts.WIDTH, charts.HEIGHT
    assert probe.path == f"M0.0 {height / 4}L{float(width)} 0.0"
    assert probe.band == (
        f"M0.0 0.0L{float(width)} 0.0L{float(width)} {height / 2}L0.0 {height / 2}Z"
    )
    assert probe.last == 1.0


@pytest.mark.parametrize("high", [1e-9, 0.037, 1, 2.64, 13, 1e6])
def test_ticks_are_few_and_evenly_spread_from_zero(high):
    ticks = charts.choose_ticks(0, high)
    assert 2 <= len(ticks) <= 6
    assert ticks[0] == 0
    assert ticks[-1] <= high * (1 + 1e-9)
    steps = [after - before for before, after in pairwise(ticks)]
    assert steps == pytest.approx([steps[0]] * len(steps))
