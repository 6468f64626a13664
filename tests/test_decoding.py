"""Decoding: what is in a photo, and the files that cannot be used as one."""

import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageCms

from stages.photos import decoding
from tests.helpers.images import BLUE, RED, draw, find_problem, make_png
from tests.helpers.project import ROOT

QUARTERS = {"A": (220, 30, 30), "B": (30, 220, 30), "C": (30, 30, 220), "D": (220, 220, 30)}
# How the quarters of an upright AB/CD lie in the file, by what EXIF calls orientation.
ORIENTATIONS = {
    1: "ABCD", 2: "BADC", 3: "DCBA", 4: "CDAB", 5: "ACBD", 6: "BDAC", 7: "DBCA", 8: "CADB",
}  # fmt: skip


def pixels_of(path):
    pixels = decoding.decode(path, 32).pixels
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    return pixels


def assert_colour(path, colour, within=1):
    assert np.abs(pixels_of(path).astype(int) - colour).max() <= within


# What is in a photo


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_photo_stands_upright_however_the_camera_was_held(tmp_path, orientation, ending):
    image = Image.new("RGB", (64, 48))
    for quarter, corner in zip(
        ORIENTATIONS[orientation], [(0, 0), (32, 0), (0, 24), (32, 24)], strict=True
    ):
        image.paste(QUARTERS[quarter], (*corner, corner[0] + 32, corner[1] + 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / f"photo.{ending}", exif=exif, quality=95)
    pixels = pixels_of(tmp_path / f"photo.{ending}").astype(int)
    centres = pixels[[8, 8, 24, 24], [8, 24, 8, 24]]
    assert np.abs(centres - list(QUARTERS.values())).max() < 15


def test_a_photo_stands_upright_though_other_exif_data_is_wrong(tmp_path):
    image = Image.new("RGB", (60, 40), RED)
    image.paste(BLUE, (0, 0, 30, 40))
    sideways = (0x0112, 3, 1, b"\0\6\0\0")
    unit_of_resolution = (0x0128, 2, 2, b"2\0\0\0")  # as text, where a number belongs
    entries = [struct.pack(">HHI4s", *entry) for entry in (sideways, unit_of_resolution)]
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\2" + b"".join(entries) + bytes(4)
    image.save(tmp_path / "photo.jpg", exif=exif, quality=95)
    pixels = pixels_of(tmp_path / "photo.jpg").astype(int)
    assert np.abs(pixels[:12] - BLUE).max() < 15
    assert np.abs(pixels[20:] - RED).max() < 15


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("photo.jpg", {"quality": 95}),
        ("progressive.jpg", {"quality": 95, "progressive": True}),
        ("photo.png", {}),
        ("photo.bmp", {}),
        ("photo.tif", {}),
        ("lzw.tif", {"compression": "tiff_lzw"}),
        ("deflate.tif", {"compression": "tiff_adobe_deflate"}),
        ("jpeg.tif", {"compression": "jpeg", "quality": 95}),
        ("lossy.webp", {"quality": 95}),
        ("lossless.webp", {"lossless": True}),
        ("two-eyes.mpo", {"quality": 95, "save_all": True}),
    ],
)
def test_photos_of_all_formats_keep_their_colours(tmp_path, name, options):
    Image.new("RGB", (50, 30), RED).save(tmp_path / name, **options)
    assert_colour(tmp_path / name, RED, within=3)


def test_a_photo_for_print_keeps_its_colours(tmp_path):
    Image.new("RGB", (50, 30), RED).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    assert_colour(tmp_path / "cmyk.jpg", RED, within=3)


@pytest.mark.parametrize("name", ["grey.png", "grey.tif"])
@pytest.mark.parametrize(("value", "expected"), [(0, 0), (32768, 128), (65535, 255)])
def test_16_bits_of_grey_become_8(tmp_path, name, value, expected):
    Image.fromarray(np.full((30, 50), value, np.uint16)).save(tmp_path / name)
    assert_colour(tmp_path / name, (expected,) * 3)


def test_16_bits_of_grey_in_the_other_byte_order_become_8(tmp_path):
    Image.fromarray(np.full((30, 50), 32768, ">u2")).save(tmp_path / "grey.tif")
    assert (tmp_path / "grey.tif").read_bytes().startswith(b"MM")
    assert_colour(tmp_path / "grey.tif", (128, 128, 128))


@pytest.mark.parametrize(("kind", "alpha"), [(2, ()), (6, (65535,))], ids=["RGB", "RGBA"])
def test_16_bits_of_each_colour_become_8(tmp_path, kind, alpha):
    pixel = struct.pack(f">{3 + len(alpha)}H", 65535, 32768, 0, *alpha)
    content = make_png(50, 30, 16, kind, (b"\0" + 50 * pixel) * 30)
    (tmp_path / "photo.png").write_bytes(content)
    assert_colour(tmp_path / "photo.png", (255, 128, 0))


