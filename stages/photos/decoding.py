"""Decoding photos of all formats, and naming what is wrong with a file."""

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
MAX_PIXELS = 50_000_000  # of a photo; decoding that many takes up to 0.9 GB
MAX_BYTES = 200_000_000  # of a file
ORIENTATION = 0x0112  # EXIF's tag: how the camera was held
TURNS = {  # from EXIF's orientation to the turn that puts a photo upright
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
        phash: perceptual hash of the pixels, 64 bits: the hashes of photos that look alike
            differ in few bits.
    """

    pixels: np.ndarray
    sha256: str
    phash: int


class PhotoError(Exception):
    """A file that cannot be used as a photo.

    Attributes:
        problem: the kind of problem, one or two words.
        detail: what exactly was found.
    """

    def __init__(self, problem: str, detail: str):
        super().__init__(problem, detail)
        self.problem = problem
        self.detail = detail


def decode(path: str | Path, image_size: int, folder: str | Path | None = None) -> Photo:
    """Read one photo.

    It is turned upright as EXIF says, transparent parts become white, 16 bits become 8, and
    the first frame of an animation is taken.

    Args:
        path: a BMP, GIF, JPEG, PNG, TIFF or WebP file, whatever its name ends in.
        image_size: side of the square that the photo is stretched to, pixels.
        folder: the folder that a link may not lead out of; `None` allows any link.

    Returns:
        The `Photo`.

    Raises:
        PhotoError: if the file cannot be used as a photo.
    """
    content = _read_bytes(path, folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning does not name the photo
            image = _decode_square(_open_image(content), image_size)
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoError("too large", f"at most {MAX_PIXELS:,} pixels are read") from None
    except Exception as error:  # Pillow raises many kinds for damaged files
        # An address in memory differs from run to run.
        reason = " ".join(re.sub(r" at 0x[0-9a-fA-F]+", "", str(error)).split())
        problem = "truncated" if "truncated" in reason.lower() else "damaged"
        raise PhotoError(problem, reason or type(error).__name__) from None
    bits = np.packbits(imagehash.phash(image).hash)
    return Photo(
        np.asarray(image),
        hashlib.sha256(content).hexdigest(),
        int.from_bytes(bits.tobytes(), "big"),
    )


def _decode_square(image: Image.Image, image_size: int) -> Image.Image:
    """Decode an opened image to an upright RGB square."""
    if image.width * image.height > MAX_PIXELS:
        raise PhotoError(
            "too large", f"{image.width} x {image.height} pixels; at most {MAX_PIXELS:,} are read"
        )
    # For speed, a JPEG many times too large is decoded at a fraction of its size.
    image.draft("RGB", (2 * image_size, 2 * image_size))
    image.load()
    turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    image = _convert_to_8_bits(image).resize((image_size, image_size), Image.Resampling.BILINEAR)
    if turn is not None:
        image = image.transpose(turn)
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image


def _read_bytes(path: str | Path, folder: str | Path | None) -> bytes:
    """Read a file.

    Raises:
        PhotoError: if it cannot be read, is too large or empty, or is a link out of the folder.
    """
    if folder is not None and not is_inside(path, folder):
        raise PhotoError("link", "leads out of the folder of photos")
    try:
        str(path).encode()
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError("not a file", "a link to something else")
        if status.st_size > MAX_BYTES:
            raise PhotoError(
                "too large", f"{status.st_size:,} bytes; at most {MAX_BYTES:,} are read"
            )
        content = Path(path).read_bytes()
    except PermissionError:
        raise PhotoError("no permission", "you do not have permission to read it") from None
    except UnicodeEncodeError:
        raise PhotoError("unreadable name", "not in UTF-8; rename it") from None
    except OSError as error:
        raise PhotoError("unreadable", error.strerror or str(error)) from None
    if not content:
        raise PhotoError("empty", "0 bytes")
    return content


def _open_image(content: bytes) -> Image.Image:
    """Open a photo without decoding it.

    Only `FORMATS` are tried: Pillow runs other programs for some of the others.

    Raises:
        PhotoError: if it is of another format, or damaged.
    """
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.UnidentifiedImageError:
        # An ISO media file, such as iPhones write, has the name of its brand there.
        if content[4:8] == b"ftyp":
            brand = content[8:12].decode("ascii", "replace")
            raise PhotoError("unreadable format", f"{brand}; export it as JPEG") from None
        for name in FORMATS:
            accepts = Image.OPEN[name][1]
            if accepts and accepts(content[:16]):
                raise PhotoError(
                    "damaged", f"starts like a {name} file, but cannot be opened"
                ) from None
        raise PhotoError("not an image", f"none of {', '.join(FORMATS)}") from None


def _convert_to_8_bits(image: Image.Image) -> Image.Image:
    """Convert an image to `RGB`, or to `RGBA` if parts of it are transparent.

    Raises:
        PhotoError: if it has 32 bits per channel.
    """
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise PhotoError("unreadable format", "32 bits per channel; save it with 8 or 16")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)
