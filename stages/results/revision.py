"""Which Git commit the trained networks come from.

DVC's library has no search for the commit that brought a hash into dvc.lock: it can only
load the whole project of every commit, which takes seconds where `git log -S` takes none.
"""

import hashlib
import subprocess
from pathlib import Path

from stages.common import files
from stages.common.parameters import NETWORKS


def find_commit(path: str) -> str:
    """Return the short hash of the commit that a network came with, or `not committed`.

    Args:
        path: of the network; dvc.lock holds its MD5.

    Raises:
        SystemExit: if there is no such file.
    """
    digest = hashlib.md5(Path(files.existing(path)).read_bytes(), usedforsecurity=False).hexdigest()
    if digest not in _git("show", "HEAD:./dvc.lock"):
        return "not committed"
    # Commits that changed how often dvc.lock names it, newest first: the last one added it.
    return _git("log", "--format=%h", f"-S{digest}", "--", "dvc.lock").split()[-1]


def describe_networks() -> str:
    """Return the commit of each network, such as `custom 1a2b3c4, transfer not committed`.

    Raises:
        SystemExit: as `find_commit` does.
    """
    return ", ".join(f"{name} {find_commit(f'data/models/{name}.keras')}" for name in NETWORKS)


def _git(*arguments: str) -> str:
    """Return what Git prints; nothing if it fails, or is not installed."""
    try:
        return subprocess.run(
            ["git", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        ).stdout.decode()
    except FileNotFoundError:
        return ""