def test_a_grey_photo_is_as_grey_in_all_channels(tmp_path):
    Image.new("L", (50, 30), 99).save(tmp_path / "grey.png")
    assert_colour(tmp_path / "grey.png", (99, 99, 99), within=0)


def test_a_photo_of_one_bit_is_black_and_white(tmp_path):
    image = Image.new("1", (64, 32))
    image.paste(1, (32, 0, 64, 32))
    image.save(tmp_path / "fax.png")
    pixels = pixels_of(tmp_path / "fax.png")
    assert (pixels[:, :15] == 0).all()
    assert (pixels[:, 17:] == 255).all()


@pytest.mark.parametrize("ending", ["bmp", "gif", "png", "tif"])
def test_a_photo_with_a_palette_keeps_its_colours(tmp_path, ending):
    Image.new("RGB", (50, 30), RED).quantize(8).save(tmp_path / f"palette.{ending}")
    assert_colour(tmp_path / f"palette.{ending}", RED)


@pytest.mark.parametrize("ending", ["png", "gif"])
def test_a_transparent_colour_of_a_palette_is_white(tmp_path, ending):
    image = Image.new("P", (64, 32), 0)
    image.putpalette([*BLUE, *RED])
    image.paste(1, (32, 0, 64, 32))
    image.save(tmp_path / f"palette.{ending}", transparency=0)
    pixels = pixels_of(tmp_path / f"palette.{ending}")
    assert (pixels[:, :15] == 255).all()
    assert (pixels[:, 17:] == RED).all()


@pytest.mark.parametrize(("mode", "black"), [("RGBA", (0, 0, 0)), ("LA", (0,))])
@pytest.mark.parametrize(("alpha", "expected"), [(0, 255), (128, 127), (255, 0)])
def test_the_more_transparent_black_is_the_whiter_it_becomes(
    tmp_path, mode, black, alpha, expected
):
    Image.new(mode, (50, 30), (*black, alpha)).save(tmp_path / "photo.png")
    assert_colour(tmp_path / "photo.png", (expected,) * 3)


def test_a_transparent_webp_is_white(tmp_path):
    Image.new("RGBA", (50, 30), (0, 0, 0, 0)).save(tmp_path / "photo.webp", lossless=True)
    assert_colour(tmp_path / "photo.webp", (255, 255, 255))


@pytest.mark.parametrize(("mode", "colour"), [("RGB", RED), ("L", 99)])
def test_a_colour_that_a_png_declares_transparent_is_white(tmp_path, mode, colour):
    Image.new(mode, (50, 30), colour).save(tmp_path / "photo.png", transparency=colour)
    assert_colour(tmp_path / "photo.png", (255, 255, 255))


def test_the_hidden_colour_of_what_is_transparent_does_not_show_at_its_edges(tmp_path):
    image = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (47, 0, 100, 100))
    image.save(tmp_path / "photo.png")
    red, green, blue = pixels_of(tmp_path / "photo.png").astype(int).transpose(2, 0, 1)
    assert np.abs(red - green).max() <= 1  # between blue and white there is no red
    assert blue.min() >= 254


@pytest.mark.parametrize("name", ["photo.gif", "photo.png", "photo.tif", "photo.webp"])
def test_the_first_picture_of_several_counts(tmp_path, name):
    first, second = (Image.new("RGB", (50, 30), colour) for colour in (RED, BLUE))
    first.save(tmp_path / name, save_all=True, append_images=[second], quality=95)
    with Image.open(tmp_path / name) as image:
        assert image.n_frames == 2
    assert_colour(tmp_path / name, RED, within=3)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_a_photo_may_be_as_narrow_as_one_pixel(tmp_path, size, ending):
    assert_colour(draw(tmp_path / f"photo.{ending}", size=size), RED, within=5)


# 16 bits


def test_grey_levels_of_16_bits_are_kept_whatever_part_of_the_range_they_fill(tmp_path):
    steps = np.linspace(0, 255, 32).astype(np.int32)
    plain = np.tile(steps, (32, 1))
    for name, values in {
        "small.png": (4 * plain).astype(np.uint16),
        "offset.tif": (30_000 + 4 * plain).astype(np.uint16),
        "signed.tif": (4 * plain - 500).astype(np.int16),
    }.items():
        if values.dtype == np.int16:  # Pillow reads it, but does not write it
            write_signed_tiff(tmp_path / name, values)
        else:
            Image.fromarray(values).save(tmp_path / name)
        levels = decoding.decode(tmp_path / name, 32).levels
        assert levels == (values.min(), values.max())
        photo = decoding.decode(tmp_path / name, 32, levels=levels)
        np.testing.assert_array_equal(photo.pixels[..., 0], plain)
        assert photo.notes == ()


