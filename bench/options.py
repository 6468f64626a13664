"""What augmentation and fine-tuning bring on real photos, by the study: `make options`."""

import shutil
import tempfile

from stages.common import files, parameters
from study.common import parameters as study_parameters
from study.common.estimates import estimate
from tests.helpers.project import Project, change_parameters

# Beside the defaults, and the networks that each can change.
OPTIONS = {
    "defaults": ({}, ("custom", "transfer")),
    "augment: light": ({"augment": "light"}, ("custom", "transfer")),
    "base.fine_tune: 20": ({"base__fine_tune": 20}, ("transfer",)),
}


def accuracies(project, changes):
    """Run the study with changed parameters.

    Args:
        project: in which it runs.
        changes: as `change_parameters` takes them.

    Returns:
        For each network its accuracies, a `float` array `[splits]`, in the order of the splits.
    """
    shutil.copy(project.folder / "default.yaml", project.folder / "params.yaml")
    change_parameters(project.folder / "params.yaml", **changes)
    project.run("dvc", "repro", "study/dvc.yaml:repeat")
    table = files.read_table(project.folder / "metrics/study/plots/repeat/accuracy.csv")
    return {
        name: table["accuracy"][table["network"] == name].to_numpy(float)
        for name in parameters.NETWORKS
    }


def show(values, held_out, form):
    """Write a mean over splits with its interval, which no accuracy above 1 belongs to."""
    found = estimate(values, held_out)
    return f"{found.mean:{form}} ({found.low:{form}} to {min(found.high, 1):{form}})"


def main():
    print("| setting | network | accuracy (95 % interval) | gain over the defaults |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        shutil.copy(project.folder / "params.yaml", project.folder / "default.yaml")
        held_out = 1 / study_parameters.read(project.folder / "study/params.yaml").folds
        for setting, (changes, networks) in OPTIONS.items():
            found = accuracies(project, changes)
            if not changes:
                before = found
            for name in networks:
                gain = show(found[name] - before[name], held_out, "+.3f") if changes else ""
                row = f"| {setting} | {name} | {show(found[name], held_out, '.3f')} | {gain} |"
                print(row, flush=True)


if __name__ == "__main__":
    main()
