"""Finding photos: a folder with one sub-folder per class."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

RESERVED = ("photo", "actual", "predicted")  # columns of the predictions beside the classes
LITTER = ("thumbs.db", "desktop.ini", "__macosx")  # what systems leave beside photos


def find(folder: str | Path) -> pd.DataFrame:
    """List the photos of a folder and their labels, in the same order on any file system.

    Files beside the sub-folders, hidden files, and what systems leave behind (`Thumbs.db`)
    are not photos. Symbolic links to something inside the folder are followed; other links
    are listed as photos, so that `decode` names their problem.

    Args:
        folder: has one sub-folder of photos per class.

    Returns:
        A data frame with the columns `photo` (path relative to `folder`, with `/`) and
        `label` (name of the sub-folder), sorted by `photo`.

    Raises:
        SystemExit: if the folder is missing or has fewer than two classes; if a class has no
            photo, is a link out of the folder, or has the name of a column; or if a folder
            cannot be opened.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # `Path.is_dir` raises an error where this returns False
        raise SystemExit(
            f"photos: {str(folder)!r} is not a folder; expected one with a sub-folder of "
            "photos per class. Put it there, or set photos in params.yaml to another."
        )
    classes = [name for name in _list_names(folder) if os.path.isdir(folder / name)]
    if len(classes) < 2:
        found = f"only the sub-folder {classes[0]!r}" if classes else "no sub-folders"
        raise SystemExit(
            f"photos: {str(folder)!r} has {found}; expected at least 2, one per "
            "class. Add them, or set photos in params.yaml to another folder."
        )
    if taken := [name for name in classes if name in RESERVED]:
        raise SystemExit(
            f"photos: {str(folder / taken[0])!r} names a class {taken[0]!r}, which the "
            "predictions need as a column; rename the folder."
        )
    if outside := [name for name in classes if not is_inside(folder / name, folder)]:
        raise SystemExit(
            f"photos: {str(folder / outside[0])!r} is a link that leads out of the folder; "
            "expected a folder of photos. Move or copy the photos there."
        )
    photos = [
        (path.relative_to(folder).as_posix(), name)
        for name in classes
        for path in _walk_files(folder / name, folder, {os.path.realpath(folder)})
    ]
    table = pd.DataFrame(sorted(photos), columns=["photo", "label"])
    if empty := sorted(set(classes) - set(table["label"])):
        raise SystemExit(
            f"photos: {str(folder / empty[0])!r} has no photo; expected some in every class. "
            "Add photos, or remove the folder."
        )
    return table


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
