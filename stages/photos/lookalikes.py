"""Look-alikes: photos that are the same, byte for byte, or look the same.

Photos are suspected by their coarse structure, and confirmed by their detail. Both are
coefficients of the cosine transform of a small grey picture, multiplied by their frequency,
which evens out the spectrum of photos (Field 1987, "Relations between the statistics of natural
images and the response properties of cortical cells"), and compared by their correlation, which
neither light nor contrast changes. The best of several views of either photo counts, so that
one may be cropped, bordered or captioned, or a mirror image.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import combinations_with_replacement, pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from stages.photos.decoding import THUMBNAIL_SIZE

# `make bench-lookalikes`, two sets of 150 and 880 photos of animals: the correlation of coarse
# structure is above 0.76, and that of the lowest band of detail above 0.9, in 95 of 100 copies
# after each edit but captions of 18% and rotations by 3°. That of all detail is at most 0.68 in
# unlike photos, 0.86 in pages of text, 0.90 in X-rays; in copies at least 0.95 after compression,
# other size, light or colour, 0.92 after crops, 0.83 after captions and borders (likewise).
SUSPECT = 0.7
ROUGHLY = 0.9  # of the lowest band of detail; others need no second look
ALIKE = 0.75
SURE = 0.95
# Where a photo has so many pictures that are akin to it, these are of one kind: pages, X-rays. Then
# a copy must differ from it by at most that share of what the last of them differs by.
CROWD = 5
AKIN = 0.5
LEFT = 0.4
NOISE = 0.15  # of a coefficient, grey levels: what compression leaves of plain areas
# Mean chroma, of 128, below which a photo may be a grey copy of another. Of other copies, the mean
# difference in chroma is less than that, and than that share of the larger mean, unless all of
# the photo is tinted alike: in 95 of 100, 16 after warmer colours, and 0.65 after all other edits.
GREY, APART, HUES = 1.0, 20.0, 0.7
MAX_GROUP, MAX_SHARE = 3, 0.05  # photos, and share of a class, that may be one group unnoticed
MANY = "many look-alikes"  # the problem of larger ones
BLOCK = 1000  # photos compared with as many others at a time
PAIRS = 200_000  # whose detail is compared at a time, or up to a block more
DENSE = 16  # photos are compared each with each where this is at most so many times the work

View = tuple[float, float, float, float]  # top, bottom, left and right edge, of 1

WHOLE: View = (0, 1, 0, 1)
_COVERED: View = (0, 0.8, 0, 1)  # without a caption that is laid over one or both
_CAPTIONED: View = (0, 0.87, 0, 1)  # what is left over a caption that one has below
_CROPPED: View = (0.06, 0.94, 0.06, 0.94)
# What one of two photos may show of the other.
PARTS: tuple[View, ...] = (
    *((cut, 1 - cut, cut, 1 - cut) for cut in (0.03, 0.06, 0.09)),
    *((0.06, 1, 0, 1), (0, 0.94, 0, 1), (0, 1, 0.06, 1), (0, 1, 0, 0.94)),
    *((0.05, 1, 0.05, 1), (0.05, 1, 0, 0.95), (0, 0.95, 0.05, 1), (0, 0.95, 0, 0.95)),
    *((0, 0.89, 0, 1), (0, 0.85, 0, 1)),  # below them, a caption
)
SEEN: tuple[tuple[View, View], ...] = (
    (WHOLE, WHOLE),
    (_COVERED, _COVERED),
    *((WHOLE, part) for part in PARTS),
    *((part, WHOLE) for part in PARTS),
)
SEEN_COARSELY: tuple[tuple[View, View], ...] = (
    (WHOLE, WHOLE),
    (_COVERED, _COVERED),
    (WHOLE, _CAPTIONED),
    (_CAPTIONED, WHOLE),
    (WHOLE, _CROPPED),
    (_CROPPED, WHOLE),
)
COARSE = (1, 8)  # frequencies, half waves a side
FINE = (1, 5, 10, 15, 20)  # bands, which count alike
MIDDLE, FINE_MIDDLE = (0.2, 0.8), (1, 3, 6, 9, 12)  # of a view, without captions and borders


def group_photos(sha256: ArrayLike, sketches: np.ndarray) -> np.ndarray:
    """Group the photos that look the same, which must not be on both sides of a split.

    Photos that are surely the same are in one group, and so are those that a chain of such
    pairs joins. Of the others, those that look like the one with the most look-alikes are in
    its group, and so on: no chain of them makes a group of photos that do not look alike.

    Args:
        sha256: hashes of `n` files, hexadecimal.
        sketches: the same files' `Photo.sketch`, `[n]`.

    Returns:
        The names of the groups, `str` `[n]`. The name of a group is the smallest `sha256` of
        its photos, and does not depend on the order of the photos.
    """
    thumbnails, colours = sketches["grey"], sketches["chroma"]
    names, first, which = np.unique(
        np.asarray(sha256, object), return_index=True, return_inverse=True
    )
    same = np.arange(len(names))  # the first of the photos that are surely the same as each
    pairs, scores = np.zeros((2, 0), int), np.zeros(0, np.float32)
    crowd = np.zeros(len(names), np.float32)
    for one, other, mirrored in _suspect_pairs(thumbnails, first):
        apart = same[one] != same[other]
        some = np.stack([one[apart], other[apart]])
        score = _compare_detail(thumbnails, first[some[0]], first[some[1]], mirrored)
        sure = np.flatnonzero(score >= SURE)
        sure = sure[_match_colours(colours, *first[some[:, sure]])]
        same = _join(same, *some[:, sure])
        score[sure] = 0
        akin = (score >= AKIN) & (score >= crowd[some].min(axis=0))
        pairs, scores = np.hstack([pairs, some[:, akin]]), np.append(scores, score[akin])
        if len(scores) > 4 * CROWD * len(names) + BLOCK**2:
            pairs, scores, crowd = _keep_best(pairs, scores, len(names))
    pairs, scores, crowd = _keep_best(pairs, scores, len(names))
    alike = (scores >= ALIKE) & (1 - scores <= LEFT * (1 - crowd[pairs].max(axis=0)))
    pairs = pairs[:, alike]
    pairs = pairs[:, _match_colours(colours, *first[pairs])]
    return names[_gather(same, *same[pairs])][which]


def list_lookalikes(table: pd.DataFrame) -> pd.DataFrame:
    """List the photos that look the same as an earlier one, or have two labels.

    Args:
        table: data frame with the columns `photo`, `label`, `sha256` and `group`, where
            `group` is what `group_photos` returns.

    Returns:
        A data frame with the columns `photo`, `label`, `problem` and `detail`, and a row for
        each photo but the first of its group. The problem is `two labels` if the same photo,
        or one that looks the same, has another label (then the first one is listed, too), else
        `duplicate` or `near duplicate`; the detail names the other photo. After them comes
        the first photo of each group that has more than `MAX_GROUP` photos of a class, and
        more than `MAX_SHARE` of them, with the problem `many look-alikes`; a person should
        judge these.
    """
    several = table.groupby("group")["label"].transform("nunique") > 1
    rows = []
    for _, group in table[several | table.duplicated("group", keep=False)].groupby("group"):
        firsts = group.groupby("sha256")["photo"].transform("first")
        for row, first in zip(group.itertuples(), firsts, strict=True):
            others = group[group["label"] != row.label]
            same = others[others["sha256"] == row.sha256]
            if len(same):
                problem, detail = "two labels", f"the same photo as {', '.join(same['photo'])}"
            elif len(others):
                problem, detail = "two labels", f"looks like {others['photo'].iloc[0]}"
            elif first != row.photo:
                problem, detail = "duplicate", f"the same photo as {first}"
            elif row.photo != group["photo"].iloc[0]:
                problem, detail = "near duplicate", f"looks like {group['photo'].iloc[0]}"
            else:
                continue
            rows.append((row.Index, row.photo, row.label, problem, detail))
    columns = ["row", "photo", "label", "problem", "detail"]
    listed = pd.DataFrame(rows, columns=columns).sort_values("row")[columns[1:]]
    return pd.concat([listed, _list_large_groups(table)], ignore_index=True)


def _list_large_groups(table: pd.DataFrame) -> pd.DataFrame:
    """List the groups that are so large that a person should judge them, the largest first."""
    counts = table.groupby(["group", "label"], as_index=False).agg(
        photos=("photo", "size"), photo=("photo", "first")
    )
    of = counts["label"].map(table["label"].value_counts())
    large = (counts["photos"] > MAX_GROUP) & (counts["photos"] > MAX_SHARE * of)
    counts = counts.assign(
        problem=MANY,
        detail=[
            f"{n} of {m} photos of the class" for n, m in zip(counts["photos"], of, strict=True)
        ],
    )[large]
    listed = counts.sort_values(["photos", "photo"], ascending=[False, True])
    return listed[["photo", "label", "problem", "detail"]]


def _suspect_pairs(
    thumbnails: np.ndarray, rows: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """Find the pairs of photos whose coarse structure is alike.

    Args:
        thumbnails: `uint8` `[photos, side, side]`.
        rows: which photos to compare, `[n]`.

    Yields:
        Positions in `rows` of the two photos of pairs, the smaller one first, and whether one
        is mirrored: never empty, and at most `BLOCK` squared at a time.
    """
    starts = range(0, len(rows), BLOCK)
    views = {view for seen in SEEN_COARSELY for view in seen}
    whole = _describe(thumbnails, rows, views, COARSE)
    coarse = {
        view: [described[start : start + BLOCK] for start in starts]
        for view, described in whole.items()
    }
    direct = [(coarse[one], coarse[other]) for one, other in SEEN_COARSELY]
    mirror = [(coarse[WHOLE], [_mirror(some, COARSE) for some in coarse[WHOLE]])]
    product = np.empty((BLOCK, BLOCK), np.float32)
    for mirrored, seen in enumerate((direct, mirror)):
        found: list[np.ndarray] = []
        for one, two in combinations_with_replacement(range(len(starts)), 2):
            near = np.zeros((len(coarse[WHOLE][one]), len(coarse[WHOLE][two])), bool)
            for ones, others in seen:
                out = product[: near.shape[0], : near.shape[1]]
                near |= np.matmul(ones[one], others[two].T, out=out) > SUSPECT
            if one == two:
                near = np.triu(near, 1)
            if near.any():
                found.append(np.argwhere(near) + np.array([starts[one], starts[two]]))
            if sum(map(len, found)) > PAIRS:
                yield *np.concatenate(found).T, bool(mirrored)
                found = []
        if found:
            yield *np.concatenate(found).T, bool(mirrored)


def _compare_detail(
    thumbnails: np.ndarray, ones: np.ndarray, others: np.ndarray, mirrored: bool
) -> np.ndarray:
    """Compare the detail of pairs of photos.

    Args:
        thumbnails: `uint8` `[photos, side, side]`.
        ones, others: rows of the photos of each pair, `[pairs]`.
        mirrored: whether to compare with the mirror image.

    Returns:
        The correlation at the best of the views `SEEN`, `float32` `[pairs]`, at most 1.
    """
    photos, (row, column) = np.unique(np.stack([ones, others]), return_inverse=True)
    rough = _describe(thumbnails, photos, {view for seen in SEEN for view in seen}, FINE[:2])
    (whole,) = _describe(thumbnails, photos, [WHOLE], FINE).values()

    def correlate(seen: tuple[View, View], bands: tuple[int, ...], pairs: np.ndarray) -> np.ndarray:
        described, which = [], []
        for view, places in zip(seen, (row, column), strict=True):
            if view == WHOLE and bands == FINE:
                described.append(whole)
                which.append(places[pairs])
            else:
                rows, place = np.unique(places[pairs], return_inverse=True)
                described.append(_describe(thumbnails, photos[rows], [view], bands)[view])
                which.append(place)
        left, right = described
        return _correlate(left, _mirror(right, bands) if mirrored else right, *which)

    best = np.zeros(len(ones), np.float32)
    for one, other in SEEN:
        rest = np.flatnonzero(best < SURE)
        right = _mirror(rough[other], FINE[:2]) if mirrored else rough[other]
        rest = rest[_correlate(rough[one], right, row[rest], column[rest]) > ROUGHLY]
        score = correlate((one, other), FINE, rest)
        better = score > np.maximum(best[rest], AKIN)
        rest, score = rest[better], score[better]
        middle = correlate((_get_middle(one), _get_middle(other)), FINE_MIDDLE, rest)
        best[rest] = np.maximum(best[rest], np.minimum(score, middle))
    return best


def _correlate(
    left: np.ndarray, right: np.ndarray, row: np.ndarray, column: np.ndarray
) -> np.ndarray:
    """Correlate described photos: row `row[i]` of `left` with row `column[i]` of `right`."""
    if len(left) * len(right) <= DENSE * len(row):
        return (left @ right.T)[row, column]
    result = np.empty(len(row), np.float32)
    for start in range(0, len(row), BLOCK):
        part = slice(start, start + BLOCK)
        result[part] = np.einsum("pk,pk->p", left[row[part]], right[column[part]])
    return result


def _get_middle(view: View) -> View:
    top, bottom, left, right = view
    near, far = MIDDLE
    height, width = bottom - top, right - left
    return top + near * height, top + far * height, left + near * width, left + far * width


def _describe(
    thumbnails: np.ndarray, rows: np.ndarray, views: Collection[View], bands: Sequence[int]
) -> dict[View, np.ndarray]:
    """Describe the structure of parts of photos within bands of frequencies.

    Args:
        thumbnails: `uint8` `[photos, side, side]`.
        rows: of the photos to describe, `[n]`.
        views: the parts.
        bands: edges of the bands, half waves a side.

    Returns:
        For each view, `float32` `[n, waves]`: vectors whose products are correlations. They
        have a length of 1, or less where bands hold no more than noise.
    """
    size = bands[-1]
    order, frequency, slices = _sort_waves(tuple(bands))
    result = {view: np.empty((len(rows), len(order)), np.float32) for view in views}
    for start in range(0, len(rows), BLOCK):  # as floats they take much memory
        some = thumbnails[rows[start : start + BLOCK]]
        pixels = some.reshape(-1, THUMBNAIL_SIZE).astype(np.float32)
        for view, described in result.items():
            down, across = _make_waves(*view[:2], size), _make_waves(*view[2:], size)
            half = (pixels @ across.T).reshape(-1, THUMBNAIL_SIZE, size)
            waves = np.matmul(down, half).reshape(-1, size**2)[:, order] * frequency
            for band in slices:
                noise = NOISE * np.linalg.norm(frequency[band])
                length = np.sqrt(np.einsum("pk,pk->p", waves[:, band], waves[:, band]) + noise**2)
                waves[:, band] /= length[:, None] * np.sqrt(np.float32(len(slices)))
            described[start : start + BLOCK] = waves
    return result


@cache
def _sort_waves(bands: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, list[slice]]:
    """Return which waves are in bands, band after band, their frequencies, and the bands."""
    size = bands[-1]
    frequency = np.hypot(*np.mgrid[:size, :size]).astype(np.float32).ravel()
    band = np.digitize(frequency, bands)
    inside = [np.flatnonzero(band == number) for number in range(1, len(bands))]
    ends = np.cumsum([0, *map(len, inside)])
    slices = [slice(start, end) for start, end in pairwise(ends)]
    order = np.concatenate(inside)
    return order, frequency[order], slices


@cache
def _make_waves(start: float, end: float, size: int) -> np.ndarray:
    """Make the first waves of the cosine transform of a part of a side of a thumbnail.

    Args:
        start, end: edges of the part, of 1.
        size: number of waves.

    Returns:
        `float32` `[size, side]`. Its product with the pixels of a line gives the amplitudes.
    """
    edges = np.arange(THUMBNAIL_SIZE + 1) / THUMBNAIL_SIZE
    share = np.diff(edges.clip(start, end)) / (end - start)  # of each pixel in the part
    middle = ((edges[:-1] + edges[1:]) / 2 - start) / (end - start)
    waves = np.cos(np.pi * np.arange(size)[:, None] * middle) * share * np.sqrt(2)
    return waves.astype(np.float32)


def _mirror(described: np.ndarray, bands: Sequence[int]) -> np.ndarray:
    """Return what `_describe` returns for the mirror images: odd waves change their sign."""
    order, *_ = _sort_waves(tuple(bands))
    return described * (1 - 2 * (order % bands[-1] % 2)).astype(np.float32)


def _match_colours(colours: np.ndarray, ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return for each pair of photos whether the colours allow that they are the same photo."""
    fits = np.zeros(len(ones), bool)
    for start in range(0, len(ones), BLOCK):
        part = slice(start, start + BLOCK)
        one, other = (colours[rows[part]].astype(np.float32) - 128 for rows in (ones, others))
        saturation = np.stack([_get_size(one), _get_size(other)])
        fits[part] = saturation.min(axis=0) < GREY
        for some in (other, other[..., ::-1]):
            apart = one - some
            size, shift = _get_size(apart), apart.mean(axis=(2, 3), keepdims=True)
            alike = (size <= HUES * saturation.max(axis=0)) | (_get_size(apart - shift) <= size / 2)
            fits[part] |= alike & (size <= APART)
    return fits


