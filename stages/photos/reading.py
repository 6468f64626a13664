"""Reading many photos on all cores, each safe from what is wrong with another."""

import concurrent.futures
import ctypes
import math
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from joblib import cpu_count
from pebble import ProcessExpired, ProcessPool

from stages.common import files, parameters
from stages.photos import decoding
from stages.photos.decoding import Levels, Photo, PhotoError

M_PERTURB = -6  # of glibc's mallopt(3)
MAX_SECONDS = 5  # for a photo
CHUNK = 16  # photos that a process reads at a time

_shared: np.ndarray  # in each process: where the pixels go

_Result = Photo | PhotoError
_Start = Callable[[list[str], int], concurrent.futures.Future]


def read_levels() -> Levels | None:
    """Return the range of the pictures of 16 bits that `prepare` read, if there were any."""
    values = files.read_json(parameters.LEVELS)
    return None if values["low"] is None else (values["low"], values["high"])


def read(
    folder: str | Path | None,
    names: Iterable[str],
    image_size: int,
    context: Any = multiprocessing,
    levels: Levels | None = None,
) -> Iterator[Photo | PhotoError]:
    """Read photos in processes of their own, so that one that crashes or hangs stops no other.

    At most `CHUNK * (2 * cores + 1)` photos are in memory at a time.

    Args:
        folder: the folder of photos, which no link may lead out of; `None` if there is none.
        names: paths of the photos, relative to the folder.
        image_size: side of the square that each photo is stretched to, pixels.
        context: of `multiprocessing`, which starts the processes; its default one by default.
        levels: the values of pictures of 16 bits that become 0 and 255, as in
            `decoding.decode`.

    Raises:
        SystemExit: if processes cannot share memory.

    Yields:
        For each name, in order, the `Photo`, or the `PhotoError` that says what is wrong.
    """
    names = list(names)
    workers = max(1, min(cpu_count(), len(names)))
    ahead = 2 * cpu_count() + 1  # chunks in memory
    # Pixels come back in memory that all processes share. Pickling them, as the other results
    # are, would keep this process too busy to serve many others.
    shape = (max(1, min(ahead * CHUNK, len(names))), image_size, image_size, 3)
    try:
        memory = context.RawArray("B", math.prod(shape))
        context.Lock()  # the pool's queues need some
    except OSError as error:
        raise SystemExit(
            f"photos: processes cannot share memory in /dev/shm ({error.strerror}); expected a "
            "folder that can be written to, with free space. Mount it so (in a container: "
            "`--shm-size=1g`, and not read-only)."
        ) from None
    pixels = np.frombuffer(memory, np.uint8).reshape(shape)
    with ProcessPool(
        workers, initializer=_start_process, initargs=(memory, shape), context=context
    ) as pool:

        def start(some: list[str], row: int) -> concurrent.futures.Future:
            return pool.schedule(
                _decode, (folder, some, image_size, row, levels), timeout=MAX_SECONDS
            )

        def get_results(
            some: list[str], row: int, future: concurrent.futures.Future
        ) -> Iterator[_Result]:
            for number, photo in enumerate(_wait(some, row, future, start), row):
                if isinstance(photo, Photo):
                    photo = photo._replace(pixels=pixels[number].copy())
                yield photo

        running: deque[tuple[list[str], int, concurrent.futures.Future]] = deque()
        for first in range(0, len(names), CHUNK):
            some, row = names[first : first + CHUNK], first % (ahead * CHUNK)
            running.append((some, row, start(some, row)))
            if len(running) == ahead:
                yield from get_results(*running.popleft())
        while running:
            yield from get_results(*running.popleft())


def _start_process(memory: Any, shape: tuple[int, ...]) -> None:
    """Map the shared memory, and silence the decoders: they do not name the photo."""
    global _shared
    _shared = np.frombuffer(memory, np.uint8).reshape(shape)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # Pillow leaves what was in memory in the pixels that damaged fax data do not reach.
    # Filled by glibc, new memory gives the same pixels each time.
    with suppress(AttributeError, OSError, TypeError):  # other C libraries do not have it
        ctypes.CDLL(None).mallopt(M_PERTURB, 255)


def _decode(
    folder: str | Path | None,
    names: list[str],
    image_size: int,
    row: int,
    levels: Levels | None,
) -> list[_Result]:
    """Read photos, and put their pixels into the shared memory, from a row on."""
    results: list[_Result] = []
    with _limit(2 * MAX_SECONDS):
        for number, name in enumerate(names, row):
            try:
                photo = decoding.decode(Path(folder or "", name), image_size, folder, levels)
                _shared[number] = photo.pixels
                results.append(photo._replace(pixels=_shared[:0]))
            except PhotoError as error:
                results.append(error)
    return results


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """End this process after some time, even if the process that watches it was killed."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
    else:
        yield


def _wait(
    names: list[str], row: int, future: concurrent.futures.Future, start: _Start
) -> list[_Result]:
    """Wait for the photos of one process; if it was lost, read them one by one."""
    try:
        return future.result()
    except concurrent.futures.TimeoutError:
        error = PhotoError("too slow", f"not read within {MAX_SECONDS} s")
    except ProcessExpired as expired:
        error = PhotoError("crash", f"decoding it crashed the process ({expired.exitcode})")
    if len(names) == 1:
        return [error]
    again = [([name], number, start([name], number)) for number, name in enumerate(names, row)]
    return [result for some in again for result in _wait(*some, start)]
