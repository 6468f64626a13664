"""Fine-tuning: the base's last layers are trained after the others, gently."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import augment, extract, probe, train
from stages.common import parameters
from stages.networks import loading
from stages.networks.backend import keras
from tests.helpers.project import change_parameters

LAYERS = 10
MODEL = Path("data/models/transfer.keras")
HISTORY = "metrics/history/transfer.csv"


@pytest.fixture
def ready(before_training, tmp_path, monkeypatch):
    """A folder in which all stages before `train` have run."""
    folder = shutil.copytree(before_training, tmp_path / "work")
    change_parameters(folder / "params.yaml", base__fine_tune=LAYERS)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def trained(before_training, tmp_path_factory):
    """A folder in which all networks are trained."""
    folder = shutil.copytree(before_training, tmp_path_factory.mktemp("trained") / "work")
    change_parameters(folder / "params.yaml", base__fine_tune=LAYERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        train.main("custom")
        train.main("transfer")
        probe.main()
    return folder


def pretrained(network):
    """The pre-trained part of a whole network, or of a base."""
    base = network if network.name == "base" else network.get_layer("base")
    return next(layer for layer in base.layers if isinstance(layer, keras.Model))


def test_only_the_last_layers_change_and_no_batch_normalisation(trained):
    before, after = (
        pretrained(loading.load(trained / train.BASE)),
        pretrained(loading.load(trained / MODEL)),
    )
    changed = []
    for number, (one, other) in enumerate(zip(before.layers, after.layers, strict=True)):
        pairs = zip(one.get_weights(), other.get_weights(), strict=True)
        if not all(np.array_equal(*pair) for pair in pairs):
            changed.append((number, type(one).__name__))
    first = len(before.layers) - LAYERS
    tail = before.layers[first:]
    trainable = [
        (first + number, type(layer).__name__)
        for number, layer in enumerate(tail)
        if layer.get_weights() and not isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert changed == trainable
    assert trainable


def test_the_history_has_the_epochs_of_both_and_custom_those_of_one(trained):
    assert len(pd.read_csv(trained / "metrics/history/custom.csv")) == 2
    assert pd.read_csv(trained / HISTORY)["epoch"].tolist() == [1, 2, 3, 4]
    assert not list((trained / "data/training").iterdir())


def test_the_first_epochs_are_those_of_a_training_without(trained, ready):
    change_parameters(ready / "params.yaml", base__fine_tune=0)
    train.main("transfer")
    pd.testing.assert_frame_equal(pd.read_csv(trained / HISTORY)[:2], pd.read_csv(HISTORY))


def test_the_last_epoch_validates_what_is_saved(trained, monkeypatch):
    monkeypatch.chdir(trained)
    right = pd.read_csv("metrics/predictions/transfer.csv")
    accuracy = (right["actual"] == right["predicted"]).mean()
    assert accuracy == pytest.approx(pd.read_csv(HISTORY).iloc[-1]["val_accuracy"], abs=1e-6)


def test_more_layers_than_there_are_is_a_mistake_in_one_line_before_anything_is_trained(ready):
    count = len(pretrained(loading.load_base()).layers)
    change_parameters(ready / "params.yaml", base__fine_tune=count + 1)
    with pytest.raises(SystemExit) as error:
        train.main("transfer")
    assert str(error.value) == (
        f"params.yaml: base.fine_tune is {count + 1}, but the base has {count} layers; "
        "expected at most that many."
    )
    assert not (ready / "data/training").exists()


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("cosine", [1e-3, 5e-4, 1e-5, 5e-6]), ("constant", [1e-3, 1e-3, 1e-5, 1e-5])],
)
def test_the_base_is_trained_at_a_hundredth_of_the_rates(ready, monkeypatch, schedule, expected):
    change_parameters(ready / "params.yaml", schedule=schedule)
    real, rates = train.Checkpoint.on_epoch_end, []

    def note(self, number, logs=None):
        rates.append(float(self.model.optimizer.learning_rate))
        real(self, number, logs)

    monkeypatch.setattr(train.Checkpoint, "on_epoch_end", note)
    train.main("transfer")
    assert rates == pytest.approx(expected)


class StopError(Exception):
    """Stands for a kill."""


@pytest.mark.slow
@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_interrupted_at_any_epoch_it_ends_with_the_same_weights(
    trained, ready, monkeypatch, capsys, epoch
):
    real = train.Checkpoint.on_epoch_end

    def stop(self, number, logs=None):
        real(self, number, logs)
        if len(self.epochs) == epoch:
            raise StopError

    with monkeypatch.context() as patch:
        patch.setattr(train.Checkpoint, "on_epoch_end", stop)
        with pytest.raises(StopError):
            train.main("transfer")
    train.main("transfer")
    shown = capsys.readouterr().out
    assert f"transfer: resumes after epoch {epoch}\n" in shown
    assert "transfer: the last 10 layers of the base are trained too" in shown
    assert Path(HISTORY).read_bytes() == (trained / HISTORY).read_bytes()
    found, expected = (loading.load(path).get_weights() for path in (MODEL, trained / MODEL))
    assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.slow
def test_it_goes_together_with_altered_copies(ready):
    change_parameters(ready / "params.yaml", augment="light")
    augment.main()
    extract.main()
    train.main("transfer")
    assert len(pd.read_csv("metrics/history/transfer.csv")) == 4


def test_other_counts_do_not_resume_from_each_others_checkpoint(ready):
    params = parameters.read()
    other = params.model_copy(
        update={"base": params.base.model_copy(update={"fine_tune": LAYERS + 1})}
    )
    assert train.hash_training("transfer", params) == train.hash_training("transfer", other)
    tuning = [
        train.hash_training("transfer", each, each.epochs, each.base.fine_tune)
        for each in (params, other)
    ]
    assert tuning[0] != tuning[1]
