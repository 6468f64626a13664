"""The networks' predictions for the validation photos."""

import pandas as pd

from stages.common import files
from stages.common.parameters import NETWORKS


def read(photos: pd.Series, columns: list[str] | None = None) -> dict[str, pd.DataFrame]:
    """Read the predictions of all networks.

    Args:
        photos: paths of the validation photos, in the order of data/split.csv.
        columns: to read, `photo` among them; all by default.

    Returns:
        For each network, the table `metrics/predictions/NAME.csv` as text.

    Raises:
        SystemExit: if one is about other photos, or in another order.
    """
    predictions = {}
    for name in NETWORKS:
        path = f"metrics/predictions/{name}.csv"
        predictions[name] = files.read_table(path, columns)
        if predictions[name]["photo"].tolist() != photos.tolist():
            raise SystemExit(
                f"{path}: not about the validation photos of data/split.csv, in their order; "
                "`dvc repro` brings both up to date."
            )
    return predictions
