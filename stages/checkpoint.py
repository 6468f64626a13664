"""Checkpoints: a training that was interrupted goes on after its last whole epoch."""

from pathlib import Path

import numpy as np

from stages import files, live
from stages.backend import keras


class Checkpoint(keras.callbacks.Callback):
    """Keeps, in one file, the state after each epoch: weights, optimizer, seeds and history.

    Attributes:
        path: the file.
        identity: hash of all that decides the training: only the same one goes on.
        epochs: for each finished epoch, a mapping with the keys `live.COLUMNS`; it begins
            with those of a training before this one, if there was one.
    """

    def __init__(self, path, identity, before=()):
        super().__init__()
        self.path = Path(path)
        self.identity = identity
        self.epochs = list(before)

    def restore(self, model, most):
        """Put a model into the state of the last epoch kept.

        Args:
            model: compiled and new; it stays as it is where nothing usable is kept.
            most: epochs that are wanted; a state after more of them is of no use.

        Returns:
            Whether there was such a state.
        """
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
        try:
            with np.load(self.path, allow_pickle=False) as kept:
                history = kept["history"]
                if kept["identity"] != self.identity or len(history) > most:
                    return False
                values = [kept[str(number)] for number in range(len(_variables(model)))]
        except Exception:  # of as many kinds as there are ways to damage a file
            return False
        for variable, value in zip(_variables(model), values, strict=True):
            variable.assign(value)
        self.epochs = [dict(zip(live.COLUMNS, row, strict=True)) for row in history.tolist()]
        return True

    def on_epoch_end(self, epoch, logs=None):
        """Keep the state after one more epoch."""
        self.epochs.append({name: logs[name] for name in live.COLUMNS})
        history = np.array([list(row.values()) for row in self.epochs])
        values = {str(number): np.asarray(v) for number, v in enumerate(_variables(self.model))}
        with files.replacing(self.path) as temporary, temporary.open("wb") as file:
            np.savez(file, identity=self.identity, history=history, **values)

    def remove(self):
        """Remove the file, once the network is saved."""
        self.path.unlink(missing_ok=True)


def _variables(model):
    """List all that an epoch changes: weights, statistics, seeds, and the optimizer's."""
    return [*model.variables, *model.optimizer.variables]
