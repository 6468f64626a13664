"""Files: written whole or not at all, and the same bytes for the same content."""

import errno
import hashlib
import json
import os
import re
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil

# Errors of writing that users can mend: no room, or no right to.
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
def writing(path):
    """Say in one line that something cannot be written.

    Args:
        path: what.

    Raises:
        SystemExit: if the disk is full, or writing there is not allowed.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise SystemExit(
            f"{path}: cannot be written ({error.strerror}). Make room for it, or allow writing "
            "there; then `dvc repro` goes on."
        ) from None


@contextmanager
def replacing(path):
    """Write a file beside its destination, and move it there when it is complete.

    A process that is killed meanwhile leaves its unfinished file behind; the next one that
    writes to the same destination removes it.

    Args:
        path: the destination; missing folders are made.

    Yields:
        The temporary `Path` to write to. If the body raises, it is removed and the
        destination stays as it was.

    Raises:
        SystemExit: if the disk is full, or writing there is not allowed.
    """
    destination = Path(path)
    # DVC may have been killed, and the stage that it ran not: no two processes share a name.
    temporary = destination.with_name(f".{os.getpid()}.{destination.name}")
    with writing(path):
        destination.parent.mkdir(parents=True, exist_ok=True)
        for left in destination.parent.iterdir():
            ours = re.fullmatch(rf"\.(\d+)\.{re.escape(destination.name)}", left.name)
            if ours and not psutil.pid_exists(int(ours[1])):
                left.unlink(missing_ok=True)
        try:
            yield temporary
            os.replace(temporary, destination)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def appending(path, dtype, shape):
    """Write an array to a `.npy` file bit by bit, as `replacing` does.

    Unlike a memory-mapped array, it takes no memory for what is written, and a full disk
    ends in an error instead of a crash.

    Args:
        path: the destination.
        dtype: of the values.
        shape: of a row.

    Yields:
        A function that appends an array of rows `[any, *shape]`.
    """
    count = 0

    def append(rows):
        nonlocal count
        file.write(np.ascontiguousarray(rows, dtype).data)
        count += len(rows)

    def write_header():
        # NumPy leaves room in it for the largest count.
        described = {
            "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
            "fortran_order": False,
            "shape": (count, *shape),
        }
        np.lib.format.write_array_header_1_0(file, described)

    with replacing(path) as temporary, temporary.open("wb") as file:
        write_header()
        yield append
        file.seek(0)
        write_header()


def escape(name):
    """Make the name of any file fit for a terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)


def sha256(path):
    """Hash the bytes of a file, of any size: SHA-256, hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()


def existing(path):
    """Return the path of an earlier stage's output.

    Raises:
        SystemExit: if it is not there.
    """
    if not Path(path).exists():
        raise SystemExit(f"{path}: no such file; `dvc repro` runs the stages that make it.")
    return path


@contextmanager
def _reading(path):
    """Say in one line that a file of an earlier stage cannot be read, whatever is wrong with it."""
    try:
        yield existing(path)
    except Exception as error:  # of as many kinds as there are ways to damage a file
        reason = " ".join(str(error).split())
        raise SystemExit(
            f"{path}: damaged ({reason}). Remove it; `dvc repro` makes it again."
        ) from None


class Array:
    """An array in a `.npy` file, of which only those rows are in memory that are asked for.

    The file is mapped anew each time: all that was ever read through a mapping counts as
    memory of the process for as long as that mapping lasts.

    Attributes:
        path: the file.
        shape, dtype: of the array.
    """

    def __init__(self, path):
        self.path = path
        mapped = self._map()
        self.shape, self.dtype = mapped.shape, mapped.dtype

    def __len__(self):
        """Count the rows."""
        return self.shape[0]

    def __getitem__(self, rows):
        """Read some rows into memory."""
        return np.array(self._map()[rows])

    def _map(self):
        return np.load(self.path, mmap_mode="r", allow_pickle=False)


def read_array(path):
    """Open a `.npy` array of an earlier stage without reading it into memory.

    Returns:
        An `Array`.

    Raises:
        SystemExit: if it is not there, or damaged.
    """
    with _reading(path):
        return Array(path)


def read_table(path, columns=None):
    """Read a CSV table as text, taking names as they are: a class may be called `1` or `NA`.

    Args:
        path: the CSV file.
        columns: names of the columns to read; all by default.

    Returns:
        A data frame of `str`.

    Raises:
        SystemExit: if it is not there, or damaged.
    """
    import pandas as pd  # which takes a while, and not every stage reads a table

    # The line ends as written: a carriage return is part of a name.
    with _reading(path):
        return pd.read_csv(
            path, usecols=columns, dtype=str, keep_default_na=False, lineterminator="\n"
        )


def write_table(path, table, index=False):
    """Write a data frame as CSV, numbers with 6 decimals; what is not UTF-8 is escaped."""
    with replacing(path) as temporary:
        table.to_csv(
            temporary,
            index=index,
            float_format="%.6f",
            lineterminator="\n",
            errors="backslashreplace",
        )


def read_json(path):
    """Read the JSON file of an earlier stage.

    Raises:
        SystemExit: if it is not there, or damaged.
    """
    with _reading(path):
        return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(path, values):
    """Write a mapping as JSON, numbers with 6 significant digits.

    Raises:
        ValueError: if a number is not finite: JSON has no way to say so.
    """
    rounded = {
        key: float(f"{value:.6g}") if isinstance(value, float) else value
        for key, value in values.items()
    }
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(rounded, indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )


def save_network(network, path):
    """Save a Keras network as `.keras`, byte for byte the same whenever its content is.

    Keras stamps the archive and its metadata with the time of saving, and names shared
    objects by their address in memory. The times are replaced by the earliest one that a
    zip file can hold, the addresses by numbers from 1.

    Args:
        network: a `keras.Model` that was never compiled, so that no optimizer is saved.
        path: the destination, ending in `.keras`.
    """
    with replacing(path) as temporary:
        network.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            parts = {name: archive.read(name) for name in sorted(archive.namelist())}
        metadata = json.loads(parts["metadata.json"]) | {"date_saved": "1980-01-01@00:00:00"}
        parts["metadata.json"] = json.dumps(metadata).encode()
        numbers = {}
        parts["config.json"] = re.sub(
            rb'(?<="shared_object_id": )\d+',
            lambda found: b"%d" % numbers.setdefault(found[0], len(numbers) + 1),
            parts["config.json"],
        )
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, content in parts.items():
                archive.writestr(zipfile.ZipInfo(name), content)
