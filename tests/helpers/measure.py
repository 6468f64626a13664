"""Wall time and memory of a command, with all processes that it starts."""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.helpers.project import Project, change_parameters

STAGES = {
    "render": ["render"],
    "prepare": ["prepare"],
    "augment": ["augment"],
    "split": ["split"],
    "extract": ["extract"],
    "train custom": ["train", "custom"],
    "train transfer": ["train", "transfer"],
    "probe": ["probe"],
    "evaluate": ["evaluate"],
    "compare": ["compare"],
    "select": ["select"],
    "describe": ["describe"],
    "occlude": ["occlude"],
    "report": ["report"],
}  # the module of each in `stages`, and its arguments

REPEATS = 3  # of a measurement, unless it takes long
INTERVAL_SECONDS = 0.1  # between two looks at the memory


class Cost(NamedTuple):
    """What a command took.

    Attributes:
        seconds: wall time.
        megabytes: the most memory that its processes held at one time; what they share
            counts once.
        anonymous: the same without what is mapped from files, such as libraries: how much of
            these counts depends on which other programs use them at the time.
        largest: the most memory that one process had, MB; what it shares counts.
    """

    seconds: float
    megabytes: float
    anonymous: float
    largest: float


def measure_cost(
    project: Project, *command: str, environment: Mapping[str, str] | None = None
) -> Cost:
    """Measure a command in a project, while nothing else runs.

    Args:
        project: the `Project`.
        command: the program and its arguments.
        environment: variables besides those of `Project.environment`.

    Raises:
        RuntimeError: if it fails, or the system does not tell the memory of a process.
    """
    start, most = time.perf_counter(), [0, 0, 0]
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(
            command,
            cwd=project.folder,
            env={**project.environment(), **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            most = list(map(max, most, _read_memory(process)))
            time.sleep(INTERVAL_SECONDS)
        if process.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {output.read().decode()}")
    if not most[0]:
        raise RuntimeError("no memory was seen; expected Linux, with /proc/PID/smaps_rollup")
    return Cost(time.perf_counter() - start, *(size / 1e6 for size in most))


def measure_stages(photos: int, batch_size: int = 32) -> dict[str, Cost]:
    """Measure every stage on drawings, trained on for one epoch.

    Args:
        photos: number of drawings.
        batch_size: of the training.

    Returns:
        The cost of each stage, by its name in `STAGES`.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy(folder)
        change_parameters(
            project.folder / "params.yaml",
            demo__photos_per_class=photos // 3,
            epochs=1,
            batch_size=batch_size,
        )
        project.commit("Many photos")
        return {
            name: measure_cost(project, "python", "-m", f"stages.{module}", *arguments)
            for name, (module, *arguments) in STAGES.items()
        }


def measure_seconds(
    project: Project, *commands: Sequence[str], repeats: int = REPEATS
) -> list[float]:
    """Measure the median wall time of commands in a project, while nothing else runs.

    Args:
        project: the `Project`.
        commands: each a program and its arguments. They run in turn, because the machine may
            be slower at one time than at another.
        repeats: how often each runs.

    Returns:
        The time of each, seconds.
    """
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(repeats):
        for command, taken in zip(commands, times, strict=True):
            start = time.perf_counter()
            project.run(*command)
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def _read_memory(process: psutil.Popen) -> tuple[int, int, int]:
    """Read the memory of a process and its children, bytes.

    Returns:
        The sum of their proportional set sizes, the same without what is mapped from files,
        and the largest resident set size.
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
