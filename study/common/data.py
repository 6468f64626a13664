"""The photos of the study, and what the networks take in of them."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.files import Array
from stages.common.parameters import FEATURES, Parameters
from stages.results import setting


class Photos(NamedTuple):
    """All photos, of which each split holds out some.

    Attributes:
        labels: `int` array `[n]`, class indices.
        groups: series `[n]`, equal for photos that look alike.
        inputs: for `custom` and `transfer`, an array `[copies x n, ...]` of what it trains on:
            of the photos, then of any altered copies of all of them.
        setting: what `setting.describe` returns.
    """

    labels: np.ndarray
    groups: pd.Series
    inputs: dict[str, Array]
    setting: dict[str, Any]


def read(params: Parameters) -> Photos:
    """Read the outputs of the stages `prepare`, `augment` and `extract`.

    Args:
        params: the `Parameters`.

    Raises:
        SystemExit: if a file does not exist, or is damaged.
    """
    table = files.read_table("data/photos.csv")
    return Photos(
        labels=np.unique(table["label"], return_inverse=True)[1],
        groups=table["group"],
        inputs={
            "custom": files.read_array(params.training_pixels),
            "transfer": files.read_array(FEATURES),
        },
        setting=setting.describe(params, table, files.read_json("metrics/base.json")),
    )
