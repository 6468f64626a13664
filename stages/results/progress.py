"""Whether a training was finished, from its history alone."""

from typing import NamedTuple

import pandas as pd

MIN_ACCURACY = 0.9  # on the training photos; below it there is something left to learn
MIN_FALL = 0.02  # of the training loss in the second half, as a share; the rate falls as well
MAX_RISE = 0.2  # of the validation loss above its lowest, as a share

CONVERGED, IMPROVING, OVERFITTING = "converged", "still improving", "overfitting"


class Progress(NamedTuple):
    """The state of a training after its last epoch.

    Attributes:
        state: `converged`, `still improving` or `overfitting`.
        epochs: number of epochs.
        reason: of the state, a sentence.
    """

    state: str
    epochs: int
    reason: str


def judge(history: pd.DataFrame) -> Progress:
    """Judge whether more epochs would help.

    A network that has yet to learn its own training photos, and still does, is improving: what
    it learns there mostly helps with other photos too. One that gets worse on the validation
    photos, without that, is overfitting.

    Args:
        history: the numbers of `metrics/history/NAME.csv`.
    """
    epochs = len(history)
    accuracy = float(history["accuracy"].iloc[-1])
    loss, lowest = float(history["val_loss"].iloc[-1]), float(history["val_loss"].min())
    before = float(history["loss"].iloc[(epochs - 1) // 2])
    after = float(history["loss"].iloc[-1])
    learns = epochs == 1 or after < (1 - MIN_FALL) * before
    if accuracy < MIN_ACCURACY and learns:
        found = f"its training accuracy is {accuracy:.2f}, and its training loss was still falling"
        return Progress(IMPROVING, epochs, found)
    if loss > (1 + MAX_RISE) * lowest:
        found = f"its validation loss ends at {loss:.3f}, and was {lowest:.3f} before"
        return Progress(OVERFITTING, epochs, found)
    if accuracy < MIN_ACCURACY:
        found = f"its training loss has almost stopped falling, at an accuracy of {accuracy:.2f}"
    else:
        found = (
            f"its training accuracy is {accuracy:.2f}, and its validation loss ends near its lowest"
        )
    return Progress(CONVERGED, epochs, found)
