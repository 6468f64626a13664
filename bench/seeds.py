"""The accuracy of both networks on real photos, over seeds: `make seeds`.

Every seed is a split, initial weights and an order of batches of its own; 0 to 4 unless the
first and the last are given: `python -m bench.seeds 100 115`.
"""

import sys
import tempfile

from tests.helpers.project import Project


def main(first=0, last=4):
    print("| seed | custom | transfer | gain | p |")
    print("| --- | --- | --- | --- | --- |")
    scores = []
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        for seed in range(first, last + 1):
            project.run("dvc", "exp", "run", "--set-param", f"seed={seed}")
            names = ("custom", "transfer", "comparison")
            custom, transfer, comparison = map(project.metrics, names)
            scores.append((custom["accuracy"], transfer["accuracy"]))
            print(
                f"| {seed} | {custom['accuracy']:.3f} | {transfer['accuracy']:.3f} "
                f"| {comparison['accuracy_gain']:+.3f} | {comparison['p_value']:.2g} |",
                flush=True,
            )
    custom, transfer = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    print(f"| mean | {custom:.3f} | {transfer:.3f} | {transfer - custom:+.3f} | |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
