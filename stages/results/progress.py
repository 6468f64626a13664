"""Whether a training was finished, from its history alone."""

from typing import NamedTuple

import pandas as pd

LEARNED = 0.2  # mean loss of the training photos at which little is left to learn
MIN_FALL = 0.02  # of the training loss in the second half, as a share; the rate falls as well
MAX_RISE = 0.2  # of a loss above its lowest, as a share
MIN_RISE = 0.01  # of the validation loss; below it, a rise of a loss near 0 would be a large share

CONVERGED, IMPROVING = "converged", "still improving"
OVERFITTING, DIVERGING = "overfitting", "diverging"


class Progress(NamedTuple):
    """The state of a training after its last epoch.

    Attributes:
        state: `converged`, `still improving`, `overfitting` or `diverging`.
        epochs: number of epochs.
        reason: of the state, a sentence.
    """

    state: str
    epochs: int
    reason: str


def judge(history: pd.DataFrame) -> Progress:
    """Judge whether more epochs would help.

    A network whose training loss has risen is diverging. One whose validation loss has risen since
    its lowest is overfitting: what it still learns of the training photos no longer helps with
    others. Without that, a network that has yet to learn its training photos, and still does, is
    improving. Their loss tells that better than their accuracy, which may be near 1 long before.

    Args:
        history: the numbers of `metrics/history/NAME.csv`.
    """
    epochs = len(history)
    before = float(history["loss"].iloc[(epochs - 1) // 2])
    after = float(history["loss"].iloc[-1])
    loss, lowest = float(history["val_loss"].iloc[-1]), float(history["val_loss"].min())
    found = f"its training loss is {after:.2f}"
    if after > LEARNED and after > (1 + MAX_RISE) * before:
        return Progress(DIVERGING, epochs, f"{found}, and was {before:.2f} before")
    if loss > (1 + MAX_RISE) * lowest + MIN_RISE:
        reason = f"its validation loss ends at {loss:.3f}, and was {lowest:.3f} before"
        return Progress(OVERFITTING, epochs, reason)
    if after <= LEARNED:
        reason = f"{found}, and its validation loss ends near its lowest"
        return Progress(CONVERGED, epochs, reason)
    if epochs == 1:
        return Progress(IMPROVING, epochs, found)
    if after < (1 - MIN_FALL) * before:
        return Progress(IMPROVING, epochs, f"{found}, and was still falling")
    slows = "has almost stopped falling" if after <= before else "no longer falls"
    return Progress(CONVERGED, epochs, f"{found}, and {slows}")
