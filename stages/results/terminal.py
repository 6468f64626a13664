"""Results on a terminal: text of at most 80 characters a line, tables of at most 100."""

import re
import textwrap
from collections.abc import Mapping
from unicodedata import east_asian_width

import numpy as np
import pandas as pd

from stages.results.confusions import rank_confusions
from stages.results.progress import Progress
from stages.results.records import Comparisons, Scores
from stages.results.verdict import Verdict

WIDTH, TABLE_WIDTH = 80, 100
MAX_CLASSES = 8  # of a confusion matrix; of more, the worst are listed instead
MAX_WORST, MAX_CONFUSIONS = 5, 10
MAX_NAME = 34  # of a class, characters
TABLE_GAINS = 2  # of the pairs: transfer's


def tabulate(
    scores: Mapping[str, Scores], comparisons: Comparisons, states: Mapping[str, Progress]
) -> pd.DataFrame:
    """Tabulate the accuracy of each network, and the gains of transfer.

    Args:
        scores: of each network.
        comparisons: of each of `records.PAIRS`.
        states: of the training of each network that was trained.

    Returns:
        A data frame of `str`, a row for each network and gain.
    """
    digits = 2 if scores["custom"].distinct_photos < 200 else 3
    rows = {}
    for name, each in scores.items():
        # Copies count together as one photo, which may be right in part.
        digits_right = 1 if each.has_copies else 0
        right = f"{each.accuracy * each.distinct_photos:,.{digits_right}f}"
        rows[name] = {
            "right": f"{right} of {each.distinct_photos:,}",
            "accuracy": f"{each.accuracy:.{digits}f}",
            "95% interval": f"{each.accuracy_low:.{digits}f} to {each.accuracy_high:.{digits}f}",
            "training": states[name].state if name in states else "",
        }
    for first, second in list(comparisons)[:TABLE_GAINS]:
        gain = comparisons[first, second]
        # Zero is added to show "+0.00" instead of "-0.00".
        mean, low, high = (f"{round(value, digits) + 0:+.{digits}f}" for value in gain[:3])
        rows[f"{first} - {second}"] = {
            "right": "",
            "accuracy": mean,
            "95% interval": f"{low} to {high}",
            "training": "",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def format_verdict(verdict: Verdict, table: pd.DataFrame) -> str:
    """Format the answer: the headline, the reason, the numbers, the notes and what to do next."""
    rows = [row.rstrip() for row in table.to_string().splitlines()]
    lines = [verdict.headline, fill(verdict.reason), "", *rows, ""]
    return "\n".join([*lines, *map(fill, verdict.notes), fill(verdict.next_step)])


def fill(text: str) -> str:
    """Break a text into lines; a command between backticks stays on one, so it can be copied."""
    unbroken = re.sub("`.*?`", lambda found: found[0].replace(" ", "\0"), text)
    lines = textwrap.fill(unbroken, WIDTH, break_long_words=False, break_on_hyphens=False)
    return lines.replace("\0", " ")


def format_scores(
    name: str, values: Scores, confusion: pd.DataFrame, per_class: pd.DataFrame
) -> str:
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
    if len(confusion) > MAX_CLASSES or max(map(len, matrix.splitlines())) > TABLE_WIDTH:
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