def write_signed_tiff(path, values):
    height, width = values.shape
    entries = [
        (256, 4, width), (257, 4, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 130),
        (277, 3, 1), (278, 4, height), (279, 4, 2 * values.size), (339, 3, 2),
    ]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    content = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory
    path.write_bytes(content.ljust(136)[:130].ljust(130) + values.astype("<i2").tobytes())


@pytest.mark.parametrize("kind", [2, 4, 6], ids=["RGB", "LA", "RGBA"])
def test_the_low_bytes_of_colours_of_16_bits_count(tmp_path, kind):
    channels = {2: (0, 500, 1000), 4: (500, 65535), 6: (0, 500, 1000, 65535)}[kind]
    pixel = struct.pack(f">{len(channels)}H", *channels)
    (tmp_path / "photo.png").write_bytes(make_png(50, 30, 16, kind, (b"\0" + 50 * pixel) * 30))
    photo = decoding.decode(tmp_path / "photo.png", 32, levels=(0, 1000))
    expected = (128, 128, 128) if kind == 4 else (0, 128, 255)
    assert np.abs(photo.pixels.astype(int) - expected).max() <= 1


def test_values_beyond_the_range_and_lost_grey_levels_are_noted(tmp_path):
    Image.fromarray(np.arange(1024, dtype=np.uint16).reshape(32, 32)).save(tmp_path / "grey.png")
    noted = {
        levels: [note[0] for note in decoding.decode(tmp_path / "grey.png", 32, None, levels).notes]
        for levels in [(0, 1023), (0, 500), (0, 65535)]
    }
    assert noted == {
        (0, 1023): [],
        (0, 500): ["beyond the range"],
        (0, 65535): ["few grey levels"],
    }


# Colour profiles


def test_colours_of_a_profile_become_srgb(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # With the names of its red and green columns swapped, a profile swaps the two colours.
    swapped = srgb.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")
    found = {}
    for name, profile in {"sRGB": srgb, "swapped": swapped, "LAB": lab, "none": b"x" * 50}.items():
        Image.new("RGB", (50, 30), (200, 40, 40)).save(tmp_path / "photo.png", icc_profile=profile)
        photo = decoding.decode(tmp_path / "photo.png", 32)
        found[name] = photo.pixels[0, 0].tolist(), [problem for problem, _ in photo.notes]
    assert found["sRGB"] == ([200, 40, 40], [])
    assert found["LAB"] == found["none"] == ([200, 40, 40], ["colour profile"])
    colour, notes = found["swapped"]
    assert np.abs(np.subtract(colour, (40, 200, 40))).max() <= 2
    assert notes == []


# What is large


def test_a_jpeg_of_more_pixels_than_others_may_have_is_read(tmp_path):
    Image.new("L", (16_000, 12_000), 99).save(tmp_path / "photo.jpg", quality=50)
    assert_colour(tmp_path / "photo.jpg", (99, 99, 99), within=2)


# What cannot be used as a photo


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    assert find_problem(tmp_path / "photo.jpg") == "empty"


def test_text_is_not_an_image(tmp_path):
    (tmp_path / "photo.jpg").write_text("This is not a photo.")
    assert find_problem(tmp_path / "photo.jpg") == "not an image"


@pytest.mark.parametrize(
    ("brand", "name"),
    [(b"heic", "a HEIC"), (b"mif1", "a HEIC"), (b"avif", "an AVIF"), (b"crx ", "a RAW")],
)
def test_what_iphones_write_is_said_to_be_unreadable(tmp_path, brand, name):
    content = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + 2 * brand + bytes(100)
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(decoding.PhotoError) as caught:
        decoding.decode(tmp_path / "photo.jpg", 32)
    assert caught.value.args == ("unreadable format", f"{name} picture; export it as JPEG")


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\x0a", "a JPEG XL picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (b"8BPS", "a Photoshop picture"),
        (b"%PDF-1.7", "a PDF document"),
        (b"II*\0\x10\0\0\0CR\2\0", "a RAW picture"),
        (b"<?xml version='1.0'?>\n<svg>", "an SVG drawing"),
    ],
)
def test_other_known_formats_are_named(tmp_path, start, name):
    (tmp_path / "photo.jpg").write_bytes(start + bytes(200))
    with pytest.raises(decoding.PhotoError) as caught:
        decoding.decode(tmp_path / "photo.jpg", 32)
    assert caught.value.args == ("unreadable format", f"{name}; export it as JPEG")


