import gc
import json
import math
import os
import signal
import subprocess
import sys
import weakref
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import draw_photos

from stages import extract, prepare, split, train
from stages.common import parameters
from stages.networks import building, loading, training
from stages.networks.backend import keras, tf
from tests.helpers.project import ROOT, change_parameters

LAYERS = {"filters": [8, 16], "dropout": 0.2}


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


def test_both_networks_have_the_same_layers(extracted):
    train.main("custom")
    train.main("transfer")
    custom, transfer = (
        loading.load(f"data/models/{name}.keras") for name in ("custom", "transfer")
    )
    layers = [[nameless(layer) for layer in shared(each).layers] for each in (custom, transfer)]
    assert layers[0] == layers[1]
    assert custom.input_shape == transfer.input_shape == (None, 32, 32, 3)
    assert [layer.name for layer in transfer.layers] == ["base", "layers"]


def test_the_same_layers_start_from_the_same_weights_before_and_behind_a_base():
    built = []
    for shape in [(32, 32, 3), (5, 5, 64)]:
        layers = building.build_layers(LAYERS, 3, seed=0, shape=shape)
        built.append(layers.get_weights()[1:])  # the first ones take another number of channels
    assert all(np.array_equal(*pair) for pair in zip(*built, strict=True))


def test_balanced_class_weights_are_those_of_scikit_learn():
    assert training.weigh_classes(np.repeat([0, 1], [9, 3])) == {0: 12 / 18, 1: 12 / 6}


@pytest.mark.parametrize(("weight", "share"), [("none", 0.75), ("balanced", 0.5)])
def test_a_class_with_few_photos_weighs_as_class_weight_says(weight, share):
    """Photos that are all the same: what a network can learn is how often each class occurs."""
    labels, rows = np.repeat([0, 1], [9, 3]), np.arange(12)
    data = training.Data(np.ones((12, 1), np.float32), labels, rows, np.array([], int))
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, activation="softmax")])
    model = training.compile_for_training(network, 0.02)
    changes = {"class_weight": weight, "epochs": 80, "learning_rate": 0.02}
    params = parameters.read(ROOT / "params.yaml").model_copy(update=changes)
    training.fit("custom", model, data, params, seed=0)
    assert float(network(np.ones((1, 1)))[0, 0]) == pytest.approx(share, abs=0.03)


def test_sealed_photos_are_not_trained_on(extracted):
    table = pd.read_csv("data/split.csv", dtype=str)
    train.main("custom")
    before = Path("metrics/history/custom.csv").read_text()
    sealed = pd.DataFrame({"photo": ["x"], "label": "red", "split": "test", "sha256": "x"})
    pd.concat([table, sealed]).to_csv("data/split.csv", index=False)
    pixels = np.load("data/pixels.npy")
    np.save("data/pixels.npy", np.concatenate([pixels, pixels[:1]]))
    train.main("custom")
    assert Path("metrics/history/custom.csv").read_text() == before


def orders(data, seed, epochs):
    """The labels of each batch in each epoch, as Keras asks for them."""
    order = training.ShuffledOrder(data, seed)
    dataset = training.make_batches(data, order, len(data.train), batch_size=5)
    found = []
    for epoch in epochs:
        order.on_epoch_begin(epoch)
        found.append([batch[1].numpy().tolist() for batch in dataset])
    return found


def test_both_networks_see_the_photos_in_the_same_order():
    rows, labels = np.arange(19), np.arange(30)
    found = []
    for inputs in (np.zeros((30, 8, 8, 3), np.uint8), np.ones((30, 2, 2, 7), np.float32)):
        found.append(orders(training.Data(inputs, labels, rows, rows), 3, range(2)))
    assert found[0] == found[1]
    first, second = found[0]
    assert first != second  # each epoch has its own order
    assert [len(batch) for batch in first] == [5, 5, 5, 4]
    assert sorted(row for batch in first for row in batch) == list(rows)


def test_a_training_that_resumes_sees_the_order_that_it_would_have_had():
    rows = np.arange(20)
    data = training.Data(np.zeros((20, 2)), rows, rows, rows)
    assert orders(data, 3, [4, 5]) == orders(data, 3, range(6))[4:]
    assert orders(data, 3, [4]) != orders(data, 4, [4])


def test_photos_that_were_trained_on_do_not_stay_in_memory():
    """TensorFlow keeps the functions that serve them; on a Dask worker that is for days."""

    class Array(np.ndarray):  # one of NumPy's own cannot be referred to weakly as a view
        pass

    inputs = np.zeros((12, 4), np.float32).view(Array)
    rows = np.arange(8)
    data = training.Data(inputs, np.zeros(12, int), rows, np.arange(8, 12))
    layers = [keras.Input((4,)), keras.layers.Dense(2, activation="softmax")]
    model = training.compile_for_training(keras.Sequential(layers), 0.1)
    params = parameters.read(ROOT / "params.yaml").model_copy(update={"epochs": 2})
    training.fit("custom", model, data, params, seed=0)
    alive = weakref.ref(inputs)
    del inputs, data, model
    gc.collect()
    assert alive() is None


