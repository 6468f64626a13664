"""The accuracy of all networks on real photos, over seeds: `make bench-seeds`.

Every seed gives another split, other initial weights and another order of the photos. The gain is
that of transfer over custom. Seeds 0 to 4, or from the first to the last that are given:
`python -m bench.seeds 100 115`. The environment variables REAL_PHOTOS and KERAS_HOME name
the photos and the weights.
"""

import statistics
import sys
import tempfile

from stages.common.parameters import NETWORKS
from tests.helpers.project import Project


def main(first: int = 0, last: int = 4) -> None:
    print(f"| seed | {' | '.join(NETWORKS)} | gain | p |")
    print(f"| --- |{' --- |' * len(NETWORKS)} --- | --- |")
    accuracies = []
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        for seed in range(first, last + 1):
            project.run("dvc", "exp", "run", "--set-param", f"seed={seed}")
            accuracies.append([project.metrics(name)["accuracy"] for name in NETWORKS])
            comparison = project.metrics("comparison")
            gain, p_value = comparison["accuracy_gain"], f"{comparison['p_value']:.2g}"
            print(format_row(seed, accuracies[-1], gain, p_value), flush=True)
    means = [statistics.fmean(values) for values in zip(*accuracies, strict=True)]
    custom, transfer, _ = means
    print(format_row("mean", means, transfer - custom, ""))


def format_row(head: int | str, accuracies: list[float], gain: float, p_value: str) -> str:
    shown = " | ".join(f"{accuracy:.3f}" for accuracy in accuracies)
    return f"| {head} | {shown} | {gain:+.3f} | {p_value} |"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
