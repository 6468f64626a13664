"""Fit a linear probe on the frozen base, and let it predict: the reference for both networks."""

import numpy as np

from stages.common import files, parameters
from stages.common.parameters import BASE, FEATURES
from stages.networks import linear
from stages.results import predictions


def main() -> None:
    params = parameters.read()
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    train, validation = (np.flatnonzero(table["split"] == side) for side in ("train", "validation"))
    features = linear.pool(files.read_array(FEATURES), len(table))
    groups = table["group"].to_numpy()

    kernel, bias = linear.fit(
        features[train], labels[train], groups[train], params.class_weight, params.seed
    )
    linear.save(kernel, bias, BASE, "data/models/probe.keras")
    probabilities = linear.predict(kernel, bias, features[validation])
    predictions.write("probe", table.iloc[validation], classes, probabilities)

    print(f"probe: {len(kernel)} features of {len(train)} photos, {len(classes)} classes")


if __name__ == "__main__":
    main()
