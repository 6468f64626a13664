"""Line charts, laid out to be drawn as SVG: the page's template adds the markup."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common.parameters import NETWORKS

WIDTH, HEIGHT = 420, 210  # of the plot area, in SVG units
MAX_MARKS = 10  # on a line

Point = tuple[float, float]


class Line(NamedTuple):
    """A line of a chart.

    Attributes:
        network: which it belongs to.
        photos: `training` or `validation`.
        path: SVG path data; empty for points that belong to no series.
        marks: positions of some of its points, the last one among them.
        last: value of the last point.
        band: SVG path data of the area of its interval; empty if it has none.
    """

    network: str
    photos: str
    path: str
    marks: list[Point]
    last: float
    band: str = ""


class Chart(NamedTuple):
    """A line chart.

    Attributes:
        x_ticks, y_ticks: position and label of each.
        lines: one or two for each network.
        readings: position of each value of the horizontal axis, and all values there in words.
        width, height: of the plot area, in SVG units.
    """

    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    lines: list[Line]
    readings: list[tuple[float, str]]
    width: int = WIDTH
    height: int = HEIGHT


def choose_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers along an axis: multiples of 1, 2 or 5 times a power of ten.

    Args:
        low, high: ends of the axis, `low` below `high`.
        most: largest number of ticks.
    """
    power = 10 ** math.floor(math.log10((high - low) / most))
    step = next(s * power for s in (1, 2, 5, 10, 20) if (high - low) / (s * power) <= most - 1)
    first = math.ceil(low / step)
    return [step * number for number in range(first, math.floor(high / step + 1e-9) + 1)]


def plot_histories(histories: dict[str, pd.DataFrame]) -> dict[str, Chart]:
    """Lay out the accuracy and the loss of networks over the epochs.

    Args:
        histories: for each network that has one, the numbers of `metrics/history/NAME.csv`.

    Returns:
        A chart for `Accuracy` and one for `Loss`, with a line for the training photos and
        one for the validation photos of each network.
    """
    loss = max(history[["loss", "val_loss"]].to_numpy().max() for history in histories.values())
    return {
        "Accuracy": _plot_metric(histories, "accuracy", 1),
        "Loss": _plot_metric(histories, "loss", loss or 1),
    }


def plot_bands(
    table: pd.DataFrame,
    column: str,
    transform: Callable[[np.ndarray], np.ndarray] = np.asarray,
    joined: bool = True,
) -> Chart:
    """Lay out the accuracy of networks along an axis, with the bands of their intervals.

    Only `custom`, `transfer` and `probe` are drawn, as far as the table has them.

    Args:
        table: numbers in the columns `network`, `accuracy`, `accuracy_low`, `accuracy_high`
            and the one named next.
        column: of the horizontal axis; ascending for each network.
        transform: of the horizontal axis, such as `numpy.log2`.
        joined: whether a line joins the points.
    """
    values = sorted(set(table[column]))
    places = transform(np.array(values, float))
    span = (places[-1] - places[0]) or 1
    across = dict(zip(values, np.round(WIDTH * (places - places[0]) / span, 1), strict=True))

    lines = []
    read: dict[float, list[str]] = {value: [] for value in values}
    for network in NETWORKS:
        rows = table[table["network"] == network]
        if rows.empty:
            continue
        for value, accuracy in zip(rows[column], rows["accuracy"], strict=True):
            read[value].append(f"{network} {accuracy:.3f}")
        x = [across[value] for value in rows[column]]
        y, low, high = (
            [round(HEIGHT * (1 - value), 1) for value in rows[name]]
            for name in ("accuracy", "accuracy_low", "accuracy_high")
        )
        points = list(zip(x, y, strict=True))
        outline = [*zip(x, high, strict=True), *zip(x[::-1], low[::-1], strict=True)]
        lines.append(
            Line(
                network,
                "validation",
                path=_format_path(points) if joined else "",
                marks=points,
                last=rows["accuracy"].iloc[-1],
                band=_format_path(outline) + "Z",
            )
        )
    every = math.ceil(len(values) / MAX_MARKS)
    return Chart(
        x_ticks=[(across[value], f"{value:g}") for value in values[::every]],
        y_ticks=[(round(HEIGHT * (1 - tick), 1), f"{tick:.3g}") for tick in choose_ticks(0, 1)],
        lines=lines,
        readings=[(across[value], f"{value:g}: {', '.join(read[value])}") for value in values],
    )


def _format_path(points: Iterable[Point]) -> str:
    """Return points as SVG path data."""
    return "M" + "L".join(f"{across} {down}" for across, down in points)


def _plot_metric(histories: dict[str, pd.DataFrame], metric: str, high: float) -> Chart:
    """Lay out one metric, on a vertical axis from 0 to `high`."""
    epochs = max(len(history) for history in histories.values())

    def x(epoch: float) -> float:
        return round(WIDTH * (epoch - 1) / max(epochs - 1, 1), 1)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - value / high), 1)

    lines = []
    for network, history in histories.items():
        for photos, column in (("training", metric), ("validation", f"val_{metric}")):
            points = [(x(epoch), y(value)) for epoch, value in enumerate(history[column], start=1)]
            lines.append(
                Line(
                    network,
                    photos,
                    path=_format_path(points),
                    marks=points[:: -math.ceil(len(points) / MAX_MARKS)],
                    last=history[column].iloc[-1],
                )
            )
    whole = [tick for tick in choose_ticks(1, epochs) if tick == int(tick)] if epochs > 1 else [1]
    return Chart(
        x_ticks=[(x(tick), str(int(tick))) for tick in whole],
        y_ticks=[(y(tick), f"{tick:.3g}") for tick in choose_ticks(0, high)],
        lines=lines,
        readings=[
            (
                x(epoch),
                f"{epoch}: "
                + ", ".join(
                    f"{network} {history[f'val_{metric}'][epoch - 1]:.3f} "
                    f"({history[metric][epoch - 1]:.3f} in training)"
                    for network, history in histories.items()
                    if epoch <= len(history)
                ),
            )
            for epoch in range(1, epochs + 1)
        ],
    )
