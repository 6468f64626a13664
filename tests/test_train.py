import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import draw_photos

from bench.project import ROOT, change_parameters
from stages import extract, networks, parameters, prepare, split, train, training
from stages.backend import keras

LAYERS = parameters.Layers(filters=[8, 16], dropout=0.2)


@pytest.fixture
def extracted(workspace, random_weights):
    """A workspace in which all stages before `train` have run."""
    draw_photos(workspace / "photos")
    change_parameters(
        workspace / "params.yaml", base__weights=str(random_weights), base__options={"alpha": 0.35}
    )
    prepare.main()
    split.main()
    extract.main()
    return workspace


def shared(network):
    return network.get_layer("layers")


def nameless(thing):
    """The configuration of a layer or optimizer without its name, which Keras numbers."""
    return type(thing), {**thing.get_config(), "name": None}


@pytest.mark.parametrize("shape", [(160, 160, 3), (5, 5, 1280), (1, 1, 8)])
def test_the_shared_layers_fit_an_image_and_a_feature_map(shape):
    layers = networks.shared_layers(parameters.Layers(filters=[16, 32, 64], dropout=0.3), 3, seed=0)
    probabilities = layers(np.zeros((2, *shape), np.float32))
    assert probabilities.shape == (2, 3)
    np.testing.assert_allclose(np.sum(probabilities, axis=1), 1, rtol=1e-5)


def test_both_networks_have_the_same_layers(extracted):
    train.main("custom")
    train.main("transfer")
    custom, transfer = (
        networks.load(f"data/models/{name}.keras") for name in ("custom", "transfer")
    )
    layers = [[nameless(layer) for layer in shared(each).layers] for each in (custom, transfer)]
    assert layers[0] == layers[1]
    assert custom.input_shape == transfer.input_shape == (None, 32, 32, 3)
    assert [layer.name for layer in transfer.layers] == ["base", "layers"]


def test_layers_of_one_shape_start_from_the_same_weights():
    built = []
    for shape in [(32, 32, 3), (5, 5, 64)]:
        layers = networks.shared_layers(LAYERS, 3, seed=0)
        layers.build((None, *shape))
        built.append(layers.get_weights()[1:])
    assert all(np.array_equal(*pair) for pair in zip(*built, strict=True))


def test_both_networks_see_the_photos_in_the_same_order():
    rows, labels = np.arange(20), np.arange(30)
    orders = []
    for inputs in (np.zeros((30, 8, 8, 3), np.uint8), np.ones((30, 2, 2, 7), np.float32)):
        dataset = training.batches(inputs, labels, rows, batch_size=5, shuffle_seed=3)
        orders.append([[batch[1].numpy().tolist() for batch in dataset] for _ in range(2)])
    assert orders[0] == orders[1]
    first, second = orders[0]
    assert first != second  # each epoch has its own order
    assert sorted(row for batch in first for row in batch) == list(rows)


def test_both_networks_train_with_the_same_settings(extracted, monkeypatch):
    settings = []

    class StopError(Exception):
        pass

    def record(trainee, dataset, validation_data, **arguments):
        batches = [
            [batch[1].numpy().tolist() for batch in served] for served in (dataset, validation_data)
        ]
        arguments["callbacks"] = [type(callback) for callback in arguments["callbacks"]]
        settings.append((nameless(trainee.optimizer), trainee.loss, batches, arguments))
        raise StopError

    monkeypatch.setattr(keras.Model, "fit", record)
    for name in ("custom", "transfer"):
        with pytest.raises(StopError):
            train.main(name)
    assert settings[0] == settings[1]
    assert settings[0][3]["epochs"] == 2


def test_training_the_layers_leaves_the_base_as_it_was(extracted):
    train.main("transfer")
    base = networks.load("data/base/base.keras")
    whole = networks.load("data/models/transfer.keras")
    inside = whole.get_layer("base").get_weights()
    assert all(np.array_equal(*pair) for pair in zip(base.get_weights(), inside, strict=True))

    pixels, features = np.load("data/pixels.npy"), np.load("data/base/features.npy")
    from_pixels = whole.predict(pixels, verbose=0)
    from_features = shared(whole).predict(features, verbose=0)
    np.testing.assert_allclose(from_pixels, from_features, atol=1e-5)


def test_a_line_per_epoch_is_printed_and_kept(extracted, capfd):
    train.main("custom")
    history = pd.read_csv("metrics/history/custom.csv")
    assert list(history.columns) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert history["epoch"].tolist() == [1, 2]
    shown = capfd.readouterr().out
    for word in ("Epoch 2/2", "ms/step", "accuracy:", "loss:", "val_accuracy:", "val_loss:"):
        assert word in shown


@pytest.mark.parametrize("arguments", [[], ["other"], ["custom", "transfer"]])
def test_a_wrong_name_ends_in_one_line(arguments):
    command = [sys.executable, "-m", "stages.train", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == "usage: python -m stages.train custom|transfer\n"


def test_small_noisy_photos_are_learnt(extracted):
    change_parameters(extracted / "params.yaml", epochs=15, learning_rate=0.01)
    train.main("custom")
    assert pd.read_csv("metrics/history/custom.csv")["val_accuracy"].iloc[-1] == 1
