"""Tasks: independent trainings, run wherever there are cores, each result kept once it is there."""

import hashlib
import json
import site
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from stages import files
from study import identity

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


def run(tasks, inputs, labels, parameter, scheduler):
    """Run the tasks that were not run before, with a progress bar.

    Args:
        tasks: a list of `Task`.
        inputs: for each network, an array `[n, ...]` of what it takes in.
        labels: `int` array `[n]` of class indices.
        parameter: the `Parameters`.
        scheduler: `local`, or the address of a Dask scheduler.

    Returns:
        A `float` array: for each task, the share of its held-out photos that are right.

    Raises:
        SystemExit: if there is no such scheduler, no worker, a worker that runs other
            code, or one that dies again and again. What is finished is kept.
    """
    expected = identity.read()
    paths = _paths(tasks, inputs, labels, parameter, expected)
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    with tqdm(
        desc="tasks", total=len(tasks), initial=len(tasks) - len(missing), disable=None
    ) as bar:
        calls = (
            delayed(_count_right)(
                number, tasks[number], inputs[tasks[number].network], labels, parameter, expected
            )
            for number in missing
        )
        for number, right in _run(calls, scheduler, [*inputs.values(), labels]):
            files.write_json(paths[number], {"right": right})
            bar.update()
    right = np.array([files.read_json(path)["right"] for path in paths])
    return right / [len(task.held_out) for task in tasks]


def _paths(tasks, inputs, labels, parameter, expected):
    """Name the result file of each task by a hash of all that decides the result."""
    setting = parameter.model_dump(include={"batch_size", "epochs", "layers", "learning_rate"})
    data = {
        name: [array.shape, hashlib.sha256(array).hexdigest()] for name, array in inputs.items()
    }
    paths = []
    for task in tasks:
        decisive = [task.network, task.seed, data[task.network], setting, expected]
        digest = hashlib.sha256(json.dumps(decisive).encode())
        for rows in (task.train, task.held_out, labels):
            digest.update(rows.tobytes())
        paths.append(RESULTS / f"{digest.hexdigest()}.json")
    return paths


def _run(calls, scheduler, data):
    """Run calls on the cores of this machine, or on a cluster; yield results as they come."""
    # One result at a time, for each is to be kept as soon as it is there.
    parallel = {"n_jobs": -1, "batch_size": 1, "return_as": "generator_unordered"}
    try:
        with _workers(scheduler, data):
            yield from Parallel(**parallel)(calls)
    except identity.IdentityError as error:
        raise SystemExit(
            f"study: {error} than this process; expected the same. Bring its copy of the project "
            "and its packages up to date, and restart it. What is finished is kept."
        ) from None


@contextmanager
def _workers(scheduler, data):
    """Let joblib use the cores of this machine, or a Dask cluster, whose workers get the data."""
    if scheduler == "local":
        with parallel_config("loky", inner_max_num_threads=1):
            yield
        return
    from distributed import Client  # which takes a second, and is seldom needed

    try:
        client = Client(scheduler, timeout=10)
    except OSError:
        raise SystemExit(
            f"study/params.yaml: study.scheduler is {scheduler!r}, where nobody answers; expected "
            "a Dask scheduler. Start it with `dask scheduler`, or set study.scheduler to local."
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=10)
        except TimeoutError:
            raise SystemExit(
                f"study/params.yaml: study.scheduler is {scheduler!r}, which has no workers; "
                f"expected one or more. Start them with `dask worker {scheduler}`."
            ) from None
        # On this machine, the project is found here, wherever they were started.
        find = partial(site.addsitedir, str(identity.ROOT))
        client.register_worker_callbacks(find)
        client.run_on_scheduler(find)
        try:
            client.run_on_scheduler(import_module, "study.tasks")
            client.run(import_module, "study.tasks")
        except ImportError as error:
            raise SystemExit(
                f"study: the cluster of {scheduler} cannot import the project ({error}); expected "
                "a copy with its packages on each machine. Start scheduler and workers in it, with "
                "`python -m dask`."
            ) from None
        with parallel_config("dask", client=client, scatter=data):
            yield


def _count_right(number, *arguments):
    """Import the worker's code where it runs: to start TensorFlow takes seconds."""
    from study import worker

    return number, worker.count_right(*arguments)
