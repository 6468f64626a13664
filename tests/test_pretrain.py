"""The pre-training: what it writes, and that it goes on where it was interrupted."""

import json
import signal
import subprocess
import sys

import pytest
from ruamel.yaml import YAML

from bench.project import ROOT, Project, change_parameters

WEIGHTS = "pretrain/base.weights.h5"


def small_project(folder):
    """A copy of the project in which pre-training takes seconds."""
    project = Project.copy(folder)
    change_parameters(
        project.folder / "pretrain/params.yaml",
        draw__species=4, draw__pictures=20, draw__size=32,
        train__epochs=4, train__smallest=32, train__batch_size=8, train__held_out=5,
    )  # fmt: skip
    return project


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    project = small_project(tmp_path_factory.mktemp("pretrained"))
    project.first_run = project.run("dvc", "repro", "pretrain/dvc.yaml")
    return project


def test_it_writes_weights_and_the_accuracy_on_pictures_held_out(pretrained):
    metrics = json.loads((pretrained.folder / "pretrain/metrics.json").read_text())
    assert metrics.keys() == {"top_1", "top_5", "species", "pictures"}
    assert (metrics["species"], metrics["pictures"]) == (4, 20)
    assert 0 <= metrics["top_1"] <= metrics["top_5"] == 1
    assert (pretrained.folder / WEIGHTS).read_bytes() != (ROOT / WEIGHTS).read_bytes()
    assert [line for line in pretrained.first_run.stdout.splitlines() if "Epoch " in line] == [
        f"Epoch {epoch}/4" for epoch in (1, 2, 3, 4)
    ]
    for noise in ("Traceback", "Warning", "WARNING"):
        assert noise not in pretrained.first_run.stdout


def test_a_second_run_does_nothing(pretrained):
    assert pretrained.stages_run_by("dvc", "repro", "pretrain/dvc.yaml") == []


def test_interrupted_it_goes_on_and_ends_with_the_same_weights(pretrained, tmp_path):
    project = small_project(tmp_path)
    project.run("dvc", "repro", "pretrain/dvc.yaml:draw")
    command = YAML(typ="safe").load(project.folder / "pretrain/dvc.yaml")["stages"]["train"]["cmd"]
    values = YAML(typ="safe").load(project.folder / "pretrain/params.yaml")["train"]
    options = [str(part) for key, value in values.items() for part in (f"--{key}", value)]
    module = command.split()[2]
    interrupted = subprocess.Popen(
        [sys.executable, "-m", module, *options], cwd=project.folder,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    for line in interrupted.stdout:
        if "Epoch 3/" in line:
            break
    interrupted.send_signal(signal.SIGKILL)
    interrupted.wait()

    resumed = project.run("dvc", "repro", "pretrain/dvc.yaml")
    assert "continuing after epoch 2 of 4" in resumed.stdout
    assert "Epoch 2/4" not in resumed.stdout
    assert (project.folder / WEIGHTS).read_bytes() == (pretrained.folder / WEIGHTS).read_bytes()
    left = [path.name for path in (project.folder / "data/pretrain").iterdir()]
    assert left == ["pictures.npy"]
