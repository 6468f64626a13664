"""Whether a run that is killed at any moment loses results: `python -m tests.helpers.kills`.

A run of the whole pipeline is killed with SIGKILL, at a moment drawn uniformly from the time
that it takes; then `dvc repro` must write the same bytes as an undisturbed run. Every second
time, only the stage is killed, and DVC itself stays alive. There are 30 kills, or as many as
are given: `python -m tests.helpers.kills 6`.

If DVC is killed while it writes a file of its own, it leaves half of it, and then refuses to run
until that is repaired (https://github.com/treeverse/dvc/issues/7615). Such kills are counted
separately.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

import psutil

from tests.helpers.project import Project, change_parameters

# DVC's message about a file that it left half-written, and the command of docs/troubleshooting.md.
REPAIRS = {
    "Unable to read RWLock-file": "rm -f .dvc/tmp/rwlock",
    "'./dvc.lock' ": "git restore dvc.lock",
}
REPAIRED = "repaired by"


class Outcome(NamedTuple):
    """A kill: what was killed and when, and what was wrong afterwards, or `None`."""

    kill: str
    fault: str | None


def make_project(folder: Path) -> Project:
    """Make a project with few and small drawings, which takes little time."""
    project = Project.copy(folder)
    change_parameters(
        project.folder / "params.yaml", image_size=32, epochs=2, layers__filters=[4, 4],
        demo__photos_per_class=10,
    )  # fmt: skip
    project.commit("The demo, small")
    return project


def kill_runs(folder: str | Path, count: int, seed: int = 0) -> list[Outcome]:
    """Kill runs of the pipeline, and run it again after each.

    Args:
        folder: an empty one, to work in.
        count: number of kills.
        seed: of the moments.

    Returns:
        The outcome of each kill; nothing is wrong if the results are those of an undisturbed
        run, byte for byte.
    """
    start = make_project(Path(folder, "start"))
    whole = Project(shutil.copytree(start.folder, Path(folder, "whole"), symlinks=True))
    begin = time.monotonic()
    whole.run("dvc", "repro")
    seconds = time.monotonic() - begin
    moments = random.Random(seed)
    outcomes: list[Outcome] = []
    while len(outcomes) < count:
        killed = Project(shutil.copytree(start.folder, Path(folder, "killed"), symlinks=True))
        with _kill(killed, seconds * moments.random(), len(outcomes) % 2 == 1) as what:
            if what:
                again = killed.run("dvc", "repro", check=False)
                for message, command in REPAIRS.items():
                    if message in again.stdout:
                        what = f"{what} ({REPAIRED} `{command}`)"
                        killed.run(*command.split())
                        again = killed.run("dvc", "repro", check=False)
                outcomes.append(Outcome(what, _find_fault(again, whole, killed)))
        shutil.rmtree(killed.folder)
    return outcomes


@contextmanager
def _kill(project: Project, moment: float, only_stage: bool) -> Iterator[str | None]:
    """Start a run, and kill it at a moment, seconds; yield what was killed, if anything.

    Processes that a killed stage has started stay alive until the body ends.
    """
    log = project.folder / ".git" / "killed.log"
    with log.open("w") as file:
        running = psutil.Popen(
            ["dvc", "repro"], cwd=project.folder, env=project.environment(),
            start_new_session=True, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    time.sleep(moment)
    what = None  # if it has already ended
    if only_stage:
        # Between two stages there is none: wait for the next.
        while not (stages := _find_stages(running)) and running.poll() is None:
            time.sleep(0.01)
        for stage in stages:
            what = "the stage"
            stage.kill()
    elif running.poll() is None:
        what = "DVC and the stage"
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    begun = [line for line in log.read_text().splitlines() if line.startswith("Running stage")]
    where = begun[-1].split("'")[1] if begun else "no stage"
    yield what and f"{what} after {moment:.1f} s, in {where}"
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)


def _find_fault(run: CompletedProcess[str], whole: Project, killed: Project) -> str | None:
    """Return what is wrong with the run after a kill, if anything."""
    if run.returncode or "Traceback" in run.stdout:
        return f"`dvc repro` ended with {run.returncode}:\n{run.stdout}"
    expected, found = whole.results(), killed.results()
    names = sorted(expected.keys() | found.keys())
    if other := [name for name in names if expected.get(name) != found.get(name)]:
        return f"other bytes in {', '.join(other)}; `dvc repro` printed:\n{run.stdout}"
    return None


def _find_stages(running: psutil.Popen) -> list[psutil.Process]:
    """Find the processes of stages: children of DVC, or of a shell in between."""
    try:
        children = running.children()
        return [
            process
            for child in children
            for process in ([child] if "-m" in child.cmdline() else child.children())
            if "-m" in process.cmdline()
        ]
    except psutil.NoSuchProcess:
        return []


def rows(count: int = 30) -> Iterator[tuple[str, str, str]]:
    """Kill runs; yield `(what, "", number)`, a row of a table."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = kill_runs(folder, count)
    for outcome in outcomes:
        print(f"{outcome.kill}: {outcome.fault or 'the same bytes'}", file=sys.stderr)
    right = sum(outcome.fault is None for outcome in outcomes)
    yield "SIGKILL, then `dvc repro`: the same bytes", "", f"{right} of {count}"
    repaired = sum(REPAIRED in outcome.kill for outcome in outcomes)
    yield "of these, after a half-written file of DVC was repaired", "", str(repaired)


if __name__ == "__main__":
    for row in rows(*map(int, sys.argv[1:])):
        print(f"| {' | '.join(row)} |")
