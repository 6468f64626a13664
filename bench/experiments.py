"""Run 30 experiments on real photos, and score all of them on a sealed fifth of the photos.

`python -m bench.experiments [COUNT]`, in about 20 minutes; `COUNT` runs the first ones only.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator

from experiments import collecting, ranking
from stages.common.parameters import NETWORKS
from tests.helpers.project import Project, change_parameters

EXPERIMENTS = {
    **{f"epochs-{count}": f"epochs={count}" for count in (3, 5, 15, 20, 30, 60)},
    **{f"rate-{rate}": f"learning_rate={rate}" for rate in ("0.0003", "0.003", "0.01")},
    "filters-32-64": "layers.filters=[32,64]",
    "filters-32-64-128": "layers.filters=[32,64,128]",
    "filters-16-32": "layers.filters=[16,32]",
    "filters-128-256": "layers.filters=[128,256]",
    "no-dropout": "layers.dropout=0",
    "dropout-0.5": "layers.dropout=0.5",
    "light": "augment=light",
    "constant": "schedule=constant",
    "batch-10": "batch_size=10",
    "batch-20": "batch_size=20",
    **{f"seed-{seed}": f"seed={seed}" for seed in range(1, 8)},
    "random-base": "base.weights=random",
    "size-96": "image_size=96",
    "size-128": "image_size=128",
    "fine-tune": "base.fine_tune=20",
}

# Run in the folder of each experiment: `python -m final` would count every network.
SCORE = """
import json
import numpy as np
from stages.common import files
from stages.networks import backend, loading

split = files.read_table("data/split.csv")
classes, labels = np.unique(split["label"], return_inverse=True)
rows = np.flatnonzero(split["split"] == "test")
pixels = files.read_array("data/pixels.npy")
for name in ("custom", "transfer", "probe"):
    run = loading.load_trained(name, pixels.shape[1], len(classes))
    answers = backend.predict(run, pixels, rows).argmax(axis=1)
    print((answers == labels[rows]).mean())
"""


def run(project: Project, count: int) -> None:
    """Run the experiments in DVC's queue, all with the same split."""
    path = project.folder / "params.yaml"
    change_parameters(path, test_fraction=0.2)
    project.run("git", "config", "user.name", "Nobody")
    project.run("git", "config", "user.email", "nobody@example.com")
    project.run("git", "rm", "-r", "--quiet", "--cached", "data/photos")
    project.run("dvc", "add", "--quiet", "data/photos")
    project.commit("Photos are for DVC")
    project.run("dvc", "repro", "split")
    shutil.copy(project.folder / "data/split.csv", project.folder / "data/photos/labels.csv")
    change_parameters(path, test_fraction=0)
    project.run("dvc", "add", "--quiet", "data/photos")
    project.run("dvc", "repro")
    project.commit("A fixed split")
    for name, change in list(EXPERIMENTS.items())[:count]:
        project.run("dvc", "exp", "run", "--queue", "--name", name, "--set-param", change)
    project.run("dvc", "queue", "start")
    while (status := project.run("dvc", "queue", "status").stdout) and (
        "Queued" in status or "Running" in status
    ):
        time.sleep(5)


def score_sealed(project: Project) -> dict[str, float]:
    """Return the accuracy of each network on the sealed photos."""
    printed = project.run("python", "-c", SCORE).stdout.split()
    return dict(zip(NETWORKS, map(float, printed[-len(NETWORKS) :]), strict=True))


def tabulate(sealed: dict[str, dict[str, float]]) -> Iterator[str]:
    """Compare what to expect of the best with its accuracy on the sealed photos; yield lines.

    Args:
        sealed: by name of the experiment, the accuracies of its networks on the sealed photos.
    """
    found = collecting.collect()
    for networks in (NETWORKS, ("custom",), ("transfer",)):
        block = ranking.rank(found, networks)[0]
        best, choice = block.rows[0], block.choice
        name = next(each for each in best.experiment.names if each in sealed)
        cells = [
            f"{block.networks} {'' if len(networks) > 1 else networks[0]}".strip(),
            f"{best.accuracies[best.network]:.3f} ({best.network} of {name})",
            f"{choice.accuracy:.2f} ({choice.accuracy_low:.2f} to {choice.accuracy_high:.2f})",
            f"{sealed[name][best.network]:.3f}",
        ]
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else len(EXPERIMENTS)
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        run(project, count)
        for arguments in ([], ["--network", "custom"], ["--network", "transfer"]):
            print(project.run("python", "-m", "experiments", *arguments).stdout)
        branch = project.run("git", "branch", "--show-current").stdout.strip()
        sealed = {branch: score_sealed(project)}
        for name in list(EXPERIMENTS)[:count]:
            project.run("dvc", "exp", "apply", name)
            sealed[name] = score_sealed(project)
        os.chdir(project.folder)
        print("| networks | best on validation | expected | on the sealed photos |")
        print("| --- | --- | --- | --- |")
        print(*tabulate(sealed), sep="\n")


if __name__ == "__main__":
    main()
