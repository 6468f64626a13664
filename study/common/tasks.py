"""Tasks: independent trainings, run wherever there are cores, each result kept once it is there."""

import hashlib
import json
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from stages.common import files
from study.common import identity
from study.common.errors import WorkerError

RESULTS = Path("data/study")  # a file for each finished task


class Task(NamedTuple):
    """One training, or one linear probe.

    Attributes:
        network: `custom`, `transfer` or `probe`.
        train, held_out: sorted `int` arrays of rows.
        seed: of the initial weights and the batch order.
    """

    network: str
    train: np.ndarray
    held_out: np.ndarray
    seed: int


def run(tasks, inputs, labels, params, scheduler):
    """Run the tasks that were not run before, with a progress bar.

    Args:
        tasks: a list of `Task`.
        inputs: for each network, an array `[copies x n, ...]` of what it takes in: of the
            photos, then any altered copies of all of them.
        labels: `int` array `[n]` of class indices.
        params: the `Parameters`.
        scheduler: `local`, or the address of a Dask scheduler.

    Returns:
        A `float` array: for each task, the share of its held-out photos that are right.

    Raises:
        SystemExit: if the base is to be fine-tuned elsewhere, there is no such scheduler, no
            worker, a worker that runs other code, one was killed, or a training came to
            nothing. What is finished is kept.
    """
    if params.base.fine_tune and scheduler != "local":
        raise SystemExit(
            f"study/params.yaml: study.scheduler is {scheduler!r}; expected local where "
            "base.fine_tune is not 0, for the base itself is on this machine alone."
        )
    expected = identity.read()
    paths = _paths(tasks, inputs, labels, params, expected)
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if missing:
        calls = [(number, tasks[number], params, expected) for number in missing]
        done = len(tasks) - len(missing)
        with tqdm(desc="tasks", total=len(tasks), initial=done, disable=None) as bar:
            for number, right in _run(calls, inputs | {"labels": labels}, scheduler):
                files.write_json(paths[number], {"right": right})
                bar.update()
    right = np.array([files.read_json(path)["right"] for path in paths])
    return right / [len(task.held_out) for task in tasks]


def _paths(tasks, inputs, labels, params, expected):
    """Name the result file of each task by a hash of all that decides the result."""
    setting = params.model_dump(include={"batch_size", "epochs", "layers", "learning_rate"})
    data = {name: [array.shape, _sha256(array)] for name, array in inputs.items()}
    if tuned := params.base.fine_tune:
        data["transfer"] += [tuned, files.sha256("data/base/base.keras"), data["custom"]]
    paths = []
    for task in tasks:
        decisive = [task.network, task.seed, data[task.network], setting, expected]
        digest = hashlib.sha256(json.dumps(decisive).encode())
        for rows in (task.train, task.held_out, labels):
            digest.update(rows.tobytes())
        paths.append(RESULTS / f"{digest.hexdigest()}.json")
    return paths


def _sha256(array):
    digest = hashlib.sha256()
    for start in range(0, len(array), 1000):  # more need not be in memory
        digest.update(array[start : start + 1000])
    return digest.hexdigest()


def _run(calls, data, scheduler):
    """Call `_count_right` with each of some arguments and the data; yield results as they come."""
    try:
        with _workers(scheduler, data) as found:
            # One result at a time, for each is to be kept as soon as it is there.
            parallel = Parallel(n_jobs=-1, batch_size=1, return_as="generator_unordered")
            yield from parallel(delayed(_count_right)(found, *call) for call in calls)
    except WorkerError as error:
        reason = str(error)
    except BrokenProcessPool:
        reason = (
            "a worker was killed, as the system does where memory is short. With "
            "LOKY_MAX_CPU_COUNT=1 in the environment there is only one"
        )
    except KeyboardInterrupt:
        reason = "interrupted"
    else:
        return
    raise SystemExit(f"study: {reason}. What is finished is kept; run it again to go on.")


def _workers(scheduler, data):
    """Let joblib use the cores of this machine, or a cluster; yield how tasks get at the data."""
    if scheduler == "local":
        return _cores(data)
    from study.common import cluster  # which takes a second, and is seldom needed

    return cluster.workers(scheduler, data)


@contextmanager
def _cores(data):
    # Arrays above that size are handed over as a file, once for all tasks.
    with parallel_config("loky", inner_max_num_threads=1, max_nbytes="10K"):
        yield data


def _count_right(data, number, task, *arguments):
    """Import the worker's code where it runs: to start TensorFlow takes seconds."""
    from study.common import worker

    if isinstance(data, str):
        from study.common import cluster

        data = cluster.DATA[data]
    return number, worker.count_right(task, data, *arguments)
