"""Altered copies: the same ones for both networks, of the training photos alone."""

from pathlib import Path

import numpy as np
import pytest
from conftest import draw_photos

from stages import augment, extract, prepare, split
from stages.common import files, parameters
from stages.networks import training
from stages.networks.backend import keras
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
    assert "no copies made" in capsys.readouterr().out
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
    altered = np.asarray(augment.build_light()(pixels, training=True))
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


def draw_epochs(inputs, epochs):
    """Return for each epoch the inputs and labels of its photos, in order: a list of pairs."""
    rows = np.arange(10)
    data = training.Data(inputs, rows % 3, rows[2:], rows[:2])
    order = training.ShuffledOrder(data, seed=0)
    found = []
    for epoch in epochs:
        order.on_epoch_begin(epoch)
        batches = training.make_batches(data, order, 8, batch_size=3).as_numpy_iterator()
        found.append(
            [
                (int(value[0]), int(label))
                for values, labels in batches
                for value, label in zip(values, labels, strict=True)
            ]
        )
    return found


WITH_COPIES = np.arange(50.0)[:, None]  # ten photos, and four copies of each


def test_an_epoch_has_each_photo_once_as_itself_or_one_of_its_copies():
    seen = set()
    for epoch in draw_epochs(WITH_COPIES, range(30)):
        assert sorted(row % 10 for row, _ in epoch) == list(range(2, 10))
        assert all(label == row % 10 % 3 for row, label in epoch)
        seen |= {row for row, _ in epoch}
    assert seen == {row for row in range(50) if row % 10 >= 2}


def test_the_order_of_photos_is_the_same_with_and_without_copies():
    without = draw_epochs(np.arange(10.0)[:, None], range(3))
    for one, other in zip(without, draw_epochs(WITH_COPIES, range(3)), strict=True):
        assert [row for row, _ in one] == [row % 10 for row, _ in other]


def test_a_training_that_resumes_draws_the_copies_that_it_would_have_drawn():
    assert draw_epochs(WITH_COPIES, range(3, 5)) == draw_epochs(WITH_COPIES, range(5))[3:]


def test_photos_are_validated_on_as_they_are_and_trained_on_with_their_copies(workspace):
    dense = keras.layers.Dense(2, activation="softmax")
    network = keras.Sequential([keras.Input((1,)), dense])
    dense.set_weights([np.array([[0, 9]]), np.array([0, -9 * 9.5])])  # 1 for copies alone
    rows = np.arange(10)
    data = training.Data(WITH_COPIES, np.zeros(10, int), rows[4:], rows[:4])
    history = keras.callbacks.History()
    model = training.compile_for_training(network, learning_rate=1e-9)
    training.fit("custom", model, data, parameters.read(), seed=0, callbacks=[history])
    assert history.history["val_accuracy"] == [1, 1]
    assert max(history.history["accuracy"]) < 1


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
