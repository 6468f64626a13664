"""Score the predictions of all networks for the same validation photos."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.parameters import NETWORKS
from stages.results import predictions, scores, summary, weighting
from stages.results.records import Scores


def record(name: str, table: pd.DataFrame, weights: np.ndarray) -> Scores:
    """Score the predictions of one network, write its files, and print the result.

    Args:
        name: of the network.
        table: its predictions, what `predictions.read` returns.
        weights: of the photos, what `weighting.weigh_photos` returns.
    """
    classes = table.columns[3:].to_numpy()
    actual, predicted = (
        np.searchsorted(classes, table[column]) for column in ("actual", "predicted")
    )
    probabilities = table[classes].to_numpy(np.float32)
    values = scores.score(actual, predicted, probabilities, weights)
    confusion = scores.count_confusions(actual, predicted, classes)
    per_class = scores.score_classes(actual, predicted, classes)
    reliability = scores.measure_reliability(actual, predicted, probabilities)
    files.write_json(f"metrics/{name}.json", values._asdict())
    files.write_table(f"metrics/confusion/{name}.csv", confusion, index=True)
    files.write_table(f"metrics/per_class/{name}.csv", per_class, index=True)
    files.write_table(f"metrics/reliability/{name}.csv", reliability)

    print(f"\n{summary.summarize(name, values, confusion, per_class)}")
    return values


def main() -> None:
    split = files.read_table("data/split.csv")
    validation = split[split["split"] == "validation"]
    weights = weighting.weigh_photos(validation["group"])

    accuracies = {}
    for name in NETWORKS:
        table = predictions.read(name, validation["photo"])
        accuracies[name] = record(name, table, weights).accuracy
    # DVC's table of experiments has short titles for names that are in one file only.
    files.write_json("metrics/accuracy.json", accuracies)
    guess = weighting.guess_majority(validation["label"], weights)
    if not guess.even:
        print(
            f"\nalways guessing the majority class, {files.escape(guess.label)}: accuracy "
            f"{guess.accuracy:.3f}"
        )


if __name__ == "__main__":
    main()
