"""Files: written completely or not at all, and the same bytes for the same content."""

import errno
import hashlib
import json
import math
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
import psutil
from numpy.typing import DTypeLike

if TYPE_CHECKING:  # both take a while to import, and not every stage needs them
    import keras
    import pandas as pd

AnyPath: TypeAlias = str | os.PathLike[str]

# Errors of writing that users can fix: a full disk, a missing permission, a wrong path.
UNWRITABLE = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EEXIST,
    errno.EFBIG,
    errno.EISDIR,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}


@contextmanager
def writing(path: AnyPath) -> Iterator[None]:
    """Turn an error of writing that the user can fix into one line.

    Args:
        path: the file or folder that the body writes.

    Raises:
        SystemExit: if the disk is full, or writing there is not allowed.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise SystemExit(
            f"{path}: cannot be written ({error.strerror}). Free disk space, or change the "
            "permissions; then `dvc repro` resumes."
        ) from None


@contextmanager
def replacing(path: AnyPath) -> Iterator[Path]:
    """Write a file or folder beside its destination, and move it there once it is complete.

    A process that is killed in between leaves its unfinished file behind; the next one that
    writes to the same destination removes it.

    Args:
        path: the destination; missing folders are created.

    Yields:
        The temporary `Path` to write to. If the body raises, it is removed and the
        destination stays as it was.

    Raises:
        SystemExit: if the disk is full, or writing there is not allowed.
    """
    destination = Path(path)
    # A stage can outlive a DVC that was killed: each process needs a name of its own.
    temporary = destination.with_name(f".{os.getpid()}.{destination.name}")
    with writing(path):
        destination.parent.mkdir(parents=True, exist_ok=True)
        for file in destination.parent.iterdir():
            ours = re.fullmatch(rf"\.(\d+)\.{re.escape(destination.name)}", file.name)
            if ours and not _is_running(int(ours[1])):
                _remove(file)
        try:
            yield temporary
            if temporary.is_dir():  # only an empty folder can be replaced
                _remove(destination)
            os.replace(temporary, destination)
        finally:
            _remove(temporary)


def _is_running(process: int) -> bool:
    """Return whether there is a process of this number that has not ended."""
    try:
        # A process that was killed keeps its number until its parent takes notice.
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class Rows:
    """The rows of an array that is being written to a `.npy` file, part by part."""

    def __init__(self, file: BinaryIO, dtype: DTypeLike, shape: tuple[int, ...]):
        self._file, self._dtype, self._shape = file, np.dtype(dtype), shape
        self._count = 0
        self._write_header()
        self._start = file.tell()
        self._size = self._dtype.itemsize * math.prod(shape)  # of a row, bytes

    def append(self, rows: np.ndarray) -> None:
        """Append an array `[any, *shape]`."""
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._count += len(rows)

    def replace(self, row: int, rows: np.ndarray) -> None:
        """Write an array `[any, *shape]` over the rows from number `row` on."""
        self._file.seek(self._start + row * self._size)
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._file.seek(0, os.SEEK_END)

    def keep(self, rows: np.ndarray) -> None:
        """Keep only some of the rows: `rows` is a sorted `int` array of their numbers."""
        for new, old in enumerate(rows.tolist()):
            if new < old:
                self._file.seek(self._start + old * self._size)
                row = self._file.read(self._size)
                self._file.seek(self._start + new * self._size)
                self._file.write(row)
        self._count = len(rows)
        self._file.truncate(self._start + self._count * self._size)
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Write how many rows there are."""
        self._file.seek(0)
        self._write_header()

    def _write_header(self) -> None:
        # NumPy pads the header so that any count fits.
        described = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self._count, *self._shape),
        }
        np.lib.format.write_array_header_1_0(self._file, described)


@contextmanager
def appending(path: AnyPath, dtype: DTypeLike, shape: tuple[int, ...]) -> Iterator[Rows]:
    """Write an array to a `.npy` file part by part, as `replacing` does.

    Unlike a memory-mapped array, it takes no memory for what is written, and a full disk
    ends in an error instead of a crash.

    Args:
        path: the destination.
        dtype: of the values.
        shape: of a row.

    Yields:
        The `Rows` to append to.

    Raises:
        SystemExit: as `replacing` does.
    """
    with replacing(path) as temporary, temporary.open("w+b") as file:
        rows = Rows(file, dtype, shape)
        yield rows
        rows.close()


def escape(name: str) -> str:
    """Return the name of a file with what a terminal cannot print escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)


def sha256(path: AnyPath) -> str:
    """Return the SHA-256 of a file of any size, hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()


def existing(path: AnyPath) -> AnyPath:
    """Return the path of an earlier stage's output, if it exists.

    Raises:
        SystemExit: if there is no such file.
    """
    if not Path(path).exists():
        raise SystemExit(f"{path}: no such file; `dvc repro` runs the stages that write it.")
    return path


