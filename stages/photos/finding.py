"""Finding photos: class folders, a given split around them, or a table of labels."""

import errno
import mimetypes
import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from stages.common.parameters import SIDES
from stages.photos import labels

RESERVED = ("photo", "actual", "predicted")  # columns of the predictions beside the classes
MIN_CLASSES = 2
LITTER = ("thumbs.db", "desktop.ini", "__macosx")  # what systems leave beside photos


class Found(NamedTuple):
    """The photos of a folder.

    Attributes:
        photos: data frame, sorted by the first of its columns: `photo` (path relative to the
            folder, with `/`), `label`, and `folder` (the sub-folder inside that of the class,
            or that of a table; empty if there is none). Also `split` if a split is given, and
            `group` if a table of labels names individuals.
        unlisted: paths of the photos that the table of labels does not name.
        notes: where they were found if that is not plain, a line each.
    """

    photos: pd.DataFrame
    unlisted: list[str]
    notes: list[str]


def find(folder: str | Path) -> Found:
    """List the photos of a folder and their labels, in the same order on any file system.

    The folder has one sub-folder of photos per class; or sub-folders such as `train` and
    `test`, around the class folders or in each of them; or a table `labels.csv`. All that may
    be in a single folder inside it.

    Files beside the class folders, hidden files, and what systems leave behind (`Thumbs.db`)
    are not photos. Symbolic links to something inside the folder are followed; other links
    are listed as photos, so that `decode` names their problem.

    Args:
        folder: the folder of photos.

    Raises:
        SystemExit: if the folder is missing or has fewer than two classes; if a class has no
            photo, is a link out of the folder, or has the name of a column; if the names of
            two classes differ in capitals, spaces at the ends or Unicode form alone; if a
            given split has no training photos, or its sides have different classes; if
            `labels.csv` has faults; or if a folder cannot be opened.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # `Path.is_dir` raises an error where this returns False
        raise SystemExit(
            f"photos: {str(folder)!r} is not a folder; expected one with a sub-folder of "
            "photos per class. Put it there, or set photos in params.yaml to another."
        )
    root = _enter(folder)
    notes = []
    if root != folder:
        notes.append(f"photos are in {root.relative_to(folder).as_posix()}/")
    unlisted: list[str] = []
    folders = _list_folders(root)
    if table := labels.find_table(_list_names(root)):
        notes.append(f"labels are those of {table}")
        within = [path.relative_to(root).as_posix() for path in _walk_files(root, folder, set())]
        photos, unlisted = labels.read(root / table, [path for path in within if path != table])
        prefix = "" if root == folder else f"{root.relative_to(folder).as_posix()}/"
        photos["folder"] = _get_folders(photos["photo"], 0)
        photos["photo"] = prefix + photos["photo"]
        unlisted = [prefix + path for path in unlisted]
    elif sides := labels.match_folders(root, folders):
        photos = pd.concat(
            [
                _find_classes(folder, _enter(root / name), fewest=1).assign(split=side)
                for name, side in sides.items()
            ]
        )
    else:
        photos = _find_classes(folder, root)
        inside = {
            name: labels.match_folders(root / name, _list_folders(root / name)) for name in folders
        }
        if all(inside.values()):
            photos["split"] = [
                inside[label].get(name)
                for label, name in zip(photos["label"], photos["folder"], strict=True)
            ]
            depth = len(root.relative_to(folder).parts)
            photos["folder"] = _get_folders(photos["photo"], depth + 2)
    _check_labels(folder, photos["label"])
    if "split" in photos:
        _check_sides(folder, photos)
    return Found(photos.sort_values(["photo", "label"], ignore_index=True), unlisted, notes)


def _enter(folder: Path) -> Path:
    """Return the folder inside which there is more than a single folder of folders."""
    root, entered = folder, set()
    while True:
        entered.add(os.path.realpath(root))
        inside = _list_folders(root)
        if len(inside) != 1 or labels.find_table(_list_names(root)):
            return root
        within = root / inside[0]
        if os.path.realpath(within) in entered or not is_inside(within, folder):
            return root
        names = _list_names(within)
        # A folder with photos is a class, whatever else it has.
        has_photos = any(
            (mimetypes.guess_type(name)[0] or "").startswith("image") for name in names
        )
        if not labels.find_table(names) and (has_photos or not _list_folders(within)):
            return root
        root = within


def _find_classes(folder: Path, root: Path, fewest: int = MIN_CLASSES) -> pd.DataFrame:
    """List the photos of the class folders in a folder.

    Args:
        folder: the folder of photos, which no link may lead out of.
        root: what has the class folders, in it or the same.
        fewest: number of classes that there must be.

    Returns:
        A data frame with the columns `photo` (relative to `folder`), `label` and `folder`.

    Raises:
        SystemExit: as `find` does.
    """
    classes = _list_folders(root)
    if len(classes) < fewest:
        found = f"only the sub-folder {classes[0]!r}" if classes else "no sub-folders"
        raise SystemExit(
            f"photos: {str(root)!r} has {found}; expected at least {fewest}, one per "
            "class. Add them, or set photos in params.yaml to another folder."
        )
    if outside := [name for name in classes if not is_inside(root / name, folder)]:
        raise SystemExit(
            f"photos: {str(root / outside[0])!r} is a link that leads out of the folder; "
            "expected a folder of photos. Move or copy the photos there."
        )
    photos = [
        (path.relative_to(folder).as_posix(), name)
        for name in classes
        for path in _walk_files(root / name, folder, {os.path.realpath(folder)})
    ]
    table = pd.DataFrame(photos, columns=["photo", "label"])
    table["folder"] = _get_folders(table["photo"], len(root.relative_to(folder).parts) + 1)
    if empty := sorted(set(classes) - set(table["label"])):
        raise SystemExit(
            f"photos: {str(root / empty[0])!r} has no photo; expected some in every class. "
            "Add photos, or remove the folder."
        )
    return table


def _check_labels(folder: Path, column: pd.Series) -> None:
    """Check the names of the classes.

    Raises:
        SystemExit: if one is the name of a column, or two are surely meant to be one.
    """
    names = sorted(set(column))
    if taken := [name for name in names if name in RESERVED]:
        raise SystemExit(
            f"photos: {str(folder)!r} has a class {taken[0]!r}, which the predictions need as a "
            "column; rename it."
        )
    if len(names) < MIN_CLASSES:
        raise SystemExit(
            f"photos: {str(folder)!r} has only photos of class {names[0]!r}; expected at least "
            f"{MIN_CLASSES} classes. Add photos of another."
        )
    alike = defaultdict(list)
    for name in names:
        alike[unicodedata.normalize("NFKC", name).strip().casefold()].append(name)
    if same := [found for found in alike.values() if len(found) > 1]:
        listed = "; ".join(" and ".join(map(ascii, names)) for names in same)
        raise SystemExit(
            f"photos: {str(folder)!r} has the classes {listed}, whose names differ in capitals, "
            "spaces or Unicode form only; expected one name of each class. Put the photos into "
            "one, or rename the other."
        )


def _check_sides(folder: Path, photos: pd.DataFrame) -> None:
    """Check that a given split has training photos and others, each photo on a side.

    Raises:
        SystemExit: if not, or if a class is lacking on a side.
    """
    if lost := list(photos["photo"][photos["split"].isna()]):
        raise SystemExit(
            f"photos: {str(folder)!r} has a given split, but {lost[0]!r} is on no side of it; "
            f"expected one of {', '.join(SIDES)}. Move it there."
        )
    classes = photos.groupby("split")["label"].agg(set)
    if "train" not in classes or len(classes) < 2:
        raise SystemExit(
            f"photos: {str(folder)!r} has a given split of {', '.join(classes.index)} alone; "
            "expected train, and validation, test or both."
        )
    for side, own in classes.items():
        if lacking := sorted(set(photos["label"]) - own):
            raise SystemExit(
                f"photos: {str(folder)!r} has a given split, whose {side} photos have none of "
                f"class {', '.join(map(repr, lacking))}; expected the same classes on each side. "
                "Add photos, or remove the class from the other side."
            )


def _get_folders(photos: pd.Series, depth: int) -> pd.Series:
    """Return the name of the folder at some depth in each path; empty if there is none."""
    parts = (photo.split("/") for photo in photos)
    names = [names[depth] if len(names) > depth + 1 else "" for names in parts]
    return pd.Series(names, photos.index, dtype=str)


def _list_folders(folder: Path) -> list[str]:
    """List the names of the sub-folders of a folder, sorted, hidden ones and litter left out."""
    return [name for name in _list_names(folder) if os.path.isdir(folder / name)]


def list_photos(folder: str | Path) -> list[str]:
    """List all photos in a folder and its sub-folders, whatever these are called.

    Args:
        folder: a folder of photos; what counts as one, and how links are treated, is as in
            `find`.

    Returns:
        The paths of the photos relative to `folder`, with `/`, sorted.

    Raises:
        SystemExit: if a folder cannot be opened.
    """
    paths = _walk_files(Path(folder), Path(folder), set())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def is_inside(path: str | Path, folder: str | Path) -> bool:
    """Return whether a path, with its links followed, is in a folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _list_names(folder: Path) -> list[str]:
    """List the names in a folder, sorted, without hidden files and litter."""
    try:
        names = [entry.name for entry in folder.iterdir()]
        if not os.access(folder, os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise SystemExit(
            f"photos: {str(folder)!r} cannot be opened ({error.strerror}); expected a folder that "
            "you may read. Change its permissions, or move it elsewhere."
        ) from None
    return sorted(name for name in names if name[0] != "." and name.casefold() not in LITTER)


def _walk_files(folder: Path, root: Path, above: set[str]) -> Iterator[Path]:
    """Yield the paths of all files in a folder and its sub-folders.

    Args:
        folder: where to look.
        root: the folder that links may not lead out of.
        above: real paths of the folders around this one: a link to one of them would
            lead round in circles.
    """
    above = above | {os.path.realpath(folder)}
    for path in (folder / name for name in _list_names(folder)):
        if os.path.isdir(path) and is_inside(path, root):
            if os.path.realpath(path) not in above:
                yield from _walk_files(path, root, above)
        elif os.path.isfile(path) or os.path.islink(path):
            yield path
