"""What the page says about the classes and photos: their numbers, recall, and problems."""

from typing import Any

import numpy as np
import pandas as pd

MAX_PROBLEMS = 100  # on the page
MAX_GROUPS, MAX_SHOWN = 10, 20  # groups of look-alikes, and photos of each

KINDS = {"duplicate": "duplicates", "near duplicate": "near_duplicates"}


def count_photos(split: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """Count the photos of each class, by what became of them.

    Args:
        split: has the columns `photo`, `label` and `split`.
        problems: the content of `metrics/photos.csv`.

    Returns:
        A data frame of counts, indexed by class: `train`, `validation`, and of the problems
        `duplicates`, `near_duplicates` and `left_out`.
    """
    used = problems["photo"].isin(split["photo"])
    kinds = np.where(used, problems["problem"].map(KINDS), "left_out")
    counts = pd.crosstab(problems["label"], kinds)
    sides = pd.crosstab(split["label"], split["split"])
    columns = ["train", "validation", *KINDS.values(), "left_out"]
    return sides.join(counts).reindex(columns=columns).fillna(0).astype(int)


def list_large_groups(split: pd.DataFrame, problems: pd.DataFrame) -> list[dict[str, Any]]:
    """List the groups of look-alikes that are so large that a person should judge them.

    Args:
        split: has the columns `photo`, `label` and `group`.
        problems: the content of `metrics/photos.csv`.

    Returns:
        Of at most `MAX_GROUPS` groups, the `label`, the `detail` of the problem, and in `rows`
        the index in `split` of the first `MAX_SHOWN` photos.
    """
    groups = []
    for row in problems[problems["problem"] == "many look-alikes"][:MAX_GROUPS].itertuples():
        group = split["group"][split["photo"] == row.photo]
        members = split[split["group"].isin(group) & (split["label"] == row.label)]
        rows = members.index[:MAX_SHOWN]
        groups.append({"label": row.label, "detail": row.detail, "rows": rows})
    return groups


def order_by_recall(per_class: dict[str, pd.DataFrame]) -> list[str]:
    """Order the classes by their mean recall over the networks, the lowest first.

    Args:
        per_class: for each network, the table `metrics/per_class/NAME.csv` as text, indexed by
            class. Classes without photos come last.
    """
    recall = pd.DataFrame(
        {name: table["recall"].astype(float) for name, table in per_class.items()}
    )
    known = per_class["custom"]["photos"] != "0"
    return recall.astype(float).mean(axis=1).where(known).sort_values(kind="stable").index.tolist()
