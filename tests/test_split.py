from contextlib import contextmanager

import pandas as pd
import pytest
from conftest import draw_photos
from hypothesis import assume, given
from hypothesis import strategies as st

from stages import prepare
from stages.common import files
from stages.split import assign_sides, main

FRACTIONS = st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5])
LABELS = st.sampled_from(["cat", "dog", "emu"])
SEEDS = st.integers(0, 2**32 - 1)


def photo_table(contents, names=None):
    """A table in which content `3` of class `cat` has the hash `cat3`, and is a group."""
    rows = [(label, f"{label}{content}") for label in contents for content in contents[label]]
    photos = names or [f"{label}/{row}.jpg" for row, (label, _) in enumerate(rows)]
    labels, hashes = zip(*rows, strict=True)
    return pd.DataFrame({"photo": photos, "label": labels, "sha256": hashes, "group": hashes})


@st.composite
def alike(draw):
    """A table in which many photos, no two the same, look like others of their or another class."""
    rows = draw(st.lists(st.tuples(LABELS, st.integers(0, 30)), min_size=20, max_size=80))
    rows += [(label, 100 + number) for label in ("cat", "dog", "emu") for number in range(10)]
    table = pd.DataFrame(draw(st.permutations(rows)), columns=["label", "number"])
    table["sha256"] = [f"{number:02}-{row}" for row, number in enumerate(table["number"])]
    table["group"] = table.groupby("number")["sha256"].transform("min")
    return table


@st.composite
def distinct_photos(draw, smallest=10):
    sizes = draw(st.lists(st.integers(smallest, 60), min_size=2, max_size=5))
    return {f"class{number}": range(size) for number, size in enumerate(sizes)}


@contextmanager
def refusals():
    """Leave out tables of which a class is too much alike to be divided."""
    try:
        yield
    except SystemExit as refusal:
        assume("look too much alike" not in str(refusal))
        raise


def sides(table, fraction, seed):
    """Map each content to its side of the split."""
    return dict(zip(table["sha256"], assign_sides(table, fraction, 0, seed), strict=True))


@given(distinct_photos(), FRACTIONS, SEEDS)
def test_each_class_gives_exactly_the_fraction(contents, fraction, seed):
    table = photo_table(contents)
    validation = table[pd.Series(assign_sides(table, fraction, 0, seed)) == "validation"]
    for label, photos in contents.items():
        assert (validation["label"] == label).sum() == round(len(photos) * fraction)


@given(distinct_photos(), FRACTIONS, SEEDS, st.randoms())
def test_names_and_order_do_not_matter(contents, fraction, seed, random):
    table = photo_table(contents)
    order = list(table.index)
    random.shuffle(order)
    shuffled = table.iloc[order].reset_index(drop=True)
    shuffled["photo"] = [f"renamed-{row}.png" for row in range(len(table))]
    assert sides(table, fraction, seed) == sides(shuffled, fraction, seed)


@given(distinct_photos(), FRACTIONS, SEEDS, st.integers(1, 30))
def test_another_class_that_grows_moves_no_photo(contents, fraction, seed, more):
    before = sides(photo_table(contents), fraction, seed)
    grown = contents | {"class0": range(len(contents["class0"]) + more)}
    after = sides(photo_table(grown), fraction, seed)
    assert all(
        after[photo] == side for photo, side in before.items() if not photo.startswith("class0")
    )


@given(distinct_photos(), FRACTIONS, SEEDS)
def test_one_more_photo_moves_at_most_one_other(contents, fraction, seed):
    before = sides(photo_table(contents), fraction, seed)
    grown = contents | {"class0": range(len(contents["class0"]) + 1)}
    after = sides(photo_table(grown), fraction, seed)
    assert sum(after[photo] != side for photo, side in before.items()) <= 1


@given(st.lists(st.integers(0, 12), min_size=20, max_size=60), FRACTIONS, SEEDS)
def test_identical_photos_never_stand_on_both_sides(contents, fraction, seed):
    table = photo_table({"cat": contents, "dog": range(20)})
    with refusals():
        side = assign_sides(table, fraction, 0, seed)
    assert table.assign(split=side).groupby("sha256")["split"].nunique().max() == 1
    most = max(round(len(contents) * fraction), min(map(contents.count, contents)))
    assert 0 < side[: len(contents)].count("validation") <= most


@given(alike(), FRACTIONS, SEEDS)
def test_photos_that_look_the_same_never_stand_on_both_sides(table, fraction, seed):
    with refusals():
        table["split"] = assign_sides(table, fraction, 0, seed)
    assert table.groupby("group")["split"].nunique().max() == 1
    largest = table.groupby(["label", "group"]).size().groupby("label").max()
    for label, photos in table.groupby("label"):
        # A class whose groups are all larger than its share gives one that exceeds it.
        most = round(len(photos) * fraction) + largest[label] - 1
        assert 0 < (photos["split"] == "validation").sum() <= min(most, len(photos) - 1)


@given(alike(), FRACTIONS, SEEDS, st.randoms())
def test_names_and_order_do_not_matter_to_photos_that_look_the_same(table, fraction, seed, random):
    order = list(table.index)
    random.shuffle(order)
    shuffled = table.iloc[order].reset_index(drop=True)
    with refusals():
        found = sides(table, fraction, seed)
    assert sides(shuffled, fraction, seed) == found


