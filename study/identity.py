"""What decides the result of a task beside its data: the code and the packages that run it."""

import hashlib
import socket
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = ("stages/backend.py", "stages/networks.py", "stages/training.py", "study/worker.py")
PACKAGES = ("keras", "numpy", "scikit-learn", "tensorflow")


class IdentityError(Exception):
    """A process would not compute what was asked for."""


def read():
    """Read the versions of the packages, and a hash of the code.

    Returns:
        A mapping with the version of each package, and as `code` a SHA-256.
    """
    code = hashlib.sha256()
    for name in CODE:
        code.update((ROOT / name).read_bytes())
    return {name: version(name) for name in PACKAGES} | {"code": code.hexdigest()}


def check(identity, expected):
    """See that a process runs the code and the packages that are expected.

    Args:
        identity: what `read` returned when that process started.
        expected: what it returns where the result is wanted.

    Raises:
        IdentityError: if not; it says where, and what is other.
    """
    if other := [name for name, value in expected.items() if identity[name] != value]:
        raise IdentityError(f"the worker on {socket.gethostname()} has another {', '.join(other)}")
