import errno
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common import files
from stages.networks import loading
from stages.networks.backend import keras
from tests.helpers.project import ROOT


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    old = tmp_path / "table.csv"
    old.write_text("old")
    with pytest.raises(OSError, match="disk full"), files.replacing(old) as new:  # noqa: PT012
        new.write_text("half of the new")
        raise OSError("disk full")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert old.read_text() == "old"


@pytest.mark.parametrize("number", sorted(files.UNWRITABLE))
def test_what_the_user_can_fix_ends_in_one_line_and_the_old_file_stays(tmp_path, number):
    old = tmp_path / "table.csv"
    old.write_text("old")
    with pytest.raises(SystemExit) as refusal, files.replacing(old) as new:  # noqa: PT012
        new.write_text("half of the new")
        raise OSError(number, os.strerror(number))
    assert str(refusal.value) == (
        f"{old}: cannot be written ({os.strerror(number)}). Free disk space, or change the "
        "permissions; then `dvc repro` resumes."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert old.read_text() == "old"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOENT])
def test_other_errors_are_not_reported_as_a_full_disk(tmp_path, number):
    with pytest.raises(OSError, match=os.strerror(number)), files.replacing(tmp_path / "table.csv"):
        raise OSError(number, os.strerror(number))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_full_disk_ends_in_one_line(tmp_path):
    with (
        pytest.raises(
            SystemExit, match=r"table\.csv: cannot be written \(No space left on device\)"
        ),
        files.replacing(tmp_path / "table.csv"),
        Path("/dev/full").open("w") as full,
    ):
        full.write("new")


