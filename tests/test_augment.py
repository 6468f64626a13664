"""Altered copies: the same ones for both networks, of the photos that train alone."""

from pathlib import Path

import numpy as np
import pytest
from conftest import draw_photos

from stages import augment, extract, prepare, split
from stages.common import files, parameters
from stages.networks import training
from tests.helpers.project import change_parameters


@pytest.fixture
def prepared(workspace):
    draw_photos(Path("photos"), count=6)
    change_parameters(workspace / "params.yaml", augment="light", base__weights="random")
    prepare.main()
    split.main()
    return workspace


def test_by_default_there_are_none(prepared, capsys):
    assert parameters.read().training_pixels == "data/augmented/pixels.npy"
    change_parameters(prepared / "params.yaml", augment="none")
    augment.main()
    assert not Path("data/augmented/pixels.npy").exists()
    assert "nothing to make" in capsys.readouterr().out
    assert parameters.read().training_pixels == "data/pixels.npy"


def test_the_photos_come_first_and_then_copies_that_all_differ(prepared):
    augment.main()
    pixels = np.load("data/pixels.npy")
    found = np.load("data/augmented/pixels.npy").reshape(1 + augment.COPIES, *pixels.shape)
    assert np.array_equal(found[0], pixels)
    for photo in range(len(pixels)):
        assert len({version.tobytes() for version in found[:, photo]}) == 1 + augment.COPIES


def test_the_same_copies_are_made_each_time(prepared):
    augment.main()
    first = Path("data/augmented/pixels.npy").read_bytes()
    change_parameters(prepared / "params.yaml", seed=1)
    augment.main()
    assert Path("data/augmented/pixels.npy").read_bytes() == first


def test_copies_that_are_no_longer_wanted_are_removed(prepared):
    augment.main()
    change_parameters(prepared / "params.yaml", augment="none")
    augment.main()
    assert [path.name for path in Path("data/augmented").iterdir()] == [".empty"]
    change_parameters(prepared / "params.yaml", augment="light")
    augment.main()
    assert [path.name for path in Path("data/augmented").iterdir()] == ["pixels.npy"]


def test_a_copy_is_a_little_darker_or_lighter_moved_and_now_and_then_mirrored():
    pixels = np.full((64, 48, 48, 3), 100, np.float32)
    pixels[:, 16:32, 8:24] = 200  # a square left of the middle
    altered = np.asarray(augment.light()(pixels, training=True))
    light = np.median(altered, axis=(1, 2, 3)) - 100
    assert 10 < np.abs(light).max() <= 0.15 * 255 + 1e-3
    bright = altered[..., 0] > (150 + light)[:, None, None]
    middles = np.array([np.argwhere(each).mean(axis=0) for each in bright])
    mirrored = middles[:, 1] > 24
    assert 16 < mirrored.sum() < 48
    middles[mirrored, 1] = 47 - middles[mirrored, 1]
    moved = np.abs(middles - [23.5, 15.5]).max(axis=0)
    assert (moved > 2).all()
    assert (moved < 8).all()


def served(inputs, seed=0, epochs=1, done=0):
    """What is served in each epoch: a list of `(row, label)`."""
    labels = np.arange(10) % 3
    dataset = training.batches(inputs, labels, np.arange(2, 10), 3, seed, done)
    found = []
    for _ in range(epochs):
        if seed is not None:
            iter(dataset)  # as Keras does
        batches = [(values[:, 0], classes) for values, classes in dataset.as_numpy_iterator()]
        values, classes = (np.concatenate(each).astype(int) for each in zip(*batches, strict=True))
        found.append(list(zip(values.tolist(), classes.tolist(), strict=True)))
    return found


WITH_COPIES = np.arange(50.0)[:, None]  # four of each of ten photos


def test_an_epoch_has_each_photo_once_as_itself_or_one_of_its_copies():
    seen = set()
    for epoch in served(WITH_COPIES, epochs=30):
        assert sorted(row % 10 for row, _ in epoch) == list(range(2, 10))
        assert all(label == row % 10 % 3 for row, label in epoch)
        seen |= {row for row, _ in epoch}
    assert seen == {row for row in range(50) if row % 10 >= 2}


def test_photos_that_validate_are_never_altered():
    assert [row for row, _ in served(WITH_COPIES, seed=None)[0]] == list(range(2, 10))


def test_the_order_of_photos_is_the_same_with_and_without_copies():
    without = served(np.arange(10.0)[:, None], epochs=3)
    for one, other in zip(without, served(WITH_COPIES, epochs=3), strict=True):
        assert [row for row, _ in one] == [row % 10 for row, _ in other]


def test_a_training_that_goes_on_draws_the_copies_that_it_would_have_drawn():
    whole = served(WITH_COPIES, epochs=5)
    kept = WITH_COPIES  # `batches` holds it by a weak reference
    assert served(kept, epochs=2, done=3) == whole[3:]


def test_the_base_runs_over_the_photos_and_all_copies(prepared):
    augment.main()
    extract.main()
    features = files.read_array("data/base/features.npy")
    assert len(features) == (1 + augment.COPIES) * 18
    with_copies = np.array(features[np.arange(18)])
    change_parameters(prepared / "params.yaml", augment="none")
    augment.main()
    extract.main()
    features = files.read_array("data/base/features.npy")
    assert len(features) == 18
    np.testing.assert_allclose(features[np.arange(18)], with_copies, atol=1e-5)
