"""What the study stands on: the photos, what the networks take in of them, and the setting."""

import hashlib
from typing import NamedTuple

import numpy as np

from stages import files

# The parameters that decide the result of a study, beside its own.
DECISIVE = {"augment", "batch_size", "epochs", "image_size", "layers", "learning_rate", "seed"}


class Data(NamedTuple):
    """The photos.

    Attributes:
        labels: `int` array `[n]` of class indices.
        groups: series `[n]`, equal for photos that look the same.
        inputs: for `custom` and `transfer`, an array `[n, ...]` of what it trains on.
        setting: what `describe` returns.
    """

    labels: np.ndarray
    groups: object
    inputs: dict
    setting: dict


def read(parameter):
    """Read what the stages before have made of the photos.

    Args:
        parameter: the `Parameters`.

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
            "custom": files.read_array(parameter.trained_on),
            "transfer": files.read_array("data/base/features.npy"),
        },
        setting=describe(parameter, table, files.read_json("metrics/base.json")),
    )


def describe(parameter, table, base):
    """Say what a study is about, to tell whether it is about the same as a comparison.

    Args:
        parameter: the `Parameters`.
        table: data frame with the columns `label` and `sha256`.
        base: what `metrics/base.json` holds.

    Returns:
        A mapping that JSON can hold.
    """
    photos = hashlib.sha256("\n".join(table["label"] + "/" + table["sha256"]).encode())
    return parameter.model_dump(include=DECISIVE) | {
        "base": base | {"fine_tune": parameter.base.fine_tune},
        "photos": {"count": len(table), "sha256": photos.hexdigest()},
    }
