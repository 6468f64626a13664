"""Look-alikes: photos that are the same, byte for byte, or look the same."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

# Bits of 64. On 150 photos of animals, JPEG compression and other sizes changed at most 4 bits,
# more light and contrast at most 6 in 99 of 100; no two photos were closer than 16.
MAX_DISTANCE = 6
MAX_PAIRS = 2**18  # compared at a time: about what the cache of a core holds


def group_photos(sha256: ArrayLike, phash: ArrayLike) -> np.ndarray:
    """Group the photos that look the same, which must not be on both sides of a split.

    Two photos are in one group if their perceptual hashes differ in at most `MAX_DISTANCE`
    bits, or if other photos of the group lead from one to the other in such steps.

    Args:
        sha256: hashes of `n` files, hexadecimal.
        phash: perceptual hashes of the same files, integers of 64 bits.

    Returns:
        The names of the groups, `str` `[n]`. The name of a group is the smallest `sha256` of
        its photos, so it depends neither on the order of the photos nor on other photos.
    """
    values, which = np.unique(np.asarray(phash, np.uint64), return_inverse=True)
    nodes = np.arange(len(values))
    first = nodes  # of each value's group
    for pairs in _find_close_pairs(values):
        # Imported where there are pairs: it takes long, and most folders have none.
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        edges = np.concatenate([pairs, np.column_stack([nodes, first])])
        graph = coo_array((np.ones(len(edges)), edges.T), (len(values), len(values)))
        _, groups = connected_components(graph, directed=False)
        first = np.unique(groups, return_index=True)[1][groups]
    return pd.Series(np.asarray(sha256)).groupby(first[which]).transform("min").to_numpy()


def list_lookalikes(table: pd.DataFrame) -> pd.DataFrame:
    """List the photos that look the same as an earlier one, or have two labels.

    Args:
        table: data frame with the columns `photo`, `label`, `sha256` and `group`.

    Returns:
        A data frame with the columns `photo`, `label`, `problem` and `detail`, and a row for
        each photo but the first of its group. The problem is `two labels` if the same photo
        has another label as well (then the first one is listed, too), else `duplicate` or
        `near duplicate`; the detail names the other photo.
    """
    same, alike = (table.groupby(column, sort=False) for column in ("sha256", "group"))
    labels = same["label"].transform("nunique")
    firsts = {"same": same["photo"].transform("first"), "alike": alike["photo"].transform("first")}
    listed = table.assign(labels=labels, **firsts)[table.duplicated("group") | (labels > 1)]
    columns = ["photo", "label", "sha256", "labels", "same", "alike"]
    rows = []
    for photo, label, sha256, count, first_same, first_alike in listed[columns].itertuples(
        index=False
    ):
        if count > 1:
            others = table[(table["sha256"] == sha256) & (table["label"] != label)]
            problem, detail = "two labels", f"the same photo as {', '.join(others['photo'])}"
        elif first_same != photo:
            problem, detail = "duplicate", f"the same photo as {first_same}"
        else:
            problem, detail = "near duplicate", f"looks like {first_alike}"
        rows.append((photo, label, problem, detail))
    return pd.DataFrame(rows, columns=["photo", "label", "problem", "detail"])


def _find_close_pairs(values: np.ndarray) -> Iterator[np.ndarray]:
    """Find all pairs of hashes that differ in at most `MAX_DISTANCE` bits.

    A hash is cut into 7 parts. Where two hashes differ in 6 bits or fewer, at least one part
    is the same in both: only hashes that share a part are compared.

    Args:
        values: `uint64` `[n]`.

    Yields:
        Indices of pairs, `int` `[pairs, 2]`, the smaller one first: never empty, and a bounded
        number at a time. A pair may be yielded more than once.
    """
    found: list[np.ndarray] = []
    size = 0
    for bits in np.array_split(np.arange(64, dtype=np.uint64), MAX_DISTANCE + 1):
        part = values >> bits[0] & np.uint64(2 ** len(bits) - 1)
        order = np.argsort(part, kind="stable")
        for alike in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
            rows = max(1, MAX_PAIRS // max(1, len(alike)))
            for start in range(0, len(alike), rows):
                some, others = values[alike[start : start + rows], None], values[alike[start:]]
                near = np.argwhere(np.bitwise_count(some ^ others) <= MAX_DISTANCE)
                near = near[near[:, 0] < near[:, 1]]
                found.append(alike[start + near])
                size += len(near)
                if size >= MAX_PAIRS:
                    yield np.concatenate(found)
                    found, size = [], 0
    if size:
        yield np.concatenate(found)
