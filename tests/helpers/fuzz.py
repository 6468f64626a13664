"""Mutated photos: whether each is read or listed, how fast, in how much memory.

`python -m tests.helpers.fuzz` makes 6000 of them; another number may be given, and a folder to
keep them in: `python -m tests.helpers.fuzz 600 photos`.
"""

import io
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from PIL import Image

from stages.photos import decoding, finding, reading
from tests.helpers.project import ROOT

IMAGE_SIZE = 16  # so small that JPEG files are decoded at a fraction of their size
EXTREMES = (0, 1, 255, 2**15 - 1, 2**16 - 1, 2**16, 2**18, 2**31 - 1, 2**31, 2**32 - 1)


def make_originals():
    """Draw a photo, and save it in all formats and many modes.

    Returns:
        A dictionary from the names to the contents of the files, all of which can be decoded.
    """
    random = np.random.default_rng(0)
    slope = np.linspace(0, 200, 96 * 128 * 3).reshape(96, 128, 3)
    pixels = (slope + random.integers(0, 50, slope.shape)).astype(np.uint8)
    rgb = Image.fromarray(pixels)
    rgba = Image.fromarray(np.dstack([pixels, pixels[:, :, 0]]))
    grey, palette, black_or_white = (rgb.convert(mode) for mode in ("L", "P", "1"))
    grey_16 = Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"  # it lies on its side; the maker of the camera
    animation = {"save_all": True, "append_images": [rgb.rotate(90), rgb.rotate(180)]}
    files = {
        "exif.jpg": (rgb, {"exif": exif}),
        "progressive.jpg": (rgb, {"progressive": True, "exif": exif}),
        "grey.jpg": (grey, {}),
        "cmyk.jpg": (rgb.convert("CMYK"), {}),
        "rgb.png": (rgb, {"exif": exif}),
        "rgba.png": (rgba, {}),
        "grey-alpha.png": (rgba.convert("LA"), {}),
        "palette.png": (palette, {"transparency": 0}),
        "black-or-white.png": (black_or_white, {}),
        "grey-16.png": (grey_16, {}),
        "animated.png": (rgb, animation),
        "lossy.webp": (rgb, {"exif": exif}),
        "lossless.webp": (rgba, {"lossless": True}),
        "animated.webp": (rgb, animation),
        "palette.gif": (palette, {"transparency": 0}),
        "animated.gif": (rgb, animation),
        "rgb.bmp": (rgb, {}),
        "palette.bmp": (palette, {}),
        "exif.tif": (rgb, {"exif": exif}),
        "lzw.tif": (rgba, {"compression": "tiff_lzw"}),
        "deflate.tif": (rgb, {"compression": "tiff_adobe_deflate"}),
        "jpeg.tif": (rgb, {"compression": "jpeg"}),
        "fax.tif": (black_or_white, {"compression": "group4"}),
        "grey-16.tif": (grey_16, {}),
        "grey-16-lzw.tif": (grey_16, {"compression": "tiff_lzw"}),
        "pages.tif": (rgb, {"compression": "packbits", **animation}),
    }
    return {name: _save(image, name, **options) for name, (image, options) in files.items()}


def mutate(random, content, other):
    """Damage a photo in one way.

    Args:
        random: NumPy generator.
        content: bytes of a file.
        other: those of another, for parts to swap with.

    Returns:
        The bytes of the damaged file.
    """
    damaged = bytearray(content)
    # Half of the time at the start, where the header is.
    start = int(random.integers(min(100, len(content)) if random.random() < 0.5 else len(content)))
    length = int(random.choice((1, 4, 30, 1000)))
    stretch = damaged[start : start + length]
    match random.choice((0, 0, 0, 1, 2, 3, 4, 5, 5, 5)):
        case 0:
            for place in random.integers(start, min(start + 200, len(content)), length % 7):
                damaged[place] ^= random.integers(1, 256)
        case 1:
            damaged[max(1, start) :] = b""
        case 2:
            damaged[start : start + length] = b""
        case 3:
            damaged[start:start] = stretch * int(random.integers(1, 10))
        case 4:
            damaged[:length] = other[:length]
        case 5:
            value = int(random.choice(EXTREMES))
            damaged[start : start + 4] = value.to_bytes(4, random.choice(("big", "little")))
    return bytes(damaged) or content


