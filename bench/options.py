"""What augmentation and fine-tuning bring on real photos, by the study: `make bench-options`."""

import shutil
import tempfile
from typing import Any

import numpy as np

from stages.common import files
from stages.common.parameters import NETWORKS, RIVALS
from study.common import parameters as study_parameters
from study.common.estimates import estimate
from tests.helpers.project import Project, change_parameters

# Changed parameters, and the networks that they can change; no option here changes the probe.
OPTIONS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "defaults": ({}, NETWORKS),
    "augment: light": ({"augment": "light"}, RIVALS),
    "base.fine_tune: 20": ({"base__fine_tune": 20}, ("transfer",)),
}


def run_study(project: Project, changes: dict[str, Any]) -> dict[str, np.ndarray]:
    """Run the study with changed parameters.

    Args:
        project: to run it in.
        changes: arguments of `change_parameters`.

    Returns:
        For each network its accuracies, a `float` array `[splits]`, in the order of the splits.
    """
    shutil.copy(project.folder / "default.yaml", project.folder / "params.yaml")
    change_parameters(project.folder / "params.yaml", **changes)
    project.run("dvc", "repro", "study/dvc.yaml:repeat")
    table = files.read_table(project.folder / "metrics/study/plots/repeat/accuracy.csv")
    return {name: table["accuracy"][table["network"] == name].to_numpy(float) for name in NETWORKS}


def format_mean(values: np.ndarray, held_out: float, form: str) -> str:
    """Format a mean over splits with its interval, whose end is at most 1."""
    found = estimate(values, held_out)
    return f"{found.mean:{form}} ({found.low:{form}} to {min(found.high, 1):{form}})"


def main() -> None:
    print("| setting | network | accuracy (95% interval) | gain over the defaults |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        shutil.copy(project.folder / "params.yaml", project.folder / "default.yaml")
        held_out = study_parameters.read(project.folder / "study/params.yaml").held_out
        accuracies = {}
        for setting, (changes, networks) in OPTIONS.items():
            accuracies[setting] = run_study(project, changes)
            for name in networks:
                values = accuracies[setting][name]
                gains = values - accuracies["defaults"][name]
                gain = format_mean(gains, held_out, "+.3f") if changes else ""
                accuracy = format_mean(values, held_out, ".3f")
                print(f"| {setting} | {name} | {accuracy} | {gain} |", flush=True)


if __name__ == "__main__":
    main()
