"""Damaged photos: each is read or listed, soon, in bounded memory, and in the same words."""

import json
import subprocess
import sys

import pytest

from stages.photos import decoding
from tests.helpers import fuzz
from tests.helpers.project import ROOT

pytestmark = pytest.mark.slow

COUNT = 600
ORIGINALS = fuzz.make_originals()


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz") / "photos"
    command = [sys.executable, "-m", "tests.helpers.fuzz", str(COUNT), str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def found(reading):
    assert reading.returncode == 0, reading.stderr
    return json.loads(reading.stdout)


def test_each_damaged_photo_is_read_or_listed_with_the_same_words_each_time(found):
    assert found["decoded"] + sum(found["listed"].values()) == COUNT
    known = {"damaged", "empty", "not an image", "too large", "truncated", "unreadable format"}
    assert set(found["listed"]) <= known


def test_damaged_photos_print_nothing(reading):
    assert reading.stderr == ""


def test_no_damaged_photo_takes_more_than_a_gigabyte(found):
    assert found["megabytes"] < 1000


def test_no_damaged_photo_hangs(found):
    assert found["seconds"] < 5


def test_many_photos_are_damaged_so_little_that_their_decoders_run(found):
    assert found["decoded"] > COUNT / 10
    assert found["listed"]["damaged"] + found["listed"]["truncated"] > COUNT / 10


@pytest.mark.parametrize("name", ORIGINALS)
def test_before_they_are_damaged_all_photos_can_be_read(tmp_path, name):
    (tmp_path / name).write_bytes(ORIGINALS[name])
    assert decoding.decode(tmp_path / name, 32).pixels.std() > 10


def test_the_same_photos_are_damaged_in_the_same_way_each_time(tmp_path):
    contents = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        fuzz.write_photos(folder, 60)
        contents.append({path.name: path.read_bytes() for path in folder.glob("*/*")})
    assert len(contents[0]) == 60
    assert contents[0] == contents[1]
