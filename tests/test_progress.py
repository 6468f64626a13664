import numpy as np
import pandas as pd
import pytest

from stages.results import progress


def history(accuracy, loss, val_loss):
    """The history of a training: the accuracy at its end, and its losses from epoch to epoch."""
    epochs = len(loss)
    return pd.DataFrame(
        {
            "epoch": np.arange(1.0, epochs + 1),
            "accuracy": np.linspace(0.2, accuracy, epochs),
            "loss": loss,
            "val_accuracy": 0.5,
            "val_loss": val_loss,
        }
    )


FALLING, FLAT = np.linspace(2, 0.5, 10), np.r_[np.linspace(2, 1, 5), np.full(5, 0.99)]
SLOW = np.linspace(3.1, 2.8, 10)  # as the rate of a cosine falls as well
RISING = np.r_[np.linspace(2, 1, 5), np.linspace(1.02, 1.5, 5)]


@pytest.mark.parametrize(
    ("accuracy", "loss", "val_loss", "state", "reason"),
    [
        (0.6, FALLING, FALLING, "still improving", "accuracy is 0.60, and its training loss was"),
        (0.1, SLOW, SLOW, "still improving", "accuracy is 0.10, and its training loss was"),
        (0.6, FALLING, RISING, "still improving", "accuracy is 0.60, and its training loss was"),
        (0.6, FLAT, FALLING, "converged", "almost stopped falling, at an accuracy of 0.60"),
        (0.6, FLAT, RISING, "overfitting", "ends at 1.500, and was 1.000 before"),
        (
            0.95,
            FALLING,
            FALLING,
            "converged",
            "is 0.95, and its validation loss ends near its lowest",
        ),
        (0.95, FALLING, RISING, "overfitting", "ends at 1.500, and was 1.000 before"),
        (1.0, FALLING, np.full(10, 0.1), "converged", "is 1.00, and its validation loss ends"),
    ],
)
def test_the_state_follows_from_the_history_alone(accuracy, loss, val_loss, state, reason):
    found = progress.judge(history(accuracy, loss, val_loss))
    assert (found.state, found.epochs) == (state, 10)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("accuracy", "state"), [(0.5, "still improving"), (0.9, "converged"), (1.0, "converged")]
)
def test_one_epoch_is_not_finished_unless_everything_is_learned(accuracy, state):
    table = history(accuracy, np.array([1.0]), np.array([1.0])).assign(accuracy=accuracy)
    assert progress.judge(table).state == state


def test_a_loss_of_0_is_no_overfitting():
    zeros = np.zeros(4)
    assert progress.judge(history(1.0, zeros, zeros)).state == "converged"
