"""A Dask cluster: how tasks find the project's code, and the photos, on its workers."""

import asyncio
import site
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from uuid import uuid4

from distributed import Client, WorkerPlugin
from joblib import parallel_config

from stages.networks import identity

DATA = {}  # for each study that runs, what its tasks have in common


class Delivery(WorkerPlugin):
    """Brings data to every worker of a cluster, once, and to those that join later.

    Dask's own `scatter` would not do: it loses the data with the worker that holds them.
    """

    def __init__(self, data):
        self.name = f"study-{uuid4()}"
        self.data = data

    def setup(self, worker):
        """Keep the data."""
        DATA[self.name] = self.data

    def teardown(self, worker):
        """Let them go."""
        del DATA[self.name]


@contextmanager
def workers(scheduler, data):
    """Let joblib use a Dask cluster.

    Args:
        scheduler: its address.
        data: a mapping of arrays, or `files.Array`s.

    Yields:
        The key under which each worker has the mapping in `DATA`.

    Raises:
        SystemExit: if nobody answers, there are no workers, or they lack the project.
    """
    try:
        client = Client(scheduler, timeout=10)
    except OSError:
        raise SystemExit(
            f"study/params.yaml: study.scheduler is {scheduler!r}, where nobody answers; expected "
            "a Dask scheduler. Start it with `python -m dask scheduler`, or set it to local."
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=10)
        except asyncio.TimeoutError:  # before Python 3.11, another one than TimeoutError
            raise SystemExit(
                f"study/params.yaml: study.scheduler is {scheduler!r}, which has no workers; "
                f"expected one or more. Start them with `python -m dask worker {scheduler}`."
            ) from None
        # On this machine, the project is found here, wherever they were started.
        find = partial(site.addsitedir, str(identity.ROOT))
        client.register_worker_callbacks(find)
        client.run_on_scheduler(find)
        try:
            client.run_on_scheduler(import_module, "study.common.tasks")
            client.run(import_module, "study.common.tasks")
        except ImportError as error:
            raise SystemExit(
                f"study: the cluster of {scheduler} cannot import the project ({error}); expected "
                "a copy with its packages on each machine. Start scheduler and workers in it, with "
                "`python -m dask`."
            ) from None
        delivery = Delivery({name: array[:] for name, array in data.items()})
        client.register_plugin(delivery)
        # Where there is but one worker with one thread, joblib works in this process instead.
        delivery.setup(worker=None)
        try:
            with parallel_config("dask", client=client):
                yield delivery.name
        finally:
            client.unregister_worker_plugin(delivery.name)
