"""What the tests share: small photos drawn here, a folder to work in, a copy of the project."""

import shutil
import signal

import numpy as np
import pytest
from PIL import Image

from tests.helpers.project import ROOT, Project, change_parameters

# A shell has what runs in the background ignore Ctrl-C, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)

COLOURS = {"blue": (60, 60, 200), "green": (60, 180, 60), "red": (200, 60, 60)}


def draw_photos(folder, count=10, classes=COLOURS):
    """Draw noisy photos of one colour per class: any network can tell them apart."""
    random = np.random.default_rng(0)
    for label, colour in classes.items():
        (folder / label).mkdir(parents=True)
        for number in range(count):
            noise = random.integers(-50, 50, (40, 40, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number:03}.jpg", quality=90)
    return folder


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A working directory with the project's params.yaml, set for small photos in `photos/`."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    change_parameters(
        tmp_path / "params.yaml", photos="photos", image_size=32, epochs=2,
        layers__filters=[4, 4], base__name="MobileNetV2",
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory):
    """A no-top weights file of a small MobileNetV2 with random weights."""
    from stages.networks.backend import keras

    keras.utils.set_random_seed(0)
    base = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.35
    )
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # With Keras's initial value, the signal dies out on its way through the layers.
            layer.gamma.assign(keras.ops.full_like(layer.gamma, 4))
    path = tmp_path_factory.mktemp("weights") / "random.h5"
    base.save(path)
    return path


@pytest.fixture(scope="session")
def before_training(tmp_path_factory, random_weights):
    """A folder in which all stages before `train` have run; to be copied."""
    from stages import extract, prepare, split

    folder = tmp_path_factory.mktemp("before")
    shutil.copy(ROOT / "params.yaml", folder)
    change_parameters(
        folder / "params.yaml", photos="photos", image_size=32, epochs=2, layers__filters=[4, 4],
        base__name="MobileNetV2", base__weights=str(random_weights), base__options={"alpha": 0.35},
    )  # fmt: skip
    draw_photos(folder / "photos")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        prepare.main()
        split.main()
        extract.main()
    return folder


@pytest.fixture(scope="session")
def make_project(tmp_path_factory, random_weights):
    """Return a function that makes a committed copy with small photos, tracked by DVC."""

    def make():
        project = Project.copy(tmp_path_factory.mktemp("project"))
        folder = project.folder
        draw_photos(folder / "data" / "colours")
        shutil.copy(random_weights, folder / "data" / "random.h5")
        change_parameters(
            folder / "params.yaml", photos="data/colours", image_size=32, epochs=2,
            layers__filters=[4, 4], base__weights="data/random.h5",
            base__name="MobileNetV2", base__options={"alpha": 0.35},
        )  # fmt: skip
        project.run("dvc", "add", "--quiet", "data/colours", "data/random.h5")
        project.commit("Photos and parameters")
        return project

    return make


@pytest.fixture(scope="session")
def project(make_project):
    """A project in which `dvc repro` has run, and whose results are committed.

    All tests share it: one that commits, or changes its settings, does so in a copy.
    """
    project = make_project()
    project.first_run = project.run("dvc", "repro")
    project.commit("Results")
    return project


@pytest.fixture
def changing(project):
    """The same, put back as it was after the test."""
    yield project
    project.run("git", "checkout", "--quiet", "--force", ".")
    project.run("git", "clean", "--quiet", "-d", "--force")
    project.run("dvc", "checkout", "--quiet", "--force")
    shutil.rmtree(project.folder / "data/training", ignore_errors=True)  # of those interrupted
