"""Experiments of DVC's queue that have no results: those that failed, and those that wait.

`dvc queue status` lists them as well, but not why one failed, and it takes seconds where there are
many. Like Git's stash, DVC's are refs whose reflog has an entry for each.
"""

from pathlib import Path

from experiments.collecting import Left, run_git

FAILED, WAITING = "refs/exps/celery/failed", "refs/exps/celery/stash"
LOGS = Path(".dvc/tmp/exps/run")


def list_queue() -> list[Left]:
    """List the experiments that failed, by their reasons, and those that wait or run."""
    failed: dict[str, list[str]] = {}
    for commit, name in _list_stash(FAILED):
        failed.setdefault(f"failed: {_find_reason(commit)}", []).append(name)
    left = [
        Left(names, reason, f"`dvc queue logs {names[0]}` shows more.")
        for reason, names in failed.items()
    ]
    if waiting := [name for _, name in _list_stash(WAITING)]:
        left.append(Left(waiting, "in the queue.", "`dvc queue status` shows which ones run."))
    return left


def _list_stash(ref: str) -> list[tuple[str, str]]:
    """Return the commit of each entry, and its experiment's name, or else the commit's first 7."""
    if not run_git("for-each-ref", ref):
        return []
    entries = []
    for line in run_git("reflog", "show", "--format=%H %gs", ref, "--").splitlines():
        commit, message = line.split(" ", 1)  # commit: dvc-exp:REVISION:BASELINE:NAME
        entries.append((commit, message.split(":", 4)[-1] or commit[:7]))
    return entries


def _find_reason(commit: str) -> str:
    """Return the last line that a failed experiment printed before DVC's own error."""
    path = LOGS / commit / f"{commit}.out"
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    errors = [number for number, line in enumerate(lines) if line.startswith("ERROR:")]
    if not lines:
        return "there is no log."
    return lines[max(errors[0] - 1, 0)] if errors else lines[-1]
