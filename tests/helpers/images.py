"""Images for the tests of reading photos, and what is wrong with one."""

import struct
import zlib

import pytest
from PIL import Image

from stages.photos import decoding

RED, BLUE = (200, 60, 60), (60, 60, 200)


def draw(path, colour=RED, size=(50, 30)):
    """Draw an image of one colour; return its path."""
    Image.new("RGB", size, colour).save(path)
    return path


def make_png(width, height, bits, kind, rows):
    """Return a PNG file of a kind that Pillow does not write, or that is not what it says."""
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    chunks = {b"IHDR": header, b"IDAT": zlib.compress(rows), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


def find_problem(path, folder=None):
    """Return the problem of a file that cannot be used as a photo."""
    with pytest.raises(decoding.PhotoError) as caught:
        decoding.decode(path, 32, folder)
    assert caught.value.detail
    return caught.value.problem
