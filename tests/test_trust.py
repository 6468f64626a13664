"""Files from elsewhere are not trusted: no code in them is run, and one line says what is wrong."""

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from stages.common import files, parameters
from stages.networks import bases, building, loading
from stages.networks.backend import keras
from tests.helpers.project import ROOT

MODEL = Path("data/models/custom.keras")


@pytest.fixture
def trained(workspace):
    """A workspace with a saved network of three classes."""
    arguments = {"filters": [4], "dropout": 0}
    layers = building.build_layers(arguments, classes=3, seed=0, shape=(32, 32, 3))
    files.save_network(building.build_custom(32, layers), MODEL)
    loading.load_trained("custom", 32, 3)
    return workspace


def refusal():
    """The one line in which loading the network ends."""
    with pytest.raises(SystemExit) as error:
        loading.load_trained("custom", 32, 3)
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith("data/models/custom.keras: ")
    return line


def save(*layers, path=MODEL):
    keras.Sequential([keras.Input((32, 32, 3)), *layers]).save(path)


def with_code(path):
    """Save a network with Python code in it that makes a file when it runs."""

    code = lambda values: (__import__("os").system("touch hacked"), values[:, 0, 0, :])[1]  # noqa: E731
    save(keras.layers.Lambda(code, output_shape=(3,)), path=path)
    Path("hacked").unlink(missing_ok=True)


def edit(change):
    """Change the configuration in the network's file."""
    parts = files.read_archive(MODEL)
    config = json.loads(parts["config.json"])
    parts["config.json"] = json.dumps(change(config)).encode()
    files.write_archive(MODEL, parts)


def test_code_in_a_network_is_not_run(trained):
    with_code(MODEL)
    keras.saving.load_model(MODEL, safe_mode=False).predict(np.zeros((1, 32, 32, 3)), verbose=0)
    assert Path("hacked").exists(), "the code has an effect where it is run"
    Path("hacked").unlink()
    assert "not a network that Keras can load in its safe mode" in refusal()
    assert not Path("hacked").exists()


def test_code_in_a_network_of_the_old_format_is_not_run(trained):
    with_code("old.h5")
    os.replace("old.h5", MODEL)
    assert "not a network that Keras can load in its safe mode" in refusal()
    assert not Path("hacked").exists()


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        ("os", "system", {"command": "touch hacked"}),
        ("subprocess", "run", {"args": ["touch", "hacked"]}),
        ("builtins", "exec", {"source": "open('hacked', 'w')"}),
        ("keras.config", "enable_unsafe_deserialization", {}),
    ],
)
def test_functions_that_a_network_names_are_not_called(trained, module, name, arguments):
    layer = {"module": module, "class_name": name, "config": arguments, "registered_name": None}
    call = {**layer, "config": {"name": "x", "inbound_nodes": [], **arguments}}

    def change(config):
        config["config"]["layers"][1:1] = [layer, call]
        return config

    edit(change)
    assert "not a network that Keras can load in its safe mode" in refusal()
    assert not Path("hacked").exists()
    with_code(MODEL)
    refusal()  # the safe mode is still on
    assert not Path("hacked").exists()