def write_photos(folder, count):
    """Write mutated photos, the same ones each time.

    Args:
        folder: where the sub-folders `even` and `odd` are made.
        count: number of photos.
    """
    random = np.random.default_rng(0)
    whole = make_originals()
    names = list(whole)
    for label in ("even", "odd"):
        Path(folder, label).mkdir(parents=True)
    for number in range(count):
        name, other = names[number % len(names)], random.choice(names)
        content = whole[name]
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            content = mutate(random, content, whole[other])
        if random.random() < 0.5:
            content = _with_checksums(content)
        Path(folder, ("even", "odd")[number % 2], f"{number:06}-{name}").write_bytes(content)


class Reading(NamedTuple):
    """What came of reading photos.

    Attributes:
        results: how many photos were `decoded`, or have each problem.
        slowest: the longest time that one took, seconds.
        peak: the most memory that a process took, bytes.
    """

    results: Counter
    slowest: float
    peak: int


def read_photos(folder):
    """Read all photos of a folder as `prepare` does, twice, then once more in this process.

    Errors that are printed meanwhile are what `prepare` would print.

    Returns:
        The `Reading`.
    """
    names = finding.find(folder).photos["photo"]
    results, slowest, own, this = Counter(), 0, 0, psutil.Process()
    in_time = []
    twice = zip(*(reading.read(folder, names, IMAGE_SIZE) for _ in range(2)), strict=True)
    for name, (result, again) in zip(names, twice, strict=True):
        own = max(own, this.memory_info().rss)
        outcome = result.problem if isinstance(result, decoding.PhotoError) else "decoded"
        results[outcome] += 1
        if outcome not in ("crash", "too slow"):
            in_time.append(name)
            if _identify(again) != _identify(result):
                results["another result each time"] += 1
    unit = 1 if sys.platform == "darwin" else 1024
    peak = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)
    with _silence():
        for name in in_time:
            start = time.perf_counter()
            with suppress(decoding.PhotoError):
                decoding.decode(Path(folder, name), IMAGE_SIZE, folder)
            slowest = max(slowest, time.perf_counter() - start)
    return Reading(results, slowest, peak)


def measure(count=6000, folder=None):
    """Read mutated photos, and measure how long it takes, and how much memory.

    Args:
        count: number of photos.
        folder: where to keep them; nowhere by default.

    Returns:
        A dictionary with the number of photos `decoded`, and of those with each problem
        (`listed`); `seconds`, the longest time that one took; and `megabytes`, the most memory
        that a process took.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder or temporary
        write_photos(folder, count)
        results, slowest, peak = read_photos(folder)
    decoded = results.pop("decoded", 0)
    return {"decoded": decoded, "listed": results, "seconds": slowest, "megabytes": peak / 1e6}


def rows():
    """Measure; yield `(what, figures, number)`, a row of a table."""
    # In a process of its own, so that other children do not count.
    command = [sys.executable, "-m", "tests.helpers.fuzz"]
    found = json.loads(subprocess.check_output(command, cwd=ROOT, text=True))
    listed = sum(found["listed"].values())
    yield (
        "mutated photos: decoded, listed, neither; slowest, memory",
        f"{found['decoded']:,}, {listed:,}, {6000 - found['decoded'] - listed}; "
        f"{found['seconds']:.2f} s, {found['megabytes']:.0f} MB",
        "6,000",
    )


def _save(image, name, **options):
    file = io.BytesIO()
    image.save(file, {".jpg": "JPEG", ".tif": "TIFF"}.get(name[-4:], name.split(".")[1]), **options)
    return file.getvalue()


def _with_checksums(content):
    """Correct the checksums of a PNG file, so that decoders read what was changed in it."""
    damaged, start = bytearray(content), 8
    while content.startswith(b"\x89PNG") and start + 12 <= len(content):
        end = start + 8 + int.from_bytes(content[start : start + 4], "big")
        if end + 4 <= len(content):
            damaged[end : end + 4] = struct.pack(">I", zlib.crc32(content[start + 4 : end]))
        start = end + 4
    return bytes(damaged)


@contextmanager
def _silence():
    """Drop what libraries print as errors, C libraries as well."""
    errors, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(errors, 2)
        os.close(errors)
        os.close(nothing)


def _identify(result):
    if isinstance(result, decoding.PhotoError):
        return result.args
    pixels = result.pixels
    return pixels.shape, pixels.dtype, pixels.tobytes(), result.sha256, result.sketch.tobytes()


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:2]), *sys.argv[2:])))