def test_a_folder_in_place_of_the_file_ends_in_one_line_and_stays(tmp_path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(SystemExit, match=r"table\.csv: cannot be written \(Is a directory\)"):
        files.write_table(tmp_path / "table.csv", pd.DataFrame())
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_file_in_place_of_the_folder_ends_in_one_line(tmp_path):
    (tmp_path / "metrics").write_text("")
    with pytest.raises(SystemExit, match=r"cannot be written"):
        files.write_json(tmp_path / "metrics" / "model.json", {})


KILLED = """
import os, signal, sys
from stages.common import files
with files.replacing(sys.argv[1]) as new:
    new.write_text("half of the new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("noticed", [True, False])
def test_the_next_process_removes_what_a_killed_one_left_and_nothing_else(tmp_path, noticed):
    path = tmp_path / "scores [1].csv"
    kept = ["1 scores [1].csv", ".1.other.csv", ".1.scores 1.csv", ".scores [1].csv"]
    for name in kept:
        (tmp_path / name).write_text("kept")
    path.write_text("old")
    killed = subprocess.Popen([sys.executable, "-c", KILLED, path], cwd=ROOT)
    # Until its parent takes notice, it is a zombie, and keeps its number.
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
    assert not noticed or killed.wait() == -signal.SIGKILL
    assert (tmp_path / f".{killed.pid}.scores [1].csv").read_text() == "half of the new"
    assert path.read_text() == "old"

    with files.replacing(path) as new:
        new.write_text("new")
    assert killed.wait() == -signal.SIGKILL
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([path.name, *kept])
    assert path.read_text() == "new"


def test_a_hidden_file_of_the_user_is_kept(tmp_path):
    (tmp_path / ".old.table.csv").write_text("mine")
    files.write_table(tmp_path / "table.csv", pd.DataFrame({"label": ["cat"]}))
    assert (tmp_path / ".old.table.csv").exists()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(), (3,), (4, 4, 3)])
@pytest.mark.parametrize("counts", [[], [0], [1], [3, 0, 1, 1000]])
def test_an_array_written_in_parts_is_the_same_as_one_written_at_once(
    tmp_path, counts, shape, dtype
):
    random = np.random.default_rng(0)
    parts = [random.integers(0, 256, (count, *shape)).astype(dtype) for count in counts]
    with files.appending(tmp_path / "new" / "array.npy", dtype, shape) as rows:
        for part in parts:
            rows.append(part)
    expected = np.concatenate([np.empty((0, *shape), dtype), *parts])
    found = np.load(tmp_path / "new" / "array.npy")
    assert np.array_equal(found, expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.save(tmp_path / "expected.npy", expected)
    assert (tmp_path / "new" / "array.npy").stat().st_size == (
        (tmp_path / "expected.npy").stat().st_size
    )


def test_rows_of_another_type_or_memory_layout_are_converted(tmp_path):
    rows = np.arange(24.0).reshape(4, 3, 2)
    with files.appending(tmp_path / "array.npy", np.uint8, (3, 2)) as written:
        written.append(np.asfortranarray(rows))
        written.append(rows[::-2])
    assert np.array_equal(
        np.load(tmp_path / "array.npy"), np.concatenate([rows, rows[::-2]]).astype(np.uint8)
    )


def test_an_array_that_is_not_completed_leaves_the_old_one_and_nothing_beside_it(tmp_path):
    old = tmp_path / "array.npy"
    np.save(old, np.arange(3))
    before = old.read_bytes()
    with pytest.raises(SystemExit, match="2"), files.appending(old, np.uint8, (3,)) as rows:  # noqa: PT012
        rows.append(np.ones((5, 3)))
        raise SystemExit(2)
    assert [path.name for path in tmp_path.iterdir()] == ["array.npy"]
    assert old.read_bytes() == before


def test_only_the_indexed_rows_of_an_array_are_read(tmp_path):
    whole = np.random.default_rng(0).random((7, 4, 3), np.float32)
    np.save(tmp_path / "array.npy", whole)
    array = files.read_array(tmp_path / "array.npy")
    assert (array.shape, array.dtype, len(array)) == ((7, 4, 3), np.float32, 7)
    for rows in (3, slice(2, 5), [6, 0, 0], np.array([], int), whole[:, 0, 0] > 0.5, slice(None)):
        assert np.array_equal(array[rows], whole[rows])
        assert not isinstance(array[rows], np.memmap)
    assert str(array.path) not in Path("/proc/self/maps").read_text()  # it would count as memory
    array[0][:] = 0
    assert np.array_equal(array[:], whole)


class Harmful:
    """An object that makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_an_array_of_objects_is_refused_and_nothing_in_it_runs(tmp_path):
    np.save(tmp_path / "array.npy", np.array([Harmful(tmp_path / "harm")], object))
    with pytest.raises(SystemExit, match=r"array\.npy: damaged \(.*\)\. Remove it"):
        files.read_array(tmp_path / "array.npy")
    assert not (tmp_path / "harm").exists()
    np.load(tmp_path / "array.npy", allow_pickle=True)
    assert (tmp_path / "harm").exists()


def npy():
    """The bytes of a .npy file."""
    content = io.BytesIO()
    np.save(content, np.ones((5, 3)))
    return content.getvalue()


@pytest.mark.parametrize(
    ("read", "content"),
    [
        pytest.param(files.read_array, b"junk", id="npy of junk"),
        pytest.param(files.read_array, npy()[:-1], id="npy cut short"),
        pytest.param(files.read_array, npy()[:50], id="npy cut in its header"),
        pytest.param(files.read_array, npy()[:9], id="npy cut before its header"),
        pytest.param(files.read_array, bytes(248), id="npy of zeros"),
        pytest.param(files.read_array, b"", id="npy empty"),
        pytest.param(
            files.read_array,
            npy().replace(b"}", b" "),
            id="npy with half a header",
        ),
        pytest.param(files.read_array, b"PK\x03\x04", id="npy of half a zip file"),
        pytest.param(files.read_table, b"", id="csv empty"),
        pytest.param(files.read_table, b"\xff\xfe", id="csv of junk"),
        pytest.param(files.read_table, b"a,b\n1,2\n1,2,3\n", id="csv with a longer row"),
        pytest.param(files.read_table, b'a,b\n1,"2', id="csv cut in quotes"),
        pytest.param(files.read_json, b"", id="json empty"),
        pytest.param(files.read_json, b"\xff\xfe", id="json of junk"),
        pytest.param(files.read_json, b'{"right": [1,\n', id="json cut short"),
        pytest.param(files.read_json, b"[" * 100_000, id="json too deep"),
    ],
)
def test_a_damaged_output_of_an_earlier_stage_is_named_in_one_line(tmp_path, read, content):
    path = tmp_path / "output"
    path.write_bytes(content)
    with pytest.raises(SystemExit) as refusal:
        read(path)
    assert str(refusal.value).startswith(f"{path}: damaged (")
    assert str(refusal.value).endswith("). Remove it; `dvc repro` writes it again.")
    assert "\n" not in str(refusal.value)


def test_a_table_without_a_column_that_is_needed_is_named(tmp_path):
    files.write_table(tmp_path / "table.csv", pd.DataFrame({"label": ["cat"]}))
    with pytest.raises(SystemExit, match=r"table\.csv: damaged \(.*'group'"):
        files.read_table(tmp_path / "table.csv", ["label", "group"])


@pytest.mark.parametrize(
    "number", [float("nan"), float("inf"), -float("inf"), np.float64("nan"), [float("nan")]]
)
def test_json_is_not_written_with_a_number_that_is_not_finite(tmp_path, number):
    files.write_json(tmp_path / "scores.json", {"accuracy": 1 / 3})
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "scores.json", {"accuracy": 0.5, "gain": number})
    assert (tmp_path / "scores.json").read_text() == '{\n  "accuracy": 0.333333\n}\n'
    assert len(list(tmp_path.iterdir())) == 1


