"""Checkpoints: an interrupted training resumes after its last complete epoch."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stages.common import files
from stages.common.parameters import Parameters
from stages.networks import live, training
from stages.networks.backend import keras
from stages.networks.training import Data


class Checkpoint(keras.callbacks.Callback):
    """Keeps the state after each epoch in one file: weights, optimizer, seeds and history.

    Attributes:
        path: the file.
        digest: hash of all that determines the training: only the same training resumes.
        epochs: for each complete epoch, its values by the names `live.COLUMNS`; first come
            those of a training before this one, if there was one.
    """

    def __init__(self, path: str, digest: str, before: Sequence[dict[str, float]] = ()):
        super().__init__()
        self.path = Path(path)
        self.digest = digest
        self.epochs = list(before)

    def restore(self, model: keras.Model, max_epochs: int) -> bool:
        """Put a model into the state of the last epoch kept.

        Args:
            model: compiled and new; unchanged where nothing usable is kept.
            max_epochs: epochs that are wanted; a state after more of them is of no use.

        Returns:
            Whether there was such a state.
        """
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
        try:
            with np.load(self.path, allow_pickle=False) as kept:
                history = kept["history"]
                if kept["digest"] != self.digest or len(history) > max_epochs:
                    return False
                values = [kept[str(number)] for number in range(len(_list_variables(model)))]
        except Exception:  # a damaged file can raise errors of many kinds
            return False
        for variable, value in zip(_list_variables(model), values, strict=True):
            variable.assign(value)
        self.epochs = [dict(zip(live.COLUMNS, row, strict=True)) for row in history.tolist()]
        return True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the state after one more epoch."""
        self.epochs.append({name: (logs or {})[name] for name in live.COLUMNS})
        history = np.array([list(row.values()) for row in self.epochs])
        variables = enumerate(_list_variables(self.model))
        state: dict[str, Any] = {str(number): np.asarray(value) for number, value in variables}
        state |= {"digest": self.digest, "history": history}
        with files.replacing(self.path) as temporary, temporary.open("wb") as file:
            np.savez(file, **state)

    def remove(self) -> None:
        """Remove the file, once the network is saved."""
        self.path.unlink(missing_ok=True)


def fit(
    name: str, model: keras.Model, data: Data, params: Parameters, checkpoint: Checkpoint
) -> None:
    """Train a model, from the beginning or from where the same training was interrupted.

    Args:
        name: of the network.
        model: what `training.compile_for_training` returns.
        data: the `Data`.
        params: the `Parameters`.
        checkpoint: has all epochs afterwards.

    Raises:
        SystemExit: if the loss diverges, or the training is interrupted.
    """
    epochs = len(checkpoint.epochs) + params.epochs
    if checkpoint.restore(model, epochs):
        print(f"{name}: resumes after epoch {len(checkpoint.epochs)}")
    try:
        with (
            live.publish(name, checkpoint.epochs) as publisher,
            training.Interruptible() as interruptible,
        ):
            training.fit(
                name,
                model,
                data,
                params,
                params.seed,
                callbacks=[checkpoint, publisher, interruptible],
                initial_epoch=len(checkpoint.epochs),
                epochs=epochs,
                verbose=1 if sys.stdout.isatty() else 2,
            )
    except training.DivergenceError as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(
            f"{name}: interrupted; the next run resumes after the last complete epoch"
        ) from None


def _list_variables(model: keras.Model) -> list[keras.Variable]:
    """Return everything that an epoch changes: weights, statistics, seeds, and the optimizer's."""
    return [*model.variables, *model.optimizer.variables]
