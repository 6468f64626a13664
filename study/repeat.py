"""Compare the networks on many splits: which is better, by how much, and how sure that is."""

import textwrap

import numpy as np
import pandas as pd

from stages.common import files, parameters
from study.common import data, folds, tasks, words
from study.common import parameters as study_parameters
from study.common.estimates import estimate, spread


def pool(features):
    """Average feature maps over their rows and columns.

    Args:
        features: `float32` array `[n, rows, columns, channels]`, of which no more than
            1,000 maps are in memory.

    Returns:
        A `float32` array `[n, channels]`.
    """
    parts = range(0, len(features), 1000)
    return np.concatenate([features[part : part + 1000].mean(axis=(1, 2)) for part in parts])


def majority(labels, splits):
    """Score who always names the most common class of the photos that train.

    Args:
        labels: `int` array `[n]` of class indices.
        splits: a list of `Split`.

    Returns:
        A `float` array `[splits, 1]` of accuracies.
    """
    common = [np.bincount(labels[split.train]).argmax() for split in splits]
    right = [labels[split.held_out] == name for split, name in zip(splits, common, strict=True)]
    return np.array([[each.mean()] for each in right])


def score(values, held_out, least=0.0):
    """Sum up the accuracies of one network, or their gain, over all trainings.

    Args:
        values: `float` array `[splits, seeds]`.
        held_out: share of the photos that each split holds out.
        least: the smallest possible value; the largest is 1.

    Returns:
        A mapping with `accuracy`, its 95 % interval `accuracy_low` to `accuracy_high`,
        `accuracy_sd` (standard deviation over the splits) and, with more than one seed,
        `seed_sd` and `split_sd`, what either makes of the standard deviation; for a gain,
        also `probability`, that it is above 0, unless all splits agree.
    """
    means = values.mean(axis=1)
    result = estimate(means, held_out)
    summary = {
        "accuracy": result.mean,
        "accuracy_low": max(result.low, least),
        "accuracy_high": min(result.high, 1.0),
        "accuracy_sd": float(np.std(means, ddof=1)),
    }
    if values.shape[1] > 1:
        summary["seed_sd"], summary["split_sd"] = spread(values)
    if least < 0 and result.low < result.high:
        summary["probability"] = result.positive
    return summary


def by_split(scores, summary):
    """Tabulate the accuracy of each network on each split, beside the interval of its mean."""
    tables = [
        pd.DataFrame(
            {
                "network": network,
                "split": np.arange(1, len(values) + 1),
                "accuracy": values.mean(axis=1),
                "accuracy_low": summary[network]["accuracy_low"],
                "accuracy_high": summary[network]["accuracy_high"],
            }
        )
        for network, values in scores.items()
    ]
    return pd.concat(tables)


def record(scores, study, setting):
    """Sum up the accuracies of all trainings, and write the study's files.

    Args:
        scores: for `majority`, `probe`, `custom` and `transfer`, a `float` array
            `[splits, seeds]` of accuracies.
        study: the `Study`.
        setting: what `data.describe` returns.

    Returns:
        `(summary, answer)`: for each of the four and for `gain` what `score` returns, and
        some sentences.
    """
    held_out = 1 / study.folds
    summary = {network: score(values, held_out) for network, values in scores.items()}
    summary["gain"] = score(scores["transfer"] - scores["custom"], held_out, least=-1.0)
    answer = words.compare(summary, study)
    for name, values in summary.items():
        files.write_json(f"metrics/study/repeat/{name}.json", values)
    files.write_table("metrics/study/plots/repeat/accuracy.csv", by_split(scores, summary))
    files.write_json("metrics/study/repeat.json", {"answer": answer, "setting": setting})
    return summary, answer


def main():
    params, study = parameters.read(), study_parameters.read()
    photos = data.read(params)
    labels = photos.labels
    inputs = photos.inputs | {"probe": pool(photos.inputs["transfer"])}
    splits = folds.splits(labels, photos.groups, study.folds, study.repeats, params.seed)

    todo = [
        tasks.Task(network, split.train, split.held_out, seed)
        for network in inputs
        for split in splits
        for seed in folds.seeds(split, 1 if network == "probe" else study.seeds, params.seed)
    ]
    shares = tasks.run(todo, inputs, labels, params, study.scheduler)
    scores = {"majority": majority(labels, splits)}
    for network in ("probe", "custom", "transfer"):
        own = shares[[task.network == network for task in todo]]
        scores[network] = own.reshape(len(splits), -1)

    summary, answer = record(scores, study, photos.setting)

    print(f"{len(splits)} splits of {len(labels)} photos")
    print(words.table(summary))
    print(textwrap.fill(answer, 80))


if __name__ == "__main__":
    main()
