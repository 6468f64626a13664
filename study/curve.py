"""Draw the learning curve: how many photos each network needs."""

import textwrap

import numpy as np
import pandas as pd

from stages.common import files, parameters
from stages.common.parameters import NETWORKS
from study.common import data, folds, tasks, words
from study.common import parameters as study_parameters
from study.common.estimates import estimate


def reachable(sizes, labels, splits):
    """Keep the sizes for which every class has enough photos on every split.

    Args:
        sizes: photos per class.
        labels: `int` array `[n]` of class indices.
        splits: a list of `Split`.

    Returns:
        `(kept, most)`: those sizes, ascending, and the largest possible size.

    Raises:
        SystemExit: if none is left.
    """
    most = min(np.bincount(labels[split.train]).min() for split in splits)
    if not (kept := sorted({size for size in sizes if size <= most})):
        raise SystemExit(
            f"study/params.yaml: study.photos_per_class is {sizes}; expected one up to "
            f"{most}, for so many photos of the smallest class train. Add a smaller one."
        )
    return kept, most


def answer(curves, sizes, held_out):
    """Find how few photos the better network needs to beat the other one with the most.

    Smaller training sets overlap less than the interval takes them to, so it is rather too wide.

    Args:
        curves: for each network, a `float` array `[sizes, splits]` of accuracies.
        sizes: photos per class, ascending.
        held_out: share of the photos that each split holds out.

    Returns:
        A mapping with `custom_photos` and `transfer_photos` (per class), and how much
        transfer with so many gains over custom with so many: `accuracy`, with its 95 %
        interval `accuracy_low` to `accuracy_high`. If no network is surely better with any
        number of photos, both have the most.
    """
    custom, transfer = (curves[network] for network in NETWORKS)
    last = len(sizes) - 1
    ahead = transfer[last].mean() >= custom[last].mean()
    for size in range(last + 1):
        pair = (last, size) if ahead else (size, last)
        gain = estimate(transfer[pair[1]] - custom[pair[0]], held_out)
        if gain.sign == (1 if ahead else -1):
            break
    return {
        "custom_photos": sizes[pair[0]],
        "transfer_photos": sizes[pair[1]],
        "accuracy": gain.mean,
        "accuracy_low": max(gain.low, -1.0),
        "accuracy_high": min(gain.high, 1.0),
    }


def by_size(estimates, sizes):
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
        for network in NETWORKS
    ]
    return pd.concat(tables)


def record(custom, transfer, sizes, study, setting):
    """Sum up the accuracies for each size, and write the study's files.

    Args:
        custom, transfer: `float` arrays `[sizes, splits]` of accuracies.
        sizes: photos per class, ascending.
        study: the `Study`.
        setting: what `data.describe` returns.

    Returns:
        `(estimates, sentences)`: for `custom`, `transfer` and `gain` an `Estimate` for each
        size, and the answer in words.
    """
    held_out = 1 / study.folds
    curves = {"custom": custom, "transfer": transfer, "gain": transfer - custom}
    estimates = {
        name: [estimate(accuracy, held_out) for accuracy in curve] for name, curve in curves.items()
    }
    found = answer(curves, sizes, held_out)
    sentences = words.enough(found, sizes, estimates["gain"], custom.shape[1])
    digits = len(str(sizes[-1]))  # DVC sorts columns by their names
    for name, values in estimates.items():
        means = {f"{size:0{digits}}": value.mean for size, value in zip(sizes, values, strict=True)}
        files.write_json(f"metrics/study/curve/{name}.json", means)
    files.write_json("metrics/study/curve/answer.json", found)
    files.write_table("metrics/study/plots/curve/accuracy.csv", by_size(estimates, sizes))
    files.write_json("metrics/study/curve.json", {"answer": sentences, "setting": setting})
    return estimates, sentences


def main():
    params, study = parameters.read(), study_parameters.read()
    photos = data.read(params)
    labels = photos.labels
    splits = folds.splits(labels, photos.groups, study.folds, study.repeats, params.seed)
    sizes, most = reachable(study.photos_per_class, labels, splits)

    todo = [
        tasks.Task(
            network, folds.of_each_class(labels, split, size, params.seed), split.held_out, seed
        )
        for network in NETWORKS
        for size in sizes[::-1]
        for split in splits
        for seed in folds.seeds(split, study.seeds, params.seed)
    ]
    shares = tasks.run(todo, photos.inputs, labels, params, study.scheduler)
    shape = (len(NETWORKS), len(sizes), len(splits), study.seeds)
    custom, transfer = shares.reshape(shape).mean(axis=-1)[:, ::-1]
    estimates, sentences = record(custom, transfer, sizes, study, photos.setting)

    if len(sizes) < len(set(study.photos_per_class)):
        print(f"sizes above {most} left out: the smallest class has no more photos to train")
    print(words.curve(estimates, sizes))
    print(textwrap.fill(sentences, 80))


if __name__ == "__main__":
    main()