def test_both_networks_train_with_the_same_settings(extracted, monkeypatch):
    settings = []

    class StopError(Exception):
        pass

    def record(model, dataset, validation_data, **arguments):
        batches = [
            [batch[1].numpy().tolist() for batch in served] for served in (dataset, validation_data)
        ]
        callbacks = arguments["callbacks"]
        arguments["callbacks"] = [type(callback) for callback in callbacks]
        (scheduler,) = (each for each in callbacks if hasattr(each, "schedule"))
        arguments["rates"] = [scheduler.schedule(epoch, 0) for epoch in range(2)]
        settings.append((nameless(model.optimizer), model.loss, batches, arguments))
        raise StopError

    monkeypatch.setattr(keras.Model, "fit", record)
    for name in ("custom", "transfer"):
        with pytest.raises(StopError):
            train.main(name)
    assert settings[0] == settings[1]
    assert settings[0][3]["epochs"] == 2
    assert settings[0][3]["rates"] == [0.001, 0.0005]


class Rates(keras.callbacks.Callback):
    """Notes the learning rate of each epoch, while it runs."""

    def __init__(self):
        super().__init__()
        self.epochs = {}

    def on_train_batch_begin(self, batch, logs=None):
        self.epochs[self.epoch] = float(self.model.optimizer.learning_rate)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def measure_rates(schedule, length=5, **arguments):
    """The learning rate of each epoch of a training, by its number from 0."""
    data = training.Data(np.ones((8, 2), np.float32), np.arange(8) % 2, np.arange(8), np.arange(8))
    layers = [keras.Input((2,)), keras.layers.Dense(2, activation="softmax")]
    model = training.compile_for_training(keras.Sequential(layers), 0.02)
    changes = {"epochs": length, "learning_rate": 0.02, "schedule": schedule}
    params = parameters.read(ROOT / "params.yaml").model_copy(update=changes)
    rates = Rates()
    training.fit("custom", model, data, params, seed=0, callbacks=[rates], **arguments)
    return rates.epochs


def test_the_learning_rate_falls_as_a_cosine_or_stays_as_it_is():
    expected = [0.02 * (1 + math.cos(math.pi * epoch / 5)) / 2 for epoch in range(5)]
    assert measure_rates("cosine") == pytest.approx(dict(enumerate(expected)))
    assert measure_rates("cosine", length=1) == pytest.approx({0: 0.02})
    assert measure_rates("constant") == pytest.approx(dict.fromkeys(range(5), 0.02))


def test_a_training_that_resumes_has_the_rates_that_it_would_have_had():
    whole = measure_rates("cosine")
    assert measure_rates("cosine", initial_epoch=3) == {epoch: whole[epoch] for epoch in (3, 4)}
    # A training after another one, such as fine-tuning, begins a cosine of its own.
    after = measure_rates("cosine", initial_epoch=5, epochs=10)
    assert after == {5 + epoch: rate for epoch, rate in whole.items()}


def test_training_the_layers_leaves_the_base_as_it_was(extracted):
    train.main("transfer")
    base = loading.load_base()
    whole = loading.load("data/models/transfer.keras")
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


