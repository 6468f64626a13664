"""Folds: who trains and who is held out, over and over."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold


class Split(NamedTuple):
    """One division of the photos into those that train and those that are held out.

    Attributes:
        repeat, fold: which one, counted from 0.
        train, held_out: sorted `int` arrays of rows.
    """

    repeat: int
    fold: int
    train: np.ndarray
    held_out: np.ndarray


def seed_of(*numbers):
    """Derive a seed, from 0 to 2**32 - 1, from integers: as many others give an unrelated one."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def splits(labels, groups, folds, repeats, seed):
    """Hold out each photo once per repeat: repeated stratified k-fold cross-validation.

    Photos that look the same stand on the same side. Neither the order of the photos nor
    `repeats` plays a part in a repeat: a larger study begins with the smaller one's splits.

    Args:
        labels: `int` array `[n]` of class indices.
        groups: array `[n]`, equal for photos that look the same.
        folds, repeats: numbers of them.
        seed: another seed gives other splits.

    Returns:
        A list of `folds * repeats` instances of `Split`.

    Raises:
        SystemExit: if a class has too few photos to have one in each fold.
    """
    # One row stands for all photos of a group; of several classes, it is of the first.
    _, which = np.unique(groups, return_inverse=True)
    classes = pd.Series(labels).groupby(which).min().to_numpy()
    smallest = np.bincount(classes, minlength=labels.max() + 1).min()
    if smallest < folds:
        raise SystemExit(
            f"photos: a class has {smallest} different photos; expected at least study.folds, "
            f"which is {folds}. Add photos, or lower it in study/params.yaml."
        )
    found = []
    for repeat in range(repeats):
        divide = StratifiedKFold(folds, shuffle=True, random_state=seed_of(seed, repeat))
        for fold, (_, out) in enumerate(divide.split(classes, classes)):
            held_out = np.isin(which, out)
            found.append(Split(repeat, fold, np.flatnonzero(~held_out), np.flatnonzero(held_out)))
    return found


def seeds(split, count, seed):
    """Derive the seeds of `count` trainings on a split, the same ones for every network."""
    return [seed_of(seed, split.repeat, split.fold, number) for number in range(count)]


def of_each_class(labels, split, count, seed):
    """Choose so many of the rows that train of each class; a larger choice has the smaller one.

    Unlike the splits, the choice depends on the order of the photos.

    Args:
        labels: `int` array `[n]` of class indices.
        split: the `Split`.
        count: rows of each class to choose; there must be as many.
        seed: another seed gives another choice.

    Returns:
        A sorted `int` array of rows.
    """
    random = np.random.default_rng([seed, split.repeat, split.fold])
    shuffled = random.permutation(split.train)
    chosen = [shuffled[labels[shuffled] == label][:count] for label in np.unique(labels)]
    return np.sort(np.concatenate(chosen))
