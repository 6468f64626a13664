"""What the tests share: small photos drawn here, a folder to work in, a clone of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
COLOURS = {"blue": (60, 60, 200), "green": (60, 180, 60), "red": (200, 60, 60)}


def draw_photos(folder, count=10, size=40, classes=COLOURS, seed=0):
    """Draw noisy photos of one colour per class: any network can tell them apart."""
    random = np.random.default_rng(seed)
    for label, colour in classes.items():
        (folder / label).mkdir(parents=True)
        for number in range(count):
            noise = random.integers(-50, 50, (size, size, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number:03}.jpg", quality=90)
    return folder


def change_parameters(path, **changes):
    """Change values of a params.yaml; `base__name` is the key `base.name`."""
    yaml = YAML()
    values = yaml.load(path)
    for key, value in changes.items():
        *sections, name = key.split("__")
        section = values
        for part in sections:
            section = section[part]
        section[name] = value
    yaml.dump(values, path)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A working directory with the project's params.yaml, set for small photos in `photos/`."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    change_parameters(
        tmp_path / "params.yaml", photos="photos", image_size=32, epochs=2, layers__filters=[4, 4]
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory):
    """A no-top weights file of a small MobileNetV2 that has learnt nothing."""
    from stages.backend import keras

    keras.utils.set_random_seed(0)
    base = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.35
    )
    path = tmp_path_factory.mktemp("weights") / "random.h5"
    base.save(path)
    return path


class Project:
    """A clone of the project in which real DVC and real Git run."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *command, check=True):
        """Run a command with this Python's programs first on PATH; return its result."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        result = subprocess.run(
            command, cwd=self.folder, env={**os.environ, "PATH": path}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        assert not (check and result.returncode), result.stdout
        return result

    def stages_run_by(self, *command):
        """Run a DVC command; return the names of the stages that it ran, in order."""
        lines = self.run(*command).stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage")]

    def tracked_bytes(self):
        """Return the bytes of dvc.lock and of everything under data/ and metrics/."""
        files = [self.folder / "dvc.lock"]
        for name in ("data", "metrics"):
            files += [path for path in (self.folder / name).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def make_project(tmp_path_factory, random_weights):
    """Return a function that makes a committed clone with small photos, tracked by DVC."""

    def make():
        folder = tmp_path_factory.mktemp("project")
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.check_output(listing, cwd=ROOT, text=True).split("\0")
        for name in filter(None, names):
            if name != "dvc.lock" and not name.startswith("metrics/"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        draw_photos(folder / "data" / "colours")
        shutil.copy(random_weights, folder / "data" / "random.h5")
        change_parameters(
            folder / "params.yaml", photos="data/colours", image_size=32, epochs=2,
            layers__filters=[4, 4], base__weights="data/random.h5",
            base__name="MobileNetV2", base__options={"alpha": 0.35},
        )  # fmt: skip
        project = Project(folder)
        project.run("git", "init", "--quiet")
        project.run("git", "config", "user.name", "Tester")
        project.run("git", "config", "user.email", "tester@example.com")
        project.run("dvc", "add", "--quiet", "data/colours", "data/random.h5")
        project.run("git", "add", "--all")
        project.run("git", "commit", "--quiet", "--message", "Photos and parameters")
        return project

    return make