@pytest.mark.parametrize("arguments", [[], ["other"], ["probe"], ["custom", "transfer"]])
def test_a_wrong_name_ends_in_one_line(arguments):
    command = [sys.executable, "-m", "stages.train", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == "usage: python -m stages.train custom|transfer\n"


def test_custom_learns_small_noisy_photos(extracted):
    change_parameters(extracted / "params.yaml", epochs=15, learning_rate=0.01)
    train.main("custom")
    assert pd.read_csv("metrics/history/custom.csv")["val_accuracy"].iloc[-1] == 1


@pytest.mark.parametrize("name", ["custom", "transfer"])
def test_a_training_that_comes_to_nothing_ends_in_one_line_and_leaves_the_old_results(
    changing, name, tmp_path
):
    before = changing.results()
    change_parameters(changing.folder / "params.yaml", learning_rate=1e38)
    log = tmp_path / "log.txt"
    with log.open("w") as file:
        running = subprocess.Popen(
            ["dvc", "repro", "--single-item", f"train@{name}"],
            cwd=changing.folder, env=changing.environment(), stdout=file, stderr=file,
        )  # fmt: skip
    while running.poll() is None:  # no reader of JSON may meet a NaN, not even meanwhile
        with suppress(FileNotFoundError):  # files of a training come and go
            for path in (changing.folder / "metrics").rglob("*.json"):
                assert "NaN" not in path.read_text(), path
    shown = log.read_text()
    said = [line for line in shown.splitlines() if line.startswith(f"{name}: loss is")]
    assert said == [
        f"{name}: loss is nan after epoch 1, at learning rate 1e+38; expected a finite number. "
        "Lower learning_rate in params.yaml."
    ]
    assert f"python -m stages.train {name}, exited with 1" in shown
    assert "Traceback" not in shown
    assert changing.results() == before


def test_an_interrupt_that_python_loses_ends_the_training_after_the_epoch(monkeypatch):
    class Loser:
        def __del__(self):  # nobody hears of an error here
            os.kill(os.getpid(), signal.SIGINT)

    class Losing(keras.callbacks.Callback):
        epochs = 0

        def on_epoch_begin(self, epoch, logs=None):
            self.epochs += 1
            if self.epochs == 3:
                Loser()

    keras.utils.set_random_seed(0)
    model = training.compile_for_training(
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]), 0.1
    )
    losing, before = Losing(), signal.getsignal(signal.SIGINT)
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda error: lost.append(error.exc_type))
    fit = partial(model.fit, np.zeros((4, 2)), np.zeros(4), epochs=9, verbose=0)
    with training.Interruptible() as interruptible, pytest.raises(KeyboardInterrupt):
        fit(callbacks=[losing, interruptible])
    assert losing.epochs == 3
    assert lost == [KeyboardInterrupt]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_study_whose_training_comes_to_nothing_ends_in_one_line(changing):
    change_parameters(changing.folder / "study/params.yaml", study__folds=2)
    change_parameters(changing.folder / "params.yaml", learning_rate=1e38)
    answer = changing.folder / "metrics/study/repeat.json"
    answer.unlink(missing_ok=True)  # of another test
    result = changing.run("python", "-m", "study.repeat", check=False)
    assert result.returncode == 1
    assert len(result.stdout.splitlines()) == 1, result.stdout
    assert "loss is nan after epoch 1, at learning rate 1e+38; expected" in result.stdout
    assert result.stdout.startswith(("study: custom: ", "study: transfer: "))
    for path in (changing.folder / "data/study").glob("*.json"):
        assert 0 <= json.loads(path.read_text())["right"] <= 15  # of the linear probes
        path.unlink()
    assert not answer.exists()


def test_a_machine_without_gpus_trains_as_usual():
    assert training.choose_strategy() is tf.distribute.get_strategy()


TWO_DEVICES = """
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import sys
from pathlib import Path
from tests.helpers.project import change_parameters
from stages import train
from stages.common import files, parameters
from stages.networks import training

assert training.choose_strategy().num_replicas_in_sync == 1  # of two processors, one does all
training.choose_strategy.__defaults__ = (["CPU:0", "CPU:1"],)  # as if they were GPUs
with training.choose_strategy().scope():
    params = parameters.read()
    network, trained = train.build("custom", params, (32, 32, 3), 3)
    model = training.compile_for_training(trained, params.learning_rate)
assert model.distribute_strategy.num_replicas_in_sync == 2
assert all(len(variable.value.values) == 2 for variable in model.trainable_variables)
if sys.argv[1:] == ["interrupted"]:
    path = Path("data/models/custom.keras")
    path.unlink()
    path.mkdir()
    change_parameters(Path("params.yaml"), epochs=3)
    try:
        train.main("custom")
    except SystemExit:
        path.rmdir()
    change_parameters(Path("params.yaml"), epochs=8)
train.main("custom")
"""


def train_on_two_devices(*arguments):
    """Train the custom network; return what was printed, its history and the network saved."""
    result = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    history = pd.read_csv("metrics/history/custom.csv")
    return result.stdout, history, loading.load("data/models/custom.keras")


def test_devices_get_the_largest_batches_that_they_can_share():
    assert [training.divide_batches(size, 24, devices=2) for size in (4, 5)] == [4, 4]
    assert training.divide_batches(5, 24, devices=1) == 5


@pytest.mark.slow
def test_several_devices_train_together(extracted):
    # Two devices cannot share a batch of 5: they get 2 photos each, as of a batch of 4.
    change_parameters(
        extracted / "params.yaml", epochs=8, batch_size=5, learning_rate=0.01, schedule="constant"
    )
    _, history, network = train_on_two_devices()
    assert history["loss"].iloc[-1] < 0.8 * history["loss"].iloc[0]

    # The network that is saved, on one device, is the one that was validated.
    table = pd.read_csv("data/split.csv")
    rows = np.flatnonzero(table["split"] == "validation")
    labels = np.unique(table["label"], return_inverse=True)[1]
    probabilities = network.predict(np.load("data/pixels.npy")[rows], verbose=0)
    loss = -np.log(probabilities[range(len(rows)), labels[rows]]).mean()
    assert loss == pytest.approx(history["val_loss"].iloc[-1], abs=1e-4)

    shown, again, same = train_on_two_devices("interrupted")
    assert "custom: resumes after epoch 3" in shown
    pd.testing.assert_frame_equal(again, history)
    pairs = zip(network.get_weights(), same.get_weights(), strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)
