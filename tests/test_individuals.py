"""Individuals: which photos show the same one, and hints that some do."""

import pandas as pd
import pytest

from stages.photos.individuals import join_groups, name_individuals, suspect_individuals


def make_table(*photos):
    """The table of `finding.find` for class folders, without looking for files."""
    parts = [photo.split("/") for photo in photos]
    folders = [names[1] if len(names) > 2 else "" for names in parts]
    return pd.DataFrame(
        {"photo": photos, "label": [names[0] for names in parts], "folder": folders}, dtype=str
    )


PATIENTS = make_table(
    "sick/p1/1.png", "sick/p1/2.png", "well/p1/x.png", "well/p2/1.png", "well/3.png"
)


def test_each_sub_folder_of_a_class_is_an_individual_and_its_name_tells_it_in_another_class():
    assert name_individuals(PATIENTS, "folders").tolist() == ["p1", "p1", "p1", "p2", ""]


def test_what_an_expression_captures_is_the_individual():
    table = make_table("cat/tom_1.png", "cat/tom_2.png", "dog/rex_1.png", "dog/stray.png")
    assert name_individuals(table, r"/([a-z]+)_\d").tolist() == ["tom", "tom", "rex", ""]
    apart = make_table("cat/1/1.png", "dog/1/1.png")
    assert name_individuals(apart, "^([^/]+/[^/]+)/").tolist() == ["cat/1", "dog/1"]


def test_without_groups_only_a_table_names_individuals():
    assert name_individuals(PATIENTS, "none").tolist() == [""] * 5
    named = PATIENTS.assign(group=["a", "a", "b", "", ""])
    assert name_individuals(named, "none").tolist() == ["a", "a", "b", "", ""]
    with pytest.raises(SystemExit, match="the table of labels has a column group; expected one"):
        name_individuals(named, "folders")


@pytest.mark.parametrize(
    ("groups", "said"),
    [("folders", "no class folder has sub-folders"), ("x(y)z", r"no path matches, such as 'cat")],
)
def test_groups_that_name_nobody_are_refused(groups, said):
    with pytest.raises(SystemExit, match=said):
        name_individuals(make_table("cat/1.png", "dog/1.png"), groups)


def test_look_alikes_and_individuals_that_others_connect_are_one_group():
    groups = pd.Series(["a", "b", "b", "c", "d", "e", "f"])
    individuals = pd.Series(["x", "x", "y", "y", "z", "", "z"])
    assert join_groups(groups, individuals).tolist() == ["a", "a", "a", "a", "d", "e", "d"]
    assert join_groups(groups, pd.Series([""] * 7)).tolist() == groups.tolist()


def shots(pattern, individuals=5, each=4, classes=("cat", "dog")):
    return make_table(
        *(
            pattern.format(label=label, one=one, shot=shot)
            for label in classes
            for one in range(individuals)
            for shot in range(each)
        )
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "{label}/plate{one}_{shot}.png",
        "{label}/{one} view{shot}.JPG",
        "{label}/p{one}-{shot:03}.tif",
    ],
)
def test_names_that_share_a_stem_with_a_running_number_are_suspected(pattern):
    table = shots(pattern)
    line = suspect_individuals(table)
    groups = line.split("set groups: '")[1].split("' in params.yaml")[0]
    assert name_individuals(table, groups).groupby(table["label"]).nunique().tolist() == [5, 5]


def test_sub_folders_of_classes_are_suspected():
    line = suspect_individuals(shots("{label}/plate{one}/{shot}.png"))
    assert line == (
        "40 photos stand in sub-folders of their class, such as cat/plate0/0.png: if those show "
        "the same individual (patient, plate, video, place), set groups: folders in params.yaml"
    )


@pytest.mark.parametrize(
    "pattern",
    ["{label}/{label}{one}{shot}.png", "{label}/{one}{shot}.png", "{label}/IMG_{one}{shot}.jpg",
     "{label}/n02085620_{one}{shot}.JPEG", "{label}/photo {one}{shot}.png",
     "{label}/a/{one}{shot}.png"],
)  # fmt: skip
def test_photos_that_are_only_numbered_are_not_suspected(pattern):
    assert suspect_individuals(shots(pattern)) is None
