"""Made-up results, as the stages before `report` write them: for tests and benches."""

import numpy as np
import pandas as pd

from stages import evaluate
from stages.common import files
from stages.common.parameters import RIVALS
from stages.results import comparison, predictions
from stages.results.records import PAIRS
from study import curve, repeat
from study.common.parameters import Study

EPOCHS = np.arange(1, 6)


def write_results(answers, classes, image_size=32):
    """Write all that `report` reads, except params.yaml, into the working directory.

    Args:
        answers: for each network, the index of the class that it predicts for each validation
            photo; validation photo `i` is of class `i % len(classes)`. There are as many
            training photos. Without its own answers, the probe gives those of transfer.
        classes: their names, sorted.
        image_size: side of the photos, which are noise, pixels.
    """
    random = np.random.default_rng(0)
    answers = {"probe": answers["transfer"]} | answers
    count = len(answers["custom"])
    classes, actual = np.array(classes), np.arange(count) % len(classes)
    labels = np.tile(classes[actual], 2)
    split = pd.DataFrame(
        {
            "photo": [f"{label}/{row:05}.jpg" for row, label in enumerate(labels)],
            "label": labels,
            "split": np.repeat(["train", "validation"], count),
            "sha256": [f"{row:064x}" for row in range(2 * count)],
            "group": [f"{row:064x}" for row in range(2 * count)],
        }
    )
    files.write_table("data/split.csv", split)
    # One problem for every ten photos: some with a photo, some with one that was left out.
    rows = np.arange(count // 10)
    problems = np.array(["duplicate", "near duplicate", "truncated"])[rows % 3]
    findings = split[["photo", "label"]].iloc[rows].assign(problem=problems, detail="see there")
    findings.loc[problems == "truncated", "photo"] += ".broken"
    files.write_table("metrics/photos.csv", findings)
    shape = (2 * count, image_size, image_size, 3)
    files.write_json("data/levels.json", {"low": None, "high": None})
    np.save("data/occlusions.npy", np.zeros((0, 3, image_size, image_size, 3), np.uint8))
    np.save("data/pixels.npy", random.integers(0, 256, shape, np.uint8))
    files.write_json("metrics/base.json", {"name": "none", "weights": "none", "weights_sha256": ""})

    for name, answer in answers.items():
        # The answer gets the highest of some random probabilities.
        probabilities = np.sort(random.dirichlet(np.ones(len(classes)), count))
        best = np.arange(len(classes)) == answer[:, None]
        probabilities[best], probabilities[:, -1] = probabilities[:, -1].copy(), probabilities[best]
        predictions.write(name, split.iloc[count:], classes, probabilities)
    evaluate.main()
    # Custom was still improving, and transfer had converged.
    for name, scale in (("custom", 3), ("transfer", 0.3)):
        history = pd.DataFrame({"epoch": EPOCHS})
        for column in ("accuracy", "val_accuracy"):
            history[column] = 1 - random.random() / EPOCHS
            history[column.replace("accuracy", "loss")] = scale * random.random() / EPOCHS
        files.write_table(f"metrics/history/{name}.csv", history)

    right = {name: answer == actual for name, answer in answers.items()}
    found = {
        (first, second): comparison.compare(right[first], right[second], np.arange(count))
        for first, second in PAIRS
    }
    files.write_json("metrics/comparison.json", comparison.to_json(found))


def write_study(setting):
    """Write the results of a study that `report` reads into the working directory.

    Args:
        setting: what `setting.describe` returns.
    """
    random = np.random.default_rng(0)
    options = Study(folds=5, repeats=2, seeds=2, photos_per_class=[5, 10, 20], scheduler="local")
    means = {"majority": 0.33, "probe": 0.95, "custom": 0.65, "transfer": 0.94}
    scores = {
        name: np.clip(random.normal(mean, 0.05, (10, 2 if name in RIVALS else 1)), 0, 1)
        for name, mean in means.items()
    }
    repeat.record(scores, 150, options, setting)
    custom, transfer = np.clip(random.normal(0.7, 0.1, (2, 3, 10)), 0, 1)
    curve.record(custom, transfer, options.photos_per_class, options, setting)
