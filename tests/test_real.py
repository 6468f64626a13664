"""Real photos and real ImageNet weights, where `REAL_PHOTOS` and `KERAS_HOME` name them."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import extract, prepare
from stages.common import parameters
from stages.networks import bases
from tests.helpers.project import Project, change_parameters

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "REAL_PHOTOS" not in os.environ or "KERAS_HOME" not in os.environ,
        reason="REAL_PHOTOS (a folder of photos) and KERAS_HOME (with weights) are not both set",
    ),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project.copy_with_real_photos(tmp_path_factory.mktemp("real"))
    project.run("dvc", "repro")
    return project


def test_a_fifth_of_each_class_is_for_validation(project):
    table = pd.read_csv(project.folder / "data/split.csv")
    counts = table.groupby(["label", "split"]).size().unstack()
    assert (counts["validation"] == 10).all()
    assert (counts["train"] == 40).all()


def test_the_base_makes_the_difference(project):
    custom, transfer = project.metrics("custom"), project.metrics("transfer")
    assert custom["photos"] == transfer["photos"] == 30
    # One seed on 30 photos: well above a guess (0.33), with a margin for other versions of Keras.
    assert custom["accuracy"] > 0.45
    assert transfer["accuracy"] > 0.75
    assert project.metrics("probe")["accuracy"] > 0.75
    assert project.metrics("comparison")["accuracy_gain"] > 0.1


def test_the_hash_of_the_weights_file_is_recorded(project):
    weights = Path(parameters.read(project.folder / "params.yaml").base.weights)
    origin = project.metrics("base")
    assert origin["file_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_imagenet_weights_of_keras_home_need_no_network(workspace):
    shutil.copytree(os.environ["REAL_PHOTOS"], "photos", copy_function=shutil.copyfile)
    for photo in sorted(Path("photos").rglob("*.jpg")):
        if not photo.stem.endswith("_001"):
            photo.unlink()
    change_parameters(
        workspace / "params.yaml", image_size=224, base__options={"alpha": 0.35}, photos="photos"
    )
    prepare.main()
    extract.main()
    features = np.load("data/base/features.npy")
    assert features.shape == (3, 7, 7, 1280)

    by_name = json.loads(Path("metrics/base.json").read_text())
    weights = next(
        Path(os.environ["KERAS_HOME"], "models").glob("mobilenet_v2*_0.35_224_no_top.h5")
    )
    values = parameters.Base(
        name="MobileNetV2", weights=str(weights), options={"alpha": 0.35}, fine_tune=0
    )
    by_path = bases.describe(bases.build(values, 224), values)
    assert by_name["weights"] == "imagenet"
    assert by_name["weights_sha256"] == by_path["weights_sha256"]
