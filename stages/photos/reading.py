"""Reading many photos: on all cores, and safe from any one of them."""

import concurrent.futures
import math
import multiprocessing
import os
import signal
from collections import deque
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from joblib import cpu_count
from pebble import ProcessExpired, ProcessPool

from stages.photos import decoding

SECONDS = 5  # for a photo at most
TOGETHER = 16  # photos that a process reads at a time
_shared = None  # in each process: where the pixels go


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
    ahead = 2 * cpu_count() + 1  # times TOGETHER photos are in memory
    # Pixels come back through memory that all processes share. To send them, as all else is
    # sent, would keep this process too busy to feed more than a few others.
    shape = (max(1, min(ahead * TOGETHER, len(names))), image_size, image_size, 3)
    memory = context.RawArray("B", math.prod(shape))
    pixels = np.frombuffer(memory, np.uint8).reshape(shape)
    with ProcessPool(
        workers, initializer=_start, initargs=(memory, shape), context=context
    ) as pool:

        def start(some, row):
            return pool.schedule(_decode, (folder, some, image_size, row), timeout=SECONDS)

        def results(some, row, future):
            for number, photo in enumerate(_results(some, row, future, start), row):
                if isinstance(photo, decoding.Photo):
                    photo = photo._replace(pixels=pixels[number].copy())
                yield photo

        running = deque()
        for first in range(0, len(names), TOGETHER):
            some, row = names[first : first + TOGETHER], first % (ahead * TOGETHER)
            running.append((some, row, start(some, row)))
            if len(running) == ahead:
                yield from results(*running.popleft())
        while running:
            yield from results(*running.popleft())


def _start(memory, shape):
    """Take the shared memory, and be quiet: decoders do not say of which photo they complain."""
    global _shared
    _shared = np.frombuffer(memory, np.uint8).reshape(shape)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _decode(folder, names, image_size, row):
    """Read photos; put the pixels into the shared memory, from that row on."""
    results = []
    with _limit(2 * SECONDS):
        for number, name in enumerate(names, row):
            try:
                photo = decoding.decode(Path(folder or "", name), image_size, folder)
                _shared[number] = photo.pixels
                results.append(photo._replace(pixels=None))
            except decoding.PhotoError as error:
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


def _results(names, row, future, start):
    """Wait for the photos of one process; if it came to grief, read them one by one."""
    try:
        return future.result()
    except concurrent.futures.TimeoutError:
        error = decoding.PhotoError("too slow", f"not read within {SECONDS} s")
    except ProcessExpired as expired:
        error = decoding.PhotoError("crash", f"it ended the reading process ({expired.exitcode})")
    if len(names) == 1:
        return [error]
    again = [([name], number, start([name], number)) for number, name in enumerate(names, row)]
    return [result for some in again for result in _results(*some, start)]
