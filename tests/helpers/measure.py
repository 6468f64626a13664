"""Wall time of a command, and memory of it with all the processes that it starts."""

import statistics
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
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
        anonymous: the same without what is mapped from files, such as libraries: how much of
            these counts depends on which other programs use them meanwhile.
        largest: the most memory that one process had, MB; what it shares counts.
    """

    seconds: float
    megabytes: float
    anonymous: float
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
        RuntimeError: if it fails, or the system does not tell the memory of a process.
    """
    start, most = time.perf_counter(), [0, 0, 0]
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(
            command,
            cwd=project.folder,
            env=project.environment() | (environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            most = list(map(max, most, _memory(process)))
            time.sleep(INTERVAL)
        if process.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {output.read().decode()}")
    if not most[0]:
        raise RuntimeError("no memory was seen; expected Linux, with /proc/PID/smaps_rollup")
    return Cost(time.perf_counter() - start, *(size / 1e6 for size in most))


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
        `(together, anonymous, largest)`: that sum, the sum without what is mapped from files,
        and the largest resident set size, bytes.
    """
    together, anonymous, largest = 0, 0, 0
    # One of them may just have ended.
    with suppress(psutil.Error, OSError):
        for one in [process, *process.children(recursive=True)]:
            lines = Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines()
            sizes = {line.split()[0]: 1024 * int(line.split()[1]) for line in lines[1:]}
            together += sizes["Pss:"]
            anonymous += sizes["Pss_Anon:"] + sizes["Pss_Shmem:"]
            largest = max(largest, sizes["Rss:"])
    return together, anonymous, largest
