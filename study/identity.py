"""Whether a worker runs the code and the packages of the process that wants its results."""

import socket

from stages import identity
from study.errors import WorkerError


def read():
    """Read what decides the result of a task beside its data, as `stages.identity.read` does."""
    return identity.read("study/worker.py")


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
