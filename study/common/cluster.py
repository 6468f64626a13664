"""A Dask cluster: how tasks find the project's code, and the photos, on its workers."""

import asyncio
import logging
import site
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any
from uuid import uuid4

from distributed import Client, WorkerPlugin
from joblib import parallel_config

from stages.networks import identity
from study.common.tasks import Inputs

TIMEOUT_SECONDS = 10
DATA: dict[str, Inputs] = {}  # of each study that runs, what its tasks have in common


class Delivery(WorkerPlugin):
    """Brings data to every worker of a cluster, once, and to those that join later.

    Dask's own `scatter` does not fit: it loses the data with the worker that holds them.

    Attributes:
        name: key of the data in `DATA`.
        data: arrays by name.
    """

    def __init__(self, data: Inputs):
        self.name = f"study-{uuid4()}"
        self.data = data

    def setup(self, worker: Any) -> None:
        """Keep the data."""
        DATA[self.name] = self.data

    def teardown(self, worker: Any) -> None:
        """Release the data."""
        del DATA[self.name]


@contextmanager
def connect(scheduler: str, data: Inputs) -> Iterator[str]:
    """Let joblib use a Dask cluster.

    Args:
        scheduler: its address.
        data: arrays by name.

    Yields:
        The key under which each worker has the data in `DATA`.

    Raises:
        SystemExit: if nothing answers there, there are no workers, or they lack the project.
    """
    # After an error, other results may still be on their way when the client closes, and Tornado
    # would then log a traceback each. What ends the study is raised here, not logged.
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=TIMEOUT_SECONDS)
    except OSError:
        raise SystemExit(
            f"study/params.yaml: study.scheduler is {scheduler!r}, but nothing answers there; "
            "expected a Dask scheduler. Start one with `python -m dask scheduler`, or set it to "
            "local."
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=TIMEOUT_SECONDS)
        except asyncio.TimeoutError:  # not TimeoutError before Python 3.11
            raise SystemExit(
                f"study/params.yaml: study.scheduler is {scheduler!r}, which has no workers; "
                f"expected one or more. Start them with `python -m dask worker {scheduler}`."
            ) from None
        # On this machine, the project is found here, wherever the workers were started.
        find = partial(site.addsitedir, str(identity.ROOT))
        client.register_worker_callbacks(find)
        client.run_on_scheduler(find)
        try:
            client.run_on_scheduler(import_module, "study.common.tasks")
            client.run(import_module, "study.common.tasks")
        except ImportError as error:
            raise SystemExit(
                f"study: the cluster of {scheduler} cannot import the project ({error}); expected "
                "a copy with its packages on each machine. Start the scheduler and the workers in "
                "that copy, with `python -m dask`."
            ) from None
        delivery = Delivery({name: array[:] for name, array in data.items()})
        client.register_plugin(delivery)
        # With a single worker of one thread, joblib works in this process instead.
        delivery.setup(worker=None)
        try:
            with parallel_config("dask", client=client):
                yield delivery.name
        finally:
            client.unregister_worker_plugin(delivery.name)
