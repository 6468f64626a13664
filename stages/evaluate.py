"""Score both saved networks from pixels, on the same validation photos."""

import numpy as np
import pandas as pd

from stages import files, networks, scores
from stages.backend import INFERENCE_BATCH


def record(name, photos, actual, probabilities, classes):
    """Score the predictions of one network, and write its files.

    Args:
        name: of the network.
        photos: `n` paths relative to the photos folder.
        actual: `int` array `[n]` of class indices.
        probabilities: `float` array `[n, classes]`; rows sum to 1.
        classes: their names.

    Returns:
        `(values, confusion, per_class)`: what the functions of `scores` return.
    """
    predicted = probabilities.argmax(axis=1)
    values = scores.score(actual, predicted, probabilities)
    confusion = scores.confusion(actual, predicted, classes)
    per_class = scores.per_class(actual, predicted, classes)
    reliability = scores.reliability(actual, predicted, probabilities)
    predictions = pd.DataFrame(
        {
            "photo": photos,
            "actual": classes[actual],
            "predicted": classes[predicted],
            **dict(zip(classes, probabilities.T, strict=True)),
        }
    )
    files.write_json(f"metrics/{name}.json", values)
    files.write_table(f"metrics/predictions/{name}.csv", predictions)
    files.write_table(f"metrics/confusion/{name}.csv", confusion, index=True)
    files.write_table(f"metrics/per_class/{name}.csv", per_class, index=True)
    files.write_table(f"metrics/reliability/{name}.csv", reliability)
    return values, confusion, per_class


def show(name, values, confusion, per_class):
    """Print the result of one network as a person would want to read it.

    Args:
        name: of the network.
        values, confusion, per_class: what `record` returns.
    """
    right, photos = np.trace(confusion), values["photos"]
    print(
        f"\n{name}: {right} of {photos} right, accuracy {values['accuracy']:.3f} "
        f"(95 % interval {values['accuracy_low']:.3f} to {values['accuracy_high']:.3f})\n"
    )
    table = confusion.join(per_class[["precision", "recall", "f1"]].round(2))
    with pd.option_context("display.unicode.east_asian_width", True):
        print(table.rename_axis(index=None, columns="actual \\ predicted").to_string())


def main():
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    rows = np.flatnonzero(table["split"] == "validation")
    pixels = files.read_array("data/pixels.npy")
    photos = table["photo"].iloc[rows].to_numpy()

    for name in ("custom", "transfer"):
        run = networks.trained(name, pixels.shape[1], len(classes))
        parts = np.split(rows, range(INFERENCE_BATCH, len(rows), INFERENCE_BATCH))
        probabilities = np.concatenate([run(pixels[part].astype(np.float32)) for part in parts])
        show(name, *record(name, photos, labels[rows], probabilities, classes))


if __name__ == "__main__":
    main()
