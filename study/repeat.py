"""Compare the networks on many splits: which is better, by how much, and how sure that is."""

from typing import Any

import numpy as np
import pandas as pd

from stages.common import files, parameters
from stages.common.parameters import NETWORKS
from stages.networks import linear
from stages.results import terminal, verdict
from stages.results.records import PAIRS
from stages.results.verdict import Verdict
from study.common import data, folds, tasks, words
from study.common import parameters as study_parameters
from study.common.folds import Split
from study.common.parameters import Study
from study.common.results import Score, summarize


def score_majority(labels: np.ndarray, weights: np.ndarray, splits: list[Split]) -> np.ndarray:
    """Score guessing the majority class of the training photos, always.

    Args:
        labels: `int` array `[n]`, class indices.
        weights: `float` array `[n]`, of the photos.
        splits: the splits.

    Returns:
        A `float` array `[splits, 1]` of accuracies.
    """
    accuracies = []
    for split in splits:
        majority = np.bincount(labels[split.train], weights[split.train]).argmax()
        right = labels[split.held_out] == majority
        accuracies.append([np.average(right, weights=weights[split.held_out])])
    return np.array(accuracies)


def tabulate_splits(accuracies: dict[str, np.ndarray], summary: dict[str, Score]) -> pd.DataFrame:
    """Tabulate the accuracy of each network on each split, beside the interval of its mean."""
    tables = [
        pd.DataFrame(
            {
                "network": network,
                "split": np.arange(1, len(values) + 1),
                "accuracy": values.mean(axis=1),
                "accuracy_low": summary[network].accuracy_low,
                "accuracy_high": summary[network].accuracy_high,
            }
        )
        for network, values in accuracies.items()
    ]
    return pd.concat(tables)


def record(
    accuracies: dict[str, np.ndarray], photos: int, study: Study, setting: dict[str, Any]
) -> tuple[dict[str, Score], Verdict]:
    """Summarize the accuracies of all trainings, and write the files of this stage.

    Args:
        accuracies: for `majority` and each of `NETWORKS`, a `float` array `[splits, seeds]`.
        photos: number of different photos.
        study: the `Study`.
        setting: what `setting.describe` returns.

    Returns:
        The `Score` of each of the four, and of each of the gains, and the answer.
    """
    summary = {name: summarize(values, study.held_out) for name, values in accuracies.items()}
    gains = {}
    for (first, second), prefix in PAIRS.items():
        values = accuracies[first] - accuracies[second]
        gains[first, second] = summarize(values, study.held_out, lowest=-1.0)
        summary[f"{prefix}gain"] = gains[first, second]
    splits = study.folds * study.repeats
    answer = verdict.judge_study(summary, gains, splits, photos)
    answer.notes.extend(words.describe_gain(summary))
    for name, score in summary.items():
        files.write_json(f"metrics/study/repeat/{name}.json", score.to_json())
    table = tabulate_splits(accuracies, summary)
    files.write_table("metrics/study/plots/repeat/accuracy.csv", table)
    files.write_json("metrics/study/repeat.json", {"verdict": answer._asdict(), "setting": setting})
    return summary, answer


def main() -> None:
    params, study = parameters.read(), study_parameters.read()
    photos = data.read(params)
    labels, weights = photos.labels, photos.weights
    inputs = photos.inputs | {"probe": linear.pool(photos.inputs["transfer"], len(labels))}
    splits = data.make_splits(photos, study, params.seed)

    todo = [
        tasks.Task(network, split.train, split.held_out, seed)
        for network in inputs
        for split in splits
        # A linear probe has no initial weights: it is fitted once.
        for seed in folds.derive_seeds(split, 1 if network == "probe" else study.seeds, params.seed)
    ]
    results = tasks.run(todo, inputs, photos, params, study.scheduler)

    accuracies = {"majority": score_majority(labels, weights, splits)}
    for network in NETWORKS:
        own = results[[task.network == network for task in todo]]
        accuracies[network] = own.reshape(len(splits), -1)
    count, distinct = len(photos.unsealed), round(weights[photos.unsealed].sum())
    summary, answer = record(accuracies, distinct, study, photos.setting)
    different = f", {distinct} different" if distinct < count else ""
    print(f"{len(splits)} splits of {count} photos{different}")
    print(terminal.format_verdict(answer, words.tabulate_scores(summary)))


if __name__ == "__main__":
    main()
