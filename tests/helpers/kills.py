"""What is left of a run that is killed at any moment: `python -m bench.kills`.

A run of the whole pipeline is killed with SIGKILL, at a moment drawn evenly from the time that
it takes; then `dvc repro` has to come to the very bytes of a run that nobody disturbed. Every
second time, DVC itself stays alive, and only the stage is killed. 30 times unless a number is
given: `python -m bench.kills 6`.

DVC that is killed while it writes its own lock leaves half of it, and then refuses to run until
the file is removed (https://github.com/treeverse/dvc/issues/7615). Such kills are counted apart.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.helpers.project import Project, change_parameters

HALF_A_LOCK = "Unable to read RWLock-file"  # what DVC then says


def make(folder):
    """Make a project with few and small drawings, which takes as little time as it can."""
    project = Project.copy(folder)
    change_parameters(
        project.folder / "params.yaml", image_size=32, epochs=2, layers__filters=[4, 4],
        demo__photos_per_class=10,
    )  # fmt: skip
    project.commit("The demo, small")
    return project


def kill(folder, count, seed=0):
    """Kill runs of the pipeline, and run it again.

    Args:
        folder: an empty one, to work in.
        count: of the kills.
        seed: of the moments.

    Returns:
        For each kill, a line that says what was killed, and what was then wrong: `None` if
        the results are those of an undisturbed run, byte for byte.
    """
    start = make(Path(folder, "start"))
    whole = Project(shutil.copytree(start.folder, Path(folder, "whole"), symlinks=True))
    begin = time.monotonic()
    whole.run("dvc", "repro")
    seconds = time.monotonic() - begin
    moments = random.Random(seed)
    outcomes = []
    while len(outcomes) < count:
        killed = Project(shutil.copytree(start.folder, Path(folder, "killed"), symlinks=True))
        with _killed(killed, seconds * moments.random(), len(outcomes) % 2 == 1) as what:
            if what:
                again = killed.run("dvc", "repro", check=False)
                if HALF_A_LOCK in again.stdout:
                    what = f"{what} ({HALF_A_LOCK})"
                    (killed.folder / ".dvc/tmp/rwlock").unlink()
                    again = killed.run("dvc", "repro", check=False)
                outcomes.append((what, _fault(again, whole, killed)))
        shutil.rmtree(killed.folder)
    return outcomes


@contextmanager
def _killed(project, moment, only_stage):
    """Start a run, and kill it after so many seconds; yield a line on what was killed.

    Processes that a killed stage has started are left alone until the body is over.
    """
    log = project.folder / ".git" / "killed.log"
    with log.open("w") as file:
        running = psutil.Popen(
            ["dvc", "repro"], cwd=project.folder, env=project.environment(),
            start_new_session=True, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    time.sleep(moment)
    what = None  # if it is over already
    if only_stage:
        # Between two stages there is none: wait for the next.
        while not (stages := _stages(running)) and running.poll() is None:
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


def _fault(run, whole, killed):
    """Say what is wrong with the run after a kill, if anything is."""
    if run.returncode or "Traceback" in run.stdout:
        return f"`dvc repro` ended with {run.returncode}:\n{run.stdout}"
    expected, found = whole.results(), killed.results()
    names = sorted(expected.keys() | found.keys())
    if other := [name for name in names if expected.get(name) != found.get(name)]:
        return f"other bytes in {', '.join(other)}; `dvc repro` said:\n{run.stdout}"
    return None


def _stages(running):
    """Find the processes of stages: below the shell, if one stays, that DVC runs each in."""
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


def rows(count=30):
    """Kill so many runs; yield `(what, "", number)`, a row of a table."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = kill(folder, count)
    for what, wrong in outcomes:
        print(f"{what}: {wrong or 'the same bytes'}", file=sys.stderr)
    right = sum(wrong is None for _, wrong in outcomes)
    yield "SIGKILL, then `dvc repro`: the same bytes", "", f"{right} of {count}"
    locked = sum(HALF_A_LOCK in what for what, _ in outcomes)
    yield "of these, after DVC's own lock had to be removed", "", str(locked)


if __name__ == "__main__":
    for row in rows(*map(int, sys.argv[1:])):
        print(f"| {' | '.join(row)} |")
