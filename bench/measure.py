"""Wall time of a command, and memory of it with all the processes that it starts."""

import statistics
import subprocess
import tempfile
import time
from typing import NamedTuple

import psutil

REPEATS = 3  # of what is measured more than once
INTERVAL = 0.1  # between two looks at the memory, seconds


class Cost(NamedTuple):
    """What a command took.

    Attributes:
        seconds: wall time.
        megabytes: the most memory that its processes held at one time; what they share
            counts once.
        largest: the most memory that one process had, MB; what it shares counts.
    """

    seconds: float
    megabytes: float
    largest: float


def cost(project, *command, environment=None):
    """Run a command in a project.

    Args:
        project: the `Project`.
        command: the program and its arguments.
        environment: variables beside those of `Project.environment`.

    Returns:
        Its `Cost`.

    Raises:
        RuntimeError: if it fails.
    """
    start, together, largest = time.perf_counter(), 0, 0
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(
            command,
            cwd=project.folder,
            env=project.environment() | (environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            proportional, resident = _memory(process)
            together, largest = max(together, proportional), max(largest, resident)
            time.sleep(INTERVAL)
        if process.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {output.read().decode()}")
    return Cost(time.perf_counter() - start, together / 1e6, largest / 1e6)


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
    """Sum up the proportional set sizes of a process and its children, and find the largest.

    Returns:
        `(together, largest)`: that sum, and the largest resident set size, bytes.
    """
    together, largest = 0, 0
    try:
        for one in [process, *process.children(recursive=True)]:
            memory = one.memory_full_info()
            together, largest = together + memory.pss, max(largest, memory.rss)
    except psutil.Error:  # one of them has just ended
        pass
    return together, largest
