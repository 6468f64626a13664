"""Score the chosen network on the sealed test photos: `python -m final`, once, at the end.

The network is the one that `model` in params.yaml names, as trained in this folder.
"""

import argparse
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.collecting import number_photos
from stages.common import files, parameters
from stages.results import scores, summary, weighting

RESULT = "metrics/final.json"
# Has the count as well, and is not in Git: `dvc exp apply` brings back the result of a commit.
SCORED = "data/scored.json"
ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]


def check_up_to_date() -> None:
    """Check that the networks are those of the parameters, photos and code in this folder.

    Raises:
        SystemExit: if they are not, or DVC cannot tell.
    """
    command = ["dvc", "status", "--json", "--with-deps", "evaluate"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SystemExit("dvc: not found on PATH; activate this project's environment.") from None
    try:
        changed = json.loads(result.stdout)
    except json.JSONDecodeError:
        reason = " ".join(result.stderr.split())
        raise SystemExit(f"final: DVC cannot tell what is up to date ({reason}).") from None
    if changed:
        stage, what = next(iter(changed.items()))
        raise SystemExit(
            f"final: the networks are older than what they depend on ({stage}: {_describe(what)}); "
            f"expected networks that are up to date. Run `dvc repro`, then this again."
        )


def read_scored(path: str) -> list[list[str]]:
    """Return what was scored before: pairs of the hashes of test photos and of a network.

    Raises:
        SystemExit: if the file is damaged.
    """
    if not Path(path).exists():
        return []
    scored = files.read_json(path).get("scored")
    if not isinstance(scored, list):
        raise SystemExit(
            f"{path}: has no list `scored`, which keeps count of the networks; expected the file "
            "as this command wrote it. Restore it with Git, or remove it to count from 0."
        )
    return scored


def describe_count(count: int, known: bool, accuracy: float) -> str:
    """Return how many networks have been scored on these photos, and what follows from it."""
    if known:
        return f"It was scored on these photos before: the count of networks stays at {count}."
    if count == 1:
        return "It is the first network on this test set: nothing was chosen on these photos."
    which = f"the {ORDINALS[count - 1]} network" if count <= len(ORDINALS) else f"network {count}"
    return (
        f"It is {which} on this test set: if it was chosen for its score here, {accuracy:.3f} is a "
        "little optimistic by now. Only new photos would tell."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    argparse.ArgumentParser("python -m final", description=__doc__).parse_args(arguments)
    params = parameters.read()
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    rows = np.flatnonzero(table["split"] == "test")
    if not len(rows):
        raise SystemExit(
            "final: data/split.csv has no test photos; expected some that are sealed. Set "
            "test_fraction in params.yaml, such as 0.2, or put photos into a folder `test` beside "
            "`train`; then run `dvc repro`."
        )
    check_up_to_date()
    test = table.iloc[rows]
    path = f"data/models/{params.model}.keras"
    entry = [number_photos(test).key, files.sha256(files.existing(path))]
    scored = read_scored(RESULT)
    scored += [each for each in read_scored(SCORED) if each not in scored]
    if not (known := entry in scored):
        scored.append(entry)
    count = sum(photos == entry[0] for photos, _ in scored)

    # TensorFlow takes a while to start; what is wrong has been said by now.
    from stages.networks import backend, loading

    pixels = files.read_array("data/pixels.npy")
    run = loading.load_trained(params.model, pixels.shape[1], len(classes))
    probabilities = backend.predict(run, pixels, rows)
    predicted = probabilities.argmax(axis=1)
    weights = weighting.weigh_photos(test["group"])
    values = scores.score(labels[rows], predicted, probabilities, weights)
    confusion = scores.count_confusions(labels[rows], predicted, classes)
    per_class = scores.score_classes(labels[rows], predicted, classes)
    files.write_json(SCORED, {"scored": scored})
    # DVC shows the numbers of a metrics file, and leaves out its lists.
    files.write_json(RESULT, values._asdict() | {"networks_scored": count, "scored": scored})

    print(summary.summarize(f"{params.model} on the test photos", values, confusion, per_class))
    print(f"\nbalanced accuracy {values.balanced_accuracy:.3f}")
    print(describe_count(count, known, values.accuracy))
    print(f"{RESULT} has these scores, and keeps count: commit it.")


def _describe(what: list[Any]) -> str:
    """Return the first change that DVC lists for a stage, such as `params.yaml epochs modified`."""
    first: Any = what[0]
    words = []
    while isinstance(first, dict):
        key, first = next(iter(first.items()))
        words.append(key)
    return " ".join([*words, str(first)]).removeprefix("changed deps ")


if __name__ == "__main__":
    main()
