"""The accuracy of both networks on the demo's pictures, over seeds: `make demo-seeds`.

Every seed is new pictures, a split, initial weights and an order of batches. The last column
is the control: transfer once more, on a base of the same kind that has learnt nothing. Seeds 0
to 9 unless the first and the last are given: `python -m bench.demo 100 104`.
"""

import sys
import tempfile

from tests.helpers.project import Project


def main(first=0, last=9):
    print("| seed | custom | transfer | on random weights |")
    print("| --- | --- | --- | --- |")
    scores = []
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy(folder)
        project.commit("The demo")
        for seed in range(first, last + 1):
            seeds = ("--set-param", f"seed={seed}", "--set-param", f"demo.seed={seed}")
            project.run("dvc", "exp", "run", *seeds, "--set-param", "base.weights=imagenet")
            row = [project.metrics(name)["accuracy"] for name in ("custom", "transfer")]
            project.run("dvc", "exp", "run", "--set-param", "base.weights=random")
            scores.append([*row, project.metrics("transfer")["accuracy"]])
            print(_row(seed, scores[-1]), flush=True)
    print(_row("mean", [sum(column) / len(scores) for column in zip(*scores, strict=True)]))


def _row(head, values):
    return f"| {head} | " + " | ".join(f"{value:.3f}" for value in values) + " |"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