@contextmanager
def _reading(path: AnyPath) -> Iterator[AnyPath]:
    """Turn whatever is wrong with a file of an earlier stage into one line."""
    try:
        yield existing(path)
    except Exception as error:  # each way to damage a file raises an error of another kind
        reason = " ".join(str(error).split())
        raise SystemExit(
            f"{path}: damaged ({reason}). Remove it; `dvc repro` writes it again."
        ) from None


class Array:
    """An array in a `.npy` file; only the rows that are indexed are read into memory.

    The file is mapped anew each time: all that was ever read through a mapping counts as
    memory of the process for as long as that mapping lasts.

    Attributes:
        path: the file.
        shape, dtype: of the array.
    """

    def __init__(self, path: AnyPath):
        self.path = path
        mapped = self._map()
        self.shape: tuple[int, ...] = mapped.shape
        self.dtype: np.dtype[Any] = mapped.dtype

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Read some rows into memory."""
        return np.array(self._map()[rows])

    def _map(self) -> np.ndarray:
        return np.load(self.path, mmap_mode="r", allow_pickle=False)


def read_array(path: AnyPath) -> Array:
    """Open a `.npy` array of an earlier stage without reading it into memory.

    Raises:
        SystemExit: if there is no such file, or it is damaged.
    """
    with _reading(path):
        return Array(path)


def read_table(path: AnyPath, columns: list[str] | None = None) -> "pd.DataFrame":
    """Read a CSV table as text: a class may be called `1` or `NA`.

    Args:
        path: the CSV file.
        columns: names of the columns to read; all by default.

    Returns:
        A data frame of `str`.

    Raises:
        SystemExit: if there is no such file, it is damaged, or it lacks a column.
    """
    import pandas as pd

    # Lines end as `write_table` ends them: a carriage return may be part of a name.
    with _reading(path):
        return pd.read_csv(
            path, usecols=columns, dtype=str, keep_default_na=False, lineterminator="\n"
        )


def write_table(
    path: AnyPath, table: "pd.DataFrame", index: bool = False, float_format: str = "%.6f"
) -> None:
    """Write a data frame as CSV; what is not UTF-8 is escaped.

    Args:
        path: the CSV file.
        table: the data frame.
        index: whether to write its index too, as the first columns.
        float_format: of its numbers, 6 decimals by default.

    Raises:
        SystemExit: as `replacing` does.
    """
    with replacing(path) as temporary:
        table.to_csv(
            temporary,
            index=index,
            float_format=float_format,
            lineterminator="\n",
            errors="backslashreplace",
        )


def read_json(path: AnyPath) -> Any:
    """Read the JSON file of an earlier stage.

    Raises:
        SystemExit: if there is no such file, or it is damaged.
    """
    with _reading(path):
        return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(path: AnyPath, values: Mapping[str, Any]) -> None:
    """Write a mapping as JSON, numbers with 6 significant digits.

    Raises:
        ValueError: if a number is not finite, which JSON cannot hold.
        SystemExit: as `replacing` does.
    """
    rounded = {
        key: float(f"{value:.6g}") if isinstance(value, float) else value
        for key, value in values.items()
    }
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(rounded, indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )


def read_archive(path: AnyPath) -> dict[str, bytes]:
    """Read the parts of a `.keras` file, by name.

    Raises:
        SystemExit: if there is no such file, or it is damaged.
    """
    with _reading(path), zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in sorted(archive.namelist())}


def write_archive(path: AnyPath, parts: Mapping[str, bytes]) -> None:
    """Write the parts of a `.keras` file: the same content gives the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            # Without a time of its own, a part has the earliest one that a zip file can hold.
            archive.writestr(zipfile.ZipInfo(name), content)


def save_network(network: "keras.Model", path: AnyPath) -> None:
    """Save a Keras network as `.keras`: the same content gives the same bytes.

    Keras writes the time of saving into the archive and its metadata, and names shared
    objects by their address in memory. The times are replaced by the earliest one that a
    zip file can hold, the addresses by numbers from 1.

    Args:
        network: never compiled, so that no optimizer is saved.
        path: the destination, ending in `.keras`.

    Raises:
        SystemExit: as `replacing` does.
    """
    with replacing(path) as temporary:
        network.save(temporary)
        parts = read_archive(temporary)
        metadata = json.loads(parts["metadata.json"]) | {"date_saved": "1980-01-01@00:00:00"}
        parts["metadata.json"] = json.dumps(metadata).encode()
        numbers: dict[bytes, int] = {}
        parts["config.json"] = re.sub(
            rb'(?<="shared_object_id": )\d+',
            lambda found: b"%d" % numbers.setdefault(found[0], len(numbers) + 1),
            parts["config.json"],
        )
        write_archive(temporary, parts)
