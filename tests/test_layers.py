"""One's own network: layers.py, and what is refused there."""

import inspect
import json

import numpy as np
import pytest

import layers
from stages.common import parameters
from stages.networks import building
from stages.networks.backend import keras
from tests.helpers.project import ROOT, change_parameters

TUTORIAL = """
import keras
from keras import layers

def my_network(classes, units=32):
    network = keras.Sequential()
    for filters in (16, 32, 64):
        network.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        network.add(layers.MaxPooling2D(padding="same"))
    network.add(layers.Flatten())
    network.add(layers.Dense(units, activation="relu"))
    network.add(layers.Dense(classes, activation="softmax"))
    return network
"""


@pytest.fixture
def own_layers(monkeypatch):
    """A function that puts functions into layers.py, in this process alone."""

    def put(code):
        names = [name for name, each in vars(layers).items() if inspect.isfunction(each)]
        for name in names:
            monkeypatch.delattr(layers, name)
        exec(compile(code, "layers.py", "exec"), vars(layers))

    before = dict(vars(layers))
    yield put
    vars(layers).clear()
    vars(layers).update(before)


def build(arguments=None, shape=(5, 5, 8), classes=3, seed=0):
    arguments = {} if arguments is None else arguments
    return building.build_layers(arguments, classes, seed, shape)


def refusal(**arguments):
    with pytest.raises(SystemExit) as error:
        build(**arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_file_is_short_and_its_first_function_takes_the_parameters_of_layers():
    assert len((ROOT / "layers.py").read_text().splitlines()) < 60
    found = inspect.signature(building._find_function()).parameters
    assert set(found) == {"classes", *parameters.read(ROOT / "params.yaml").layers}


@pytest.mark.parametrize("shape", [(160, 160, 3), (5, 5, 1280), (1, 1, 8)])
def test_the_layers_take_an_image_and_a_feature_map(shape):
    network = build({"filters": [16, 32, 64], "dropout": 0.3}, shape)
    probabilities = network(np.zeros((2, *shape), np.float32))
    assert probabilities.shape == (2, 3)
    np.testing.assert_allclose(np.sum(probabilities, axis=1), 1, rtol=1e-5)


def test_a_tutorial_network_is_built_reproducibly_without_seeds(own_layers):
    own_layers(TUTORIAL)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3)).astype(np.float32)
    outputs = []
    for seed, global_seed in ((0, 1), (0, 2), (3, 1)):
        keras.utils.set_random_seed(global_seed)
        outputs.append(np.asarray(build(shape=(8, 8, 3), seed=seed)(image)))
    assert np.array_equal(outputs[0], outputs[1])
    assert not np.array_equal(outputs[0], outputs[2])


def test_dropout_and_seeds_of_ones_own_are_kept(own_layers):
    own_layers(
        TUTORIAL.replace("layers.Flatten()", "layers.Dropout(0.5, seed=7)\n    )\n    network.add("
        "layers.Dropout(0.25)\n    )\n    network.add(layers.Flatten()")
    )  # fmt: skip
    dropouts = [each for each in build().layers if isinstance(each, keras.layers.Dropout)]
    assert dropouts[0].seed == 7
    assert isinstance(dropouts[1].seed, int)


OWN_CLASSES = """
import keras
from keras import layers

@keras.saving.register_keras_serializable()
class Block(layers.Layer):
    def __init__(self, filters, **more):
        super().__init__(**more)
        self.filters = filters
        self.convolution = layers.Conv2D(filters, 3, padding="same")
        self.dropout = layers.Dropout(0.5)

    def build(self, shape):
        self.convolution.build(shape)

    def call(self, inputs, training=False):
        return self.dropout(self.convolution(inputs), training=training)

    def get_config(self):
        return super().get_config() | {"filters": self.filters}

def my_network(classes):
    return keras.Sequential(
        [Block(4), layers.GlobalMaxPooling2D(), layers.Dense(classes, activation="softmax")]
    )
"""


def test_layers_of_ones_own_class_are_reproducible_and_the_same_in_both_networks(own_layers):
    own_layers(OWN_CLASSES)
    keras.utils.set_random_seed(1)
    one = build(shape=(8, 8, 3))
    keras.utils.set_random_seed(2)
    other = build(shape=(8, 8, 3))
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)


