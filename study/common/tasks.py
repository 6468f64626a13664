"""Tasks: independent trainings on all cores there are; each result is kept once it is there."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from stages.common import files
from stages.common.files import Array
from stages.common.parameters import BASE, Parameters
from study.common import identity
from study.common.data import Photos
from study.common.identity import WorkerError

RESULTS = Path("data/study")  # a file for each finished task

Inputs = Mapping[str, np.ndarray | Array]


class Task(NamedTuple):
    """One training of a network, or of a linear probe.

    Attributes:
        network: `custom`, `transfer` or `probe`.
        train, held_out: sorted `int` arrays of rows.
        seed: of the initial weights and the order of the photos, or of the probe's inner folds.
    """

    network: str
    train: np.ndarray
    held_out: np.ndarray
    seed: int


def run(
    tasks: Sequence[Task],
    inputs: Inputs,
    photos: Photos,
    params: Parameters,
    scheduler: str,
) -> np.ndarray:
    """Run the tasks that have no result yet, with a progress bar.

    Args:
        tasks: the tasks.
        inputs: for each network, an array `[copies x n, ...]` of what it takes in: of the
            photos, then of any altered copies of all of them.
        photos: the `Photos`.
        params: the `Parameters`.
        scheduler: `local`, or the address of a Dask scheduler.

    Returns:
        A `float` array: for each task, the accuracy on its held-out photos.

    Raises:
        SystemExit: if the base would be fine-tuned on other machines, the scheduler or its
            workers cannot be reached, a worker runs other code, one was killed, or a training
            failed. Finished results are kept.
    """
    if params.base.fine_tune and scheduler != "local":
        raise SystemExit(
            f"study/params.yaml: study.scheduler is {scheduler!r}; expected local where "
            "base.fine_tune is not 0, because the base is on this machine only."
        )
    expected = identity.read()
    paths = name_results(tasks, inputs, photos, params, expected)
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if missing:
        calls = [(number, tasks[number], params, expected) for number in missing]
        done = len(tasks) - len(missing)
        each = {"labels": photos.labels, "groups": photos.groups, "weights": photos.weights}
        data = {**inputs, **each}
        with tqdm(desc="tasks", total=len(tasks), initial=done, disable=None) as bar:
            for number, count in _run_calls(calls, data, scheduler):
                files.write_json(paths[number], {"right": count})
                bar.update()
    right = np.array([files.read_json(path)["right"] for path in paths])
    # Groups are held out whole, so weights add up to whole numbers.
    return right / np.array([np.rint(photos.weights[task.held_out].sum()) for task in tasks])


def name_results(
    tasks: Sequence[Task],
    inputs: Inputs,
    photos: Photos,
    params: Parameters,
    expected: dict[str, str],
) -> list[Path]:
    """Name the result file of each task by a hash of all that determines the result.

    Args:
        tasks, inputs, photos, params: as in `run`.
        expected: what `identity.read` returns.
    """
    setting = params.model_dump(
        include={"batch_size", "class_weight", "epochs", "layers", "learning_rate", "schedule"}
    )
    data: dict[str, list[Any]] = {
        name: [array.shape, _hash(array)] for name, array in inputs.items()
    }
    if fine_tuned := params.base.fine_tune:
        data["transfer"] += [fine_tuned, files.sha256(BASE), data["custom"]]
    paths = []
    for task in tasks:
        decisive = [task.network, task.seed, data[task.network], setting, expected]
        digest = hashlib.sha256(json.dumps(decisive).encode())
        for array in (task.train, task.held_out, photos.labels, photos.weights):
            digest.update(array.tobytes())
        digest.update("\n".join(photos.groups).encode())
        paths.append(RESULTS / f"{digest.hexdigest()}.json")
    return paths


def _hash(array: np.ndarray | Array) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(array), 1000):  # so that no more is in memory at a time
        digest.update(array[start : start + 1000].data)
    return digest.hexdigest()


def _run_calls(
    calls: Sequence[tuple[Any, ...]], data: Inputs, scheduler: str
) -> Iterator[tuple[int, float]]:
    """Call `_count_right` with the data and the arguments of each call; yield as results come."""
    try:
        with _connect(scheduler, data) as reference:
            # One task at a time, so that each result is kept as soon as it is there.
            parallel = Parallel(n_jobs=-1, batch_size=1, return_as="generator_unordered")
            yield from parallel(delayed(_count_right)(reference, *call) for call in calls)
    except WorkerError as error:
        reason = str(error)
    except BrokenProcessPool:
        reason = (
            "a worker was killed, probably because memory ran out. Set LOKY_MAX_CPU_COUNT=1 in "
            "the environment to use a single worker"
        )
    except KeyboardInterrupt:
        reason = "interrupted"
    else:
        return
    raise SystemExit(f"study: {reason}. Finished results are kept; run it again to resume.")


def _connect(scheduler: str, data: Inputs) -> AbstractContextManager[Inputs | str]:
    """Let joblib use the cores of this machine, or a cluster; yield what tasks find the data by."""
    if scheduler == "local":
        return _use_cores(data)
    from study.common import cluster  # takes a second to import, and is seldom needed

    return cluster.connect(scheduler, data)


@contextmanager
def _use_cores(data: Inputs) -> Iterator[Inputs]:
    # Arrays above that size are handed over as a file, once for all tasks.
    with parallel_config("loky", inner_max_num_threads=1, max_nbytes="10K"):
        yield data


def _count_right(reference: Inputs | str, number: int, task: Task, *args: Any) -> tuple[int, float]:
    """Run a task on a worker; return its number and how many photos are right."""
    from study.common import worker  # here, because TensorFlow takes seconds to start

    if isinstance(reference, str):
        from study.common import cluster

        reference = cluster.DATA[reference]
    return number, worker.count_right(task, reference, *args)
