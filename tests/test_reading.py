import faulthandler
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from stages.photos import decoding, reading
from tests.helpers.project import ROOT

SKETCH = np.zeros((), decoding.SKETCH)
NAMES = [f"{number:02}" for number in range(20)]


def photo(path, image_size, folder=None, levels=None):
    """Return a photo whose pixels and hash depend on its name."""
    shade = sum(path.name.encode()) % 256
    return decoding.Photo(np.full((image_size, image_size, 3), shade, np.uint8), path.name, SKETCH)


def decode(path, image_size, folder, levels):
    """Replace `decoding.decode`: crash, hang or fail if the name says so."""
    if path.name.startswith("crash"):
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.name.startswith("hang"):
        time.sleep(600)
    if path.name.startswith("bad"):
        raise decoding.PhotoError("empty", path.name)
    if path.name.endswith("0"):
        time.sleep(0.05)  # the chunks with these end after later ones
    assert str(path.parent) == folder
    return photo(path, image_size)


@pytest.fixture(autouse=True)
def few_processes(monkeypatch):
    monkeypatch.setattr(decoding, "decode", decode)  # processes are forked, and have it, too
    monkeypatch.setattr(reading, "cpu_count", lambda: 2)
    monkeypatch.setattr(reading, "MAX_SECONDS", 2)


def read(names):
    """Return for each name the hash of its photo, or its problem and the detail."""
    found = {}
    for name, result in zip(names, reading.read("folder", names, 32), strict=True):
        if isinstance(result, decoding.PhotoError):
            found[name] = result.problem, result.detail
        else:
            found[name] = result.sha256
            np.testing.assert_array_equal(result.pixels, photo(Path(name), 32).pixels)
    return found


def test_results_come_in_order_for_more_photos_than_are_read_at_a_time():
    names = [f"{number:03}" for number in range(100)]
    assert len(names) > reading.CHUNK * (2 * reading.cpu_count() + 1)
    assert list(read(names).items()) == [(name, name) for name in names]


def test_pixels_stay_what_they_are_while_others_are_read():
    names = [f"{number:03}" for number in range(200)]
    results = reading.read("folder", names, 32)
    found = [next(results)]
    time.sleep(0.5)  # the processes have read as far ahead as they may
    found += results
    for name, result in zip(names, found, strict=True):
        np.testing.assert_array_equal(result.pixels, photo(Path(name), 32).pixels)


@pytest.mark.parametrize("count", [0, 1, reading.CHUNK, reading.CHUNK + 1])
def test_any_number_of_photos_can_be_read(count):
    names = [f"{number:03}" for number in range(count)]
    assert read(names) == {name: name for name in names}


def test_a_few_photos_are_in_memory_however_slowly_they_are_used(tmp_path, monkeypatch):
    """The processes wait: they read only a few photos for each core ahead."""

    def note(path, image_size, folder, levels):
        (tmp_path / path.name).touch()
        return photo(path, image_size)

    monkeypatch.setattr(decoding, "decode", note)
    results = reading.read("folder", [f"{number:03}" for number in range(200)], 32)
    assert next(results).sha256 == "000"
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) <= reading.CHUNK * (2 * reading.cpu_count() + 2)
    assert len(list(results)) == 199


def test_a_photo_that_cannot_be_used_says_why_and_the_others_are_read():
    names = ["bad", *NAMES, "bad too"]
    expected = {name: name for name in NAMES}
    assert read(names) == expected | {name: ("empty", name) for name in ("bad", "bad too")}


@pytest.mark.parametrize(
    ("culprits", "problem", "detail"),
    [
        ({3: "crash"}, "crash", f"decoding it crashed the process ({-signal.SIGSEGV})"),
        ({0: "crash", 1: "crash too", 21: "crash at last"}, "crash", None),
        ({3: "hang"}, "too slow", "not read within 2 s"),
    ],
)
def test_a_photo_that_crashes_or_hangs_is_named_and_the_others_are_read(culprits, problem, detail):
    names = list(NAMES)
    for row, culprit in culprits.items():
        names.insert(row, culprit)
    found = read(names)
    for culprit in culprits.values():
        assert found.pop(culprit) == (
            problem,
            detail or f"decoding it crashed the process ({-signal.SIGSEGV})",
        )
    assert found == {name: name for name in NAMES}


def test_photos_that_are_slow_together_but_not_alone_are_all_read(monkeypatch):
    monkeypatch.setattr(reading, "MAX_SECONDS", 1)
    monkeypatch.setattr(
        decoding, "decode", lambda path, *rest: time.sleep(0.2) or photo(path, *rest)
    )
    assert read(NAMES[:8]) == {name: name for name in NAMES[:8]}


READ_FOREVER = """
import time
import numpy as np
from stages.photos import decoding, reading
reading.cpu_count = lambda: 2
pixel = np.zeros((1, 1, 3), np.uint8)
decoding.decode = lambda path, *_: time.sleep({seconds}) or decoding.Photo(pixel, "", pixel)
print("started", flush=True)
for _ in reading.read("folder", [str(number) for number in range(100_000)], 1):
    pass
"""


def workers_left_behind(seconds):
    """Kill a process that reads photos, and count those of its workers that live on."""
    code = READ_FOREVER.format(seconds=seconds)
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        deadline = time.monotonic() + 20
        while len(workers := psutil.Process(parent.pid).children(recursive=True)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.3)
        parent.kill()
    deadline = time.monotonic() + 20
    while living := [worker for worker in workers if is_alive(worker)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    for worker in living:
        worker.kill()
    return len(living)


def is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_no_process_stays_behind_one_that_was_killed():
    assert workers_left_behind(0.01) == 0


@pytest.mark.slow
def test_no_process_stays_behind_one_that_was_killed_while_a_photo_hung():
    assert workers_left_behind(600) == 0