def test_the_parameters_stay_as_they_are_whatever_the_function_does_to_them(own_layers):
    own_layers(
        TUTORIAL.replace("(classes, units=32):", "(classes, units):\n    units = units.pop()")
    )
    arguments = {"units": [8, 16]}
    build(arguments)
    assert arguments == {"units": [8, 16]}


def test_any_arguments_are_passed_to_a_function_that_takes_any(own_layers):
    own_layers(TUTORIAL.replace("units=32", "units=32, **more"))
    build({"units": 8, "other": 3})


def test_an_argument_that_the_function_does_not_have_is_refused_by_name():
    said = refusal(arguments={"filters": [4], "dropout": 0, "kernel": 3})
    assert said.startswith("params.yaml: layers.kernel is not an argument of shared_layers")
    assert said.endswith("expected filters, dropout.")


def test_an_argument_that_the_function_lacks_is_refused_by_name():
    said = refusal(arguments={"filters": [4]})
    assert said.startswith(
        "params.yaml: layers.dropout is missing; shared_layers in layers.py requires it"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (', padding="same", activation="relu"', ', activation="relu"', "cannot take an input of"),
        ("(padding=", "(pool_size=2, strides=2, padding=", None),
        ("layers.Dense(classes,", "layers.Dense(classes + 1,", "outputs values of shape [4]"),
        (', activation="softmax"', "", "does not output probabilities"),
        (', activation="softmax"', ', activation="sigmoid"', "does not output probabilities"),
        ("network.add(layers.Flatten())", "", "outputs values of shape [1, 1, 3]"),
        ("return network", "return None", "returns NoneType, not a keras.Sequential"),
        ("return network", "network.build((None, 5, 5, 8)); return network", "has weights already"),
        ("layers.Flatten()", "layers.Lambda(lambda each: each)", "does not build a network"),
        ("units, activation", "units, activatoin", "activatoin"),
        ("classes, units=32", "units=32", "has no argument `classes`"),
        ("filters in (16, 32, 64)", "filters in (16, 0, 64)", "does not build a network"),
    ],
)
def test_a_network_that_cannot_do_its_work_is_refused_in_one_line(own_layers, old, new, said):
    assert old in TUTORIAL
    own_layers(TUTORIAL.replace(old, new))
    if said is None:
        build()
    else:
        assert said in refusal()
        assert refusal().startswith("layers.py: my_network ")


def test_another_file_of_that_name_is_not_taken_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr(layers, "__file__", str(tmp_path / "layers.py"))
    said = refusal(arguments={"filters": [4], "dropout": 0})
    assert said.startswith(
        f"layers.py: Python found {tmp_path / 'layers.py'}; expected the one in "
    )


def test_a_file_that_cannot_be_imported_is_named(changing):
    path = changing.folder / "layers.py"
    for text, said in {
        "import keras\ndef shared_layers(:\n": "layers.py: cannot be imported (SyntaxError",
        "import no_such_package\n": "layers.py: cannot be imported (ModuleNotFoundError",
        "FILTERS = 3\n": "layers.py: defines no function; expected one",
    }.items():
        path.write_text(text)
        result = changing.run("python", "-m", "stages.train", "custom", check=False)
        assert result.returncode == 1
        assert result.stdout.splitlines()[-1].startswith(said), result.stdout
        assert "Traceback" not in result.stdout


@pytest.mark.slow
def test_a_tutorial_network_goes_all_the_way_and_runs_only_what_depends_on_it(changing):
    (changing.folder / "layers.py").write_text(TUTORIAL)
    change_parameters(changing.folder / "params.yaml", layers={"units": 16})
    ran = changing.stages_run_by("dvc", "repro")
    assert sorted(ran) == [
        "compare",
        "describe",
        "evaluate",
        "occlude",
        "report",
        "select",
        "train@custom",
        "train@transfer",
    ]
    scores = changing.metrics("transfer")
    assert 0 <= scores["accuracy"] <= 1
    before = changing.results()
    changing.run("dvc", "repro", "--force", "train")
    assert changing.results() == before
    shown = changing.run("python", "-m", "predict", "--format", "jsonl", "data/colours/red")
    assert len(json.loads(shown.stdout.splitlines()[-1])["custom"]["probabilities"]) == 3
