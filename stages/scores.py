"""Scores of one network, and of two on the same photos, with their uncertainty.

Intervals have a confidence of 95 %.
"""

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm
from sklearn.metrics import confusion_matrix, f1_score, log_loss, precision_recall_fscore_support


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
    return pd.DataFrame(
        dict(zip(names, columns, strict=True)), index=pd.Index(classes, name="class")
    )


def compare(custom_right, transfer_right):
    """Compare two networks on the same photos.

    The p-value is McNemar's exact test: among the photos that only one network has
    right, each is as likely to be that one if the networks are equally good. The
    interval of the gain is the adjusted Wald interval for paired proportions of
    D. G. Bonett and R. M. Price (2012), Journal of Educational and Behavioral
    Statistics 37(4), 479-488, https://doi.org/10.3102/1076998611411915.

    Args:
        custom_right, transfer_right: `bool` arrays `[n]`, of the same photos in the
            same order.

    Returns:
        A mapping with `accuracy_gain` (transfer - custom, from -1 to 1), its interval
        `accuracy_gain_low` to `accuracy_gain_high`, `p_value` (two-sided),
        `only_transfer_right` and `only_custom_right` (numbers of photos).
    """
    photos = len(custom_right)
    only_transfer = int(np.sum(transfer_right & ~custom_right))
    only_custom = int(np.sum(custom_right & ~transfer_right))
    differing = only_transfer + only_custom

    p_transfer, p_custom = ((count + 1) / (photos + 2) for count in (only_transfer, only_custom))
    centre = p_transfer - p_custom
    margin = norm.ppf(0.975) * np.sqrt((p_transfer + p_custom - centre**2) / (photos + 2))
    return {
        "accuracy_gain": (only_transfer - only_custom) / photos,
        "accuracy_gain_low": max(-1.0, float(centre - margin)),
        "accuracy_gain_high": min(1.0, float(centre + margin)),
        "p_value": float(binomtest(only_transfer, differing).pvalue) if differing else 1.0,
        "only_transfer_right": only_transfer,
        "only_custom_right": only_custom,
    }
