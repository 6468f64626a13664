"""Draw the learning curve: how many photos each network needs."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd

from stages.common import files, parameters
from stages.common.parameters import RIVALS
from study.common import data, folds, tasks, words
from study.common import parameters as study_parameters
from study.common.estimates import Estimate
from study.common.folds import Split
from study.common.parameters import Study
from study.common.results import estimate_curve, find_need


def select_sizes(
    sizes: list[int], labels: np.ndarray, groups: np.ndarray, splits: list[Split]
) -> tuple[list[int], int]:
    """Select the sizes for which every class has enough training photos on every split.

    Args:
        sizes: training photos of each class.
        labels: `int` array `[n]`, class indices.
        groups: array `[n]`, equal for photos that look alike, or show one individual.
        splits: the splits.

    Returns:
        These sizes, ascending, and the largest possible size.

    Raises:
        SystemExit: if none is left.
    """
    different = [
        pd.Series(groups[split.train]).groupby(labels[split.train]).nunique() for split in splits
    ]
    largest = int(min(counts.min() for counts in different))
    if not (selected := sorted({size for size in sizes if size <= largest})):
        raise SystemExit(
            f"study/params.yaml: study.photos_per_class is {sizes}; expected one up to {largest}, "
            "the number of different training photos of the smallest class. Add a smaller one."
        )
    return selected, largest


def tabulate_curve(estimates: dict[str, list[Estimate]], sizes: list[int]) -> pd.DataFrame:
    """Tabulate the accuracy of each network for each size, with its interval."""
    tables = [
        pd.DataFrame(
            {
                "network": network,
                "photos_per_class": sizes,
                "accuracy": [value.mean for value in estimates[network]],
                "accuracy_low": [max(value.low, 0) for value in estimates[network]],
                "accuracy_high": [min(value.high, 1) for value in estimates[network]],
            }
        )
        for network in RIVALS
    ]
    return pd.concat(tables)


def record(
    custom: np.ndarray,
    transfer: np.ndarray,
    sizes: list[int],
    study: Study,
    setting: dict[str, Any],
) -> tuple[dict[str, list[Estimate]], str]:
    """Summarize the accuracies for each size, and write the files of this stage.

    Args:
        custom, transfer: `float` arrays `[sizes, splits]` of accuracies.
        sizes: training photos of each class, ascending.
        study: the `Study`.
        setting: what `setting.describe` returns.

    Returns:
        For `custom`, `transfer` and `gain` an `Estimate` for each size, and the answer in words.
    """
    curves = {"custom": custom, "transfer": transfer, "gain": transfer - custom}
    estimates = {name: estimate_curve(curve, study.held_out) for name, curve in curves.items()}
    need = find_need(curves, sizes, study.held_out)
    answer = words.describe_curve(need, sizes, estimates["gain"], custom.shape[1])
    digits = len(str(sizes[-1]))  # DVC sorts columns by their names
    for name, values in estimates.items():
        means = {f"{size:0{digits}}": value.mean for size, value in zip(sizes, values, strict=True)}
        files.write_json(f"metrics/study/curve/{name}.json", means)
    files.write_json("metrics/study/curve/answer.json", need.to_json())
    files.write_table("metrics/study/plots/curve/accuracy.csv", tabulate_curve(estimates, sizes))
    files.write_json("metrics/study/curve.json", {"answer": answer, "setting": setting})
    return estimates, answer


def main() -> None:
    params, study = parameters.read(), study_parameters.read()
    photos = data.read(params)
    labels, groups = photos.labels, photos.groups
    splits = data.make_splits(photos, study, params.seed)
    sizes, largest = select_sizes(study.photos_per_class, labels, groups, splits)

    todo = [
        tasks.Task(
            network,
            folds.choose_of_each_class(labels, groups, split, size, params.seed),
            split.held_out,
            seed,
        )
        for network in RIVALS
        for size in sizes[::-1]  # the longest trainings first, so that no core waits at the end
        for split in splits
        for seed in folds.derive_seeds(split, study.seeds, params.seed)
    ]
    results = tasks.run(todo, photos.inputs, photos, params, study.scheduler)

    shape = (len(RIVALS), len(sizes), len(splits), study.seeds)
    custom, transfer = results.reshape(shape).mean(axis=-1)[:, ::-1]
    estimates, answer = record(custom, transfer, sizes, study, photos.setting)
    if len(sizes) < len(set(study.photos_per_class)):
        print(f"sizes above {largest} left out: the smallest class has no more different ones")
    print(words.format_curve(estimates, sizes))
    print(textwrap.fill(answer, 80))


if __name__ == "__main__":
    main()
