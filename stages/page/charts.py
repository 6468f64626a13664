"""Line charts, ready to be drawn as SVG: the page's template adds the markup."""

import math

import numpy as np

WIDTH, HEIGHT = 420, 240  # of the plot area, in SVG units
MARKS = 10  # on a line, at most


def ticks(low, high, most=6):
    """Choose round numbers along an axis: multiples of 1, 2 or 5 times a power of ten.

    Args:
        low, high: ends of the axis, `low` below `high`.
        most: largest number of ticks.

    Returns:
        A list of numbers from `low` to `high`.
    """
    power = 10 ** math.floor(math.log10((high - low) / most))
    step = next(s * power for s in (1, 2, 5, 10, 20) if (high - low) / (s * power) <= most - 1)
    first = math.ceil(low / step)
    return [step * number for number in range(first, math.floor(high / step + 1e-9) + 1)]


def curves(histories):
    """Lay out how both networks developed over the epochs, for training and for validation.

    Args:
        histories: for each network, the numbers of `metrics/history/NAME.csv`.

    Returns:
        For `Accuracy` and for `Loss` a mapping with `width` and `height` of the plot area,
        `x_ticks` and `y_ticks` (pairs of a position and a label) and `lines`, each a mapping
        with `network`, `photos` (`training` or `validation`), `path` (SVG path data),
        `marks` (positions of some points, the last one among them) and `last` (the value
        after the last epoch).
    """
    loss = max(history[["loss", "val_loss"]].to_numpy().max() for history in histories.values())
    return {
        "Accuracy": _lay_out(histories, "accuracy", 1),
        "Loss": _lay_out(histories, "loss", loss or 1),
    }


def bands(table, column, positions=lambda values: values):
    """Lay out how accurate both networks are along an axis, each with the band of its interval.

    Args:
        table: numbers in the columns `network`, `accuracy`, `accuracy_low`, `accuracy_high`
            and the one named next.
        column: name of the horizontal axis's column; ascending for each network, at least
            two different values or one.
        positions: maps an array of its values to where they stand, such as `numpy.log2`.

    Returns:
        What `curves` returns for one metric; each line also has a `band` (SVG path data).
    """
    values = sorted(set(table[column]))
    places = positions(np.array(values, float))
    span = (places[-1] - places[0]) or 1
    across = dict(zip(values, np.round(WIDTH * (places - places[0]) / span, 1), strict=True))

    lines = []
    for network in ("custom", "transfer"):
        rows = table[table["network"] == network]
        x = [across[value] for value in rows[column]]
        y, low, high = (
            [round(HEIGHT * (1 - value), 1) for value in rows[name]]
            for name in ("accuracy", "accuracy_low", "accuracy_high")
        )
        outline = [*zip(x, high, strict=True), *zip(x[::-1], low[::-1], strict=True)]
        lines.append(
            {
                "network": network,
                "photos": "validation",
                "path": _path(zip(x, y, strict=True)),
                "band": _path(outline) + "Z",
                "marks": list(zip(x, y, strict=True)),
                "last": rows["accuracy"].iloc[-1],
            }
        )
    every = math.ceil(len(values) / MARKS)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "x_ticks": [(across[value], f"{value:g}") for value in values[::every]],
        "y_ticks": [(round(HEIGHT * (1 - tick), 1), f"{tick:.3g}") for tick in ticks(0, 1)],
        "lines": lines,
    }


def _path(points):
    """Write points as SVG path data."""
    return "M" + "L".join(f"{across} {down}" for across, down in points)


def _lay_out(histories, metric, high):
    """Lay out one metric, on a vertical axis from 0 to `high`."""
    epochs = max(len(history) for history in histories.values())

    def x(epoch):
        return round(WIDTH * (epoch - 1) / max(epochs - 1, 1), 1)

    def y(value):
        return round(HEIGHT * (1 - value / high), 1)

    lines = []
    for network, history in histories.items():
        for photos, column in (("training", metric), ("validation", f"val_{metric}")):
            points = [(x(epoch), y(value)) for epoch, value in enumerate(history[column], start=1)]
            lines.append(
                {
                    "network": network,
                    "photos": photos,
                    "path": _path(points),
                    "marks": points[:: -math.ceil(len(points) / MARKS)],
                    "last": history[column].iloc[-1],
                }
            )
    whole = [tick for tick in ticks(1, epochs) if tick == int(tick)] if epochs > 1 else [1]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "x_ticks": [(x(tick), int(tick)) for tick in whole],
        "y_ticks": [(y(tick), f"{tick:.3g}") for tick in ticks(0, high)],
        "lines": lines,
    }
