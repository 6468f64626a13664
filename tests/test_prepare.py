import io
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import draw_photos
from PIL import Image, ImageDraw

from stages import prepare
from stages.common import files
from stages.photos import decoding, reading
from tests.helpers.project import change_parameters


def outputs():
    """Map each file that `prepare` may have written to its bytes."""
    return {
        path.as_posix(): path.read_bytes()
        for folder in ("data", "metrics")
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def jpeg(size=(40, 40)):
    """The bytes of a JPEG file with noise."""
    content = io.BytesIO()
    noise = np.random.default_rng(9).integers(0, 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(noise).save(content, "jpeg")
    return content.getvalue()


def draw_scene(path):
    """Draw a picture of a few shapes, and the same one half as large beside it."""
    image = Image.new("RGB", (160, 160), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 30, 90, 140), "black")
    draw.rectangle((70, 10, 150, 60), "red")
    draw.polygon([(100, 150), (150, 90), (155, 155)], "blue")
    image.save(path)
    image.resize((80, 80)).save(path.with_name(f"{path.stem} half.png"))


def skip(workspace):
    change_parameters(workspace / "params.yaml", on_bad_photo="skip")


def run_and_fail():
    """Run `prepare`, check that it fails and writes nothing, and return its message."""
    before = outputs()
    with pytest.raises(SystemExit) as refusal:
        prepare.main()
    assert outputs() == before
    return str(refusal.value)


def test_many_classes_fit_a_line(workspace, capsys):
    colours = {f"colour {number}": (number * 8, 0, 0) for number in range(30)}
    draw_photos(workspace / "photos", 2, colours)
    prepare.main()
    assert capsys.readouterr().out == "60 photos of 30 classes: 2 of each\n"
    draw_photos(workspace / "photos", 3, {"another": (0, 200, 0)})
    prepare.main()
    assert capsys.readouterr().out == "63 photos of 31 classes: 2 to 3 of each\n"


def test_every_photo_is_in_the_table_and_in_the_array(workspace, capsys):
    draw_photos(workspace / "photos", count=4)
    prepare.main()
    table = pd.read_csv("data/photos.csv")
    pixels = np.load("data/pixels.npy")
    assert list(table.columns) == ["photo", "label", "sha256", "group"]
    assert table["photo"].tolist()[:2] == ["blue/000.jpg", "blue/001.jpg"]
    assert pixels.shape == (12, 32, 32, 3)
    assert pixels.dtype == np.uint8
    for label, channel in {"blue": 2, "green": 1, "red": 0}.items():
        means = pixels[table["label"] == label].mean(axis=(1, 2))
        assert (means.argmax(axis=1) == channel).all()
    assert capsys.readouterr().out == "12 photos of 3 classes: 4 blue, 4 green, 4 red\n"
    assert table["group"].tolist() == table["sha256"].tolist()
    assert Path("metrics/photos.csv").read_text() == "photo,label,problem,detail\n"


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
        (reserved_class, "'photos' has a class 'actual', which the predictions need"),
    ],
)
def test_a_folder_that_will_not_do_is_refused_before_anything_is_written(workspace, make, message):
    make(workspace / "photos")
    with pytest.raises(SystemExit, match=message):
        prepare.main()
    assert not Path("data").exists()


