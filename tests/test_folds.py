import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from study.common import folds

FOLDS = st.integers(2, 5)
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def distinct_photos(draw, smallest=5):
    """Labels and groups of photos, one photo in each, in no order."""
    sizes = draw(st.lists(st.integers(smallest, 30), min_size=2, max_size=4))
    labels = np.repeat(range(len(sizes)), sizes)
    groups = np.array(draw(st.permutations(range(len(labels)))))
    return labels, groups


def rows(splits):
    """What the splits are, to compare them."""
    return [(s.repeat, s.fold, s.train.tolist(), s.held_out.tolist()) for s in splits]


@given(distinct_photos(), FOLDS, st.integers(1, 3), SEEDS)
def test_each_photo_is_held_out_once_per_repeat_and_in_the_training_set_otherwise(
    photos, count, repeats, seed
):
    splits = folds.make_splits(*photos, count, repeats, seed)
    everyone = list(range(len(photos[0])))
    assert [(s.repeat, s.fold) for s in splits] == [
        (repeat, fold) for repeat in range(repeats) for fold in range(count)
    ]
    for split in splits:
        assert sorted([*split.train, *split.held_out]) == everyone
        assert (np.diff(split.train) > 0).all()
        assert (np.diff(split.held_out) > 0).all()
    for start in range(0, len(splits), count):
        held_out = [split.held_out for split in splits[start : start + count]]
        assert sorted(np.concatenate(held_out)) == everyone


@given(distinct_photos(), FOLDS, SEEDS)
def test_each_fold_has_its_share_of_each_class(photos, count, seed):
    labels = photos[0]
    for split in folds.make_splits(*photos, count, 2, seed):
        shares = np.bincount(labels) / count
        assert (np.abs(np.bincount(labels[split.held_out]) - shares) < 1).all()


