"""Score all saved networks from pixels, on the same validation photos."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.parameters import NETWORKS
from stages.networks import loading
from stages.results import scores, summary, weighting
from stages.results.records import Scores


def record(
    name: str,
    photos: np.ndarray,
    actual: np.ndarray,
    probabilities: np.ndarray,
    classes: np.ndarray,
    weights: np.ndarray,
) -> Scores:
    """Score the predictions of one network, write its files, and print the result.

    Args:
        name: of the network.
        photos: `str` `[n]`, paths relative to the photos folder.
        actual: `int` `[n]`, class indices.
        probabilities: `float` `[n, classes]`; rows sum to 1.
        classes: `str` `[classes]`, their names.
        weights: of the photos, what `weighting.weigh_photos` returns.
    """
    predicted = probabilities.argmax(axis=1)
    values = scores.score(actual, predicted, probabilities, weights)
    confusion = scores.count_confusions(actual, predicted, classes)
    per_class = scores.score_classes(actual, predicted, classes)
    reliability = scores.measure_reliability(actual, predicted, probabilities)
    predictions = pd.DataFrame(
        {
            "photo": photos,
            "actual": classes[actual],
            "predicted": classes[predicted],
            **dict(zip(classes, probabilities.T, strict=True)),
        }
    )
    files.write_json(f"metrics/{name}.json", values._asdict())
    files.write_table(f"metrics/predictions/{name}.csv", predictions)
    files.write_table(f"metrics/confusion/{name}.csv", confusion, index=True)
    files.write_table(f"metrics/per_class/{name}.csv", per_class, index=True)
    files.write_table(f"metrics/reliability/{name}.csv", reliability)

    print(f"\n{summary.summarize(name, values, confusion, per_class)}")
    return values


def main() -> None:
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    rows = np.flatnonzero(table["split"] == "validation")
    pixels = files.read_array("data/pixels.npy")
    photos = table["photo"].iloc[rows].to_numpy()
    weights = weighting.weigh_photos(table["group"].iloc[rows])

    accuracies = {}
    for name in NETWORKS:
        probabilities = loading.predict(name, pixels, rows, len(classes))
        values = record(name, photos, labels[rows], probabilities, classes, weights)
        accuracies[name] = values.accuracy
    # DVC's table of experiments has short titles for names that are in one file only.
    files.write_json("metrics/accuracy.json", accuracies)
    guess = weighting.guess_majority(classes[labels[rows]], weights)
    if not guess.even:
        print(
            f"\nalways guessing the majority class, {files.escape(guess.label)}: accuracy "
            f"{guess.accuracy:.3f}"
        )


if __name__ == "__main__":
    main()
