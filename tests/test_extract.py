import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import draw_photos

from stages import extract, prepare
from stages.common import parameters
from stages.networks import bases, loading
from stages.networks.backend import keras
from tests.helpers.project import ROOT, change_parameters


@pytest.fixture
def prepared(workspace, random_weights):
    """A workspace with pixels, and a small base whose weights are in a file."""
    draw_photos(workspace / "photos", count=2)
    change_parameters(
        workspace / "params.yaml", base__weights=str(random_weights), base__options={"alpha": 0.35}
    )
    prepare.main()
    return workspace


def test_features_are_those_of_the_base_with_its_own_preprocessing(prepared, random_weights):
    extract.main()
    features = np.load("data/base/features.npy")
    pixels = np.load("data/pixels.npy")
    plain = keras.applications.MobileNetV2(
        include_top=False, weights=str(random_weights), input_shape=(32, 32, 3), alpha=0.35
    )
    expected = plain.predict(pixels / 127.5 - 1, verbose=0)
    assert features.shape == (6, 1, 1, 1280)
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-3)
    assert features.std() > 0.1


def test_which_base_it_was_stands_beside_the_results(prepared, random_weights):
    extract.main()
    origin = json.loads(Path("metrics/base.json").read_text())
    assert origin["name"] == "MobileNetV2"
    assert origin["options"] == {"alpha": 0.35}
    assert origin["weights"] == random_weights.name
    assert origin["file_sha256"] == hashlib.sha256(random_weights.read_bytes()).hexdigest()
    assert len(origin["weights_sha256"]) == 64


def test_the_base_is_frozen_and_runs_in_inference_mode(prepared):
    extract.main()
    base = loading.load_base()
    pixels = np.load("data/pixels.npy").astype(np.float32)
    before = base.get_weights()
    trained = base(pixels, training=True)
    np.testing.assert_allclose(trained, base(pixels, training=False), atol=1e-6)
    assert base.trainable_weights == []
    assert all(np.array_equal(*pair) for pair in zip(before, base.get_weights(), strict=True))


@pytest.mark.parametrize("name", ["demo", "MobileNetV2"])
def test_random_weights_are_the_same_each_time(name):
    values = parameters.Base(name=name, weights="random", options={}, fine_tune=0)
    first, second = (bases.describe(bases.build(values, 32), values) for _ in range(2))
    assert first == second
    assert first["weights"] == "random"
    assert "file_sha256" not in first


def test_the_demo_base_takes_pixels_and_its_weights_are_on_record(monkeypatch):
    monkeypatch.chdir(ROOT)
    values = parameters.Base(name="demo", weights="imagenet", options={}, fine_tune=0)
    base = bases.build(values, 96)
    assert base.input_shape == (None, 96, 96, 3)
    assert base.output_shape == (None, 3, 3, 256)
    assert base.trainable_weights == []
    origin = bases.describe(base, values)
    content = (ROOT / "demo/pretrain/base.weights.h5").read_bytes()
    assert origin["weights"] == "base.weights.h5"
    assert origin["file_sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("options", "content", "message"),
    [
        ({"alpha": 0.35}, None, "base.options is {'alpha': 0.35}; expected {}"),
        ({}, None, "demo/pretrain/base.weights.h5: not the demo base's weights"),
        ({}, b"half a fi", "demo/pretrain/base.weights.h5: not the demo base's weights"),
    ],
)
def test_a_demo_base_that_cannot_be_built_ends_in_one_line(workspace, options, content, message):
    if content:
        Path("demo/pretrain").mkdir(parents=True)
        Path("demo/pretrain/base.weights.h5").write_bytes(content)
    with pytest.raises(SystemExit) as error:
        bases.build(
            parameters.Base(name="demo", weights="imagenet", options=options, fine_tune=0), 32
        )
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "suggested"),
    [("MobileNetV22", "MobileNetV2"), ("xyz", "MobileNetV2"), ("ResNet", "ResNet")],
)
def test_a_base_of_no_known_name_is_refused_with_one_that_is_like_it(prepared, name, suggested):
    change_parameters(prepared / "params.yaml", base__name=name)
    with pytest.raises(SystemExit) as error:
        extract.main()
    message = str(error.value)
    assert message.startswith(f"params.yaml: base.name is {name!r}; expected demo, or a model of ")
    assert f"such as {suggested}" in message
    assert "\n" not in message
    assert not Path("data/base").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base__weights": "no/such.h5"}, "base.weights is 'no/such.h5', which is not a file"),
        ({"base__weights": "params.yaml"}, "'params.yaml' does not hold weights without top"),
        ({"base__options": {"alpha": 0.5}}, "does not hold weights without top layers for Mob"),
        ({"base__options": {"beta": 1}}, "MobileNetV2 with options {'beta': 1}"),
        ({"base__options": {"MobileNetv2": {}}}, "base.options has 'MobileNetv2'; expected models"),
        ({"base__options": {"MobileNetV2": {"beta": 1}}}, "MobileNetV2 with options {'beta': 1}"),
    ],
)
def test_a_base_that_cannot_be_built_ends_in_one_line(prepared, changes, message):
    change_parameters(prepared / "params.yaml", **changes)
    with pytest.raises(SystemExit) as error:
        extract.main()
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not Path("data/base").exists()


def extract_in_a_new_process(environment, url=None):
    """Run the stage with more variables; Keras looks for weights at the URL, if there is one."""
    code = f"mobilenet_v2.BASE_WEIGHT_PATH = {url!r}" if url else "pass"
    code = f"from keras.src.applications import mobilenet_v2; {code}; extract.main()"
    return subprocess.run(
        [sys.executable, "-c", f"from stages import extract; {code}"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_weights_that_cannot_be_downloaded_end_in_one_line_that_says_what_to_do(prepared):
    change_parameters(prepared / "params.yaml", base__weights="imagenet")
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    result = extract_in_a_new_process({**nowhere, "KERAS_HOME": str(prepared / "home")})
    assert result.returncode == 1
    line = result.stderr.strip().splitlines()[-1]
    assert "https://storage.googleapis.com/" in line
    assert f"put it into {prepared}/home/models/" in line
    assert "base.weights" in line
    assert "Traceback" not in result.stderr
    assert not Path("data/base").exists()


def test_weights_are_downloaded_where_a_server_has_them(prepared, random_weights):
    served = prepared / "server"
    served.mkdir()
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
    shutil.copy(random_weights, served / name)
    change_parameters(prepared / "params.yaml", base__weights="imagenet")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=served)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        result = extract_in_a_new_process({"KERAS_HOME": str(prepared / "home")}, url)
        server.shutdown()
    assert result.returncode == 0, result.stderr
    downloaded = prepared / "home" / "models" / name
    assert downloaded.read_bytes() == random_weights.read_bytes()
    assert json.loads(Path("metrics/base.json").read_text())["weights"] == "imagenet"