def test_all_photos_that_cannot_be_used_are_named_at_once_with_advice(workspace):
    folder = draw_photos(workspace / "photos", count=2)
    prepare.main()
    (folder / "red" / "empty.jpg").write_text("")
    (folder / "blue" / "notes.txt").write_text("not a photo")
    (folder / "green" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    shutil.copy(folder / "red" / "000.jpg", folder / "red" / "copy.jpg")  # no reason to fail
    assert run_and_fail() == (
        "photos: 3 of 10 in 'photos' cannot be used:\n"
        "  blue/notes.txt: not an image (none of BMP, GIF, JPEG, PNG, TIFF, WEBP)\n"
        "  green/phone.heic: unreadable format (a HEIC picture; export it as JPEG)\n"
        "  red/empty.jpg: empty (0 bytes)\n"
        "Repair or remove them, or set on_bad_photo to skip in params.yaml."
    )


def test_nothing_is_written_the_first_time_either(workspace):
    folder = draw_photos(workspace / "photos", count=2)
    (folder / "red" / "empty.jpg").write_text("")
    run_and_fail()
    assert outputs() == {}


def test_bad_photos_are_left_out_and_listed_if_asked_for(workspace, capsys):
    folder = draw_photos(workspace / "photos", count=12)
    (folder / "blue" / "000 first.txt").write_text("not a photo")
    (folder / "green" / "005.jpg").write_bytes(jpeg()[:-900])
    (folder / "red" / "011.jpg").write_text("")
    skip(workspace)
    prepare.main()
    table = files.read_table("data/photos.csv")
    pixels = np.load("data/pixels.npy")
    assert len(table) == len(pixels) == 34
    for row, name in enumerate(table["photo"]):
        photo = decoding.decode(folder / name, 32)
        assert np.array_equal(pixels[row], photo.pixels)
        assert table["sha256"][row] == photo.sha256
        assert table["label"][row] == name.split("/")[0]
    listed = files.read_table("metrics/photos.csv")
    assert listed[["photo", "label", "problem"]].to_numpy().tolist() == [
        ["blue/000 first.txt", "blue", "not an image"],
        ["green/005.jpg", "green", "truncated"],
        ["red/011.jpg", "red", "empty"],
    ]
    assert list(listed.columns) == ["photo", "label", "problem", "detail"]
    assert listed["detail"][2] == "0 bytes"
    assert capsys.readouterr().out == (
        "34 photos of 3 classes: 12 blue, 11 green, 11 red\n"
        "left out: 1 not an image, 1 truncated, 1 empty\n"
        "metrics/photos.csv lists them\n"
    )


@pytest.mark.parametrize("choice", ["fail", "skip"])
def test_one_photo_under_two_labels_is_an_error_even_if_bad_ones_are_left_out(workspace, choice):
    folder = draw_photos(workspace / "photos", count=4)
    prepare.main()
    shutil.copy(folder / "blue" / "003.jpg", folder / "red" / "copy.jpg")
    (folder / "red" / "empty.jpg").write_text("")
    change_parameters(workspace / "params.yaml", on_bad_photo=choice)
    empty = "  red/empty.jpg: empty (0 bytes)\n" if choice == "fail" else ""
    advice = ", or set on_bad_photo to skip in params.yaml" if choice == "fail" else ""
    assert run_and_fail() == (
        f"photos: {3 if empty else 2} of 14 in 'photos' cannot be used:\n"
        "  blue/003.jpg: two labels (the same photo as red/copy.jpg)\n"
        "  red/copy.jpg: two labels (the same photo as blue/003.jpg)\n"
        f"{empty}"
        f"Repair or remove them{advice}; keep only one copy of a photo with two labels."
    )


@pytest.mark.parametrize("lost", ["red", "*"])
def test_a_class_that_loses_all_its_photos_is_an_error(workspace, lost):
    folder = draw_photos(workspace / "photos", count=2)
    prepare.main()
    for path in folder.glob(f"{lost}/*"):
        path.write_text("")
    skip(workspace)
    assert run_and_fail() == (
        f"photos: no photo of class {'red' if lost == 'red' else 'blue'!r} can be used; expected "
        "at least one of each class. Repair them, or remove the folder."
    )


def test_duplicates_and_near_duplicates_are_used_and_listed(workspace, capsys):
    folder = draw_photos(workspace / "photos", count=2)
    draw_scene(folder / "blue" / "scene.png")
    shutil.copy(folder / "blue" / "scene half.png", folder / "blue" / "smaller.png")
    shutil.copy(folder / "red" / "001.jpg", folder / "red" / "copy.jpg")
    prepare.main()
    table = files.read_table("data/photos.csv").set_index("photo")
    assert len(table) == len(np.load("data/pixels.npy")) == 10
    scenes = table.loc[["blue/scene half.png", "blue/scene.png", "blue/smaller.png"]]
    assert set(scenes["group"]) == {scenes["sha256"].min()}
    assert table["group"].nunique() == 7
    assert files.read_table("metrics/photos.csv").to_numpy().tolist() == [
        ["blue/scene.png", "blue", "near duplicate", "looks like blue/scene half.png"],
        ["blue/smaller.png", "blue", "duplicate", "the same photo as blue/scene half.png"],
        ["red/copy.jpg", "red", "duplicate", "the same photo as red/001.jpg"],
    ]
    assert capsys.readouterr().out == (
        "10 photos of 3 classes: 5 blue, 2 green, 3 red\n"
        "used: 1 near duplicate, 2 duplicate\n"
        "metrics/photos.csv lists them\n"
    )


def test_near_duplicates_of_two_classes_are_an_error(workspace):
    folder = draw_photos(workspace / "photos", count=2)
    draw_scene(folder / "blue" / "scene.png")
    (folder / "blue" / "scene half.png").rename(folder / "red" / "scene.png")
    assert run_and_fail() == (
        "photos: 2 of 8 in 'photos' cannot be used:\n"
        "  blue/scene.png: two labels (looks like red/scene.png)\n"
        "  red/scene.png: two labels (looks like blue/scene.png)\n"
        "Repair or remove them; keep only one copy of a photo with two labels."
    )


def test_the_number_of_processes_does_not_change_a_byte(workspace, monkeypatch):
    folder = draw_photos(workspace / "photos", count=20)
    (folder / "green" / "005.jpg").write_bytes(jpeg()[:-900])
    shutil.copy(folder / "red" / "001.jpg", folder / "red" / "copy.jpg")
    skip(workspace)
    written = []
    for processes in (1, 2):
        monkeypatch.setattr(reading, "cpu_count", lambda processes=processes: processes)
        prepare.main()
        written.append(outputs())
    assert written[0] == written[1]
    assert sorted(written[0]) == [
        "data/levels.json", "data/photos.csv", "data/pixels.npy", "metrics/photos.csv",
    ]  # fmt: skip


NASTY = ["esc\x1b[31m.jpg", "line\nbreak.jpg", "back\b.jpg", "right\u202eleft.jpg"]


@pytest.mark.parametrize("name", [*NASTY, os.fsdecode(b"latin\xe9.jpg")])
def test_names_of_files_do_not_play_tricks_on_the_terminal(workspace, capsys, name):
    folder = draw_photos(workspace / "photos", count=2)
    (folder / "red" / name).write_text("")
    message = run_and_fail()
    assert message.encode().decode() == message
    assert all(line.isprintable() for line in message.splitlines())
    assert len(message.splitlines()) == 3
    skip(workspace)
    prepare.main()
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())
    assert len(files.read_table("metrics/photos.csv")) == 1