def _get_size(colours: np.ndarray) -> np.ndarray:
    return np.abs(colours).mean(axis=(1, 2, 3))


def _join(same: np.ndarray, ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Join the photos of pairs, and all that are the same as these.

    Args:
        same: for each photo the first that is the same, `int` `[n]`.
        ones, others: the photos of each pair.

    Returns:
        The new `same`.
    """
    same = same.copy()
    while (same[ones] != same[others]).any():
        first = np.minimum(same[ones], same[others])
        for some in (ones, others):
            np.minimum.at(same, same[some], first)
        while (same != same[same]).any():
            same = same[same]
    return same


def _keep_best(
    pairs: np.ndarray, scores: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keep the pairs that are among the best `CROWD` of one of their photos.

    Args:
        pairs: photos, `int` `[2, n]`; a pair may be there twice, once of them mirrored.
        scores: `float32` `[n]`.
        count: number of photos.

    Returns:
        The pairs and scores that are left, each pair once, and for each photo the `CROWD`th of
        its best scores, or 0 if it has fewer.
    """
    order = np.lexsort((-scores, *pairs))
    pairs, scores = pairs[:, order], scores[order]
    fresh = np.append(True, (pairs[:, 1:] != pairs[:, :-1]).any(axis=0))[: len(scores)]
    pairs, scores = pairs[:, fresh], scores[fresh]
    photo, score = pairs.ravel(), np.tile(scores, 2)
    order = np.lexsort((-score, photo))
    rank = np.empty(len(photo), int)
    rank[order] = np.arange(len(photo)) - np.searchsorted(photo[order], photo[order])
    crowd = np.zeros(count, np.float32)
    last = rank == CROWD - 1
    crowd[photo[last]] = score[last]
    best = (rank < CROWD).reshape(2, -1).any(axis=0)
    return pairs[:, best], scores[best], crowd


def _gather(same: np.ndarray, ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Gather look-alikes around the photos that have the most.

    Args:
        same: for each photo the first that is surely the same, `int` `[n]`.
        ones, others: pairs of look-alikes that are such first photos.

    Returns:
        For each photo the first of its group.
    """
    sizes = np.bincount(same, minlength=len(same))
    near = defaultdict(set)
    for one, other in zip(ones.tolist(), others.tolist(), strict=True):
        if one != other:
            near[one].add(other)
            near[other].add(one)
    reach = {photo: sizes[[photo, *some]].sum() for photo, some in near.items()}
    group = np.arange(len(same))
    free = set(near)
    for photo in sorted(near, key=lambda photo: (-reach[photo], photo)):
        if photo in free:
            members = [photo, *(near[photo] & free)]
            group[members] = min(members)
            free.difference_update(members)
    return group[same]
