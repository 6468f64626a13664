"""Photos: a folder with one sub-folder per class, and what is in each of its files."""

import errno
import hashlib
import io
import os
import re
import stat
import warnings
from pathlib import Path
from typing import NamedTuple

import imagehash
import numpy as np
import pandas as pd
from PIL import Image

RESERVED = ("photo", "actual", "predicted")  # columns of the predictions beside the classes
LITTER = ("thumbs.db", "desktop.ini", "__macosx")  # what systems leave beside photos
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
PIXELS = 50_000_000  # of a photo at most; one with so many takes up to 0.9 GB while it is read
BYTES = 200_000_000  # of a file at most
ORIENTATION = 0x0112  # EXIF's tag: how the camera was held
TURNS = {  # what puts a photo upright again
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Photo(NamedTuple):
    """A photo that was read.

    Attributes:
        pixels: RGB `uint8` of shape `[image_size, image_size, 3]`.
        sha256: SHA-256 of the file's bytes, hexadecimal.
        phash: perceptual hash of the pixels, 64 bits: photos that look alike have hashes
            that differ in few of them.
    """

    pixels: np.ndarray
    sha256: str
    phash: int


class PhotoError(Exception):
    """A file that cannot be used as a photo.

    Attributes:
        problem: of what kind: one or two words.
        detail: what exactly was found.
    """

    def __init__(self, problem, detail):
        super().__init__(problem, detail)
        self.problem = problem
        self.detail = detail


def find(folder):
    """List the photos of a folder, in an order that does not depend on the file system.

    Args:
        folder: has one sub-folder per class; what lies beside these, hidden files, and what
            systems leave behind (`Thumbs.db`) are not photos. Symbolic links are followed
            if they lead to something inside the folder; others are listed as photos, so
            that `decode` finds fault with them.

    Returns:
        A data frame with the columns `photo` (path relative to `folder`, with `/`) and
        `label` (name of the sub-folder), sorted by `photo`.

    Raises:
        SystemExit: if the folder is missing, has fewer than two classes, or a class
            has no photo, leads out of the folder, or has the name of a column; or if a
            folder cannot be opened.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # which, unlike that of `Path`, says no where there is an error
        raise SystemExit(
            f"photos: {str(folder)!r} is not a folder; expected one with a sub-folder of "
            "photos per class. Put it there, or name another as `photos` in params.yaml."
        )
    classes = [name for name in _names(folder) if os.path.isdir(folder / name)]
    if len(classes) < 2:
        raise SystemExit(
            f"photos: {str(folder)!r} has {_sub_folders(classes)}; expected at least 2, one per "
            "class. Add them, or name another folder as `photos` in params.yaml."
        )
    if taken := [name for name in classes if name in RESERVED]:
        raise SystemExit(
            f"photos: {str(folder / taken[0])!r} names a class {taken[0]!r}, which the "
            "predictions need as a column; rename the folder."
        )
    if outside := [name for name in classes if not _is_inside(folder / name, folder)]:
        raise SystemExit(
            f"photos: {str(folder / outside[0])!r} is a link that leads out of the folder; "
            "expected a folder of photos. Move or copy the photos there."
        )
    photos = [
        (path.relative_to(folder).as_posix(), name)
        for name in classes
        for path in _files(folder / name, folder, {os.path.realpath(folder)})
    ]
    table = pd.DataFrame(sorted(photos), columns=["photo", "label"])
    if empty := sorted(set(classes) - set(table["label"])):
        raise SystemExit(
            f"photos: {str(folder / empty[0])!r} has no photo; expected some in every class. "
            "Add photos, or remove the folder."
        )
    return table


def below(folder):
    """List all photos in a folder and its sub-folders, whatever these are called.

    Args:
        folder: as for `find`, but needs no sub-folders.

    Returns:
        Their paths relative to `folder`, with `/`, sorted.

    Raises:
        SystemExit: if a folder cannot be opened.
    """
    return sorted(path.relative_to(folder).as_posix() for path in _files(folder, folder, set()))


def decode(path, image_size, folder=None):
    """Read one photo.

    It stands upright as EXIF says, transparent parts are white, 16 bits become 8, of an
    animation it is the first frame.

    Args:
        path: a BMP, GIF, JPEG, PNG, TIFF or WebP file, whatever its name ends in.
        image_size: side of the square that it is stretched to, pixels.
        folder: which a link may not lead out of; anywhere by default.

    Returns:
        The `Photo`.

    Raises:
        PhotoError: if the file cannot be used as a photo.
    """
    content = _read_bytes(path, folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they would not say which photo they are about
            image = _square(_open(content), image_size)
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoError("too large", f"at most {PIXELS:,} pixels are read") from None
    except Exception as error:  # what Pillow raises for damaged files is of many kinds
        # An address in memory would make the text another one each time.
        reason = " ".join(re.sub(r" at 0x[0-9a-fA-F]+", "", str(error)).split())
        problem = "truncated" if "truncated" in reason.lower() else "damaged"
        raise PhotoError(problem, reason or type(error).__name__) from None
    bits = np.packbits(imagehash.phash(image).hash)
    return Photo(
        np.asarray(image),
        hashlib.sha256(content).hexdigest(),
        int.from_bytes(bits.tobytes(), "big"),
    )


def _square(image, image_size):
    """Decode an opened image, to an upright RGB square."""
    if image.width * image.height > PIXELS:
        raise PhotoError(
            "too large", f"{image.width} x {image.height} pixels; at most {PIXELS:,} are read"
        )
    # A JPEG many times too large is decoded at a fraction of its size, for speed.
    image.draft("RGB", (2 * image_size, 2 * image_size))
    image.load()
    turn = TURNS.get(image.getexif().get(ORIENTATION))
    image = _with_8_bits(image).resize((image_size, image_size), Image.Resampling.BILINEAR)
    if turn is not None:
        image = image.transpose(turn)
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image


def _names(folder):
    """List what a folder holds, sorted, but for hidden files and litter."""
    try:
        names = [entry.name for entry in Path(folder).iterdir()]
        if not os.access(folder, os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise SystemExit(
            f"photos: {str(folder)!r} cannot be opened ({error.strerror}); expected a folder that "
            "you may read. Change its permissions, or move it elsewhere."
        ) from None
    return sorted(name for name in names if name[0] != "." and name.casefold() not in LITTER)


def _files(folder, root, above):
    """Yield the paths of all files in a folder and its sub-folders.

    Args:
        folder: where to look.
        root: the folder that links may not lead out of.
        above: real paths of the folders that hold this one: a link to one of them would
            go round in circles.
    """
    above = above | {os.path.realpath(folder)}
    for path in (Path(folder, name) for name in _names(folder)):
        if os.path.isdir(path) and _is_inside(path, root):
            if os.path.realpath(path) not in above:
                yield from _files(path, root, above)
        elif os.path.isfile(path) or os.path.islink(path):
            yield path


def _is_inside(path, folder):
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _read_bytes(path, folder):
    if folder is not None and not _is_inside(path, folder):
        raise PhotoError("link", "leads out of the folder of photos")
    try:
        str(path).encode()
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError("not a file", "a link to something else")
        if status.st_size > BYTES:
            raise PhotoError("too large", f"{status.st_size:,} bytes; at most {BYTES:,} are read")
        content = Path(path).read_bytes()
    except PermissionError:
        raise PhotoError("no permission", "you may not read it") from None
    except UnicodeEncodeError:
        raise PhotoError("unreadable name", "not in UTF-8; rename it") from None
    except OSError as error:
        raise PhotoError("unreadable", error.strerror) from None
    if not content:
        raise PhotoError("empty", "0 bytes")
    return content


def _open(content):
    """Open a photo without decoding it.

    Other formats than `FORMATS` are not tried: some of them run other programs.
    """
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.UnidentifiedImageError:
        # What iPhones write. An ISO media file names its brand there.
        if content[4:8] == b"ftyp":
            brand = content[8:12].decode("ascii", "replace")
            raise PhotoError("unreadable format", f"{brand}; export it as JPEG") from None
        for name in FORMATS:
            if Image.OPEN[name][1](content[:16]):
                raise PhotoError("damaged", f"begins as {name}, but cannot be opened") from None
        raise PhotoError("not an image", f"none of {', '.join(FORMATS)}") from None


def _with_8_bits(image):
    """Convert an image to `RGB`, or to `RGBA` if parts of it are transparent."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise PhotoError("unreadable format", "32 bits per channel; save it with 8 or 16")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _sub_folders(names):
    return f"only the sub-folder {names[0]!r}" if names else "no sub-folders"
