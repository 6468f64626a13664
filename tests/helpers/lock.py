"""Check that dvc.lock belongs to the code, data and parameters in the working tree.

`python -m tests.helpers.lock`, a part of `make check`. Results are not compared with those that
were committed: another processor may round them otherwise.
"""

import json
import subprocess
import sys

from stages.common import parameters, yaml_files

RESULTS = ("data/", "metrics/")
PIPELINES = ("dvc.yaml", "demo/pretrain/dvc.yaml")  # whoever wants the study runs it


def list_changes(status: dict, photos: str) -> list[str]:
    """Return what has changed since the stages ran, by stage.

    Args:
        status: what `dvc status --json` prints.
        photos: the folder of photos, which is no result.
    """
    changes = []
    for stage, causes in status.items():
        for cause in causes:
            if cause == "changed command":
                changes.append(f"{stage}: its command")
            elif isinstance(cause, dict):
                for name, change in cause.get("changed deps", {}).items():
                    is_result = name.startswith(RESULTS)
                    # Large results are not in Git, and so not in a fresh clone.
                    if not is_result or (name == photos and change != "deleted"):
                        changes.append(f"{stage}: {name}")
    return changes


def list_gaps(lock: dict) -> list[str]:
    """Return the results that a stage has read in another state than they were written in.

    Args:
        lock: the content of dvc.lock.
    """
    written = {out["path"]: out["md5"] for stage in lock.values() for out in stage.get("outs", [])}
    return [
        f"{name}: {dep['path']}"
        for name, stage in lock.items()
        for dep in stage.get("deps", [])
        if dep["md5"] != written.get(dep["path"], dep["md5"])
    ]


def main() -> None:
    command = ["dvc", "status", "--json", *PIPELINES]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        sys.exit("dvc status failed; what it says is above.")
    stale = list_changes(json.loads(result.stdout), parameters.read().photos)
    stale += list_gaps(yaml_files.read("dvc.lock")["stages"])
    if stale:
        print("dvc.lock is out of date; since the stages ran, these have changed:")
        print("\n".join(f"  {line}" for line in stale))
        sys.exit("Run `dvc repro`, and commit dvc.lock, data/split.csv and metrics/.")
    print("dvc.lock is up to date")


if __name__ == "__main__":
    main()
