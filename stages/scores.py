"""Scores of a network: accuracy with its interval, confusion matrix, each class, reliability."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, f1_score, log_loss, precision_recall_fscore_support

BINS = 10  # of the confidence of an answer, from 0 to 1


def score(actual, predicted, probabilities):
    """Score the predictions of one network.

    Args:
        actual, predicted: `int` arrays `[n]` of class indices.
        probabilities: `float` array `[n, classes]`; rows sum to 1.

    Returns:
        A mapping with `accuracy`, its Wilson interval `accuracy_low` to `accuracy_high`,
        `macro_f1`, `log_loss` (natural logarithm) and `photos` (the number of them).
    """
    classes = range(probabilities.shape[1])
    right = int(np.sum(actual == predicted))
    interval = binomtest(right, len(actual)).proportion_ci(method="wilson")
    macro_f1 = f1_score(actual, predicted, labels=classes, average="macro", zero_division=0)
    return {
        "accuracy": right / len(actual),
        "accuracy_low": float(interval.low),
        "accuracy_high": float(interval.high),
        "macro_f1": float(macro_f1),
        "log_loss": float(log_loss(actual, probabilities, labels=classes)),
        "photos": len(actual),
    }


def confusion(actual, predicted, classes):
    """Count how often each class was taken for each.

    Args:
        actual, predicted: `int` arrays `[n]` of class indices.
        classes: their names.

    Returns:
        A data frame of counts: rows are actual classes, columns predicted ones.
    """
    counts = confusion_matrix(actual, predicted, labels=range(len(classes)))
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
    columns = precision_recall_fscore_support(
        actual, predicted, labels=range(len(classes)), zero_division=0
    )
    names = ["precision", "recall", "f1", "photos"]
    table = pd.DataFrame(
        dict(zip(names, columns, strict=True)), index=pd.Index(classes, name="class")
    )
    # scikit-learn counts in floats where no answer is right.
    return table.astype({"photos": int})


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