def test_a_name_that_is_not_utf8_does_not_stop_a_table_from_being_written(tmp_path):
    files.write_table(tmp_path / "table.csv", pd.DataFrame({"photo": ["cat/\udcff.jpg"]}))
    assert (tmp_path / "table.csv").read_bytes() == b"photo\ncat/\\udcff.jpg\n"


@pytest.mark.parametrize("number", [0, 1, 2**20, 2**21 + 1])
def test_a_file_of_any_size_has_the_hash_of_its_bytes(tmp_path, number):
    content = bytes(range(256)) * (number // 256) + b"x" * (number % 256)
    (tmp_path / "file").write_bytes(content)
    assert files.sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "read", [files.read_table, files.read_array, files.read_json, loading.load]
)
def test_a_missing_output_of_an_earlier_stage_is_named(read):
    with pytest.raises(SystemExit, match="no/such: no such file; `dvc repro` runs the stages"):
        read("no/such")


def test_names_are_read_from_a_table_as_they_were_written(tmp_path):
    names = ["1", "01", "NA", "null", "1e5", "a, b", 'say "cheese"', "🦋", "a\rb", "a\nb", ""]
    files.write_table(tmp_path / "table.csv", pd.DataFrame({"label": names}))
    assert files.read_table(tmp_path / "table.csv")["label"].tolist() == names


SAVE = """
import sys
from stages.common import files
from stages.networks import building
padding = [object() for _ in range(int(sys.argv[2]))]
arguments = {"filters": [4], "dropout": 0.5}
layers = building.build_layers(arguments, classes=3, seed=0, shape=(32, 32, 3))
files.save_network(building.build_custom(32, layers), sys.argv[1])
"""


def test_a_saved_network_has_the_same_bytes_in_every_process_and_still_loads(tmp_path):
    paths = [tmp_path / "first.keras", tmp_path / "second.keras"]
    for path, padding in zip(paths, ("0", "100000"), strict=True):
        subprocess.run([sys.executable, "-c", SAVE, path, padding], cwd=ROOT, check=True)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert json.loads(archive.read("metadata.json"))["date_saved"].startswith("1980-01-01")

    loaded, again = (keras.saving.load_model(path) for path in paths)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3))
    assert np.array_equal(loaded.predict(pixels, verbose=0), again.predict(pixels, verbose=0))
    assert not loaded.compiled
