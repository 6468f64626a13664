"""Scores of a network: accuracy with its interval, confusion matrix, each class, reliability."""

import numpy as np
import pandas as pd
from sklearn import metrics

from stages.results.intervals import get_wilson
from stages.results.records import Scores

BINS = 10  # of the confidence of an answer, from 0 to 1


def score(
    actual: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> Scores:
    """Score the predictions of one network.

    A group of photos counts as one, with the share of them that is right. The interval is
    Wilson's, for as many photos as there are groups.

    Args:
        actual: `int` `[n]`, class indices.
        predicted: `int` `[n]`, class indices.
        probabilities: `float` `[n, classes]`; rows sum to 1.
        weights: what `weighting.weigh_photos` returns.
    """
    classes = range(probabilities.shape[1])
    distinct = round(weights.sum())
    right = round(float(weights[actual == predicted].sum()), 9)  # three thirds are one
    low, high = get_wilson(right / distinct, distinct)
    return Scores(
        accuracy=right / distinct,
        accuracy_low=low,
        accuracy_high=high,
        macro_f1=float(
            metrics.f1_score(
                actual,
                predicted,
                labels=classes,
                average="macro",
                sample_weight=weights,
                zero_division=0,
            )
        ),
        log_loss=float(
            metrics.log_loss(actual, probabilities, labels=classes, sample_weight=weights)
        ),
        photos=len(actual),
        balanced_accuracy=float(
            metrics.recall_score(
                actual,
                predicted,
                labels=np.unique(actual),
                average="macro",
                sample_weight=weights,
                zero_division=0,
            )
        ),
        distinct_photos=distinct,
    )


def count_confusions(
    actual: np.ndarray, predicted: np.ndarray, classes: np.ndarray
) -> pd.DataFrame:
    """Count how often each class was taken for each.

    Args:
        actual: `int` `[n]`, class indices.
        predicted: `int` `[n]`, class indices.
        classes: `str` `[classes]`, their names.

    Returns:
        A data frame of counts: rows are actual classes, columns predicted ones.
    """
    return pd.DataFrame(
        metrics.confusion_matrix(actual, predicted, labels=range(len(classes))),
        index=pd.Index(classes, name="actual"),
        columns=pd.Index(classes, name="predicted"),
    )


def score_classes(actual: np.ndarray, predicted: np.ndarray, classes: np.ndarray) -> pd.DataFrame:
    """Score each class on its own.

    Args:
        actual: `int` `[n]`, class indices.
        predicted: `int` `[n]`, class indices.
        classes: `str` `[classes]`, their names.

    Returns:
        A data frame indexed by class, with `precision`, `recall`, `f1` (0 to 1; 0 where there
        is nothing to divide by) and `photos` (number of photos of the class).
    """
    columns = metrics.precision_recall_fscore_support(
        actual, predicted, labels=range(len(classes)), zero_division=0
    )
    names = ("precision", "recall", "f1", "photos")
    index = pd.Index(classes, name="class")
    table = pd.DataFrame(dict(zip(names, columns, strict=True)), index=index)
    return table.astype({"photos": int})  # scikit-learn gives fractions where no answer is right


def measure_reliability(
    actual: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray
) -> pd.DataFrame:
    """Compare how confident the answers are with how often they are right.

    Answers are put into ten bins of equal width by their confidence, as in the reliability
    diagrams of C. Guo et al. (2017), On Calibration of Modern Neural Networks, ICML,
    https://arxiv.org/abs/1706.04599.

    Args:
        actual: `int` `[n]`, class indices.
        predicted: `int` `[n]`, class indices.
        probabilities: `float` `[n, classes]`; the highest of a row is the confidence of the
            answer.

    Returns:
        A data frame with a row for each bin that is not empty: `confidence` (mean of the
        bin), `accuracy` (share of the answers that are right) and `photos` (their number).
    """
    confidence = probabilities.max(axis=1)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    answers = pd.DataFrame({"confidence": confidence, "accuracy": actual == predicted})
    table = answers.groupby(bins).mean()
    table["photos"] = np.unique(bins, return_counts=True)[1]
    return table
