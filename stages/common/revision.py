"""Which Git revision the trained networks are of."""

import hashlib
import subprocess
from pathlib import Path

from stages.common import files
from stages.common.parameters import NETWORKS


def of(path):
    """Find the commit with which a network came into being.

    Args:
        path: of the network, whose MD5 DVC writes down in dvc.lock.

    Returns:
        The commit's short hash; or words that say that there is none.

    Raises:
        SystemExit: if there is no such file.
    """
    digest = hashlib.md5(Path(files.existing(path)).read_bytes(), usedforsecurity=False).hexdigest()
    if digest not in _git("show", "HEAD:./dvc.lock"):
        return "not committed"
    # Those that changed how often the lock names it; in the first one it came in.
    return _git("log", "--format=%h", f"-S{digest}", "--", "dvc.lock").split()[-1]


def of_networks():
    """Name the commit of each network, such as `custom 1a2b3c4, transfer not committed`.

    Raises:
        SystemExit: as `of` does.
    """
    return ", ".join(f"{name} {of(f'data/models/{name}.keras')}" for name in NETWORKS)


def _git(*arguments):
    """Run Git; return what it prints, which is nothing if it fails or there is none."""
    try:
        return subprocess.run(
            ["git", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        ).stdout.decode()
    except FileNotFoundError:
        return ""
