"""Whether the rule for a finished training is right on real photos: `make bench-epochs`.

The rule, `stages.results.progress`, judges each training by its own history; whether it is right
is judged by the trainings of the *other* seeds, on their splits. It is right if it says "still
improving" where more epochs bring at least 0.02, and does not where they bring 0 or less; between
these, either is right. More epochs are what the verdict then asks for: three times as many, or the
next number that is measured. The environment variables REAL_PHOTOS and KERAS_HOME name the photos
and the weights. Other numbers of epochs: `python -m bench.epochs 2 4`.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.parameters import RIVALS
from stages.results import progress
from stages.results.verdict import MIN_GAIN
from tests.helpers.project import Project, change_parameters

EPOCHS = (5, 10, 20, 30, 60, 100)  # ascending
SEEDS = (100, 101, 102)
MORE = 3  # times as many epochs, as the verdict says

Histories = dict[tuple[str, int], list[pd.DataFrame]]  # of a network and epochs: one per seed


def train(epochs: Sequence[int]) -> Histories:
    """Train both networks from each seed, for each number of epochs; return the histories."""
    histories: Histories = {key: [] for key in product(RIVALS, epochs)}
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        project.run("dvc", "repro", "extract")
        for seed, (name, count) in product(SEEDS, histories):
            change_parameters(project.folder / "params.yaml", seed=seed, epochs=count)
            project.run("python", "-m", "stages.split")
            project.run("python", "-m", "stages.train", name)
            table = files.read_table(project.folder / f"metrics/history/{name}.csv")
            histories[name, count].append(table.astype(float))
    return histories


def measure_gains(accuracies: np.ndarray, row: int, more: int) -> np.ndarray:
    """Return what more epochs bring, for each seed by all others.

    Args:
        accuracies: `float` `[epochs, seeds]`, on the validation photos.
        row, more: of the numbers of epochs to start from, and to end with.

    Returns:
        `float` `[seeds]`: mean accuracy with more epochs, minus that with fewer.
    """
    seeds = accuracies.shape[1]
    others = (accuracies.sum(axis=1, keepdims=True) - accuracies) / (seeds - 1)
    return others[more] - others[row]


def is_right(state: str, gain: float) -> bool:
    """Return whether the rule is right about a training, if more epochs bring `gain`."""
    # Accuracies are shares of some photos; rounding must not put a difference below a limit.
    gain = round(gain, 9)
    return gain < MIN_GAIN if state != progress.IMPROVING else gain > 0


def rows(histories: Histories, epochs: Sequence[int]) -> Iterator[tuple[str, list[bool]]]:
    """Yield each row of the table, and for each seed whether the rule is right."""
    for name in RIVALS:
        last = [[table.iloc[-1] for table in histories[name, count]] for count in epochs]
        accuracies = np.array([[end["val_accuracy"] for end in ends] for ends in last])
        for row, count in enumerate(epochs):
            states = [progress.judge(table).state for table in histories[name, count]]
            counts = Counter(states).most_common()
            said = ", ".join(f"{state} {times} of {len(states)}" for state, times in counts)
            training = np.mean([end["accuracy"] for end in last[row]])
            gain, shown, right = "", "", []
            if row + 1 < len(epochs):
                enough = [number for number, each in enumerate(epochs) if each >= MORE * count]
                more = enough[0] if enough else len(epochs) - 1
                gains = measure_gains(accuracies, row, more)
                right = list(map(is_right, states, gains))
                gain = f"{gains.mean():+.3f} with {epochs[more]}"
                shown = f"{sum(right)} of {len(right)}"
            cells = [name, count, f"{accuracies[row].mean():.3f}", f"{training:.3f}"]
            yield " | ".join(map(str, [*cells, said, gain, shown])), right


def main(*arguments: str) -> None:
    epochs = sorted(set(map(int, arguments))) or EPOCHS
    histories = train(epochs)
    print(
        "| network | epochs | validation accuracy | training accuracy | the rule says "
        "| more epochs bring | right |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    verdicts = []
    for row, right in rows(histories, epochs):
        print(f"| {row} |", flush=True)
        verdicts += right
    print(f"\nright in {sum(verdicts)} of {len(verdicts)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
