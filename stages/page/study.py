"""What the study has found, read from its files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stages.common import files
from stages.page import charts

# Each part of the study, with the horizontal axis of its chart: its column, and its transform.
PARTS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "repeat": ("split", np.asarray),
    "curve": ("photos_per_class", np.log2),
}
ROWS = ("majority", "probe", "custom", "transfer", "gain")


class Part(NamedTuple):
    """The result of one part of the study.

    Attributes:
        answer: sentences.
        outdated: names of what has changed since it ran.
        chart: accuracy on each split, or by the number of training photos.
        scores: of `repeat`, for each of `ROWS` the metrics over all splits; else empty.
    """

    answer: str
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
    for name, (column, transform) in PARTS.items():
        if not Path(f"metrics/study/{name}.json").exists():
            continue
        result = files.read_json(f"metrics/study/{name}.json")
        table = files.read_table(f"metrics/study/plots/{name}/accuracy.csv")
        numbers = table.columns.drop("network")
        study[name] = Part(
            answer=result["answer"],
            outdated=[key for key in setting if result["setting"].get(key) != setting[key]],
            chart=charts.plot_bands(table.astype(dict.fromkeys(numbers, float)), column, transform),
            scores={row: files.read_json(f"metrics/study/repeat/{row}.json") for row in ROWS}
            if name == "repeat"
            else {},
        )
    return study
