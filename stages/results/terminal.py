"""The answer on a terminal, at most 80 characters a line."""

import re
import textwrap
from collections.abc import Mapping

import pandas as pd

from stages.results.progress import Progress
from stages.results.records import Comparisons, Scores
from stages.results.verdict import Verdict

WIDTH = 80
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
    digits = 2 if scores["custom"].distinct_photos < 100 else 3
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
