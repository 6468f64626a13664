"""What the page says about the photos: their numbers, and their problems."""

import pandas as pd

MAX_PROBLEMS = 100  # on the page

KINDS = {"duplicate": "duplicates", "near duplicate": "near_duplicates"}


def count_photos(split: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """Count the photos of each class, by what became of them.

    Args:
        split: has the columns `label` and `split`.
        problems: the content of `metrics/photos.csv`.

    Returns:
        A data frame of counts, indexed by class: `train`, `validation`, and of the problems
        `duplicates`, `near_duplicates` and `left_out`.
    """
    kinds = problems["problem"].map(lambda problem: KINDS.get(problem, "left_out"))
    counts = pd.crosstab(problems["label"], kinds)
    sides = pd.crosstab(split["label"], split["split"])
    columns = ["train", "validation", *KINDS.values(), "left_out"]
    return sides.join(counts).reindex(columns=columns).fillna(0).astype(int)
