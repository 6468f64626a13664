"""The linear probe: logistic regression on a base's features, the reference for both networks."""

import io
import json
from collections.abc import Iterator
from itertools import pairwise

import h5py
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight
from threadpoolctl import threadpool_limits

from stages.common import files
from stages.results.weighting import weigh_photos

STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # C: the inverse of the regularization
FOLDS = 5  # of the training photos, to choose among them
MAX_ITERATIONS = 1000


def pool(features: np.ndarray | files.Array, count: int) -> np.ndarray:
    """Average feature maps over their rows and columns.

    Args:
        features: `float32` `[n, rows, columns, channels]`; at most 1,000 maps at a time are
            read into memory.
        count: number of maps to take, from the first; altered copies come after the photos.

    Returns:
        A `float32` array `[count, channels]`.
    """
    ends = [*range(0, count, 1000), count]
    parts = [features[start:end].mean(axis=(1, 2)) for start, end in pairwise(ends)]
    return np.concatenate(parts)


def divide(
    labels: np.ndarray, groups: ArrayLike, folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Divide photos into stratified folds; photos of one group are in the same one.

    The division does not depend on the order of the photos.

    Args:
        labels: `int` array `[n]`, class indices.
        groups: array `[n]`, equal for photos that look alike, or show one individual.
        folds: number of folds.
        seed: another seed gives other folds.

    Yields:
        For each fold, the rows of all other photos, and its own: sorted `int` arrays.
    """
    _, group = np.unique(groups, return_inverse=True)
    classes = classify_groups(labels, groups)
    fold = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for _, held_out in fold.split(classes, classes):
        inside = np.isin(group, held_out)
        yield np.flatnonzero(~inside), np.flatnonzero(inside)


def classify_groups(labels: np.ndarray, groups: ArrayLike) -> np.ndarray:
    """Return the class of each group, `int` `[groups]`; of several classes, the first."""
    _, group = np.unique(groups, return_inverse=True)
    return pd.Series(labels).groupby(group).min().to_numpy()


def fit(
    features: np.ndarray, labels: np.ndarray, groups: ArrayLike, class_weight: str, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a logistic regression, its strength of regularization chosen by cross-validation.

    The choice is made within these photos alone: each strength is fitted on four fifths of them
    and scored by the log loss on the rest, five times. Where a class has too few photos for
    that, there are fewer folds; where it has a single one, C is 1, as in scikit-learn.

    Args:
        features: `float32` `[n, channels]` of the training photos, what `pool` returns.
        labels: `int` `[n]`, class indices from 0, each at least once.
        groups: `[n]`, equal for photos that look alike, or show one individual.
        class_weight: `none` or `balanced`.
        seed: of the folds.

    Returns:
        The kernel `float32` `[channels, classes]` and the bias `float32` `[classes]` of a dense
        layer whose softmax gives scikit-learn's probabilities.
    """
    balanced = "balanced" if class_weight == "balanced" else None
    # The optimizer needs far fewer steps on centred features. The bias makes up for the shift.
    centre = features.mean(axis=0, dtype=np.float64)
    inputs = features - centre
    counts = np.bincount(classify_groups(labels, groups), minlength=labels.max() + 1)
    folds = min(FOLDS, int(counts.min()))
    # Threads would add the same numbers in another order on another machine.
    with threadpool_limits(1, "blas"):
        losses = np.zeros(len(STRENGTHS))
        for train, held_out in divide(labels, groups, folds, seed) if folds > 1 else ():
            # Different photos count the same, or classes do.
            weights = weigh_photos(np.asarray(groups)[held_out])
            weights *= compute_sample_weight(balanced, labels[held_out])
            model = _build(STRENGTHS[0], balanced)
            for number, strength in enumerate(STRENGTHS):
                # From the last strength's solution it is a shorter way than from zero.
                model.set_params(C=strength, warm_start=True).fit(inputs[train], labels[train])
                answers = model.predict_proba(inputs[held_out])
                losses[number] += log_loss(
                    labels[held_out], answers, sample_weight=weights, labels=model.classes_
                )
        strength = STRENGTHS[losses.argmin()] if folds > 1 else 1.0
        return _get_dense(_build(strength, balanced).fit(inputs, labels), centre)


def predict(kernel: np.ndarray, bias: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return the probabilities of a linear probe, but for rounding those of its saved network.

    Args:
        kernel, bias: what `fit` returns.
        features: `float32` `[n, channels]`, what `pool` returns.

    Returns:
        A `float32` array `[n, classes]`.
    """
    return softmax(features @ kernel + bias, axis=1)


def save(kernel: np.ndarray, bias: np.ndarray, template: str, path: str) -> None:
    """Save a linear probe as a whole network, in the file that Keras wrote of an untrained one.

    TensorFlow takes longer to start than all the rest of the probe, and is not needed: the
    format of Keras is an archive with the configuration as JSON, and the weights as HDF5.

    Args:
        kernel, bias: what `fit` returns for the features of a base.
        template: path of the same base's `bases.append_probe`, as `.keras`.
        path: the destination.

    Raises:
        SystemExit: if there is no such template, or it is damaged; as `files.replacing` does.
    """
    parts = files.read_archive(template)
    config = json.loads(parts["config.json"])
    config["config"]["layers"][-1]["config"]["units"] = len(bias)
    weights = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        variables = file["layers/dense/vars"]
        for number, values in enumerate((kernel, bias)):
            del variables[str(number)]
            variables[str(number)] = values
    parts |= {"config.json": json.dumps(config).encode(), "model.weights.h5": weights.getvalue()}
    with files.replacing(path) as temporary:
        files.write_archive(temporary, parts)


def _build(strength: float, class_weight: str | None) -> LogisticRegression:
    return LogisticRegression(C=strength, class_weight=class_weight, max_iter=MAX_ITERATIONS)


def _get_dense(model: LogisticRegression, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the kernel and the bias of a dense layer for features that are not centred."""
    kernel, bias = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn has one column, of the second class
        kernel, bias = np.c_[0 * kernel, kernel], np.r_[0, bias]
    return kernel.astype(np.float32), (bias - centre @ kernel).astype(np.float32)