@pytest.mark.parametrize("across_classes", [False, True])
@given(photos=distinct_photos(), count=FOLDS, seed=SEEDS, data=st.data())
def test_look_alikes_are_never_on_both_sides(photos, count, seed, data, across_classes):
    labels, groups = photos
    alike = data.draw(st.lists(st.integers(0, len(labels) - 1), min_size=1, max_size=20))
    more = np.roll(labels, len(labels) // 2)[alike] if across_classes else labels[alike]
    labels = np.concatenate([labels, more])
    groups = np.concatenate([groups, groups[alike]])
    classes = pd.Series(labels).groupby(groups).min()
    assume(np.bincount(classes, minlength=labels.max() + 1).min() >= count)  # others are refused
    for split in folds.make_splits(labels, groups, count, 2, seed):
        assert not set(groups[split.train]) & set(groups[split.held_out])
        assert sorted([*split.train, *split.held_out]) == list(range(len(labels)))


@given(distinct_photos(), FOLDS, SEEDS, st.data())
def test_a_copy_moves_no_photo(photos, count, seed, data):
    labels, groups = photos
    row = data.draw(st.integers(0, len(labels) - 1))
    copied = np.append(labels, labels[row]), np.append(groups, groups[row])
    before = folds.make_splits(labels, groups, count, 2, seed)
    after = folds.make_splits(*copied, count, 2, seed)
    for one, other in zip(before, after, strict=True):
        assert set(groups[one.held_out]) == set(copied[1][other.held_out])


@given(distinct_photos(), FOLDS, SEEDS, st.data())
def test_the_order_of_the_photos_does_not_matter(photos, count, seed, data):
    labels, groups = photos
    order = np.array(data.draw(st.permutations(range(len(labels)))))
    before = folds.make_splits(labels, groups, count, 2, seed)
    after = folds.make_splits(labels[order], groups[order], count, 2, seed)
    for one, other in zip(before, after, strict=True):
        assert set(groups[one.held_out]) == set(groups[order][other.held_out])


def test_the_order_does_not_matter_with_look_alikes_of_two_classes():
    labels = np.array([0] * 10 + [1] * 10 + [0, 1])
    groups = np.array([*range(20), 20, 20])
    held_out = []
    for order in (np.arange(22), np.array([*range(20), 21, 20])):
        splits = folds.make_splits(labels[order], groups[order], 5, 2, 0)
        held_out.append([set(groups[order][split.held_out]) for split in splits])
    assert held_out[0] == held_out[1]


def test_a_class_of_look_alikes_of_another_class_is_refused():
    labels = np.array([0] * 10 + [1] * 2)
    groups = np.array([*range(10), 0, 0])
    with pytest.raises(SystemExit, match="expected at least"):
        folds.make_splits(labels, groups, 5, 1, 0)


@given(distinct_photos(), FOLDS, SEEDS)
def test_a_larger_study_begins_with_the_splits_of_a_smaller_one(photos, count, seed):
    smaller = folds.make_splits(*photos, count, 1, seed)
    larger = folds.make_splits(*photos, count, 3, seed)
    assert rows(larger[:count]) == rows(smaller)


def test_the_repeats_differ():
    splits = folds.make_splits(np.repeat([0, 1], 50), np.arange(100), 5, 4, 0)
    held_out = {tuple(split.held_out) for split in splits}
    assert len(held_out) == 20


def test_another_seed_gives_other_splits():
    photos = np.repeat([0, 1], 50), np.arange(100)
    zero, again, one = (rows(folds.make_splits(*photos, 5, 2, seed)) for seed in (0, 0, 1))
    assert zero == again
    assert not any(split in zero for split in one)


def test_no_repeat_of_one_seed_is_a_repeat_of_the_next():
    photos = np.repeat([0, 1], 50), np.arange(100)
    held_out = [
        tuple(split.held_out)
        for seed in range(5)
        for split in folds.make_splits(*photos, 5, 5, seed)
    ]
    assert len(set(held_out)) == 125


@pytest.mark.parametrize("copies", [0, 7])
def test_a_class_with_too_few_different_photos_is_refused_with_the_numbers(copies):
    labels = np.array([0] * 20 + [1] * (4 + copies))
    groups = np.array([*range(24), *[20] * copies])
    with pytest.raises(SystemExit) as refusal:
        folds.make_splits(labels, groups, 5, 2, 0)
    message = str(refusal.value)
    assert "has 4 different photos; expected at least study.folds, which is 5." in message
    assert "\n" not in message
    assert len(folds.make_splits(labels, groups, 4, 2, 0)) == 8


@given(distinct_photos(), SEEDS, st.integers(1, 4))
def test_a_choice_has_the_count_of_each_class_and_only_training_photos(photos, seed, count):
    labels, groups = photos
    for split in folds.make_splits(*photos, 5, 2, seed):
        chosen = folds.choose_of_each_class(labels, groups, split, count, seed)
        assert np.bincount(labels[chosen]).tolist() == [count] * (labels.max() + 1)
        assert set(chosen) <= set(split.train)
        assert (np.diff(chosen) > 0).all()


@given(distinct_photos(), SEEDS)
def test_a_larger_choice_contains_a_smaller_one(photos, seed):
    split = folds.make_splits(*photos, 5, 1, seed)[0]
    choices = [set(folds.choose_of_each_class(*photos, split, count, seed)) for count in (1, 2, 4)]
    assert choices[0] < choices[1] < choices[2]


@given(st.integers(2, 30), FOLDS, SEEDS)
def test_to_choose_all_is_to_train_on_the_whole_split(size, count, seed):
    labels = np.repeat([0, 1, 2], size * count)
    groups = np.arange(len(labels))
    for split in folds.make_splits(labels, groups, count, 1, seed):
        every = folds.choose_of_each_class(labels, groups, split, size * (count - 1), seed)
        assert every.tolist() == split.train.tolist()


def test_a_choice_depends_on_the_seed_and_the_split():
    labels, groups = np.repeat([0, 1], 50), np.arange(100)
    splits = folds.make_splits(labels, groups, 5, 2, 0)
    same = [split._replace(train=splits[0].train) for split in splits]
    choices = {
        tuple(folds.choose_of_each_class(labels, groups, split, 10, seed))
        for seed in (0, 1)
        for split in same
    }
    assert len(choices) == 20


@given(SEEDS, SEEDS)
def test_no_two_trainings_share_a_seed(one, other):
    assume(one != other)
    splits = folds.make_splits(np.repeat([0, 1], 5), np.arange(10), 5, 2, 0)
    found = [
        seed
        for study in (one, other)
        for split in splits
        for seed in folds.derive_seeds(split, 3, study)
    ]
    # Of 60 numbers below 2**32, two are the same by chance about once in two million times.
    assert len(set(found)) == 60
    assert all(0 <= seed < 2**32 for seed in found)


@given(SEEDS)
def test_equal_arguments_give_equal_seeds_and_more_of_them_begin_with_the_same(seed):
    split = folds.make_splits(np.repeat([0, 1], 5), np.arange(10), 5, 1, 0)[3]
    assert folds.derive_seeds(split, 5, seed) == folds.derive_seeds(split, 5, seed)
    assert folds.derive_seeds(split, 5, seed)[:2] == folds.derive_seeds(split, 2, seed)
