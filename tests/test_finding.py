"""Finding: which files of a folder are photos, and folders that are refused."""

import os
import shutil
import subprocess
import sys

import pytest

from stages.photos import decoding, finding
from tests.helpers.images import BLUE, RED, draw, find_problem
from tests.helpers.project import ROOT


@pytest.fixture
def folder(tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        draw(tmp_path / "photos" / label / "1.png")
    return tmp_path / "photos"


def names(folder):
    return finding.find(folder).photos["photo"].tolist()


@pytest.mark.parametrize(
    "name",
    ["a cat.png", "Kätzchen é.png", "😺.png", "two\nlines.png", 'a "cat", {1} %s \\n.png', "-r"],
)
def test_a_photo_may_have_any_name(folder, name):
    draw(folder / "cat" / "2.png", BLUE).rename(folder / "cat" / name)
    assert sorted(names(folder)) == sorted(["cat/1.png", f"cat/{name}", "dog/1.png"])
    assert (decoding.decode(folder / "cat" / name, 32).pixels == BLUE).all()


@pytest.mark.parametrize("name", ["a cat", "Kätzchen", "😺", "two\nlines", "cat.png"])
def test_a_class_may_have_any_name(folder, name):
    (folder / "cat").rename(folder / name)
    assert set(finding.find(folder).photos["label"]) == {name, "dog"}


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


def test_files_beside_the_classes_are_no_photos(folder):
    draw(folder / "1.png")
    (folder / "README.txt").write_text("about these photos")
    assert names(folder) == ["cat/1.png", "dog/1.png"]


def test_all_photos_of_a_folder_are_listed_with_classes_or_without(folder):
    assert finding.list_photos(folder) == ["cat/1.png", "dog/1.png"]
    assert finding.list_photos(folder / "cat") == ["1.png"]
    (folder / "cat" / "1.png").unlink()
    assert finding.list_photos(folder / "cat") == []


def test_photos_in_sub_folders_of_a_class_belong_to_it(folder):
    (folder / "cat" / "kittens" / "white").mkdir(parents=True)
    draw(folder / "cat" / "kittens" / "white" / "1.png")
    table = finding.find(folder).photos
    assert table["photo"].tolist() == ["cat/1.png", "cat/kittens/white/1.png", "dog/1.png"]
    assert table["label"].tolist() == ["cat", "cat", "dog"]


def test_what_is_no_file_is_no_photo(folder):
    os.mkfifo(folder / "cat" / "2.png")
    assert names(folder) == ["cat/1.png", "dog/1.png"]


def test_nobody_waits_for_a_link_to_what_is_no_file(folder):
    os.mkfifo(folder / "cat" / "pipe")
    (folder / "cat" / "2.png").symlink_to("pipe")
    assert names(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    assert find_problem(folder / "cat" / "2.png", folder) == "not a file"


@pytest.mark.parametrize("name", ["photo.PNG", "photo.Png", "photo.jpg", "photo.txt", "photo"])
def test_what_the_name_ends_in_does_not_matter(folder, name):
    draw(folder / "cat" / "photo.png").rename(folder / "cat" / name)
    assert f"cat/{name}" in names(folder)
    assert (decoding.decode(folder / "cat" / name, 32).pixels == RED).all()


def test_a_name_that_is_not_in_utf_8_is_listed(folder):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        shutil.copy(folder / "cat" / "1.png", folder / "cat" / name)
    except OSError:
        pytest.skip("this file system has names in UTF-8 only")
    assert names(folder) == ["cat/1.png", f"cat/{name}", "dog/1.png"]
    assert find_problem(folder / "cat" / name, folder) == "unreadable name"


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
    assert find_problem(folder / "cat" / "2.png", folder) == "link"


def test_a_link_by_way_of_another_link_out_of_the_folder_is_listed(folder, elsewhere):
    (folder / "out").symlink_to(elsewhere / "1.png")
    (folder / "cat" / "2.png").symlink_to("../out")
    assert find_problem(folder / "cat" / "2.png", folder) == "link"


def test_a_folder_whose_name_starts_the_same_is_outside(folder):
    shutil.copytree(folder, folder.with_name("photos-2"))
    (folder / "cat" / "2.png").symlink_to("../../photos-2/cat/1.png")
    assert find_problem(folder / "cat" / "2.png", folder) == "link"


def test_a_class_that_is_a_link_out_of_the_folder_is_refused(folder, elsewhere):
    (folder / "zebra").symlink_to(elsewhere)
    with pytest.raises(SystemExit, match=r"photos/zebra' is a link that leads out of the folder"):
        finding.find(folder)


def test_a_link_to_nothing_is_listed(folder):
    (folder / "cat" / "2.png").symlink_to("missing.png")
    assert names(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    assert find_problem(folder / "cat" / "2.png", folder) == "unreadable"


def test_a_link_to_itself_is_listed(folder):
    (folder / "cat" / "2.png").symlink_to("2.png")
    assert names(folder) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    assert find_problem(folder / "cat" / "2.png", folder) == "unreadable"


@pytest.mark.parametrize("target", [".", "..", "../../photos", "../cat"])
def test_links_to_the_folders_that_hold_them_do_not_go_round_in_circles(folder, target):
    (folder / "cat" / "again").symlink_to(target)
    assert names(folder) == ["cat/1.png", "dog/1.png"]


def test_classes_that_link_to_each_other_do_not_go_round_in_circles(folder):
    (folder / "cat" / "friends").symlink_to("../dog")
    (folder / "dog" / "friends").symlink_to("../cat")
    assert names(folder) == ["cat/1.png", "cat/friends/1.png", "dog/1.png", "dog/friends/1.png"]


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