def test_names_of_classes_do_not_play_tricks_on_the_terminal(workspace, capsys):
    draw_photos(workspace / "photos", 2, {"esc\x1b[31m": (200, 9, 9), "blue": (9, 9, 200)})
    prepare.main()
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())


# Given splits, tables and individuals


def given_split(workspace, count=3):
    """Photos of a given split, no two alike."""
    draw_photos(workspace / "photos", 3 * count)
    for path in sorted((workspace / "photos").glob("*/*")):
        side = ("train", "val", "test")[int(path.stem) // count]
        moved = workspace / "photos" / side / path.parent.name / path.name
        moved.parent.mkdir(parents=True, exist_ok=True)
        path.rename(moved)
    for name in ("blue", "green", "red"):
        (workspace / "photos" / name).rmdir()
    return workspace / "photos"


def test_a_given_split_is_in_the_table(workspace):
    given_split(workspace)
    prepare.main()
    table = files.read_table("data/photos.csv")
    assert list(table.columns) == ["photo", "label", "split", "sha256", "group"]
    assert table.groupby("split")["photo"].count().to_dict() == {
        "train": 9, "validation": 9, "test": 9,
    }  # fmt: skip
    assert table["split"][table["photo"] == "val/red/003.jpg"].item() == "validation"


@pytest.mark.parametrize("choice", ["fail", "skip"])
def test_what_is_on_two_sides_is_refused_or_left_out_of_training(workspace, choice):
    folder = given_split(workspace)
    shutil.copy(folder / "test/red/006.jpg", folder / "train/red/same.jpg")
    shutil.copy(folder / "test/blue/006.jpg", folder / "val/blue/same.jpg")
    draw_scene(folder / "test/green/scene.png")
    (folder / "test/green/scene half.png").rename(folder / "train/green/half.png")
    change_parameters(workspace / "params.yaml", on_bad_photo=choice, groups=r"(rex)_\d")
    (folder / "train/green/001.jpg").rename(folder / "train/green/rex_1.jpg")
    (folder / "test/green/008.jpg").rename(folder / "test/green/rex_2.jpg")
    expected = [
        ("train/green/half.png", "looks like test/green/scene.png of the test photos"),
        ("train/green/rex_1.jpg", "the same individual as test/green/rex_2.jpg of the test photos"),
        ("train/red/same.jpg", "the same photo as test/red/006.jpg of the test photos"),
        ("val/blue/same.jpg", "the same photo as test/blue/006.jpg of the test photos"),
    ]
    if choice == "fail":
        assert run_and_fail().splitlines()[1:-1] == [
            f"  {photo}: two sides ({detail})" for photo, detail in expected
        ]
        return
    prepare.main()
    table, pixels = files.read_table("data/photos.csv"), np.load("data/pixels.npy")
    listed = files.read_table("metrics/photos.csv")
    assert listed[["photo", "detail"]].to_numpy().tolist() == [list(pair) for pair in expected]
    assert set(listed["problem"]) == {"two sides"}
    assert len(table) == len(pixels) == 27
    assert table.groupby("group")["split"].nunique().max() == 1
    for row, name in enumerate(table["photo"]):
        assert np.array_equal(pixels[row], decoding.decode(folder / name, 32).pixels)


def test_photos_that_a_table_does_not_name_are_left_out_and_listed(workspace, capsys):
    folder = draw_photos(workspace / "photos", count=2)
    rows = [f"{path.relative_to(folder)},{path.parent.name}" for path in folder.glob("[br]*/*")]
    (folder / "labels.csv").write_text("\n".join(["photo,label", *rows]))
    prepare.main()
    assert files.read_table("metrics/photos.csv").to_numpy().tolist() == [
        ["green/000.jpg", "", "no label", "not in the table of labels"],
        ["green/001.jpg", "", "no label", "not in the table of labels"],
    ]
    assert len(files.read_table("data/photos.csv")) == 4
    assert capsys.readouterr().out == (
        "labels are those of labels.csv\n"
        "4 photos of 2 classes: 2 blue, 2 red\n"
        "left out: 2 no label\n"
        "metrics/photos.csv lists them\n"
    )


def test_photos_of_one_individual_are_one_group_and_a_hint_says_where_that_is_likely(
    workspace, capsys
):
    folder = draw_photos(workspace / "photos", count=12)
    for path in folder.glob("*/*"):
        number = int(path.stem)
        path.rename(path.with_name(f"{path.parent.name}{number // 3} shot{number % 3}.jpg"))
    prepare.main()
    assert "set groups: '([^/]*[^/\\d])\\d+[^/\\d]*$' in params.yaml" in capsys.readouterr().out
    assert files.read_table("data/photos.csv")["group"].nunique() == 36
    change_parameters(workspace / "params.yaml", groups=r"([^/]*[^/\d])\d+[^/\d]*$")
    prepare.main()
    assert capsys.readouterr().out.endswith("\nindividuals: 12 on 36 photos\n")
    assert files.read_table("data/photos.csv")["group"].nunique() == 12


def test_photos_outside_the_project_are_said_to_need_an_absolute_path(workspace, capsys):
    draw_photos(workspace / "photos", count=2)
    (workspace / "project").mkdir()
    shutil.copy(workspace / "params.yaml", workspace / "project")
    os.chdir(workspace / "project")
    for photos, hint in (("../photos", True), (str(workspace / "photos"), False)):
        change_parameters(Path("params.yaml"), photos=photos)
        prepare.main()
        said = f"for queued experiments, set it to {workspace / 'photos'}"
        assert (said in capsys.readouterr().out) == hint
