import os
import shutil
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from stages.photos import decoding, finding
from tests.helpers.project import ROOT

RED, BLUE = (200, 60, 60), (60, 60, 200)
QUARTERS = {"A": (220, 30, 30), "B": (30, 220, 30), "C": (30, 30, 220), "D": (220, 220, 30)}
# How the quarters of an upright AB/CD lie in the file, by what EXIF calls orientation.
ORIENTATIONS = {
    1: "ABCD", 2: "BADC", 3: "DCBA", 4: "CDAB", 5: "ACBD", 6: "BDAC", 7: "DBCA", 8: "CADB",
}  # fmt: skip


def draw(path, colour=RED, size=(50, 30)):
    Image.new("RGB", size, colour).save(path)
    return path


def pixels_of(path):
    pixels = decoding.decode(path, 32).pixels
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    return pixels


def assert_colour(path, colour, within=1):
    assert np.abs(pixels_of(path).astype(int) - colour).max() <= within


def problem(path, folder=None):
    with pytest.raises(decoding.PhotoError) as caught:
        decoding.decode(path, 32, folder)
    assert caught.value.detail
    return caught.value.problem


def png(width, height, bits, kind, rows):
    """A PNG file of a kind that Pillow does not write, or that is not what it says."""
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    chunks = {b"IHDR": header, b"IDAT": zlib.compress(rows), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


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
    content = png(50, 30, 16, kind, (b"\0" + 50 * pixel) * 30)
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


@pytest.mark.parametrize("name", ["photo.PNG", "photo.Png", "photo.jpg", "photo.txt", "photo"])
def test_what_the_name_ends_in_does_not_matter(folder, name):
    draw(folder / "cat" / "photo.png").rename(folder / "cat" / name)
    assert f"cat/{name}" in names(folder)
    assert_colour(folder / "cat" / name, RED)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_a_photo_may_be_as_narrow_as_one_pixel(tmp_path, size, ending):
    assert_colour(draw(tmp_path / f"photo.{ending}", size=size), RED, within=5)


# Which photos there are


@pytest.fixture
def folder(tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        draw(tmp_path / "photos" / label / "1.png")
    return tmp_path / "photos"


def names(folder):
    return finding.find(folder)["photo"].tolist()


@pytest.mark.parametrize(
    "name",
    ["a cat.png", "Kätzchen é.png", "😺.png", "two\nlines.png", 'a "cat", {1} %s \\n.png', "-r"],
)
def test_a_photo_may_have_any_name(folder, name):
    draw(folder / "cat" / "2.png", BLUE).rename(folder / "cat" / name)
    assert sorted(names(folder)) == sorted(["cat/1.png", f"cat/{name}", "dog/1.png"])
    assert_colour(folder / f"cat/{name}", BLUE)


@pytest.mark.parametrize("name", ["a cat", "Kätzchen", "😺", "two\nlines", "cat.png"])
def test_a_class_may_have_any_name(folder, name):
    (folder / "cat").rename(folder / name)
    assert set(finding.find(folder)["label"]) == {name, "dog"}


@pytest.mark.parametrize("where", ["", "cat"])
@pytest.mark.parametrize(
    "name",
    [
        ".hidden.png", ".hidden/1.png", "._1.png", ".DS_Store", "Thumbs.db", "THUMBS.DB",
        "desktop.ini", "Desktop.INI", "__MACOSX/1.png", "__macosx/cat/1.png",
    ],
)  # fmt: skip
def test_hidden_files_and_what_systems_leave_behind_are_no_photos(folder, where, name):
    path = folder / where / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / "cat" / "1.png", path)
    assert names(folder) == ["cat/1.png", "dog/1.png"]


def test_photos_in_sub_folders_of_a_class_belong_to_it(folder):
    (folder / "cat" / "kittens" / "white").mkdir(parents=True)
    draw(folder / "cat" / "kittens" / "white" / "1.png")
    table = finding.find(folder)
    assert table["photo"].tolist() == ["cat/1.png", "cat/kittens/white/1.png", "dog/1.png"]
    assert table["label"].tolist() == ["cat", "cat", "dog"]


def test_what_is_no_file_is_no_photo(folder):
    os.mkfifo(folder / "cat" / "2.png")
    assert names(folder) == ["cat/1.png", "dog/1.png"]


def test_nobody_waits_for_a_link_to_what_is_no_file(folder):
    os.mkfifo(folder / "cat" / "pipe")
    (folder / "cat" / "2.png").symlink_to("pipe")
    assert names(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    assert problem(folder / "cat" / "2.png", folder) == "not a file"


# Links


@pytest.fixture
def elsewhere(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    draw(tmp_path / "elsewhere" / "1.png")
    return tmp_path / "elsewhere"


@pytest.mark.parametrize("absolute", [False, True])
def test_a_link_to_a_photo_inside_the_folder_is_a_photo(folder, absolute):
    draw(folder / "original.png", BLUE)
    target = folder / "original.png" if absolute else "../original.png"
    (folder / "cat" / "2.png").symlink_to(target)
    assert names(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    photo = decoding.decode(folder / "cat" / "2.png", 32, folder)
    assert (photo.pixels == BLUE).all()


def test_a_link_to_a_folder_inside_the_folder_is_followed(folder):
    (folder / ".store").mkdir()
    draw(folder / ".store" / "2.png")
    (folder / "cat" / "more").symlink_to("../.store")
    assert names(folder) == ["cat/1.png", "cat/more/2.png", "dog/1.png"]
    assert decoding.decode(folder / "cat" / "more" / "2.png", 32, folder)


def test_a_class_may_be_a_link_to_a_folder_inside_the_folder(folder):
    (folder / "dog").rename(folder / ".store")
    (folder / "dog").symlink_to(".store")
    assert names(folder) == ["cat/1.png", "dog/1.png"]


def test_the_folder_of_photos_may_itself_be_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert names(tmp_path / "link") == ["cat/1.png", "dog/1.png"]
    assert decoding.decode(tmp_path / "link" / "cat" / "1.png", 32, tmp_path / "link")


@pytest.mark.parametrize("target", ["../../elsewhere/1.png", "../../elsewhere", "/dev/zero", "/"])
def test_a_link_that_leads_out_of_the_folder_is_listed(folder, elsewhere, target):
    (folder / "cat" / "2.png").symlink_to(target)
    assert names(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    assert problem(folder / "cat" / "2.png", folder) == "link"


def test_a_link_by_way_of_another_link_out_of_the_folder_is_listed(folder, elsewhere):
    (folder / "out").symlink_to(elsewhere / "1.png")
    (folder / "cat" / "2.png").symlink_to("../out")
    assert problem(folder / "cat" / "2.png", folder) == "link"


def test_a_folder_whose_name_starts_the_same_is_outside(folder):
    shutil.copytree(folder, folder.with_name("photos-2"))
    (folder / "cat" / "2.png").symlink_to("../../photos-2/cat/1.png")
    assert problem(folder / "cat" / "2.png", folder) == "link"


def test_a_class_that_is_a_link_out_of_the_folder_is_refused(folder, elsewhere):
    (folder / "zebra").symlink_to(elsewhere)
    with pytest.raises(SystemExit, match=r"photos/zebra' is a link that leads out of the folder"):
        finding.find(folder)


def test_a_link_to_nothing_is_listed(folder):
    (folder / "cat" / "2.png").symlink_to("missing.png")
    assert names(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    assert problem(folder / "cat" / "2.png", folder) == "unreadable"


def test_a_link_to_itself_is_listed(folder):
    (folder / "cat" / "2.png").symlink_to("2.png")
    assert names(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    assert problem(folder / "cat" / "2.png", folder) == "unreadable"


@pytest.mark.parametrize("target", [".", "..", "../../photos", "../cat"])
def test_links_to_the_folders_that_hold_them_do_not_go_round_in_circles(folder, target):
    (folder / "cat" / "again").symlink_to(target)
    assert names(folder) == ["cat/1.png", "dog/1.png"]


def test_classes_that_link_to_each_other_do_not_go_round_in_circles(folder):
    (folder / "cat" / "friends").symlink_to("../dog")
    (folder / "dog" / "friends").symlink_to("../cat")
    assert names(folder) == ["cat/1.png", "cat/friends/1.png", "dog/1.png", "dog/friends/1.png"]


# What cannot be used as a photo


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    assert problem(tmp_path / "photo.jpg") == "empty"


def test_text_is_not_an_image(tmp_path):
    (tmp_path / "photo.jpg").write_text("This is not a photo.")
    assert problem(tmp_path / "photo.jpg") == "not an image"


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_what_iphones_write_is_said_to_be_unreadable(tmp_path, brand):
    content = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(100)
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(decoding.PhotoError) as caught:
        decoding.decode(tmp_path / "photo.jpg", 32)
    assert caught.value.args == ("unreadable format", f"{brand.decode()}; export it as JPEG")


@pytest.mark.parametrize("format_", ["ppm", "ico", "eps", "pdf", "tga", "pcx"])
def test_other_formats_are_not_taken_for_photos(tmp_path, format_):
    draw(tmp_path / f"photo.{format_}").rename(tmp_path / "photo.jpg")
    assert problem(tmp_path / "photo.jpg") == "not an image"


def test_a_file_named_as_a_photo_does_not_start_ghostscript(tmp_path, monkeypatch):
    draw(tmp_path / "photo.eps").rename(tmp_path / "photo.jpg")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gs").write_text(f"#!/bin/sh\necho >> {tmp_path}/started\necho 10.0\n")
    (tmp_path / "bin" / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert problem(tmp_path / "photo.jpg") == "not an image"
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
    assert problem(tmp_path / name) in problems


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_a_photo_with_32_bits_per_channel_is_said_to_be_unreadable(tmp_path, kind):
    Image.fromarray(np.full((30, 50), 1, kind)).save(tmp_path / "photo.tif")
    assert problem(tmp_path / "photo.tif") == "unreadable format"


@pytest.mark.parametrize("side", [10_000, 100_000])
def test_a_photo_that_says_it_is_huge_is_too_large(tmp_path, side):
    (tmp_path / "photo.png").write_bytes(png(side, side, 8, 2, b"\0"))
    assert problem(tmp_path / "photo.png") == "too large"


def test_a_small_file_of_a_huge_photo_is_too_large(tmp_path):
    Image.new("1", (10_000, 6_000)).save(tmp_path / "photo.png")
    assert (tmp_path / "photo.png").stat().st_size < 100_000
    assert problem(tmp_path / "photo.png") == "too large"


def test_a_huge_file_is_too_large_even_if_a_photo_is_in_it(tmp_path):
    draw(tmp_path / "photo.jpg")
    os.truncate(tmp_path / "photo.jpg", decoding.BYTES + 1)
    assert problem(tmp_path / "photo.jpg") == "too large"


def test_a_name_that_is_not_in_utf_8_is_listed(folder):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        shutil.copy(folder / "cat" / "1.png", folder / "cat" / name)
    except OSError:
        pytest.skip("this file system has names in UTF-8 only")
    assert names(folder) == ["cat/1.png", f"cat/{name}", "dog/1.png"]
    assert problem(folder / "cat" / name, folder) == "unreadable name"


def test_a_warning_about_a_damaged_photo_is_not_printed_without_its_name(tmp_path, recwarn):
    Image.new("RGB", (50, 30)).save(tmp_path / "photo.tif", compression="tiff_lzw")
    content = (tmp_path / "photo.tif").read_bytes()
    (tmp_path / "photo.tif").write_bytes(content[:-50])  # its list of contents is at the end
    problem(tmp_path / "photo.tif")
    assert [str(warning.message) for warning in recwarn] == []


def test_a_warning_about_a_huge_photo_is_not_printed_without_its_name(tmp_path, recwarn):
    (tmp_path / "photo.png").write_bytes(png(10_000, 10_000, 8, 2, b"\0"))
    problem(tmp_path / "photo.png")
    assert [str(warning.message) for warning in recwarn] == []


DETAILS = """
import sys
from pathlib import Path
from stages.photos import decoding, finding

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
    (tmp_path / "huge.png").write_bytes(png(10**5, 10**5, 8, 2, b"\0"))
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


# Files and folders that may not be read

RESULT = """
import sys
from stages.photos import decoding, finding

try:
    finding.find(sys.argv[1])
    decoding.decode(sys.argv[2], 32, sys.argv[1])
except decoding.PhotoError as error:
    print(error.problem)
"""


@pytest.fixture
def read_without_rights(folder):
    """Return a function that reads cat/1.png as somebody for whom permissions count."""
    command = [sys.executable, "-c", RESULT, str(folder), str(folder / "cat" / "1.png")]
    if os.geteuid() == 0:
        rights = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
        if not shutil.which("setpriv") or subprocess.run([*rights, "true"]).returncode:
            pytest.skip("root may read anything, and setpriv cannot change that here")
        command = rights + command
    yield lambda: subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    for path in (folder, folder / "cat"):
        path.chmod(0o755)


def test_a_photo_that_may_not_be_read_is_listed(folder, read_without_rights):
    (folder / "cat" / "1.png").chmod(0)
    done = read_without_rights()
    assert (done.stdout, done.stderr) == ("no permission\n", "")


@pytest.mark.parametrize("name", ["photos", "photos/cat"])
@pytest.mark.parametrize("mode", [0o000, 0o444, 0o111])
def test_a_folder_that_may_not_be_read_is_named(folder, read_without_rights, name, mode):
    (folder.parent / name).chmod(mode)
    done = read_without_rights()
    assert done.returncode == 1
    assert f"{name}' cannot be opened (Permission denied)" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_in_a_place_that_may_not_be_entered_is_refused_in_one_line(
    folder, read_without_rights
):
    folder.parent.chmod(0)
    done = read_without_rights()
    folder.parent.chmod(0o755)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("photos: ")
