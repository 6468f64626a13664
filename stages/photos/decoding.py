"""Decoding photos, whatever is in their files."""

import hashlib
import io
import re
import stat
import warnings
from pathlib import Path
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image

from stages.photos.finding import is_inside

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


def _read_bytes(path, folder):
    if folder is not None and not is_inside(path, folder):
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
