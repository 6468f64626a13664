"""What the study has found, read from its files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stages.common import files
from stages.common.parameters import NETWORKS
from stages.page import charts
from stages.results.records import PAIRS
from stages.results.verdict import Verdict

# Each part of the study, with the horizontal axis of its chart: its column, its transform, and
# whether a line joins the points, which splits do not ask for.
PARTS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray], bool]] = {
    "repeat": ("split", np.asarray, False),
    "curve": ("photos_per_class", np.log2, True),
}
ROWS = ("majority", *NETWORKS, *(f"{prefix}gain" for prefix in PAIRS.values()))


class Part(NamedTuple):
    """The result of one part of the study.

    Attributes:
        answer: sentences.
        verdict: of `repeat`, the `Verdict`; else `None`.
        outdated: names of what has changed since it ran.
        chart: accuracy on each split, or by the number of training photos.
        scores: of `repeat`, for each of `ROWS` the metrics over all splits; else empty.
    """

    answer: str
    verdict: Verdict | None
    outdated: list[str]
    chart: charts.Chart
    scores: dict[str, dict[str, float]]


def read_study(setting: dict[str, Any]) -> dict[str, Part]:
    """Read the results of the study, as far as it has been run.

    Args:
        setting: what `results.setting.describe` returns for the comparison.

    Returns:
        A part for `repeat` and for `curve`; none that has not been run.

    Raises:
        SystemExit: if a file is damaged, or if a part lacks one.
    """
    study = {}
    for name, (column, transform, joined) in PARTS.items():
        if not Path(f"metrics/study/{name}.json").exists():
            continue
        result = files.read_json(f"metrics/study/{name}.json")
        if name == "repeat" and "verdict" not in result:  # of an earlier version of this project
            continue
        answer = Verdict(**result["verdict"]) if name == "repeat" else None
        table = files.read_table(f"metrics/study/plots/{name}/accuracy.csv")
        numbers = table.columns.drop("network")
        study[name] = Part(
            answer=_join(answer) if answer else result["answer"],
            verdict=answer,
            outdated=[key for key in setting if result["setting"].get(key) != setting[key]],
            chart=charts.plot_bands(
                table.astype(dict.fromkeys(numbers, float)), column, transform, joined
            ),
            scores={row: files.read_json(f"metrics/study/repeat/{row}.json") for row in ROWS}
            if name == "repeat"
            else {},
        )
    return study


def _join(verdict: Verdict) -> str:
    return " ".join([f"{verdict.headline}.", verdict.reason, *verdict.notes])
