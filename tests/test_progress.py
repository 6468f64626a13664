import numpy as np
import pandas as pd
import pytest

from stages.results import progress


def history(loss, val_loss):
    """The history of a training: its losses from epoch to epoch."""
    epochs = np.arange(1.0, len(loss) + 1)
    return pd.DataFrame({"epoch": epochs, "loss": loss, "val_loss": val_loss})


FALLING, FLAT = np.linspace(2, 0.5, 10), np.r_[np.linspace(2, 1, 5), np.full(5, 0.99)]
SLOW = np.linspace(3.1, 2.8, 10)  # as the rate of a cosine falls as well
LEARNED = np.linspace(1, 0.15, 10)  # still falls, but there is little left to learn
NEARLY = np.linspace(1, 0.25, 10)
RISING = np.r_[np.linspace(2, 1, 5), np.linspace(1.02, 1.5, 5)]
TINY = np.r_[np.linspace(2, 0.001, 9), 0.005]
UNTRAINED = np.r_[np.full(9, 1.1), 1.12]
WAVERING = np.r_[np.linspace(2, 1, 9), 1.15]  # a few validation photos are seldom exact


@pytest.mark.parametrize(
    ("loss", "val_loss", "state", "reason"),
    [
        (FALLING, FALLING, "still improving", "its training loss is 0.50, and was still falling"),
        (SLOW, SLOW, "still improving", "its training loss is 2.80, and was still falling"),
        (NEARLY, FALLING, "still improving", "its training loss is 0.25, and was still falling"),
        (FALLING, WAVERING, "still improving", "its training loss is 0.50, and was still falling"),
        (FALLING, RISING, "overfitting", "ends at 1.500, and was 1.000 before"),
        (FLAT, FALLING, "converged", "its training loss is 0.99, and has almost stopped falling"),
        (FLAT, RISING, "overfitting", "ends at 1.500, and was 1.000 before"),
        (LEARNED, FALLING, "converged", "is 0.15, and its validation loss ends near its lowest"),
        (LEARNED, RISING, "overfitting", "ends at 1.500, and was 1.000 before"),
        (LEARNED, TINY, "converged", "its validation loss ends near its lowest"),
        (RISING, RISING, "diverging", "its training loss is 1.50, and was 1.00 before"),
        (FLAT[::-1], FALLING, "diverging", "its training loss is 2.00, and was 0.99 before"),
        (UNTRAINED, FALLING, "converged", "its training loss is 1.12, and no longer falls"),
    ],
)
def test_the_state_follows_from_the_history_alone(loss, val_loss, state, reason):
    found = progress.judge(history(loss, val_loss))
    assert (found.state, found.epochs) == (state, 10)
    assert reason in found.reason


@pytest.mark.parametrize(("loss", "state"), [(1.0, "still improving"), (0.01, "converged")])
def test_one_epoch_is_not_finished_unless_everything_is_learned(loss, state):
    found = progress.judge(history([loss], [1.0]))
    assert found.state == state
    assert "still falling" not in found.reason


def test_a_loss_of_0_is_no_overfitting():
    zeros = np.zeros(4)
    assert progress.judge(history(zeros, zeros)).state == "converged"
