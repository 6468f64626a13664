"""Check that dvc.lock is of the code, data and parameters in the working tree.

`python -m tests.helpers.lock`, a part of `make check`. Results are not compared: another
processor may round them otherwise.
"""

import json
import subprocess
import sys

from stages.common import parameters

RESULTS = ("data/", "metrics/")
PIPELINES = ("dvc.yaml", "demo/pretrain/dvc.yaml")  # the study is run by those who want it


def list_stale(status, photos):
    """Return what has changed since the stages ran.

    Args:
        status: what `dvc status --json` prints.
        photos: the folder of photos, which is no result.

    Returns:
        A list of lines, each a stage and what has changed.
    """
    stale = []
    for stage, causes in status.items():
        for cause in causes:
            if cause == "changed command":
                stale.append(f"{stage}: its command")
            elif isinstance(cause, dict):
                changed = cause.get("changed deps", {})
                stale += [
                    f"{stage}: {name}"
                    for name, change in changed.items()
                    if change != "deleted" and (name == photos or not name.startswith(RESULTS))
                ]
    return stale


def main():
    command = ["dvc", "status", "--json", *PIPELINES]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    if stale := list_stale(json.loads(result.stdout), parameters.read().photos):
        print("dvc.lock is not of this code; since the stages ran, these have changed:")
        print("\n".join(f"  {line}" for line in stale))
        sys.exit("Run `dvc repro`, and commit dvc.lock, data/split.csv and metrics/.")
    print("dvc.lock is of this code")


if __name__ == "__main__":
    main()