@pytest.mark.parametrize(
    "content", [b"", b"not a zip", b"PK\x03\x04", lambda whole: whole[: len(whole) // 2]]
)
def test_a_damaged_network_is_named(trained, content):
    MODEL.write_bytes(content(MODEL.read_bytes()) if callable(content) else content)
    assert "not a network that Keras can load in its safe mode" in refusal()


@pytest.mark.parametrize("part", ["config.json", "model.weights.h5"])
def test_a_network_without_one_of_its_parts_is_named(trained, part):
    parts = files.read_archive(MODEL)
    del parts[part]
    files.write_archive(MODEL, parts)
    assert "not a network that Keras can load in its safe mode" in refusal()


def test_a_network_for_other_photos_or_classes_is_refused(trained):
    dense = keras.layers.Dense
    flat = keras.layers.GlobalMaxPooling2D
    expected = "expected [(None, 32, 32, 3), (None, 3)]"
    expected += ", as image_size in params.yaml and data/split.csv say"

    keras.Sequential([keras.Input((64, 64, 3)), flat(), dense(3, "softmax")]).save(MODEL)
    assert (
        f"its input and output have the shapes [(None, 64, 64, 3), (None, 3)]; {expected}"
        in refusal()
    )
    save(flat(), dense(2, "softmax"))
    assert (
        f"its input and output have the shapes [(None, 32, 32, 3), (None, 2)]; {expected}"
        in refusal()
    )
    save(dense(3, "softmax"))
    assert (
        f"its input and output have the shapes [(None, 32, 32, 3), (None, 32, 32, 3)]; {expected}"
        in refusal()
    )
    keras.Sequential([keras.Input((8,)), dense(3, "softmax")]).save(MODEL)
    assert expected in refusal()


def test_a_network_of_several_inputs_or_outputs_is_named(trained):
    photo, other = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalMaxPooling2D()(photo)
    answer = keras.layers.Dense(3, "softmax")(pooled)
    both = keras.layers.Add()([photo, other])
    keras.Model([photo, other], keras.layers.GlobalMaxPooling2D()(both)).save(MODEL)
    refusal()
    keras.Model(photo, [answer, pooled]).save(MODEL)
    refusal()


def test_a_network_that_was_never_built_is_named(trained):
    keras.Sequential([keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(3)]).save(MODEL)
    refusal()


def weights_refused(name, path, options):
    values = parameters.Base(name=name, weights=str(path), options=options, fine_tune=0)
    with pytest.raises(SystemExit) as error:
        bases.build(values, 32)
    assert "\n" not in str(error.value)
    return str(error.value)


def without_a_layer(path, content):
    path.write_bytes(content)
    with h5py.File(path, "r+") as file:
        del file[next(iter(file))]


def cut_short(path, content):
    path.write_bytes(content[: len(content) // 2])


def empty(path, content):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut_short, empty])
def test_damaged_weights_of_a_base_end_in_one_line(workspace, random_weights, damage):
    damage(Path("weights.h5"), random_weights.read_bytes())
    line = weights_refused("MobileNetV2", "weights.h5", {"alpha": 0.35})
    assert "'weights.h5' does not hold weights without top layers for MobileNetV2" in line


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras's, for each layer
@pytest.mark.parametrize("damage", [cut_short, without_a_layer])
def test_damaged_weights_of_the_demo_base_end_in_one_line(workspace, damage):
    Path("demo/pretrain").mkdir(parents=True)
    content = (ROOT / bases.DEMO_WEIGHTS).read_bytes()
    damage(workspace / bases.DEMO_WEIGHTS, content)
    line = weights_refused("demo", "imagenet", {})
    assert line.startswith("demo/pretrain/base.weights.h5: not the demo base's weights (")


@pytest.mark.parametrize("extra", ["", "code: "])
def test_code_in_the_parameters_is_not_run(workspace, extra):
    for tag in ("os.system", "subprocess.run", "builtins.exec"):
        text = (ROOT / "params.yaml").read_text()
        code = f'!!python/object/apply:{tag} ["touch {workspace}/hacked"]'
        old = "epochs: 10"
        assert old in text
        new = f"{extra}{code}" if extra else f"epochs: {code}"
        path = workspace / "params.yaml"
        path.write_text(text.replace(old, new))
        with pytest.raises(SystemExit) as error:
            parameters.read(path)
        assert f"{path}: not valid YAML: could not determine a constructor for" in str(error.value)
        assert "\n" not in str(error.value)
        assert not (workspace / "hacked").exists()


def test_code_in_the_parameters_stops_dvc_before_any_stage(make_project):
    project = make_project()
    with (project.folder / "params.yaml").open("a") as file:
        file.write('code: !!python/object/apply:os.system ["touch hacked"]\n')
    result = project.run("dvc", "repro", check=False)
    assert result.returncode != 0
    assert "ERROR: unable to read: 'params.yaml', YAML file structure is corrupted" in result.stdout
    assert "Running stage" not in result.stdout
    assert not (project.folder / "hacked").exists()
