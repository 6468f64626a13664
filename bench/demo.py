"""The accuracy of all networks on the demo, over seeds: `make bench-demo`.

Every seed gives other drawings, another split, other initial weights and another order of the
photos. The last column is a control: transfer on the same base with random weights. Seeds 0 to
9, or from the first to the last that are given: `python -m bench.demo 100 104`.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterable

from stages.common.parameters import NETWORKS
from tests.helpers.project import Project


def main(first: int = 0, last: int = 9) -> None:
    print(f"| seed | {' | '.join(NETWORKS)} | transfer, random weights |")
    print(f"| --- |{' --- |' * len(NETWORKS)} --- |")
    accuracies = []
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy(folder)
        project.commit("The demo")
        for seed in range(first, last + 1):
            seeds = ("--set-param", f"seed={seed}", "--set-param", f"demo.seed={seed}")
            project.run("dvc", "exp", "run", *seeds, "--set-param", "base.weights=imagenet")
            row = [project.metrics(name)["accuracy"] for name in NETWORKS]
            project.run("dvc", "exp", "run", "--set-param", "base.weights=random")
            accuracies.append([*row, project.metrics("transfer")["accuracy"]])
            print(format_row(seed, accuracies[-1]), flush=True)
    print(format_row("mean", map(statistics.fmean, zip(*accuracies, strict=True))))


def format_row(head: int | str, values: Iterable[float]) -> str:
    return f"| {head} | " + " | ".join(f"{value:.3f}" for value in values) + " |"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
