"""Follow a training while it runs: `dvc exp show`, `dvc plots show`, VS Code, DVC Studio."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
from dvclive import Live
from scmrepo.exceptions import SCMError

from stages.common import files
from stages.networks.backend import keras

# Folders of dvc.yaml's metrics and plots; empty unless a training runs.
METRICS, PLOTS = "metrics/live/metrics", "metrics/live/plots"
COLUMNS = {  # of the history, and what DVCLive calls each
    "accuracy": "train/accuracy",
    "loss": "train/loss",
    "val_accuracy": "eval/accuracy",
    "val_loss": "eval/loss",
}


def tabulate(epochs: list[dict[str, float]]) -> pd.DataFrame:
    """Return the history of a training as a table.

    Args:
        epochs: for each epoch, its values by the names `COLUMNS`.

    Returns:
        A data frame with the column `epoch`, which counts from 1, and these columns.
    """
    table = pd.DataFrame(epochs, columns=list(COLUMNS))
    table.insert(0, "epoch", range(1, len(table) + 1))
    return table


class Publisher(keras.callbacks.Callback):
    """Publishes each epoch: its values as metrics of DVCLive, the curves so far as a plot.

    Attributes:
        network: its name, which stands before the name of each metric.
        epochs: list of all epochs, to which another callback adds.
        folder: of DVCLive's files.
        plot: the CSV file of the curves.
        live: the `dvclive.Live`; `None` in a Git repository without any commit.
    """

    def __init__(self, network: str, epochs: list[dict[str, float]]):
        super().__init__()
        self.network, self.epochs = network, epochs
        self.folder = Path(METRICS, network)
        self.plot = Path(PLOTS, f"{network}.csv")
        self.live: Live | None = None
        with suppress(SCMError):  # without any commit, DVC shows no metrics either
            self.live = Live(str(self.folder), dvcyaml=None, save_dvc_exp=False)
            self.live.step = len(epochs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Publish the epoch that has ended."""
        if self.live:
            for column, name in COLUMNS.items():
                # The plot has the history: no file of DVCLive's own is needed.
                self.live.log_metric(f"{self.network}/{name}", self.epochs[-1][column], plot=False)
            self.live.next_step()
        files.write_table(self.plot, tabulate(self.epochs))


@contextmanager
def publish(network: str, epochs: list[dict[str, float]]) -> Iterator[Publisher]:
    """Publish every epoch of a training while the body runs.

    Afterwards the files are removed: the history and the scores have the same values, and
    DVC's tables would show them twice.

    Args:
        network: its name.
        epochs: list of the epochs so far, to which another callback adds.

    Yields:
        The callback for Keras's `fit`, to come after that one.

    Raises:
        SystemExit: if the disk is full, or writing there is not allowed.
    """
    with files.writing(METRICS):
        publisher = Publisher(network, epochs)
        try:
            yield publisher
        finally:
            shutil.rmtree(publisher.folder, ignore_errors=True)
            publisher.plot.unlink(missing_ok=True)
