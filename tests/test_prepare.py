import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import draw_photos
from PIL import Image

from stages import photos, prepare


def test_every_photo_is_in_the_table_and_in_the_array(workspace, capsys):
    draw_photos(workspace / "photos", count=4)
    prepare.main()
    table = pd.read_csv("data/photos.csv")
    pixels = np.load("data/pixels.npy")
    assert list(table.columns) == ["photo", "label", "sha256"]
    assert table["photo"].tolist()[:2] == ["blue/000.jpg", "blue/001.jpg"]
    assert pixels.shape == (12, 32, 32, 3)
    assert pixels.dtype == np.uint8
    for label, channel in {"blue": 2, "green": 1, "red": 0}.items():
        means = pixels[table["label"] == label].mean(axis=(1, 2))
        assert (means.argmax(axis=1) == channel).all()
    assert capsys.readouterr().out == "12 photos of 3 classes: 4 blue, 4 green, 4 red\n"


def test_a_photo_stands_upright_as_exif_says(tmp_path):
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32] = 255  # the upper half is white
    exif = Image.Exif()
    exif[0x0112] = 3  # the camera was upside down
    Image.fromarray(pixels).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    upright, _ = photos.decode(tmp_path / "photo.jpg", 32)
    assert upright[:12].mean() < 5
    assert upright[20:].mean() > 250


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_photos_of_any_mode_become_rgb(tmp_path, mode):
    path = tmp_path / ("photo.jpg" if mode == "CMYK" else "photo.png")
    Image.new("RGB", (50, 30), "white").convert(mode).save(path)
    pixels, _ = photos.decode(path, 32)
    assert pixels.shape == (32, 32, 3)
    assert pixels.min() > 250


def test_hidden_files_and_files_beside_the_classes_are_no_photos(tmp_path):
    folder = draw_photos(tmp_path / "photos", count=1)
    (folder / "README.txt").write_text("about these photos")
    (folder / "red" / ".DS_Store").write_text("not a photo")
    (folder / ".git").mkdir()
    assert photos.find(folder)["label"].tolist() == ["blue", "green", "red"]


def one_class(folder):
    (folder / "cat").mkdir(parents=True)


def empty_class(folder):
    draw_photos(folder, count=1)
    (folder / "zebra").mkdir()


def reserved_class(folder):
    draw_photos(folder, count=1, classes={"actual": (0, 0, 0), "cat": (9, 9, 9)})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "'photos' is not a folder; expected one with a sub-folder"),
        (lambda folder: folder.mkdir(), "has no sub-folders; expected at least 2"),
        (one_class, "has only the sub-folder 'cat'; expected at least 2"),
        (empty_class, "'photos/zebra' has no photo; expected some in every class"),
        (reserved_class, "'photos/actual' names a class 'actual', which the predictions need"),
    ],
)
def test_a_folder_that_will_not_do_is_refused_before_anything_is_written(workspace, make, message):
    make(workspace / "photos")
    with pytest.raises(SystemExit, match=message):
        prepare.main()
    assert not Path("data").exists()


def test_a_photo_that_cannot_be_read_is_named_and_the_old_output_stays(workspace):
    folder = draw_photos(workspace / "photos", count=2)
    prepare.main()
    before = {path: path.read_bytes() for path in (workspace / "data").iterdir()}
    (folder / "red" / "broken.jpg").write_text("not a photo")
    with pytest.raises(SystemExit, match=r"'photos/red/broken\.jpg' cannot be read as a photo"):
        prepare.main()
    assert before == {path: path.read_bytes() for path in (workspace / "data").iterdir()}


def test_one_photo_under_two_labels_is_an_error_and_nothing_is_written(workspace):
    draw_photos(workspace / "photos")
    shutil.copy("photos/blue/003.jpg", "photos/red/copy.jpg")
    with pytest.raises(SystemExit, match=r"'blue/003\.jpg' and 'red/copy\.jpg' are the same photo"):
        prepare.main()
    assert not list(Path("data").iterdir())
