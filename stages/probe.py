"""Fit a linear probe on the frozen base: the reference for both networks."""

import numpy as np

from stages.common import files, parameters
from stages.common.parameters import FEATURES, PROBE
from stages.networks import linear


def main() -> None:
    params = parameters.read()
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    train = np.flatnonzero(table["split"] == "train")
    features = linear.pool(files.read_array(FEATURES), len(table))
    groups = table["group"].to_numpy()

    kernel, bias = linear.fit(
        features[train], labels[train], groups[train], params.class_weight, params.seed
    )
    linear.save(kernel, bias, PROBE, "data/models/probe.keras")

    print(f"probe: {len(kernel)} features of {len(train)} photos, {len(classes)} classes")


if __name__ == "__main__":
    main()
