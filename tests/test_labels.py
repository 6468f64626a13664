"""Labels and splits that are given: by folders such as train and test, or by a table."""

import shutil

import pytest

from stages.photos import finding, labels
from tests.helpers.images import draw

CLASSES = ("cat", "dog")


def place(folder, *names):
    """Put a photo at each path of a folder."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        draw(folder / name)
    return folder


def given_split(folder, *sides, pattern="{side}/{label}/1.png"):
    """Put a photo of each class on each side."""
    names = [pattern.format(side=side, label=label) for side in sides for label in CLASSES]
    return place(folder, *names)


def find_sides(folder):
    """Map each photo to its label and side."""
    photos = finding.find(folder).photos
    assert set(photos["label"]) == set(CLASSES)
    return dict(zip(photos["photo"], photos["split"], strict=True))


def refuse(folder):
    """The one line that refuses a folder."""
    with pytest.raises(SystemExit) as refusal:
        finding.find(folder)
    return str(refusal.value)


# Folders


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("train", "validation", "test"), ("train", "validation", "test")),
        (("Training", "Valid", "TESTING"), ("train", "validation", "test")),
        (("train", "val"), ("train", "validation")),
        (("TRAIN", "dev"), ("train", "validation")),
        (("train", "eval"), ("train", "test")),
        (("train", "test", "eval"), ("train", "test", "validation")),
    ],
)
@pytest.mark.parametrize(
    "pattern",
    ["{side}/{label}/1.png", "{label}/{side}/1.png", "data set/{side}/{label}/deep/1.png",
     "a/b/{label}/{side}/1.png", "{side}/images/{label}/1.png"],
)  # fmt: skip
def test_folders_of_a_split_are_found_wherever_they_are(tmp_path, names, expected, pattern):
    given_split(tmp_path, *names, pattern=pattern)
    assert find_sides(tmp_path) == {
        pattern.format(side=name, label=label): side
        for name, side in zip(names, expected, strict=True)
        for label in CLASSES
    }


@pytest.mark.parametrize("names", [("train", "cat"), ("test", "cat"), ("dev", "train stations")])
def test_a_class_may_have_the_name_of_a_side(tmp_path, names):
    place(tmp_path, *(f"{name}/1.png" for name in names))
    photos = finding.find(tmp_path).photos
    assert set(photos["label"]) == set(names)
    assert "split" not in photos


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["validation", "test"], "has the folders test, validation; expected one folder train"),
        (["train", "val", "dev"], "has the folders dev, train, val; expected one folder train"),
        (["train", "test", "more"], "has a given split (test, train), and 'more' beside it"),
    ],
)
def test_a_split_that_is_not_clear_is_refused(tmp_path, names, said):
    assert said in refuse(given_split(tmp_path, *names))


def test_sides_with_different_classes_are_refused(tmp_path):
    place(given_split(tmp_path, "train", "test"), "train/emu/1.png")
    assert "whose test photos have none of class 'emu'" in refuse(tmp_path)


def test_a_side_without_class_folders_is_refused(tmp_path):
    place(given_split(tmp_path, "train"), "test/1.png", "test/2.png")
    assert "test' has no sub-folders; expected at least 1" in refuse(tmp_path)


def test_a_photo_beside_the_sides_of_its_class_is_refused(tmp_path):
    place(given_split(tmp_path, "train", "test", pattern="{label}/{side}/1.png"), "cat/2.png")
    assert "'cat/2.png' is on no side of it" in refuse(tmp_path)


def test_a_folder_around_the_classes_is_entered_and_said(tmp_path):
    place(tmp_path, "data/images/cat/1.png", "data/images/dog/1.png", "data/README/x.png")
    shutil.rmtree(tmp_path / "data/README")
    (tmp_path / "data/license.txt").write_text("free")
    found = finding.find(tmp_path)
    assert found.photos["label"].tolist() == ["cat", "dog"]
    assert found.notes == ["photos are in data/images/"]


def test_a_single_class_with_photos_and_sub_folders_is_no_folder_around_classes(tmp_path):
    place(tmp_path, "cat/1.png", "cat/young/1.png", "cat/old/1.png")
    assert "has only the sub-folder 'cat'" in refuse(tmp_path)


@pytest.mark.parametrize(
    ("one", "other"), [("Cat", "cat"), ("cat", "cat "), ("caf\u00e9", "cafe\u0301")]
)
@pytest.mark.parametrize("pattern", ["{}/1.png", "train/{}/1.png"])
def test_classes_whose_names_differ_by_mistake_are_refused(tmp_path, one, other, pattern):
    place(tmp_path, pattern.format(one), pattern.format(other), pattern.format("dog"))
    if "train" in pattern:
        place(tmp_path, "test/dog/1.png")
    message = refuse(tmp_path)
    assert f"has the classes {min(one, other)!a} and {max(one, other)!a}" in message


# Tables


def write(folder, text, encoding="utf-8", name="labels.csv"):
    (folder / name).write_bytes(text.encode(encoding))
    return folder


@pytest.fixture
def flat(tmp_path):
    return place(tmp_path, "1.png", "2.png", "more/3.png")


def read(folder):
    """The rows that a table gives, without what has its default."""
    photos = finding.find(folder).photos.drop(columns="folder")
    return [" ".join(row) for row in photos.itertuples(index=False)]


@pytest.mark.parametrize(
    "text",
    [
        "photo,label\n1.png,cat\n2.png,dog\nmore/3.png,cat\n",
        "photo;label\r\n1.png;cat\r\n2.png;dog\r\nmore\\3.png;cat\r\n",
        "Photo\tLabel\tnotes\n./1.png\t cat\tx\n2.png\tdog \t\nmore/3.png\tcat\t\n\t\t\n",
        '"label","photo"\n"cat","1.png"\n"dog","2.png"\n"cat","more/3.png"',
        "photo,label,split,group\n1.png,cat,,\n2.png,dog,,\nmore/3.png,cat,,\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_is_read_as_spreadsheets_write_it(flat, text, encoding):
    assert read(write(flat, text, encoding)) == ["1.png cat", "2.png dog", "more/3.png cat"]


def test_a_table_gives_splits_and_individuals(flat):
    rows = "photo,label,split,group\n1.png,cat,Train,tom\n2.png,dog,train,\nmore/3.png,cat,val,x\n"
    place(write(flat, rows + "4.png,dog,val,\n"), "4.png")
    assert read(flat) == [
        "1.png cat train tom", "2.png dog train ", "4.png dog validation ",
        "more/3.png cat validation x",
    ]  # fmt: skip


def test_a_table_may_be_in_a_folder_inside(tmp_path):
    place(tmp_path, "data/1.png", "data/2.png")
    write(tmp_path / "data", "photo,label\n1.png,cat\n2.png,dog\n", name="Labels.CSV")
    assert read(tmp_path) == ["data/1.png cat", "data/2.png dog"]


def test_a_table_decides_where_there_are_class_folders_too(tmp_path):
    place(tmp_path, "cat/1.png", "dog/1.png")
    write(tmp_path, "photo,label\ncat/1.png,animal\ndog/1.png,pet\n")
    assert read(tmp_path) == ["cat/1.png animal", "dog/1.png pet"]


def test_photos_that_a_table_does_not_name_are_listed(flat):
    found = finding.find(write(flat, "photo,label\n1.png,cat\n2.png,dog\n"))
    assert found.unlisted == ["more/3.png"]
    assert found.photos["photo"].tolist() == ["1.png", "2.png"]


def test_a_name_may_be_written_in_another_unicode_form(tmp_path):
    place(tmp_path, "caf\u00e9.png", "tree.png")
    write(tmp_path, "photo,label\ncafe\u0301.png,a\ntree.png,b\n")
    assert read(tmp_path) == ["caf\u00e9.png a", "tree.png b"]


def test_umlauts_of_another_encoding_are_refused_not_misread(flat):
    write(flat, "photo,label\n1.png,B\u00e4r\n2.png,dog\n", "cp1252")
    assert "labels.csv' is not in UTF-8 (row 2); expected that" in refuse(flat)


def test_all_rows_with_faults_are_named_at_once(flat):
    write(
        flat,
        "photo,label,split\n1.png,cat,train\nno.png,cat,train\n2.png,,test\n1.png,cat,test\n"
        "more/3.png,cat,often\n../1.png,cat,train\n",
    )
    assert refuse(flat).splitlines()[1:] == [
        "  row 3: no photo 'no.png'", "  row 4: '2.png' has no label",
        "  row 5: '1.png' is in row 2 already", "  row 6: 'more/3.png' has the split 'often'",
        "  row 7: no photo '../1.png'", "Correct them.",
    ]  # fmt: skip


def test_of_many_faults_some_are_named_and_all_counted(flat):
    write(flat, "photo,label\n" + "".join(f"no{row}.png,cat\n" for row in range(99)))
    message = refuse(flat)
    assert message.startswith("photos: 99 rows of ")
    assert "and 89 more" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has the columns none; expected photo and label"),
        ("file,label\n1.png,cat\n", "has the columns file, label; expected photo and label"),
        ("photo,label,label\n1.png,cat,x\n", "expected photo and label, and if wanted split and"),
        ("photo,label\n1.png,cat\n2.png,dog,x\n", "row 3 of "),
        ("photo,label\n1.png\n", "row 2 of "),
        ('photo,label\n1.png,"cat\n', "is not a table"),
        ("photo,label,split\n1.png,cat,train\n2.png,dog,train\n", "split of train alone"),
        ("photo,label\n1.png,Cat\n2.png,cat\n", "has the classes 'Cat' and 'cat'"),
        ("photo,label\n1.png,actual\n2.png,cat\n", "has a class 'actual', which the predictions"),
    ],
)
def test_a_table_that_will_not_do_is_refused_in_one_line(flat, text, said):
    message = refuse(write(flat, text))
    assert said in message
    assert len(message.splitlines()) == 1


def test_a_table_with_one_class_is_refused(flat):
    assert "expected at least 2" in refuse(write(flat, "photo,label\n1.png,cat\n2.png,cat\n"))


def test_names_of_sides_are_the_usual_ones():
    usual = ["train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval"]
    assert list(labels.name_sides(usual)) == usual
