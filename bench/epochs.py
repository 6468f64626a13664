"""Whether the rule for a finished training is right on real photos: `make bench-epochs`.

Both networks are trained on the splits of a study (five folds, from a seed of its own), for
several numbers of epochs. The rule, `stages.results.progress`, judges each training by its own
history; whether it is right is judged by the trainings on the *other* splits. It is right if it
says "still improving" where more epochs bring at least 0.02, and does not where they bring 0 or
less; between these, either is right. More epochs are what the verdict then asks for: three times
as many, or the next number that is measured.

The environment variables REAL_PHOTOS and KERAS_HOME name the photos and the weights. Each photo is
held out once, or more often: `python -m bench.epochs 2`.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config

from stages.common import parameters
from stages.common.parameters import RIVALS
from stages.results import progress
from stages.results.verdict import MIN_GAIN
from study.common import data, folds
from study.common import parameters as study_parameters
from study.common.folds import Split
from study.common.tasks import Task
from tests.helpers.project import Project

EPOCHS = (5, 10, 20, 30, 60, 100)  # ascending
SEED = 100  # the study's own is 0
MORE = 3  # times as many epochs, as the verdict says

Histories = dict[tuple[str, int], list[pd.DataFrame]]  # of a network and epochs: one per split


def train(name: str, epochs: int, split: Split) -> pd.DataFrame:
    """Train a network as the study does; return the history of the training."""
    from study.common import worker  # here, because TensorFlow takes seconds to start

    params = parameters.read().model_copy(update={"epochs": epochs})
    photos = data.read(params)
    inputs, classes = photos.inputs[name], int(photos.labels.max()) + 1
    (seed,) = folds.derive_seeds(split, 1, SEED)
    task = Task(name, split.train, split.held_out, seed)
    _, model = worker.prepare(task, inputs.shape[1:], classes, params)
    history = worker.keras.callbacks.History()
    own = worker.training.Data(inputs, photos.labels, split.train, split.held_out)
    worker.training.fit(name, model, own, params, seed, callbacks=[history])
    return pd.DataFrame(history.history)


def train_all(repeats: int) -> Histories:
    """Train both networks on each split, for each number of epochs, on all cores."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        project.run("dvc", "repro", "split", "extract")
        os.chdir(project.folder)  # the workers start there as well
        study = study_parameters.read().model_copy(update={"repeats": repeats})
        splits = data.make_splits(data.read(parameters.read()), study, SEED)
        todo = list(product(RIVALS, EPOCHS, splits))
        with parallel_config("loky", inner_max_num_threads=1):
            parallel = Parallel(n_jobs=-1, batch_size=1)
            tables = parallel(delayed(train)(*each) for each in todo)
    histories: Histories = {key: [] for key in product(RIVALS, EPOCHS)}
    for (name, epochs, _), table in zip(todo, tables, strict=True):
        histories[name, epochs].append(table)
    return histories


def measure_gains(accuracies: np.ndarray, row: int, more: int) -> np.ndarray:
    """Return what more epochs bring, for each split by all others.

    Args:
        accuracies: `float` `[epochs, splits]`, on the held-out photos.
        row, more: of the numbers of epochs to start from, and to end with.

    Returns:
        `float` `[splits]`: mean accuracy with more epochs, minus that with fewer.
    """
    splits = accuracies.shape[1]
    others = (accuracies.sum(axis=1, keepdims=True) - accuracies) / (splits - 1)
    return others[more] - others[row]


def is_right(state: str, gain: float) -> bool:
    """Return whether the rule is right about a training, if more epochs bring `gain`."""
    # Accuracies are shares of some photos; rounding must not put a difference below a limit.
    gain = round(gain, 9)
    return gain < MIN_GAIN if state != progress.IMPROVING else gain > 0


def rows(histories: Histories) -> Iterator[tuple[str, list[bool]]]:
    """Yield each row of the table, and for each split whether the rule is right."""
    for name in RIVALS:
        last = [[table.iloc[-1] for table in histories[name, count]] for count in EPOCHS]
        accuracies = np.array([[end["val_accuracy"] for end in ends] for ends in last])
        for row, count in enumerate(EPOCHS):
            states = [progress.judge(table).state for table in histories[name, count]]
            counts = Counter(states).most_common()
            said = ", ".join(f"{state} {times} of {len(states)}" for state, times in counts)
            training = np.mean([end["accuracy"] for end in last[row]])
            gain, shown, right = "", "", []
            if row + 1 < len(EPOCHS):
                enough = [number for number, each in enumerate(EPOCHS) if each >= MORE * count]
                more = enough[0] if enough else len(EPOCHS) - 1
                gains = measure_gains(accuracies, row, more)
                right = list(map(is_right, states, gains))
                gain = f"{gains.mean():+.3f} with {EPOCHS[more]}"
                shown = f"{sum(right)} of {len(right)}"
            cells = [name, count, f"{accuracies[row].mean():.3f}", f"{training:.3f}"]
            yield " | ".join(map(str, [*cells, said, gain, shown])), right


def main(repeats: int = 1) -> None:
    histories = train_all(repeats)
    print(
        "| network | epochs | validation accuracy | training accuracy | the rule says "
        "| more epochs bring | right |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    verdicts = []
    for row, right in rows(histories):
        print(f"| {row} |", flush=True)
        verdicts += right
    print(f"\nright in {sum(verdicts)} of {len(verdicts)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
