"""What the page is about, and what its reader should be warned of, in short."""

from pathlib import Path
from typing import Any

import pandas as pd

from stages.common import files
from stages.common.parameters import Parameters
from stages.results.records import Scores
from stages.results.setting import LAYERS

MAX_RATIO = 2  # of the photos of two classes in training; above it they are called uneven


def list_facts(
    params: Parameters, split: pd.DataFrame, base: dict[str, Any], scores: Scores
) -> dict[str, str]:
    """List what the page is about, by name.

    The hashes name the photos and the code: the commit that holds the page cannot be on it,
    because it does not exist yet.

    Args:
        params: the parameters.
        split: the photos that are not sealed, with the columns `label`, `split` and `sha256`.
        base: the content of `metrics/base.json`.
        scores: of any network.
    """
    different = f", {scores.distinct_photos:,} different" if scores.has_copies else ""
    weights = "" if base["name"] == "demo" else f", {Path(base['weights']).name} weights"
    tuned = f", last {params.base.fine_tune} layers fine-tuned" if params.base.fine_tune else ""
    return {
        "Photos": f"{len(split):,}; {scores.photos:,} to validate{different}",
        "Classes": f"{split['label'].nunique():,}",
        "Base": f"{base['name']}{weights}{tuned}",
        "Epochs": f"{params.epochs:,}",
        "SHA-256": (
            f"data/split.csv {files.sha256('data/split.csv')[:7]}, "
            f"layers.py {files.sha256(LAYERS)[:7]}"
        ),
    }


def list_warnings(
    params: Parameters, split: pd.DataFrame, large_groups: list[dict[str, Any]]
) -> list[str]:
    """List what limits the result, each with what to do about it.

    Args:
        params: the parameters.
        split: the photos that are not sealed, with the columns `label` and `split`.
        large_groups: what `counts.list_large_groups` returns.

    Returns:
        Sentences; commands in them stand between backticks.
    """
    warnings = []
    counts = split["label"][split["split"] == "train"].value_counts()
    if counts.max() > MAX_RATIO * counts.min():
        step = ""
        if params.class_weight == "none":
            step = ", and try `dvc exp run -S class_weight=balanced`"
        warnings.append(
            f"Classes are uneven: {counts.max():,} training photos of {counts.idxmax()}, "
            f"{counts.min():,} of {counts.idxmin()}. Look at the balanced accuracy{step}."
        )
    for group in large_groups:
        warnings.append(
            f"Many photos of {group['label']} look alike, and count as one "
            f"({group['detail']}). Judge them below, under Photos."
        )
    warnings.append(
        "The best of several runs looks better than it is: of twenty equally good networks on the "
        "same 30 photos, the best shows an accuracy of 0.91 where the truth is 0.80. "
        "`python -m experiments` tells what the best of yours is worth, and `python -m final` "
        "scores it on photos that no run has seen, if `test_fraction` has sealed some."
    )
    return warnings
