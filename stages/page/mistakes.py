"""The mistakes that the page shows, the most instructive first."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common.parameters import NETWORKS, RIVALS

MAX_MISTAKES = 144  # on the page


class Mistakes(NamedTuple):
    """The photos that `custom` or `transfer` gets wrong.

    Attributes:
        table: a row for each photo to show, in the order of the page: `photo`, `actual`,
            `wrong` (`both`, `custom` or `transfer`), `taken_for` (the wrong answer of the
            two that is the more confident), and for each network its answer, such as
            `custom`, that answer's probability, such as `custom_confidence`, and in
            `custom_shares` the probability of every class, as text. The index is the photo's
            row in the predictions.
        counts: number of all mistakes of each kind: `both`, and `custom` and `transfer`
            for the photos that only this one of the two gets wrong.
    """

    table: pd.DataFrame
    counts: dict[str, int]


def choose_mistakes(predictions: dict[str, pd.DataFrame]) -> Mistakes:
    """Choose which mistakes to show, and in which order.

    Only `custom` and `transfer` count: a photo that only the probe gets wrong is not listed,
    though its answer is in the table for each one that is. First come the photos that both get
    wrong, then those that only one gets wrong; among them, the same confusions stand together,
    the most frequent first; among these, the wrong answers with the highest confidence come
    first. Of more than 144 mistakes, 144 are kept: the same number of each kind, if there are
    enough, with the highest confidence.

    Args:
        predictions: for each network, the table `metrics/predictions/NAME.csv` as text; all
            list the same photos.
    """
    table = predictions["custom"][["photo", "actual"]].copy()
    for name in NETWORKS:
        confidence = predictions[name].iloc[:, 3:].astype(float).max(axis=1)
        table[name], table[f"{name}_confidence"] = predictions[name]["predicted"], confidence
    custom, transfer = (
        table[f"{name}_confidence"].where(table[name] != table["actual"], 0) for name in RIVALS
    )
    table["surprise"] = np.maximum(custom, transfer)
    table["taken_for"] = table["custom"].where(custom >= transfer, table["transfer"])
    table["wrong"] = np.select(
        [(custom > 0) & (transfer > 0), custom > 0], ["both", "custom"], "transfer"
    )
    # In the order of the alphabet, "both" comes first.
    wrong = table[table["surprise"] > 0].sort_values(["wrong", "surprise"], ascending=[True, False])
    counts = {kind: int(np.sum(wrong["wrong"] == kind)) for kind in ("both", *RIVALS)}
    rank = wrong.groupby("wrong").cumcount().sort_values(kind="stable")
    kept = wrong.loc[wrong.index.isin(rank.index[:MAX_MISTAKES])]
    confusion = ["wrong", "actual", "taken_for"]
    size = kept.groupby(confusion)["photo"].transform("size")
    order = ["wrong", "size", "actual", "taken_for", "surprise"]
    kept = kept.assign(size=size).sort_values(order, ascending=[True, False, True, True, False])
    for name in NETWORKS:
        shares = predictions[name].iloc[kept.index, 3:].astype(float).to_numpy()
        kept[f"{name}_shares"] = [_list_shares(row) for row in shares]
    return Mistakes(kept.drop(columns="size"), counts)


def _list_shares(probabilities: np.ndarray) -> str:
    """Return the probabilities that are not 0.00 as text, such as `0:0.83 2:0.17`."""
    return " ".join(f"{i}:{each:.2f}" for i, each in enumerate(probabilities) if each >= 0.005)
