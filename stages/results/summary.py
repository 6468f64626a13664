"""The scores of one network on a terminal, at most 100 characters a line."""

from unicodedata import east_asian_width

import numpy as np
import pandas as pd

from stages.results.confusions import rank_confusions
from stages.results.records import Scores

MAX_WIDTH = 100
MAX_CLASSES = 8  # of a confusion matrix; of more, the worst are listed instead
MAX_WORST, MAX_CONFUSIONS = 5, 10
MAX_NAME = 34  # of a class, characters


def summarize(name: str, values: Scores, confusion: pd.DataFrame, per_class: pd.DataFrame) -> str:
    """Format the scores of a network.

    Of up to eight classes whose names fit, the confusion matrix is shown. Otherwise it is the
    five classes with the lowest recall, and the ten most frequent confusions.

    Args:
        name: of the network.
        values: its scores.
        confusion: what `scores.count_confusions` returns.
        per_class: what `scores.score_classes` returns.

    Returns:
        Lines of at most 100 characters.
    """
    several = f" ({values.counts})" if values.has_copies else ""
    table = confusion.join(per_class[["precision", "recall", "f1"]].round(2))
    matrix = _tabulate(table.rename_axis(index=None, columns="actual \\ predicted"))
    if len(confusion) > MAX_CLASSES or max(map(len, matrix.splitlines())) > MAX_WIDTH:
        matrix = _list_worst(confusion, per_class)
    return (
        f"{name}: {confusion.to_numpy().trace()} of {values.photos} right{several}, accuracy "
        f"{values.accuracy:.3f} (95% interval {values.accuracy_low:.3f} to "
        f"{values.accuracy_high:.3f})\n\n{matrix}"
    )


def _list_worst(confusion: pd.DataFrame, per_class: pd.DataFrame) -> str:
    """Format the worst classes, and the most frequent confusions."""
    photos = per_class["photos"]
    worst = per_class[photos > 0].sort_values("recall", kind="stable")[:MAX_WORST]
    classes = worst[["recall", "precision", "photos"]].round(2)
    classes = classes.set_axis([*map(_shorten, classes.index)])
    lines = [_tabulate(classes.rename_axis(index=None, columns="lowest recall"))]
    ranked = rank_confusions(confusion)
    if len(ranked):
        first = ranked[:MAX_CONFUSIONS].reset_index(name="count")
        total = first["actual"].map(photos).astype(str)
        mistaken = pd.DataFrame(
            {
                "taken for": first["predicted"].map(_shorten),
                "photos": first["count"].astype(str) + " of " + total,
            }
        ).set_axis([*map(_shorten, first["actual"])])
        lines += ["", _tabulate(mistaken.rename_axis(index=None, columns="most frequent mistakes"))]
        if more := int(ranked[MAX_CONFUSIONS:].sum()):
            lines.append(f"({more:,} other mistakes)")
    return "\n".join(lines)


def _tabulate(table: pd.DataFrame) -> str:
    with pd.option_context("display.unicode.east_asian_width", True):
        return table.to_string()


def _shorten(name: str) -> str:
    """Cut a name that would take more than `MAX_NAME` columns; some letters take two."""
    columns = np.cumsum([1 + (east_asian_width(letter) in "WF") for letter in name])
    if columns[-1] <= MAX_NAME:
        return name
    return name[: np.searchsorted(columns, MAX_NAME)] + "…"
