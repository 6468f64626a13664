"""Labels and given splits: the table `labels.csv`, and the usual names of the sides."""

import csv
import io
import posixpath
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from stages.common import files

TABLE = "labels.csv"
COLUMNS = ("photo", "label", "split", "group")  # the last two are optional
SEPARATORS = (",", ";", "\t")
MAX_LISTED = 10  # faults in a message

_SIDES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def name_sides(names: Iterable[str]) -> dict[str, str]:
    """Return the side of a split that names such as `Training`, `val` or `test` stand for.

    `eval` is the test set, or the validation set if there is another test set. Capitals and
    spaces at the ends do not matter.

    Args:
        names: any names.

    Returns:
        `train`, `validation` or `test` for each of the names that stands for one.
    """
    plain = {name: name.strip().casefold() for name in names}
    tested = "test" in {_SIDES.get(name) for name in plain.values()}
    sides = _SIDES | {"eval": "validation" if tested else "test"}
    return {name: sides[short] for name, short in plain.items() if short in sides}


def match_folders(folder: Path, names: list[str]) -> dict[str, str]:
    """Return the side of each sub-folder of a folder, if they are those of a given split.

    Args:
        folder: the folder.
        names: of its sub-folders.

    Returns:
        What `name_sides` returns for them; nothing if they are not those of a split.

    Raises:
        SystemExit: if only some of them are, two are of one side, or none is of `train`.
    """
    sides = name_sides(names)
    if len(sides) < 2 or ("train" not in sides.values() and len(sides) < len(names)):
        return {}  # a class may be called `train`
    if others := [name for name in names if name not in sides]:
        raise SystemExit(
            f"photos: {str(folder)!r} has a given split ({', '.join(sides)}), and {others[0]!r} "
            "beside it; expected nothing else there. Move it into one of them, or elsewhere."
        )
    counts = Counter(sides.values())
    if "train" not in counts or max(counts.values()) > 1:
        raise SystemExit(
            f"photos: {str(folder)!r} has the folders {', '.join(names)}; expected one folder "
            "train, and one folder validation, one folder test, or both. Rename or join them."
        )
    return sides


def find_table(names: Iterable[str]) -> str | None:
    """Return which of some names of files is that of a table of labels, if any."""
    return next((name for name in names if name.casefold() == TABLE), None)


def read(path: Path, photos: Iterable[str]) -> tuple[pd.DataFrame, list[str]]:
    """Read a table of labels.

    Commas, semicolons or tabs separate the columns; the encoding is UTF-8, or the UTF-16 of
    spreadsheets. Any other encoding is refused, because a guess may misread a name. Spaces
    around a value do not count.

    Args:
        path: of the table. It has the columns `photo` (a path in the folder of the table) and
            `label`, and, if wanted, `split` and `group`; others are ignored.
        photos: paths of the photos in that folder, relative to it, with `/`.

    Returns:
        A data frame with the columns `photo` and `label`, and with `split` and `group` if the
        table fills them; and the photos that it does not name.

    Raises:
        SystemExit: if it is in another encoding, lacks a column, or has rows with faults.
    """
    rows = _parse(path)
    known = list(photos)
    names = {name: name for name in known}
    for name in known:  # other file systems write the same name in another Unicode form
        names.setdefault(unicodedata.normalize("NFC", name), name)
    sides = name_sides({row.get("split", "") for row in rows.values()})
    is_split = any(row.get("split") for row in rows.values())
    found: dict[str, tuple[int, str, str, str]] = {}  # the row, then the columns but the photo
    faults = []
    for number, row in rows.items():
        written = posixpath.normpath(row["photo"].replace("\\", "/"))
        photo = names.get(row["photo"]) or names.get(unicodedata.normalize("NFC", written))
        side = sides.get(row.get("split", ""), "")
        if photo is None:
            fault = f"no photo {row['photo']!r}"
        elif photo in found:
            fault = f"{photo!r} is in row {found[photo][0]} already"
        elif not row["label"]:
            fault = f"{photo!r} has no label"
        elif is_split and not side:
            fault = f"{photo!r} has the split {row['split']!r}"
        else:
            found[photo] = (number, row["label"], side, row.get("group", ""))
            continue
        faults.append(f"  row {number}: {files.escape(fault)}")
    if faults:
        heading = (
            f"photos: {len(faults)} rows of '{path}' cannot be used; expected in each a photo of "
            "its folder, a label, and a split of train, validation or test if any row has one:"
        )
        more = [f"  and {len(faults) - MAX_LISTED} more"] if len(faults) > MAX_LISTED else []
        raise SystemExit("\n".join([heading, *faults[:MAX_LISTED], *more, "Correct them."]))
    table = pd.DataFrame([(photo, *row[1:]) for photo, row in found.items()], columns=COLUMNS)
    empty = [column for column in COLUMNS[2:] if not table[column].any()]
    return table.drop(columns=empty), [name for name in known if name not in found]


def _parse(path: Path) -> dict[int, dict[str, str]]:
    """Return the rows of a table that are not empty, by their number, as a spreadsheet counts.

    Raises:
        SystemExit: if it is in another encoding, is no table, or lacks a column.
    """
    content = path.read_bytes()
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise SystemExit(
            f"photos: '{path}' is not in UTF-8 (row {row}); expected that, as other encodings "
            "cannot be told apart. Save it as 'CSV UTF-8'."
        ) from None
    start = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=start.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise SystemExit(
            f"photos: '{path}' is not a table ({error}); expected values separated by commas, "
            "semicolons or tabs. Save it anew."
        ) from None
    header = [name.strip().casefold() for name in lines[0]] if lines else []
    columns = [name for name in header if name in COLUMNS]
    if not set(COLUMNS[:2]) <= set(columns) or len(columns) > len(set(columns)):
        raise SystemExit(
            f"photos: '{path}' has the columns {', '.join(header) or 'none'}; expected photo and "
            "label, and if wanted split and group, once each. Name them in its first row."
        )
    rows = {}
    for number, line in enumerate(lines[1:], 2):
        values = [value.strip() for value in line]
        if any(values):
            if len(values) < len(header) or any(values[len(header) :]):
                raise SystemExit(
                    f"photos: row {number} of '{path}' has {len(values)} values; expected "
                    f"{len(header)}, as in its first row. Correct it, or save the table anew."
                )
            rows[number] = dict(zip(header, values, strict=False))
    return rows