@given(st.lists(LABELS, max_size=4), st.lists(LABELS, max_size=4), SEEDS)
def test_a_few_that_look_the_same_across_classes_leave_the_fraction_exact(one, other, seed):
    labels = [*one, *other]
    groups = ["one"] * len(one) + ["other"] * len(other)
    for label in ("cat", "dog", "emu"):
        alone = 50 - labels.count(label)
        labels += [label] * alone
        groups += [f"{label}{number}" for number in range(alone)]
    table = pd.DataFrame({"label": labels, "group": groups})
    validation = table[pd.Series(assign_sides(table, 0.2, 0, seed)) == "validation"]
    assert validation["label"].value_counts().to_dict() == {"cat": 10, "dog": 10, "emu": 10}


@given(st.integers(1, 4), SEEDS)
def test_a_few_duplicates_leave_the_fraction_exact(copies, seed):
    contents = [*range(46), *[0] * copies, *[1] * (4 - copies)]
    table = photo_table({"cat": contents, "dog": range(50)})
    assert assign_sides(table, 0.2, 0, seed).count("validation") == 20


@pytest.mark.parametrize(
    ("seed", "validation"),
    [
        (0, ["cat1", "cat3", "cat5", "dog0", "dog2"]),
        (7, ["cat2", "cat3", "cat8", "dog1", "dog3"]),
    ],
)
def test_photos_that_look_like_no_other_stay_where_earlier_versions_put_them(seed, validation):
    table = photo_table({"cat": [0, 1, 2, 3, 0, *range(4, 10)], "dog": range(8)})
    found = sides(table, 0.25, seed)
    assert [content for content, side in found.items() if side == "validation"] == validation


def test_another_seed_gives_another_split():
    table = photo_table({"cat": range(50), "dog": range(50)})
    assert assign_sides(table, 0.2, 0, 0) != assign_sides(table, 0.2, 0, 1)


@pytest.mark.parametrize(("count", "fraction"), [(1, 0.5), (2, 0.2), (2, 0.9)])
def test_a_class_too_small_for_both_sides_is_named(count, fraction):
    table = photo_table({"cat": range(count), "dog": range(50)})
    with pytest.raises(SystemExit, match=f"class 'cat' has {count} photos; expected enough for"):
        assign_sides(table, fraction, 0, 0)


def test_the_csv_says_who_validates_and_takes_class_names_as_they_are(workspace, capsys):
    draw_photos(
        workspace / "photos", classes={"1": (9, 9, 9), "NA": (99, 9, 9), "x, y": (9, 9, 99)}
    )
    prepare.main()
    main()
    table = files.read_table("data/split.csv")
    assert list(table.columns) == ["photo", "label", "split", "sha256", "group"]
    counts = table[table["split"] == "validation"]["label"].value_counts()
    assert counts.to_dict() == {"1": 2, "NA": 2, "x, y": 2}
    assert capsys.readouterr().out.endswith("24 training photos, 6 validation photos\n")


def test_a_class_that_cannot_have_photos_on_both_sides_is_refused():
    table = photo_table({"cat": [0] * 10, "dog": range(10)})
    with pytest.raises(SystemExit, match="class 'cat'"):
        assign_sides(table, 0.2, 0, 0)


@given(distinct_photos(), SEEDS, SEEDS)
def test_the_test_set_is_of_each_class_and_the_same_for_every_seed(contents, one, other):
    table = photo_table(contents)
    sides = [pd.Series(assign_sides(table, 0.2, 0.3, seed)) for seed in (one, other)]
    assert (sides[0] == "test").equals(sides[1] == "test")
    for label, photos in contents.items():
        counts = sides[0][table["label"] == label].value_counts()
        assert counts["test"] == round(len(photos) * 0.3)
        assert counts["validation"] == round(len(photos) * 0.2)


@given(alike(), SEEDS)
def test_photos_that_look_the_same_are_never_partly_sealed(table, seed):
    with refusals():
        table["split"] = assign_sides(table, 0.2, 0.2, seed)
    assert table.groupby("group")["split"].nunique().max() == 1


def test_a_larger_test_set_contains_a_smaller_one():
    table = photo_table({"cat": range(50), "dog": range(40)})
    smaller, larger = (
        {row for row, side in enumerate(assign_sides(table, 0.2, share, 0)) if side == "test"}
        for share in (0.1, 0.3)
    )
    assert smaller < larger


def test_a_given_split_is_kept_and_a_missing_validation_set_is_drawn_from_training():
    table = photo_table({"cat": range(50), "dog": range(50)})
    given = ["test" if row % 5 == 0 else "train" for row in range(100)]
    drawn = assign_sides(table.assign(split=given), 0.25, 0, 0)
    assert [side if side == "test" else "train" for side in drawn] == given
    assert drawn.count("validation") == 20
    whole = ["validation" if side == "train" else "train" for side in given]
    assert assign_sides(table.assign(split=whole), 0.2, 0, 0) == whole
    with pytest.raises(SystemExit, match=r"test_fraction is 0.2, but the photos have a given"):
        assign_sides(table.assign(split=given), 0.2, 0.2, 0)


def test_a_class_of_few_large_groups_is_split_as_well():
    table = photo_table({"cat": [0] * 40 + [1] * 20 + [2] * 30, "dog": range(50)})
    side = assign_sides(table, 0.1, 0, 0)
    assert side[:90] == ["train"] * 40 + ["validation"] * 20 + ["train"] * 30
