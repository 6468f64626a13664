"""The demo's pictures: drawn where they are the photos, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest
from conftest import draw_photos
from PIL import Image

from stages import prepare, render
from tests.helpers.project import change_parameters


@pytest.fixture
def demo(workspace):
    """A working directory set for the demo, with three pictures of each animal."""
    change_parameters(
        workspace / "params.yaml", photos="data/demo", base__name="demo", demo__photos_per_class=3
    )
    return workspace


def pictures():
    return {path.as_posix(): path.read_bytes() for path in Path("data/demo").rglob("*.jpg")}


def test_each_animal_gets_a_folder_of_pictures_that_prepare_takes_as_photos(demo, capsys):
    render.main()
    assert capsys.readouterr().out == "3 drawings each of butterfly, cat, horse\n"
    assert sorted(pictures()) == [
        f"data/demo/{animal}/drawing_00{number}.jpg"
        for animal in ("butterfly", "cat", "horse")
        for number in range(3)
    ]
    with Image.open("data/demo/cat/drawing_000.jpg") as picture:
        assert picture.size == (160, 160)
    prepare.main()
    assert np.load("data/pixels.npy").shape == (9, 32, 32, 3)


def test_the_same_seed_gives_the_same_files_and_another_seed_others(demo):
    render.main()
    first = pictures()
    render.main()
    assert pictures() == first
    change_parameters(demo / "params.yaml", demo__seed=1)
    render.main()
    assert pictures().keys() == first.keys()
    assert all(content != first[name] for name, content in pictures().items())


def test_with_fewer_pictures_the_others_go(demo):
    render.main()
    first = pictures()
    change_parameters(demo / "params.yaml", demo__photos_per_class=2)
    render.main()
    assert pictures() == {name: first[name] for name in first if "_002" not in name}


@pytest.mark.parametrize("spelling", ["data/demo/", "./data/demo", "data/../data/demo"])
def test_the_folder_is_known_however_it_is_written(demo, spelling):
    change_parameters(demo / "params.yaml", photos=spelling)
    render.main()
    assert len(pictures()) == 9


@pytest.mark.parametrize("drawn_before", [False, True])
def test_for_other_photos_nothing_is_drawn(demo, capsys, drawn_before):
    if drawn_before:
        render.main()
        capsys.readouterr()
    draw_photos(demo / "photos", count=1)
    change_parameters(demo / "params.yaml", photos="photos", base__name="MobileNetV2")
    render.main()
    assert capsys.readouterr().out == "photos are in photos: nothing to draw\n"
    assert [path.name for path in Path("data/demo").iterdir()] == [".empty"]


def test_a_missing_folder_of_photos_is_refused_before_the_drawings_are_removed(demo):
    render.main()
    change_parameters(demo / "params.yaml", photos="photos", base__name="MobileNetV2")
    with pytest.raises(SystemExit, match="'photos' is not a folder; expected one with"):
        render.main()
    (demo / "photos" / "cat").mkdir(parents=True)
    with pytest.raises(SystemExit, match="has only the sub-folder 'cat'"):
        render.main()
    assert len(pictures()) == 9


@pytest.mark.parametrize(
    "name", ["cat/cat_001.jpg", "dog/drawing_000.jpg", "drawing_000.jpg", "a.txt"]
)
def test_files_of_others_are_neither_used_nor_removed(demo, name):
    render.main()
    path = Path("data/demo", name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(SystemExit) as error:
        render.main()
    assert str(path) in str(error.value)
    assert "Move your photos to a folder of their own" in str(error.value)
    assert "\n" not in str(error.value)
    assert path.read_text() == "mine"
    assert len(pictures()) == 9 + path.match("*.jpg")
