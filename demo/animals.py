"""The report's experiment on real photos, which public Git repositories hold: `make animals`.

The experiment runs in a folder of its own, so params.yaml and the results stay as they are.
"""

import json
import subprocess
import sys
from pathlib import Path

import dvc.api
import pandas as pd
import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.scm import SCMError

FOLDER = "demo/photos"  # a DVC repository within this one, whose own pulls and checkouts skip it
CLASSES = ("butterfly", "cat", "horse")
NAME = "animals"  # of the experiment
REPORTED = {"custom": 0.70, "transfer": 0.9667}  # accuracies
PARAMETERS = (f"photos={FOLDER}", "base.name=MobileNetV2", "++base.options.alpha=0.35")


def pull_photos() -> None:
    """Bring the photos that are not here yet, from the commits that the `.dvc` files name.

    Raises:
        SystemExit: if a repository cannot be reached.
    """
    for label in CLASSES:
        path = f"{FOLDER}/{label}"
        record = yaml.safe_load(Path(f"{path}.dvc").read_text(encoding="utf-8"))
        source = record["deps"][0]["repo"]["url"]
        print(f"{path}: from {source}", flush=True)
        try:
            with Repo(FOLDER) as repo:
                repo.pull([f"{path}.dvc"])
        except (DvcException, SCMError):
            sys.exit(
                f"{path}: cannot be fetched from {source}; expected a network that reaches it. "
                "Run `make animals` again once it does, or `make run` for the demo, which needs "
                "no network."
            )


def run_experiment() -> None:
    """Run the comparison on the photos, as an experiment of DVC.

    Raises:
        SystemExit: if it fails; it says why.
    """
    remove = ["dvc", "exp", "remove", "--quiet", NAME]  # of an earlier run, if there was one
    subprocess.run(remove, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    command = ["dvc", "exp", "run", "--temp", "--name", NAME]
    command += [option for label in CLASSES for option in ("--copy-paths", f"{FOLDER}/{label}")]
    command += [option for value in PARAMETERS for option in ("--set-param", value)]
    if status := subprocess.run(command, check=False).returncode:
        sys.exit(status)


def tabulate() -> pd.DataFrame:
    """Tabulate the accuracies of the experiment beside those of the report."""
    rows = {}
    for name, reported in REPORTED.items():
        with dvc.api.open(f"metrics/{name}.json", rev=NAME) as file:
            found = json.load(file)
        interval = f"{found['accuracy_low']:.2f} to {found['accuracy_high']:.2f}"
        rows[name] = {
            "report": f"{reported:.2f}",
            "here": f"{found['accuracy']:.2f}",
            "95% interval": interval,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("accuracy", axis="columns")


def main() -> None:
    pull_photos()
    run_experiment()
    print(f"\n{tabulate()}")
    print("The report had other photos of these animals, which are not public.")
    print(f"`dvc exp apply {NAME}` brings the networks and the page, metrics/report.html.")


if __name__ == "__main__":
    main()
