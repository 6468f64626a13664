import tracemalloc
from itertools import combinations
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from demo.drawing import picture
from demo.drawing.animals import ANIMALS
from stages.photos import decoding, lookalikes

COPIES = {
    "quality.jpg": lambda image, path: image.save(path, quality=50),
    "half.jpg": lambda image, path: image.resize((80, 80)).save(path, quality=90),
    "same.png": lambda image, path: image.save(path),
    "grey.png": lambda image, path: image.convert("L").save(path),
    "bright.jpg": lambda image, path: ImageEnhance.Brightness(image).enhance(1.1).save(path),
}
# Some are near each other, some are not, some lie between others.
HASHES = st.builds(
    lambda start, bits: start ^ sum(1 << bit for bit in bits),
    st.sampled_from([0, 2**63, 2**64 - 1, 0x0123456789ABCDEF]),
    st.sets(st.integers(0, 63), max_size=8),
)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """Paths of 34 different pictures of each animal."""
    folder = tmp_path_factory.mktemp("drawings")
    paths = []
    for animal in ANIMALS.values():
        for number in range(34):
            paths.append(folder / f"{animal.name}{number}.jpg")
            pixels = picture.draw_picture(animal, (0, number), 160)
            Image.fromarray(pixels).save(paths[-1], quality=92)
    return paths


def group_files(paths):
    decoded = [decoding.decode(path, 160) for path in paths]
    return lookalikes.group_photos(
        [photo.sha256 for photo in decoded], [photo.phash for photo in decoded]
    )


def named(count):
    """Different hashes of files, the later ones the larger ones."""
    return [f"sha{number:02}" for number in range(count)]


def by_comparing_all(hashes):
    """Name each photo's group after its first photo, the slow and simple way."""
    groups = list(range(len(hashes)))
    for one, other in combinations(range(len(hashes)), 2):
        if (hashes[one] ^ hashes[other]).bit_count() <= lookalikes.MAX_DISTANCE:
            joined = sorted([groups[one], groups[other]])
            groups = [joined[0] if group == joined[1] else group for group in groups]
    return [named(len(hashes))[group] for group in groups]


def test_copies_of_other_quality_size_format_colour_or_light_are_in_one_group(drawings, tmp_path):
    paths, of = [], []
    for number, original in enumerate(drawings[::6]):
        paths.append(original)
        with Image.open(original) as image:
            for name, save in COPIES.items():
                paths.append(tmp_path / f"{number}-{name}")
                save(image, paths[-1])
        of += [number] * (1 + len(COPIES))
    groups = group_files(paths)
    assert pd.Series(groups).groupby(of).nunique().tolist() == [1] * 17
    assert len(set(groups)) == 17


def test_different_pictures_are_apart(drawings):
    assert len(set(group_files(drawings))) >= 0.98 * len(drawings)


def test_a_chain_of_near_copies_is_one_group_even_where_its_ends_are_far_apart():
    chain = [0, 2**6 - 1, 2**12 - 1, 2**18 - 1]
    assert len(set(lookalikes.group_photos(named(4), chain))) == 1
    assert len(set(lookalikes.group_photos(named(4), [*chain[:2], *chain[3:], 2**63 - 1]))) == 3


@pytest.mark.parametrize(("bits", "groups"), [(6, 1), (7, 2)])
@pytest.mark.parametrize("lowest", [0, 20, 57])
def test_photos_are_together_up_to_6_bits(bits, groups, lowest):
    found = lookalikes.group_photos(named(2), [0, (2**bits - 1) << lowest])
    assert len(set(found)) == groups


@pytest.mark.parametrize(("bits", "groups"), [(6, 1000), (7, 2000)])
def test_it_does_not_matter_which_bits_differ(bits, groups):
    random = Random(0)
    hashes = [random.getrandbits(64) for _ in range(1000)]
    others = [phash ^ sum(1 << bit for bit in random.sample(range(64), bits)) for phash in hashes]
    assert len(set(lookalikes.group_photos(named(2000), hashes + others))) == groups


@given(st.lists(HASHES, max_size=20))
def test_groups_are_what_comparing_each_photo_with_each_finds(hashes):
    assert lookalikes.group_photos(named(len(hashes)), hashes).tolist() == by_comparing_all(hashes)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_any_hashes_can_be_grouped(hashes):
    assert lookalikes.group_photos(named(len(hashes)), hashes).tolist() == by_comparing_all(hashes)


