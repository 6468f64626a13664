"""Decoding photos of all formats, and naming what is wrong with a file."""

import functools
import hashlib
import io
import re
import stat
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms, ImageFile, TiffImagePlugin

from stages.photos.finding import is_inside

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MAX_PIXELS = 250_000_000  # of a photo
MAX_MEMORY = 900_000_000  # bytes that decoding a photo may take
MIN_LEVELS = 32  # of grey; fewer, where a photo has more values, are worth a note
SAME_COLOUR = 3  # of 255: a profile that changes no colour by more is sRGB
MAX_BYTES = 200_000_000  # of a file
THUMBNAIL_SIZE, CHROMA_SIZE = 48, 6  # sides, pixels
SKETCH = np.dtype(
    [
        ("grey", np.uint8, (THUMBNAIL_SIZE, THUMBNAIL_SIZE)),
        ("chroma", np.uint8, (2, CHROMA_SIZE, CHROMA_SIZE)),
    ]
)
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # beyond, Pillow warns, and far beyond raises
ORIENTATION = 0x0112  # EXIF's tag: how the camera was held
NEW_SUBFILE_TYPE, SUB_IFDS = 254, 330  # tags of TIFF
TURNS = {  # from EXIF's orientation to the turn that puts a photo upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


SIGNATURES = {  # the beginning of files of some other formats
    b"\xff\x0a": "JPEG XL picture",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL picture",
    b"\xff\x4f\xff\x51": "JPEG 2000 picture",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000 picture",
    b"8BPS": "Photoshop picture",
    b"%PDF": "PDF document",
    b"FUJIFILMCCD-RAW": "RAW picture",
    b"IIRO": "RAW picture",
    b"IIU\0": "RAW picture",
}
BRANDS = {  # of ISO media files
    b"avif": "AVIF picture",
    b"avis": "AVIF picture",
    b"crx ": "RAW picture",
    b"heic": "HEIC picture",
    b"heix": "HEIC picture",
    b"hevc": "HEIC picture",
    b"mif1": "HEIC picture",
    b"msf1": "HEIC picture",
}

Levels = tuple[int, int]  # smallest and largest value of a picture of 16 bits


class Photo(NamedTuple):
    """A photo that was read.

    Attributes:
        pixels: RGB `uint8` of shape `[image_size, image_size, 3]`.
        sha256: SHA-256 of the file's bytes, hexadecimal.
        sketch: what look-alikes are found by, a scalar of the type `SKETCH`: a small grey
            picture, and the blue and the red chroma of a smaller one, where 128 is grey.
        levels: the smallest and the largest value that a picture of 16 bits holds; `None`
            for one of 8 bits.
        notes: problem and detail of what could not be read as it should be.
    """

    pixels: np.ndarray
    sha256: str
    sketch: np.ndarray
    levels: Levels | None = None
    notes: tuple[tuple[str, str], ...] = ()


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


def decode(
    path: str | Path,
    image_size: int,
    folder: str | Path | None = None,
    levels: Levels | None = None,
) -> Photo:
    """Read one photo.

    It is turned upright as EXIF says, its colours are converted to sRGB, transparent parts
    become white, 16 bits become 8, and the first frame of an animation is taken.

    Args:
        path: a BMP, GIF, JPEG, PNG, TIFF or WebP file, whatever its name ends in.
        image_size: side of the square that the photo is stretched to, pixels.
        folder: the folder that a link may not lead out of; `None` allows any link.
        levels: the values of a picture of 16 bits that become 0 and 255; those between them
            are scaled linearly, those beyond become 0 or 255, with a note. `None` stands for
            all that 16 bits can hold.

    Returns:
        The `Photo`.

    Raises:
        PhotoError: if the file cannot be used as a photo.
    """
    content = _read_bytes(path, folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning does not name the photo
            image, own_levels, notes = _decode_square(_open_image(content), image_size, levels)
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoError("too large", f"more than {MAX_PIXELS:,} pixels; scale it down") from None
    except Exception as error:  # Pillow raises many kinds for damaged files
        # An address in memory differs from run to run.
        reason = " ".join(re.sub(r" at 0x[0-9a-fA-F]+", "", str(error)).split())
        problem = "truncated" if "truncated" in reason.lower() else "damaged"
        raise PhotoError(problem, reason or type(error).__name__) from None
    return Photo(
        np.asarray(image),
        hashlib.sha256(content).hexdigest(),
        _draw_sketch(image),
        own_levels,
        tuple(notes),
    )


def _draw_sketch(image: Image.Image) -> np.ndarray:
    """Draw the `Photo.sketch` of an RGB image."""
    small = image.resize([THUMBNAIL_SIZE] * 2, Image.Resampling.BILINEAR).convert("YCbCr")
    grey, *chroma = small.split()
    sketch = np.zeros((), SKETCH)
    sketch["grey"] = grey
    sketch["chroma"] = [part.resize([CHROMA_SIZE] * 2, Image.Resampling.BOX) for part in chroma]
    return sketch


def _decode_square(
    opened: ImageFile.ImageFile, image_size: int, levels: Levels | None
) -> tuple[Image.Image, Levels | None, list[tuple[str, str]]]:
    """Decode an opened image to an upright RGB square; also return its levels and notes."""
    size = f"{opened.width} x {opened.height} pixels"
    if opened.width * opened.height > MAX_PIXELS:
        raise PhotoError("too large", f"{size}; at most {MAX_PIXELS:,} are read; scale it down")
    coefficients = _count_coefficients(opened)
    # For speed, a JPEG many times too large is decoded at a fraction of its size.
    opened.draft("RGB", (2 * image_size, 2 * image_size))
    # Pillow holds 1 or 4 bytes a pixel. Of an image that is not RGB there are copies in other
    # modes, and the decoders of WebP hold some of their own.
    each = 6 if opened.mode in ("RGB", "L", "1") and opened.format != "WEBP" else 18
    if 2 * coefficients + each * opened.width * opened.height > MAX_MEMORY:
        raise PhotoError(
            "too large", f"{size} take more than 1 GB of memory to decode; scale it down"
        )
    notes: list[tuple[str, str]] = []
    own_levels = None
    image: Image.Image = opened
    if _has_16_bits(opened):
        image, own_levels, notes = _scale_16_bits(opened, levels)
    image.load()
    profile = image.info.get("icc_profile")
    turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    if not (profile and image.mode in ("CMYK", "L")):
        image = _convert_to_8_bits(image)
    image = image.resize((image_size, image_size), Image.Resampling.BILINEAR)
    if profile:
        try:
            image = _convert_to_srgb(image, profile)
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
            notes.append(("colour profile", f"not applied: {error}"))
        image = _convert_to_8_bits(image)
    if turn is not None:
        image = image.transpose(turn)
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image, own_levels, notes


def _count_coefficients(image: Image.Image) -> int:
    """Return how many coefficients of a JPEG must be in memory at once: 0, or all."""
    layers = getattr(image, "layer", [])
    if not (layers and image.info.get("progressive")):
        return 0
    each = sum(across * down for _, across, down, _ in layers)
    most = max(layer[1] for layer in layers) * max(layer[2] for layer in layers)
    return image.width * image.height * each // most


def _has_16_bits(image: ImageFile.ImageFile) -> bool:
    """Return whether an opened image has more than 8 and at most 16 bits per channel."""
    if image.mode.startswith("I;16"):
        return True
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return set(image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, ())) == {16}
    return image.format == "PNG" and any(";16" in str(tile.args) for tile in image.tile)


def _scale_16_bits(
    image: ImageFile.ImageFile, levels: Levels | None
) -> tuple[Image.Image, Levels, list[tuple[str, str]]]:
    """Decode an image of 16 bits per channel, and make it one of 8.

    Returns:
        The image, its smallest and largest value, and notes.
    """
    if image.mode == "CMYK":
        raise PhotoError("unreadable format", "CMYK of 16 bits per channel; save it with 8")
    inverted = (
        isinstance(image, TiffImagePlugin.TiffImageFile)
        and image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
    )
    parts, alpha = _read_16_bits(image)
    least = -32768 if image.mode == "I" else 0
    held = np.zeros(65536, bool)  # for each value from `least` on: whether a pixel has it
    for rows in zip(*parts, strict=True):  # row by row: as integers they take much memory
        held[_join(rows) - least] = True
    values = np.flatnonzero(held) + least
    own = int(values[0]), int(values[-1])
    whole = (0, 65535) if own[0] >= 0 else (-32768, 32767)
    low, high = levels if levels and levels[0] < levels[1] else whole
    table = np.rint(np.clip((np.arange(least, least + 65536) - low) * (255 / (high - low)), 0, 255))
    table = table.astype(np.uint8)
    scaled = np.empty(parts[0].shape, np.uint8)
    for number, rows in enumerate(zip(*parts, strict=True)):
        scaled[number] = table[_join(rows) - least]
    notes = []
    if levels and (own[0] < low or own[1] > high):
        detail = f"values from {own[0]} to {own[1]}, beyond {low} to {high}, are cut"
        notes.append(("beyond the range", detail))
    elif levels:
        before, after = len(values), len(np.unique(table[held]))
        if after < MIN_LEVELS and after < before / 2:
            detail = f"{before} values become {after}, as the folder's go from {low} to {high}"
            notes.append(("few grey levels", detail))
    if inverted:
        scaled = 255 - scaled
    if alpha is not None:
        scaled = np.dstack([scaled, alpha])
    result = Image.fromarray(scaled)
    if "icc_profile" in image.info:
        result.info["icc_profile"] = image.info["icc_profile"]
    result.getexif()[ORIENTATION] = image.getexif().get(ORIENTATION, 1)
    return result, own, notes


def _join(bytes_: tuple[np.ndarray, ...]) -> np.ndarray:
    """Join the high and the low bytes of values; what is whole stays so."""
    first, *rest = (part.astype(np.int32) for part in bytes_)
    return first << 8 | rest[0] if rest else first


def _read_16_bits(image: ImageFile.ImageFile) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Return the values of an image of 16 bits, and the high bytes of its alpha channel.

    Of colours Pillow reads the high bytes alone. They are decoded again in the other order of
    bytes, which gives the low ones.

    Returns:
        The values, or their high and their low bytes, `[height, width]` or
        `[height, width, 3]`; the alpha channel is `uint8` `[height, width]` or `None`.
    """
    if image.mode.startswith("I"):
        return [np.asarray(image)], None
    raw = str(image.tile[0].args) if image.tile else ""
    if ";16" not in raw or "RGBa" in raw:
        raise PhotoError("unreadable format", "16 bits, stored unusually; save it with 8")
    assert image.fp is not None
    image.fp.seek(0)
    other = Image.open(io.BytesIO(image.fp.read()), formats=FORMATS)
    native = "L" if sys.byteorder == "little" else "B"
    other.tile = [tile._replace(args=_swap(tile.args, native)) for tile in other.tile]
    low = np.asarray(other)
    if raw == "LA;16B":
        return [low[..., 0], low[..., 1]], low[..., 2]
    high = np.asarray(image)
    return [high[..., :3], low[..., :3]], high[..., 3] if high.shape[-1] == 4 else None


def _swap(args: Any, native: str) -> Any:
    """Return the arguments of a decoder with the order of bytes swapped in its raw mode."""
    if isinstance(args, tuple):
        return tuple(_swap(part, native) for part in args)
    if args == "LA;16B":
        return "RGBA"  # the two bytes of grey, and the two of alpha
    if not isinstance(args, str) or ";16" not in args:
        return args
    mode, order = args[:-1], args[-1].replace("N", native)
    return mode + {"L": "B", "B": "L"}[order]


def _convert_to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert an image of 8 bits from its colour profile to sRGB.

    Raises:
        PyCMSError, OSError, TypeError, ValueError: if the profile is damaged, or of others
            colours than the image.
    """
    space = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()
    if image.mode == "L" and space == "RGB":
        image = image.convert("RGB")
    transform = _build_transform(profile, space, image.mode)
    return image if transform is None else ImageCms.applyTransform(image, transform) or image


@functools.lru_cache(maxsize=8)
def _build_transform(profile: bytes, space: str, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the transform of a profile's colours to sRGB; `None` if they are the same."""
    if {"RGB": "RGB", "RGBA": "RGB", "L": "GRAY", "CMYK": "CMYK"}[mode] != space:
        raise ValueError(f"it is for {space}, and the picture is {mode}")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    result = "RGBA" if mode == "RGBA" else "RGB"
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, result)
    if mode == "CMYK":
        return transform
    steps = np.arange(0, 256, 51, dtype=np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(36, 6, 3)
    sample = Image.fromarray(colours).convert(mode)
    changed = np.asarray(ImageCms.applyTransform(sample, transform))[..., :3].astype(int)
    plain = np.asarray(sample.convert("RGB"))
    return None if np.abs(changed - plain).max() <= SAME_COLOUR else transform


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


def _open_image(content: bytes) -> ImageFile.ImageFile:
    """Open a photo without decoding it.

    Only `FORMATS` are tried: Pillow runs other programs for some of the others.

    Raises:
        PhotoError: if it is of another format, or damaged.
    """
    if name := _name_format(content):
        raise PhotoError(
            "unreadable format",
            f"a {name}; export it as JPEG".replace("a AV", "an AV").replace("a SV", "an SV"),
        )
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if isinstance(image, TiffImagePlugin.TiffImageFile) and (
            image.tag_v2.get(NEW_SUBFILE_TYPE, 0) & 1 and SUB_IFDS in image.tag_v2
        ):  # what Pillow would read is the small preview of a RAW picture
            raise PhotoError("unreadable format", "a RAW picture; export it as JPEG")
        return image
    except Image.UnidentifiedImageError:
        for name in FORMATS:
            accepts = Image.OPEN[name][1]
            if accepts and accepts(content[:16]):
                raise PhotoError(
                    "damaged", f"starts like a {name} file, but cannot be opened"
                ) from None
        raise PhotoError("not an image", f"none of {', '.join(FORMATS)}") from None


def _name_format(content: bytes) -> str | None:
    """Return what a file of another format is, if it is known."""
    if content[4:8] == b"ftyp":
        # AVIF and HEIC share a general brand; the particular ones follow it.
        brands = [content[first : first + 4] for first in (8, *range(16, 40, 4))]
        names = [BRANDS[brand] for brand in brands if brand in BRANDS]
        return "AVIF picture" if "AVIF picture" in names else names[0] if names else "video"
    if content[:4] == b"II*\0" and content[8:10] == b"CR":
        return "RAW picture"
    if re.match(rb"\s*(<\?xml.*)?(<!.*)?<svg", content[:2000], re.DOTALL | re.IGNORECASE):
        return "SVG drawing"
    return next((name for start, name in SIGNATURES.items() if content.startswith(start)), None)


def _convert_to_8_bits(image: Image.Image) -> Image.Image:
    """Convert an image to `RGB`, or to `RGBA` if parts of it are transparent.

    Raises:
        PhotoError: if it has 32 bits per channel.
    """
    if image.mode in ("I", "F"):
        raise PhotoError("unreadable format", "32 bits per channel; save it with 8 or 16")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)
