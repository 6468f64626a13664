"""Whether a worker runs the code and the packages of the process that asks for its results."""

import socket

from stages.networks import identity


class WorkerError(Exception):
    """A worker has no result. The text says why and how to go on, without the full stop."""


def read() -> dict[str, str]:
    """Return what determines the result of a task besides its data: packages and code."""
    return identity.read("stages/networks/linear.py", "study/common/worker.py")


def check(found: dict[str, str], expected: dict[str, str]) -> None:
    """Check that a worker runs the code and the packages that are expected.

    Args:
        found: what `read` returned when the worker loaded its code.
        expected: what `read` returns in the process that asks for the result.

    Raises:
        WorkerError: if not; it says on which host, and what differs.
    """
    if different := [name for name, value in expected.items() if found[name] != value]:
        raise WorkerError(
            f"the worker on {socket.gethostname()} differs from this process in: "
            f"{', '.join(different)}; expected the same. Update its copy of the project and its "
            "packages, and restart it"
        )
