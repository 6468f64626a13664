"""Files: written whole or not at all, and the same bytes for the same content."""

import json
import os
import re
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd


@contextmanager
def replacing(path):
    """Write a file beside its destination, and move it there when it is complete.

    Args:
        path: the destination; missing folders are made.

    Yields:
        The temporary `Path` to write to. If the body raises, it is removed and the
        destination stays as it was.
    """
    destination = Path(path)
    temporary = destination.with_name(f".{destination.name}")
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        os.replace(temporary, destination)
    finally:
        temporary.unlink(missing_ok=True)


def existing(path):
    """Return the path of an earlier stage's output.

    Raises:
        SystemExit: if it is not there.
    """
    if not Path(path).exists():
        raise SystemExit(f"{path}: no such file; `dvc repro` runs the stages that make it.")
    return path


def read_array(path):
    """Open a `.npy` array of an earlier stage without reading it into memory.

    Raises:
        SystemExit: if it is not there.
    """
    return np.load(existing(path), mmap_mode="r")


def read_table(path, columns=None):
    """Read a CSV table as text, taking names as they are: a class may be called `1` or `NA`.

    Args:
        path: the CSV file.
        columns: names of the columns to read; all by default.

    Returns:
        A data frame of `str`.

    Raises:
        SystemExit: if it is not there.
    """
    # The line ends as written: a carriage return is part of a name.
    return pd.read_csv(
        existing(path), usecols=columns, dtype=str, keep_default_na=False, lineterminator="\n"
    )


def write_table(path, table, index=False):
    """Write a data frame as CSV, numbers with 6 decimals."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=index, float_format="%.6f", lineterminator="\n")


def read_json(path):
    """Read the JSON file of an earlier stage.

    Raises:
        SystemExit: if it is not there.
    """
    return json.loads(Path(existing(path)).read_text(encoding="utf-8"))


def write_json(path, values):
    """Write a mapping as JSON, numbers with 6 significant digits."""
    rounded = {
        key: float(f"{value:.6g}") if isinstance(value, float) else value
        for key, value in values.items()
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")


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
