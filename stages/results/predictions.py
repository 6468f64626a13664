"""The networks' predictions for the validation photos."""

import numpy as np
import pandas as pd

from stages.common import files


def write(name: str, photos: pd.DataFrame, classes: np.ndarray, probabilities: np.ndarray) -> None:
    """Write the predictions of one network.

    Args:
        name: of the network.
        photos: the validation photos, rows of data/split.csv.
        classes: `str` `[classes]`, the names of all classes, sorted.
        probabilities: `float32` `[n, classes]`; rows sum to 1.

    Raises:
        SystemExit: as `files.replacing` does.
    """
    table = pd.DataFrame(
        {
            "photo": photos["photo"].to_numpy(),
            "actual": photos["label"].to_numpy(),
            "predicted": classes[probabilities.argmax(axis=1)],
            **dict(zip(classes, probabilities.T, strict=True)),
        }
    )
    # Nine digits tell any two float32 apart: the scores are those of the network.
    files.write_table(f"metrics/predictions/{name}.csv", table, float_format="%.9g")


def read(name: str, photos: pd.Series, columns: list[str] | None = None) -> pd.DataFrame:
    """Read the predictions of one network.

    Args:
        name: of the network.
        photos: paths of the validation photos, in the order of data/split.csv.
        columns: to read, `photo` among them; all by default.

    Returns:
        The table `metrics/predictions/NAME.csv` as text.

    Raises:
        SystemExit: if it is about other photos, or in another order.
    """
    path = f"metrics/predictions/{name}.csv"
    table = files.read_table(path, columns)
    if table["photo"].tolist() != photos.tolist():
        raise SystemExit(
            f"{path}: not about the validation photos of data/split.csv, in their order; "
            "`dvc repro` brings both up to date."
        )
    return table
