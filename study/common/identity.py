"""Whether a worker runs the code and the packages of the process that wants its results."""

import socket

from stages.networks import identity
from study.common.errors import WorkerError


def read():
    """Return what determines the result of a task besides its data: packages and code."""
    return identity.read("study/common/worker.py")


def check(identity, expected):
    """See that a process runs the code and the packages that are expected.

    Args:
        identity: what `read` returned when that process started.
        expected: what it returns where the result is wanted.

    Raises:
        WorkerError: if not; it says where, and what is other.
    """
    if other := [name for name, value in expected.items() if identity[name] != value]:
        raise WorkerError(
            f"the worker on {socket.gethostname()} has another {', '.join(other)} than this "
            "process; expected the same. Bring its copy of the project and its packages up to "
            "date, and restart it"
        )
