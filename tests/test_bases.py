"""Other bases: each goes the whole way, from its own scaling of pixels to the scores."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import draw_photos

from stages import extract, prepare, probe, split, train
from stages.common import files
from stages.networks import bases, loading
from tests.helpers.project import ROOT, change_parameters

pytestmark = pytest.mark.slow

NAMES = [
    "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "EfficientNetV2B0", "ResNet50V2",
    "DenseNet121", "ConvNeXtTiny", "NASNetMobile",
]  # fmt: skip


@pytest.fixture(scope="module")
def custom_trained(tmp_path_factory):
    """A folder in which all stages before `extract`, and the custom network's training, ran."""
    folder = tmp_path_factory.mktemp("bases")
    shutil.copy(ROOT / "params.yaml", folder)
    change_parameters(
        folder / "params.yaml", photos="photos", image_size=32, epochs=1, layers__filters=[4],
        base__weights="random", base__name="MobileNetV2",
    )  # fmt: skip
    draw_photos(folder / "photos", count=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        prepare.main()
        split.main()
        train.main("custom")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_base_goes_through_extract_train_save_load_and_evaluate(
    custom_trained, monkeypatch, name
):
    monkeypatch.chdir(custom_trained)
    change_parameters(Path("params.yaml"), base__name=name)
    extract.main()
    train.main("transfer")
    probe.main()

    assert json.loads(Path("metrics/base.json").read_text())["name"] == name
    network = loading.load("data/models/transfer.keras")
    pixels = np.load("data/pixels.npy").astype(np.float32)
    features = files.read_array("data/base/features.npy")[np.arange(len(pixels))]
    # What was saved scales pixels as this base wants them.
    scaled = bases._find_module(name).preprocess_input(pixels)
    found = network.get_layer("base").layers[-1].predict_on_batch(scaled)
    np.testing.assert_allclose(found, features, rtol=1e-3, atol=1e-5)
    # What was scored is that base, and the layers that were trained on its features.
    expected = network.get_layer("layers").predict_on_batch(features)
    table = pd.read_csv("metrics/predictions/transfer.csv")
    validation = files.read_table("data/split.csv")["split"] == "validation"
    np.testing.assert_allclose(table.iloc[:, 3:], expected[validation], atol=1e-4)
    # The probe has its own layers on the same features.
    dense = loading.load("data/models/probe.keras").get_layer("dense")
    expected = np.asarray(dense(features.mean(axis=(1, 2))))
    table = pd.read_csv("metrics/predictions/probe.csv")
    np.testing.assert_allclose(table.iloc[:, 3:], expected[validation], atol=1e-4)
