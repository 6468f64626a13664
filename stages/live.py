"""Let people follow a training while it runs: `dvc exp show`, `dvc plots show`, VS Code."""

import shutil
from contextlib import contextmanager

import pandas as pd
from dvclive import Live

from stages import files
from stages.backend import keras

LIVE = "metrics/live"  # a metrics folder of dvc.yaml, empty but for a training that runs


class History(keras.callbacks.Callback):
    """Keep a table of all epochs so far in a file, whole at any time.

    Attributes:
        path: the CSV file, with a row per epoch: `epoch` from 1, `accuracy`, `loss`,
            `val_accuracy`, `val_loss`.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        """Write the table with one more row."""
        columns = ("accuracy", "loss", "val_accuracy", "val_loss")
        self.epochs.append({"epoch": epoch + 1, **{name: logs[name] for name in columns}})
        files.write_table(self.path, pd.DataFrame(self.epochs))


class NamedLive(Live):
    """Put the network's name before each metric: `custom.train.accuracy`, `custom.eval.loss`.

    Attributes:
        network: the name.
    """

    def __init__(self, network):
        super().__init__(f"{LIVE}/{network}", dvcyaml=None, save_dvc_exp=False)
        self.network = network

    def log_metric(self, name, val):
        """Publish the latest value of a metric."""
        # The plots of DVC have the history: no file of DVCLive's own is needed.
        super().log_metric(f"{self.network}/{name}", val, plot=False)


@contextmanager
def following(network):
    """Publish the metrics of every epoch for as long as the body runs.

    Afterwards they are gone again: the history and the scores hold them for good, and DVC's
    tables would show them twice.

    Args:
        network: its name.

    Yields:
        Keras callbacks for `fit`.
    """
    # It imports TensorFlow, which starts quietly only from `stages.backend`.
    from dvclive.keras import DVCLiveCallback

    live = NamedLive(network)
    try:
        yield [DVCLiveCallback(live=live), History(f"metrics/history/{network}.csv")]
    finally:
        shutil.rmtree(live.dir)
