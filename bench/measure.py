"""Wall time of a command, and memory of it with all the processes that it starts."""

import statistics
import subprocess
import tempfile
import time
from typing import NamedTuple

import psutil

REPEATS = 3  # of what is measured more than once


class Cost(NamedTuple):
    """What a command took.

    Attributes:
        seconds: wall time.
        megabytes: the most memory that its processes held at one time; what they share
            counts once.
    """

    seconds: float
    megabytes: float


def cost(project, *command, environment=None, interval=0.1):
    """Run a command in a project.

    Args:
        project: the `Project`.
        command: the program and its arguments.
        environment: variables beside those of `Project.environment`.
        interval: time between two looks at the memory, seconds.

    Returns:
        Its `Cost`.

    Raises:
        RuntimeError: if it fails.
    """
    start, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(
            command,
            cwd=project.folder,
            env=project.environment() | (environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            peak = max(peak, _memory(process))
            time.sleep(interval)
        if process.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {output.read().decode()}")
    return Cost(time.perf_counter() - start, peak / 1e6)


def median_seconds(project, *commands, repeats=REPEATS):
    """Measure the wall time of commands in a project; nothing else runs meanwhile, as in `cost`.

    Args:
        project: the `Project`.
        commands: each a program and its arguments. They run by turns, for the machine may be
            slower at one time than at another.
        repeats: how often each runs.

    Returns:
        A list with the median time of each, seconds.
    """
    times = [[] for _ in commands]
    for _ in range(repeats):
        for command, taken in zip(commands, times, strict=True):
            start = time.perf_counter()
            project.run(*command)
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def _memory(process):
    """Add up the proportional set sizes of a process and its children, bytes."""
    size = 0
    try:
        for one in [process, *process.children(recursive=True)]:
            size += one.memory_full_info().pss
    except psutil.Error:  # one of them has just ended
        pass
    return size
