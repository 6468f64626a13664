"""What the study stands on: the photos, what the networks take in of them, and the setting."""

from typing import NamedTuple

import numpy as np

from stages.common import files
from stages.results import setting


class Data(NamedTuple):
    """The photos.

    Attributes:
        labels: `int` array `[n]` of class indices.
        groups: series `[n]`, equal for photos that look the same.
        inputs: for `custom` and `transfer`, an array `[n, ...]` of what it trains on.
        setting: what `setting.describe` returns.
    """

    labels: np.ndarray
    groups: object
    inputs: dict
    setting: dict


def read(params):
    """Read what the stages before have made of the photos.

    Args:
        params: the `Parameters`.

    Returns:
        A `Data`.

    Raises:
        SystemExit: if a file is not there.
    """
    table = files.read_table("data/photos.csv")
    return Data(
        labels=np.unique(table["label"], return_inverse=True)[1],
        groups=table["group"],
        inputs={
            "custom": files.read_array(params.training_pixels),
            "transfer": files.read_array("data/base/features.npy"),
        },
        setting=setting.describe(params, table, files.read_json("metrics/base.json")),
    )
