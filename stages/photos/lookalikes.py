"""Duplicates: photos that are the same, byte for byte, or look it."""

import numpy as np
import pandas as pd

# Bits of 64. On 150 photos of animals, JPEG compression and other sizes moved at most 4 bits,
# more light and contrast at most 6 in 99 of 100; no two photos were closer than 16.
DISTANCE = 6
BLOCK = 2**18  # pairs that are compared at a time: as many as a core's cache holds


def group(sha256, phash):
    """Put photos together that look the same: what must not stand on both sides of a split.

    Two photos are in one group if their perceptual hashes differ in at most 6 bits, or if
    other photos of the group lead from one to the other in such steps.

    Args:
        sha256: `n` hashes of the files, of `str`.
        phash: `n` perceptual hashes, integers of 64 bits.

    Returns:
        An array of `n` names of groups: each is the first of its photos' `sha256`, so that
        neither the order nor other photos decide it.
    """
    values, which = np.unique(np.asarray(phash, np.uint64), return_inverse=True)
    nodes = np.arange(len(values))
    first = nodes  # of each value's group
    for pairs in _close_pairs(values):
        # Imported where there are pairs: it takes long, and most folders have none.
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        edges = np.concatenate([pairs, np.column_stack([nodes, first])])
        graph = coo_array((np.ones(len(edges)), edges.T), (len(values), len(values)))
        _, groups = connected_components(graph, directed=False)
        first = np.unique(groups, return_index=True)[1][groups]
    return pd.Series(np.asarray(sha256)).groupby(first[which]).transform("min").to_numpy()


def describe(table):
    """Say of which photo each duplicate is one.

    Args:
        table: data frame with the columns `photo`, `label`, `sha256` and `group`.

    Returns:
        A data frame with the columns `photo`, `label`, `problem` and `detail`, and a row for
        each photo but the first of its group. The problem is `two labels` if the same photo
        has another label as well, else `duplicate` or `near duplicate`.
    """
    rows = []
    same = table.groupby("sha256", sort=False)
    first_of_same, labels = same["photo"].transform("first"), same["label"].transform("nunique")
    first_alike = table.groupby("group", sort=False)["photo"].transform("first")
    for row in table[table.duplicated("group") | (labels > 1)].itertuples():
        if labels[row.Index] > 1:
            others = table[(table["sha256"] == row.sha256) & (table["label"] != row.label)]
            problem, detail = "two labels", f"the same photo as {', '.join(others['photo'])}"
        elif first_of_same[row.Index] != row.photo:
            problem, detail = "duplicate", f"the same photo as {first_of_same[row.Index]}"
        else:
            problem, detail = "near duplicate", f"looks like {first_alike[row.Index]}"
        rows.append((row.photo, row.label, problem, detail))
    return pd.DataFrame(rows, columns=["photo", "label", "problem", "detail"])


def _close_pairs(values):
    """Find all pairs of hashes that differ in few bits.

    Of 7 parts of a hash, 6 bits that differ leave at least one as it is: only hashes that
    share a part are compared.

    Args:
        values: `uint64` array.

    Yields:
        `int` arrays `[pairs, 2]` of indices, the smaller one first; bounded, and never empty.
        A pair may come more than once.
    """
    found, size = [], 0
    for bits in np.array_split(np.arange(64, dtype=np.uint64), DISTANCE + 1):
        part = values >> bits[0] & np.uint64(2 ** len(bits) - 1)
        order = np.argsort(part, kind="stable")
        for alike in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
            rows = max(1, BLOCK // max(1, len(alike)))
            for start in range(0, len(alike), rows):
                some, others = values[alike[start : start + rows], None], values[alike[start:]]
                near = np.argwhere(np.bitwise_count(some ^ others) <= DISTANCE)
                near = near[near[:, 0] < near[:, 1]]
                found.append(alike[start + near])
                size += len(near)
                if size >= BLOCK:
                    yield np.concatenate(found)
                    found, size = [], 0
    if size:
        yield np.concatenate(found)