@pytest.mark.parametrize("format_", ["ppm", "ico", "eps", "tga", "pcx"])
def test_other_formats_are_not_taken_for_photos(tmp_path, format_):
    draw(tmp_path / f"photo.{format_}").rename(tmp_path / "photo.jpg")
    assert find_problem(tmp_path / "photo.jpg") == "not an image"


def test_a_file_named_as_a_photo_does_not_start_ghostscript(tmp_path, monkeypatch):
    draw(tmp_path / "photo.eps").rename(tmp_path / "photo.jpg")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gs").write_text(f"#!/bin/sh\necho >> {tmp_path}/started\necho 10.0\n")
    (tmp_path / "bin" / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert find_problem(tmp_path / "photo.jpg") == "not an image"
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(
    ("name", "options", "problems"),
    [
        ("photo.jpg", {}, ["truncated"]),
        ("progressive.jpg", {"progressive": True}, ["truncated"]),
        ("photo.png", {}, ["truncated"]),
        ("photo.bmp", {}, ["truncated"]),
        ("photo.gif", {}, ["truncated"]),
        ("photo.tif", {}, ["truncated"]),
        # Pillow does not say what is wrong with these.
        ("lzw.tif", {"compression": "tiff_lzw"}, ["truncated", "damaged"]),
        ("lossy.webp", {}, ["truncated", "damaged"]),
        ("lossless.webp", {"lossless": True}, ["truncated", "damaged"]),
    ],
)
def test_the_beginning_of_a_photo_is_not_used_as_a_whole(tmp_path, name, options, problems, part):
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name, **options)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(part * len(content))])
    assert find_problem(tmp_path / name) in problems


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_a_photo_with_32_bits_per_channel_is_said_to_be_unreadable(tmp_path, kind):
    Image.fromarray(np.full((30, 50), 1, kind)).save(tmp_path / "photo.tif")
    assert find_problem(tmp_path / "photo.tif") == "unreadable format"


@pytest.mark.parametrize("side", [17_000, 100_000])
def test_a_photo_that_says_it_is_huge_is_too_large(tmp_path, side):
    (tmp_path / "photo.png").write_bytes(make_png(side, side, 8, 2, b"\0"))
    assert find_problem(tmp_path / "photo.png") == "too large"


def test_a_small_file_of_a_huge_photo_is_too_large(tmp_path):
    Image.new("1", (15_000, 12_000)).save(tmp_path / "photo.png")
    assert (tmp_path / "photo.png").stat().st_size < 100_000
    assert find_problem(tmp_path / "photo.png") == "too large"


def test_a_huge_file_is_too_large_even_if_a_photo_is_in_it(tmp_path):
    draw(tmp_path / "photo.jpg")
    os.truncate(tmp_path / "photo.jpg", decoding.MAX_BYTES + 1)
    assert find_problem(tmp_path / "photo.jpg") == "too large"


def test_a_warning_about_a_damaged_photo_is_not_printed_without_its_name(tmp_path, recwarn):
    Image.new("RGB", (50, 30)).save(tmp_path / "photo.tif", compression="tiff_lzw")
    content = (tmp_path / "photo.tif").read_bytes()
    (tmp_path / "photo.tif").write_bytes(content[:-50])  # its list of contents is at the end
    find_problem(tmp_path / "photo.tif")
    assert [str(warning.message) for warning in recwarn] == []


def test_a_warning_about_a_huge_photo_is_not_printed_without_its_name(tmp_path, recwarn):
    (tmp_path / "photo.png").write_bytes(make_png(10_000, 10_000, 8, 2, b"\0"))
    find_problem(tmp_path / "photo.png")
    assert [str(warning.message) for warning in recwarn] == []


DETAILS = """
import sys
from pathlib import Path
from stages.photos import decoding

for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        decoding.decode(path, 32)
    except decoding.PhotoError as error:
        print(path.name, error.problem, error.detail)
"""


def test_what_is_wrong_is_said_in_the_same_words_each_time(tmp_path):
    for name in ("1.jpg", "1.png", "1.gif", "1.bmp", "1.tif", "1.webp"):
        draw(tmp_path / name, size=(99, 99))
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        (tmp_path / f"{name}.flipped").write_bytes(content[:40] + b"\xff" * 40 + content[80:])
    (tmp_path / "text.jpg").write_text("This is not a photo.")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "huge.png").write_bytes(make_png(10**5, 10**5, 8, 2, b"\0"))
    first, second = (
        subprocess.run(
            [sys.executable, "-c", DETAILS, str(tmp_path)],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ).stdout
        for seed in "12"
    )  # fmt: skip
    assert first == second
    assert len(first.splitlines()) >= 12
    assert "0x" not in first
