"""Reading many photos: on all cores, and safe from any one of them."""

import concurrent.futures
import multiprocessing
import os
import signal
from collections import deque
from contextlib import contextmanager
from pathlib import Path

from joblib import cpu_count
from pebble import ProcessExpired, ProcessPool

from stages import photos

SECONDS = 5  # for a photo at most
TOGETHER = 16  # photos that a process reads at a time


def read(folder, names, image_size, context=multiprocessing):
    """Read photos in processes of their own, which no photo outlives by crashing or hanging.

    Args:
        folder: the folder of photos, which no link may lead out of; or `None`.
        names: the photos' paths, relative to it.
        image_size: side of the square that each is stretched to, pixels.
        context: of `multiprocessing`, which starts the processes; the usual one by default.

    Yields:
        For each name, in order, a `Photo`, or the `PhotoError` that says why there is none.
        A few photos for each core are in memory at a time.
    """
    names = list(names)
    workers = max(1, min(cpu_count(), len(names)))
    with ProcessPool(workers, initializer=_be_quiet, context=context) as pool:

        def start(some):
            return pool.schedule(_decode, (folder, some, image_size), timeout=SECONDS)

        chunks = (names[first : first + TOGETHER] for first in range(0, len(names), TOGETHER))
        running = deque()
        for some in chunks:
            running.append((some, start(some)))
            if len(running) > 2 * cpu_count():
                yield from _results(*running.popleft(), start)
        while running:
            yield from _results(*running.popleft(), start)


def _be_quiet():
    """Print nothing: decoders complain of damaged photos, without saying which."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _decode(folder, names, image_size):
    results = []
    with _limit(2 * SECONDS):
        for name in names:
            try:
                results.append(photos.decode(Path(folder or "", name), image_size, folder))
            except photos.PhotoError as error:
                results.append(error)
    return results


@contextmanager
def _limit(seconds):
    """End this process after so long, even if the one that keeps the time is no longer there."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
    else:
        yield


def _results(names, future, start):
    """Wait for the photos of one process; if it came to grief, read them one by one."""
    try:
        return future.result()
    except concurrent.futures.TimeoutError:
        error = photos.PhotoError("too slow", f"not read within {SECONDS} s")
    except ProcessExpired as expired:
        error = photos.PhotoError("crash", f"it ended the reading process ({expired.exitcode})")
    if len(names) == 1:
        return [error]
    again = [([name], start([name])) for name in names]
    return [result for some in again for result in _results(*some, start)]
