"""Let people follow a training while it runs: `dvc exp show`, `dvc plots show`, VS Code."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from dvclive import Live

from stages import files
from stages.backend import keras

# Folders of dvc.yaml's metrics and plots, empty but for a training that runs.
METRICS, PLOTS = "metrics/live/metrics", "metrics/live/plots"
COLUMNS = ("accuracy", "loss", "val_accuracy", "val_loss")


def tabulate(epochs):
    """Make the table of a training.

    Args:
        epochs: for each epoch, a mapping with the keys `COLUMNS`.

    Returns:
        A data frame with these columns, after `epoch`, which counts from 1.
    """
    table = pd.DataFrame(epochs, columns=list(COLUMNS))
    table.insert(0, "epoch", range(1, len(table) + 1))
    return table


class History(keras.callbacks.Callback):
    """Keeps the table of the epochs so far in a file, whole at any time.

    Attributes:
        path: the CSV file.
        epochs: list of all epochs, to which another callback adds.
    """

    def __init__(self, path, epochs):
        super().__init__()
        self.path = path
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        """Write the table anew."""
        files.write_table(self.path, tabulate(self.epochs))


class NamedLive(Live):
    """Puts the network's name before each metric: `custom.train.accuracy`, `custom.eval.loss`.

    Attributes:
        network: the name.
    """

    def __init__(self, network):
        super().__init__(f"{METRICS}/{network}", dvcyaml=None, save_dvc_exp=False)
        self.network = network

    def _init_dvc(self):
        """Do not look for DVC's experiment: DVC itself saves it, and loading DVC takes a second."""

    def log_metric(self, name, val):
        """Publish the latest value of a metric."""
        # The plots of DVC have the history: no file of DVCLive's own is needed.
        super().log_metric(f"{self.network}/{name}", val, plot=False)


@contextmanager
def following(network, epochs):
    """Publish the metrics of every epoch for as long as the body runs.

    Afterwards they are gone again: the history and the scores hold them for good, and DVC's
    tables would show them twice.

    Args:
        network: its name.
        epochs: list of the epochs so far, to which another callback adds.

    Yields:
        Keras callbacks for `fit`, to come after that one.

    Raises:
        SystemExit: if the disk is full, or writing there is not allowed.
    """
    # It imports TensorFlow, which starts quietly only from `stages.backend`.
    from dvclive.keras import DVCLiveCallback

    history = Path(PLOTS, f"{network}.csv")
    with files.writing(METRICS):
        live = NamedLive(network)
        live.step = len(epochs)
        try:
            yield [DVCLiveCallback(live=live), History(history, epochs)]
        finally:
            shutil.rmtree(live.dir, ignore_errors=True)
            history.unlink(missing_ok=True)
