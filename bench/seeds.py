"""The accuracy of both networks on real photos, over seeds: `make bench-seeds`.

Every seed gives another split, other initial weights and another order of the photos. Seeds 0 to
4, or from the first to the last that are given: `python -m bench.seeds 100 115`. The environment
variables REAL_PHOTOS and KERAS_HOME name the photos and the weights.
"""

import statistics
import sys
import tempfile

from tests.helpers.project import Project


def main(first: int = 0, last: int = 4) -> None:
    print("| seed | custom | transfer | gain | p |")
    print("| --- | --- | --- | --- | --- |")
    accuracies = []
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        for seed in range(first, last + 1):
            project.run("dvc", "exp", "run", "--set-param", f"seed={seed}")
            names = ("custom", "transfer", "comparison")
            custom, transfer, comparison = map(project.metrics, names)
            accuracies.append((custom["accuracy"], transfer["accuracy"]))
            print(
                f"| {seed} | {custom['accuracy']:.3f} | {transfer['accuracy']:.3f} "
                f"| {comparison['accuracy_gain']:+.3f} | {comparison['p_value']:.2g} |",
                flush=True,
            )
    custom, transfer = map(statistics.fmean, zip(*accuracies, strict=True))
    print(f"| mean | {custom:.3f} | {transfer:.3f} | {transfer - custom:+.3f} | |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
