"""The mistakes that the page shows, the most instructive first."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common.parameters import NETWORKS, RIVALS

MAX_MISTAKES = 300  # on the page


class Mistakes(NamedTuple):
    """The photos that `custom` or `transfer` gets wrong.

    Attributes:
        table: a row for each photo to show, the most instructive first: `photo`, `actual`,
            `wrong` (`both`, `custom` or `transfer`), and for each network its answer, such
            as `custom`, and that answer's probability, such as `custom_confidence`. The
            index is the photo's row in the predictions.
        counts: number of all mistakes of each kind: `both`, and `custom` and `transfer`
            for the photos that only this one of the two gets wrong.
    """

    table: pd.DataFrame
    counts: dict[str, int]


def choose_mistakes(predictions: dict[str, pd.DataFrame]) -> Mistakes:
    """Choose which mistakes to show, and in which order.

    Only `custom` and `transfer` count: a photo that only the probe gets wrong is not listed,
    though its answer is in the table for each one that is. First come the photos that both get
    wrong, then those that only one gets wrong; among them, the wrong answers with the highest
    confidence come first. Of more than 300 mistakes, 300 are kept: the same number of each
    kind, if there are enough.

    Args:
        predictions: for each network, the table `metrics/predictions/NAME.csv` as text; all
            list the same photos.
    """
    table = predictions["custom"][["photo", "actual"]].copy()
    surprise = np.zeros(len(table))
    for name in NETWORKS:
        confidence = predictions[name].iloc[:, 3:].astype(float).max(axis=1)
        table[name], table[f"{name}_confidence"] = predictions[name]["predicted"], confidence
    for name in RIVALS:
        mistaken = table[name] != table["actual"]
        surprise = np.maximum(surprise, np.where(mistaken, table[f"{name}_confidence"], 0))
    custom, transfer = (table[name] != table["actual"] for name in RIVALS)
    table["wrong"] = np.select([custom & transfer, custom], ["both", "custom"], "transfer")
    table["surprise"] = surprise
    # In the order of the alphabet, "both" comes first.
    wrong = table[custom | transfer].sort_values(["wrong", "surprise"], ascending=[True, False])
    counts = {kind: int(np.sum(wrong["wrong"] == kind)) for kind in ("both", *RIVALS)}
    rank = wrong.groupby("wrong").cumcount().sort_values(kind="stable")
    return Mistakes(wrong.loc[wrong.index.isin(rank.index[:MAX_MISTAKES])], counts)
