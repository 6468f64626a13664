"""Score all saved networks from pixels, on the same validation photos."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.parameters import NETWORKS
from stages.networks import loading
from stages.networks.backend import INFERENCE_BATCH
from stages.results import scores, weighting


def record(
    name: str,
    photos: np.ndarray,
    actual: np.ndarray,
    probabilities: np.ndarray,
    classes: np.ndarray,
    weights: np.ndarray,
) -> None:
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

    several = f" ({values.counts})" if values.has_copies else ""
    print(
        f"\n{name}: {np.trace(confusion)} of {values.photos} right{several}, accuracy "
        f"{values.accuracy:.3f} (95% interval {values.accuracy_low:.3f} to "
        f"{values.accuracy_high:.3f})\n"
    )
    table = confusion.join(per_class[["precision", "recall", "f1"]].round(2))
    with pd.option_context("display.unicode.east_asian_width", True):
        print(table.rename_axis(index=None, columns="actual \\ predicted").to_string())


def main() -> None:
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    rows = np.flatnonzero(table["split"] == "validation")
    pixels = files.read_array("data/pixels.npy")
    photos = table["photo"].iloc[rows].to_numpy()
    weights = weighting.weigh_photos(table["group"].iloc[rows])

    for name in NETWORKS:
        run = loading.load_trained(name, pixels.shape[1], len(classes))
        parts = np.split(rows, range(INFERENCE_BATCH, len(rows), INFERENCE_BATCH))
        probabilities = np.concatenate([run(pixels[part].astype(np.float32)) for part in parts])
        record(name, photos, labels[rows], probabilities, classes, weights)
    guess = weighting.guess_majority(classes[labels[rows]], weights)
    if not guess.even:
        print(
            f"\nalways guessing the majority class, {files.escape(guess.label)}: accuracy "
            f"{guess.accuracy:.3f}"
        )


if __name__ == "__main__":
    main()
