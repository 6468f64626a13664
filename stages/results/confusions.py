"""Which classes a network takes for which, the most frequent confusions first."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

MAX_CONFUSIONS = 50  # in a table


def rank_confusions(confusion: pd.DataFrame) -> pd.Series:
    """Return how many photos of one class were taken for another, the most frequent first.

    Args:
        confusion: counts: rows are actual classes, columns predicted ones, in the same order.

    Returns:
        `int`, indexed by `actual` and `predicted`; without those that never happened.
    """
    rows, columns = np.nonzero(confusion.to_numpy() * ~np.eye(len(confusion), dtype=bool))
    classes = confusion.index
    counts = pd.Series(
        confusion.to_numpy()[rows, columns],
        pd.MultiIndex.from_arrays([classes[rows], classes[columns]], names=["actual", "predicted"]),
    )
    return counts.sort_values(ascending=False, kind="stable")


def tabulate_confusions(matrices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tabulate the most frequent confusions of several networks on the same photos.

    Args:
        matrices: of each network, as in `rank_confusions`.

    Returns:
        A row for each of the 50 most frequent, that with the most photos over all networks
        first: `actual`, `predicted`, `photos` (of the actual class), and a column of counts for
        each network.
    """
    ranked = {name: rank_confusions(matrix) for name, matrix in matrices.items()}
    table = pd.DataFrame(ranked).fillna(0).astype(int)
    order = table.sum(axis=1).sort_values(ascending=False, kind="stable").index[:MAX_CONFUSIONS]
    table = table.loc[order].reset_index()
    photos = next(iter(matrices.values())).sum(axis=1)
    return table.assign(photos=table["actual"].map(photos))
