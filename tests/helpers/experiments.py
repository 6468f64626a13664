"""Experiments without training: commits where DVC keeps its own, with answers made up here."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pandas as pd

from stages.common import yaml_files
from stages.common.parameters import NETWORKS


def add_experiment(
    project, name, right, baseline="HEAD", stale=False, shared=(), files=None, **changes
):
    """Commit an experiment that started from a commit, as `dvc exp run` does.

    Args:
        project: the `Project`, with results.
        name: of the experiment.
        right: for each network, which validation photos it gets right, `bool` `[photos]`.
        baseline: the commit.
        shared: names of networks that stay those of the project.
        stale: whether dvc.lock still has the old parameters.
        files: contents that replace others, by path; `None` removes a file.
        changes: of params.yaml, such as `epochs=20`.
    """
    folder = project.folder
    params = yaml_files.read(folder / "params.yaml") | changes
    lock = yaml_files.read(folder / "dvc.lock")
    for stage in lock["stages"].values():
        used = (stage.get("params") or {}).get("params.yaml", {})
        used |= {key: value for key, value in changes.items() if key in used and not stale}
        for out in [*(stage.get("deps") or []), *stage["outs"]]:
            path = Path(out["path"])
            if path.parent == Path("data/models") and path.stem not in shared:
                out["md5"] = f"{name}/{path}"
            elif (files or {}).get(out["path"]):
                out["md5"] = hashlib.md5(files[out["path"]].encode()).hexdigest()
    split = pd.read_csv(folder / "data/split.csv", dtype=str)
    photos = split[split["split"] == "validation"]
    classes = sorted(set(photos["label"]))
    contents = {"params.yaml": yaml_files.dump(params), "dvc.lock": yaml_files.dump(lock)}
    for network in NETWORKS:
        wrong = photos["label"].map(lambda label: next(each for each in classes if each != label))
        answers = photos["label"].where(list(right[network]), wrong)
        table = pd.DataFrame(
            {"photo": photos["photo"], "actual": photos["label"], "predicted": answers}
        )
        contents[f"metrics/predictions/{network}.csv"] = table.to_csv(index=False)
    accuracies = {network: float(sum(right[network]) / len(photos)) for network in NETWORKS}
    contents["metrics/accuracy.json"] = json.dumps(accuracies)
    commit(project, name, baseline, contents | (files or {}))


def commit(project, name, baseline, contents):
    """Commit files by path on top of a commit, to where DVC keeps experiments."""
    index = project.folder / ".git/index-of-experiment"
    environment = {**os.environ, "GIT_INDEX_FILE": str(index)}
    environment |= {f"GIT_{who}_NAME": "Nobody" for who in ("AUTHOR", "COMMITTER")}
    environment |= {f"GIT_{who}_EMAIL": "nobody@example.com" for who in ("AUTHOR", "COMMITTER")}

    def git(*arguments, text=None):
        return subprocess.run(
            ["git", *arguments],
            cwd=project.folder,
            env=environment,
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout.strip()

    start = git("rev-parse", baseline)
    git("read-tree", start)
    for path, content in contents.items():
        if content is None:
            git("update-index", "--force-remove", path)
        else:
            blob = git("hash-object", "-w", "--stdin", text=content)
            git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    new = git("commit-tree", git("write-tree"), "-p", start, "-m", f"dvc: {name}")
    git("update-ref", f"refs/exps/{start[:2]}/{start[2:]}/{name}", new)
    index.unlink()
