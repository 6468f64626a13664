"""Scores of a network: accuracy with its interval, confusion matrix, each class, reliability."""

from statistics import NormalDist

import numpy as np
import pandas as pd

BINS = 10  # of the confidence of an answer, from 0 to 1


def score(actual, predicted, probabilities):
    """Score the predictions of one network.

    Args:
        actual, predicted: `int` arrays `[n]` of class indices.
        probabilities: `float` array `[n, classes]`; rows sum to 1.

    Returns:
        A mapping with `accuracy`, its Wilson interval `accuracy_low` to `accuracy_high`,
        `macro_f1`, `log_loss` (natural logarithm; finite, for no probability counts as nearer
        to 0 or 1 than the epsilon of its type) and `photos` (the number of them).
    """
    photos = len(actual)
    classes = range(probabilities.shape[1])
    accuracy = float(np.mean(actual == predicted))
    low, high = wilson(accuracy, photos)
    least = np.finfo(probabilities.dtype).eps
    given = probabilities[np.arange(photos), actual].clip(least, 1 - least)
    return {
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_f1": float(per_class(actual, predicted, classes)["f1"].mean()),
        "log_loss": float(-np.log(given).mean()),
        "photos": photos,
    }


def wilson(share, count):
    """Compute a 95 % interval of a share.

    E. B. Wilson (1927), Probable Inference, the Law of Succession, and Statistical
    Inference, Journal of the American Statistical Association 22(158), 209-212,
    https://doi.org/10.1080/01621459.1927.10502953.

    Args:
        share: from 0 to 1.
        count: of what it is a share, at least 1.

    Returns:
        `(low, high)`, from 0 to 1.
    """
    z = NormalDist().inv_cdf(0.975)
    centre = share + z**2 / (2 * count)
    margin = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5
    scale = 1 + z**2 / count
    # Exact where rounding would leave a trace.
    low = (centre - margin) / scale if share > 0 else 0.0
    high = (centre + margin) / scale if share < 1 else 1.0
    return low, high


def confusion(actual, predicted, classes):
    """Count how often each class was taken for each.

    Args:
        actual, predicted: `int` arrays `[n]` of class indices.
        classes: their names.

    Returns:
        A data frame of counts: rows are actual classes, columns predicted ones.
    """
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (actual, predicted), 1)
    return pd.DataFrame(
        counts,
        index=pd.Index(classes, name="actual"),
        columns=pd.Index(classes, name="predicted"),
    )


def per_class(actual, predicted, classes):
    """Score each class on its own.

    Args:
        actual, predicted: `int` arrays `[n]` of class indices.
        classes: their names.

    Returns:
        A data frame indexed by class, with `precision`, `recall`, `f1` (from 0 to 1; 0
        where there is nothing to divide by) and `photos` (those of the class).
    """
    counts = confusion(actual, predicted, classes).to_numpy()
    right, photos, answers = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    # Where there is nothing to divide by, there is nothing right: divided by 1, it is 0.
    return pd.DataFrame(
        {
            "precision": right / np.maximum(1, answers),
            "recall": right / np.maximum(1, photos),
            "f1": 2 * right / np.maximum(1, photos + answers),
            "photos": photos,
        },
        index=pd.Index(classes, name="class"),
    )


def reliability(actual, predicted, probabilities):
    """Compare how confident the answers are with how often they are right.

    Answers are put into ten bins of equal width by their confidence, as in the reliability
    diagrams of C. Guo et al. (2017), On Calibration of Modern Neural Networks, ICML,
    https://arxiv.org/abs/1706.04599.

    Args:
        actual, predicted: `int` arrays `[n]` of class indices.
        probabilities: `float` array `[n, classes]`; the highest of a row is the
            confidence of the answer.

    Returns:
        A data frame with a row for each bin that is not empty: `confidence` (mean of the
        bin), `accuracy` (share that is right) and `photos` (number of answers).
    """
    confidence = probabilities.max(axis=1)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    answers = pd.DataFrame({"confidence": confidence, "accuracy": actual == predicted})
    table = answers.groupby(bins).mean()
    table["photos"] = np.unique(bins, return_counts=True)[1]
    return table