@given(st.lists(HASHES, max_size=20), st.integers(1, 100))
def test_how_many_are_compared_at_a_time_does_not_matter(hashes, pairs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookalikes, "MAX_PAIRS", pairs)
        groups = lookalikes.group_photos(named(len(hashes)), hashes)
    assert groups.tolist() == by_comparing_all(hashes)


@given(st.lists(HASHES, min_size=1, max_size=20), st.randoms())
def test_the_order_of_the_photos_does_not_matter(hashes, random):
    order = list(range(len(hashes)))
    random.shuffle(order)
    names = np.array(named(len(hashes)), object)
    before = lookalikes.group_photos(names, hashes)
    after = lookalikes.group_photos(names[order], [hashes[row] for row in order])
    assert after.tolist() == before[order].tolist()


@given(st.lists(HASHES, min_size=1, max_size=20), HASHES, st.sampled_from(["aaa", "zzz"]))
def test_another_photo_renames_no_group_but_that_which_it_joins(hashes, another, sha256):
    before = lookalikes.group_photos(named(len(hashes)), hashes)
    *after, joined = lookalikes.group_photos([*named(len(hashes)), sha256], [*hashes, another])
    near = [(hash_ ^ another).bit_count() <= lookalikes.MAX_DISTANCE for hash_ in hashes]
    touched = {group for group, is_near in zip(before, near, strict=True) if is_near}
    for old, new in zip(before, after, strict=True):
        assert new == (joined if old in touched else old)
    assert joined == min([sha256, *touched])


def test_a_group_has_the_name_of_its_first_hash_however_its_photos_are_called():
    groups = lookalikes.group_photos(["c", "a", "b", "a"], [1, 0, 2**64 - 1, 0])
    assert groups.tolist() == ["a", "a", "b", "a"]


@pytest.mark.parametrize("photo", [[], ["only"]])
def test_no_photo_and_one_photo_can_be_grouped(photo):
    assert lookalikes.group_photos(photo, [2**64 - 1] * len(photo)).tolist() == photo


@pytest.mark.parametrize("copied", [True, False])
def test_many_thousand_copies_of_one_photo_take_little_memory(copied):
    names = ["same"] * 20_000 if copied else [f"{number:05}" for number in range(20_000)]
    tracemalloc.start()
    groups = lookalikes.group_photos(names, [2**63 + 1] * 20_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(groups) == {names[0]}
    assert peak < 50e6


def list_rows(*rows):
    table = pd.DataFrame(rows, columns=["photo", "label", "sha256", "group"])
    return [tuple(row) for row in lookalikes.list_lookalikes(table).itertuples(index=False)]


def test_the_list_says_of_which_photo_each_is_a_copy():
    assert list_rows(
        ("cat/1", "cat", "b", "a"),
        ("cat/2", "cat", "a", "a"),
        ("cat/3", "cat", "c", "c"),
        ("cat/4", "cat", "a", "a"),
        ("dog/1", "dog", "d", "a"),
        ("dog/2", "dog", "e", "e"),
    ) == [
        ("cat/2", "cat", "near duplicate", "looks like cat/1"),
        ("cat/4", "cat", "duplicate", "the same photo as cat/2"),
        ("dog/1", "dog", "near duplicate", "looks like cat/1"),
    ]


def test_the_list_names_every_photo_that_has_two_labels_and_the_others_it_is_the_same_as():
    assert list_rows(
        ("cat/1", "cat", "a", "a"),
        ("cat/2", "cat", "a", "a"),
        ("cat/3", "cat", "b", "a"),
        ("dog/1", "dog", "a", "a"),
        ("emu/1", "emu", "a", "a"),
    ) == [
        ("cat/1", "cat", "two labels", "the same photo as dog/1, emu/1"),
        ("cat/2", "cat", "two labels", "the same photo as dog/1, emu/1"),
        ("cat/3", "cat", "near duplicate", "looks like cat/1"),
        ("dog/1", "dog", "two labels", "the same photo as cat/1, cat/2, emu/1"),
        ("emu/1", "emu", "two labels", "the same photo as cat/1, cat/2, dog/1"),
    ]


@pytest.mark.parametrize("rows", [[], [("cat/1", "cat", "a", "a"), ("dog/1", "dog", "b", "b")]])
def test_the_list_of_photos_without_duplicates_has_only_its_columns(rows):
    table = pd.DataFrame(rows, columns=["photo", "label", "sha256", "group"])
    found = lookalikes.list_lookalikes(table)
    assert list(found.columns) == ["photo", "label", "problem", "detail"]
    assert not len(found)
