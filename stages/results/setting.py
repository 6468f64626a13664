"""What a result is about: the photos, the base, and the parameters that determine it."""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from stages.common import files
from stages.common.parameters import Parameters

LAYERS = Path(__file__).parent.parent.parent / "layers.py"

# The parameters that determine the result of a study, beside its own.
DECISIVE = {
    "augment",
    "batch_size",
    "class_weight",
    "epochs",
    "image_size",
    "layers",
    "learning_rate",
    "schedule",
    "seed",
}


def describe(params: Parameters, table: pd.DataFrame, base: dict[str, Any]) -> dict[str, Any]:
    """Return what a study is about, to check whether a comparison is about the same.

    Args:
        params: the parameters.
        table: has the columns `label`, `group` and `sha256`, a row for each photo.
        base: the content of `metrics/base.json`.

    Returns:
        A mapping that JSON can hold: the parameters by name, `base`, `photos`, and the hash of
        `layers.py`.
    """
    lines = table["label"] + "/" + table["group"] + "/" + table["sha256"]
    photos = hashlib.sha256("\n".join(lines).encode())
    return params.model_dump(include=DECISIVE) | {
        "base": base | {"fine_tune": params.base.fine_tune},
        "layers.py": files.sha256(LAYERS),
        "photos": {"count": len(table), "sha256": photos.hexdigest()},
    }
