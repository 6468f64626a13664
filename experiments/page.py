"""The experiments as a page: a table to sort, and the photos that tell two networks apart."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import table
from experiments.collecting import Left
from experiments.ranking import Block, describe_changes
from stages.common import files
from stages.common.parameters import NETWORKS, PIXELS
from stages.page import rendering
from stages.results.intervals import get_wilson

PAGE = "metrics/experiments.html"
MAX_PHOTOS = 300  # on the page


def write(blocks: Sequence[Block], left: Sequence[Left], params: dict[str, Any]) -> None:
    """Write the page.

    Args:
        blocks: what `ranking.rank` returns, at least one.
        left: experiments that cannot be shown.
        params: the parameters of the current commit by name.

    Raises:
        SystemExit: as `files.replacing` does.
    """
    rows = [[_describe_row(row, block, params) for row in block.rows] for block in blocks]
    candidates = [(row, name) for row in blocks[0].rows for name in row.experiment.right]
    bests = [number for number, (row, name) in enumerate(candidates) if name == row.network]
    page = rendering.render(
        Path(__file__).with_name("page.html"),
        networks=NETWORKS,
        blocks=list(zip(blocks, rows, map(table.describe, blocks), strict=True)),
        legend=table.LEGEND,
        left=left,
        candidates=[f"{row.experiment.names[0]}, {name}" for row, name in candidates],
        chosen=bests[:2] if len(bests) > 1 else range(2),
        photos=list_photos(blocks[0]),
    )
    with files.replacing(PAGE) as temporary:
        temporary.write_text(page, encoding="utf-8")


def list_photos(block: Block) -> list[dict[str, str]]:
    """List the photos that some networks get right and others wrong, as far as they are here.

    Args:
        block: of experiments.

    Returns:
        For at most 300 different photos, on which the networks differ most: `photo`, `label`,
        `image` and `right`, a digit for each network in order: 0 for wrong, 9 for right, others
        for copies that are right in part.
    """
    split = files.read_table("data/split.csv") if Path("data/split.csv").exists() else None
    photos = block.rows[0].experiment.photos
    if split is None or not Path(PIXELS).exists() or not set(photos.paths) <= set(split["photo"]):
        return []
    right = np.array([each for row in block.rows for each in row.experiment.right.values()])
    spread = right.std(axis=0)
    shown = np.argsort(-spread, kind="stable")[: min(MAX_PHOTOS, np.count_nonzero(spread))]
    pixels = files.read_array(PIXELS)
    places = split.reset_index().set_index("photo")
    digits = np.char.mod("%d", (9 * right).round().astype(int))
    listed = []
    for number in shown:
        path = photos.paths[int(np.flatnonzero(photos.groups == number)[0])]
        listed.append(
            {
                "photo": path,
                "label": str(places["label"][path]),
                "image": rendering.encode_jpeg(pixels[int(places["index"][path])]),
                "right": "".join(digits[:, number]),
            }
        )
    return listed


def _describe_row(row: Any, block: Block, params: dict[str, Any]) -> dict[str, Any]:
    accuracy = row.accuracies[row.network]
    low, high = get_wilson(accuracy, block.photos)
    return {
        "names": row.experiment.names,
        "changes": describe_changes(row.experiment, params) or "-",
        "accuracies": row.accuracies,
        "network": row.network,
        "is_best": row.is_best,
        "tied": row.may_equal_best,
        "p_value": "" if row.is_best else f"{row.p_value:.2g}",
        "range": {"accuracy": accuracy, "accuracy_low": low, "accuracy_high": high},
    }
