"""The photos of the study, and what the networks take in of them."""

from typing import Any, NamedTuple

import numpy as np

from stages.common import files
from stages.common.files import Array
from stages.common.parameters import FEATURES, Parameters
from stages.results import setting, weighting
from study.common import folds
from study.common.folds import Split
from study.common.parameters import Study


class Photos(NamedTuple):
    """All photos.

    Attributes:
        labels: `int` array `[n]`, class indices.
        groups: `str` array `[n]`, equal for photos that look alike, or show one individual.
        weights: `float` array `[n]`, what `weighting.weigh_photos` returns.
        unsealed: `int` array, the rows of all photos but those of the sealed test set.
        inputs: for each of `RIVALS`, an array `[copies x n, ...]` of what it trains on:
            of the photos, then of any altered copies of all of them.
        setting: what `setting.describe` returns.
    """

    labels: np.ndarray
    groups: np.ndarray
    weights: np.ndarray
    unsealed: np.ndarray
    inputs: dict[str, Array]
    setting: dict[str, Any]


def read(params: Parameters) -> Photos:
    """Read the outputs of the stages `prepare`, `split`, `augment` and `extract`.

    Args:
        params: the `Parameters`.

    Raises:
        SystemExit: if a file does not exist, or is damaged.
    """
    table = files.read_table("data/split.csv")
    unsealed = table["split"] != "test"
    base = files.read_json("metrics/base.json")
    return Photos(
        labels=np.unique(table["label"], return_inverse=True)[1],
        groups=table["group"].to_numpy(),
        weights=weighting.weigh_photos(table["group"]),
        unsealed=np.flatnonzero(unsealed),
        inputs={
            "custom": files.read_array(params.training_pixels),
            "transfer": files.read_array(FEATURES),
        },
        setting=setting.describe(params, table[unsealed], base),
    )


def make_splits(photos: Photos, study: Study, seed: int) -> list[Split]:
    """Hold out each photo that is not sealed once per repeat, as `folds.make_splits` does."""
    rows = photos.unsealed
    splits = folds.make_splits(
        photos.labels[rows], photos.groups[rows], study.folds, study.repeats, seed
    )
    return [
        split._replace(train=rows[split.train], held_out=rows[split.held_out]) for split in splits
    ]
