"""The pre-training: what it writes, and that it resumes where it was interrupted."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.helpers.project import ROOT, Project, change_parameters

pytestmark = pytest.mark.slow

WEIGHTS = "demo/pretrain/base.weights.h5"


def small_project(folder):
    """A copy of the project in which pre-training takes seconds."""
    project = Project.copy(folder)
    change_parameters(
        project.folder / "demo/pretrain/params.yaml",
        draw__species=4, draw__pictures=20, draw__size=32,
        train__epochs=4, train__smallest=32, train__batch_size=8, train__held_out=5,
    )  # fmt: skip
    return project


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    project = small_project(tmp_path_factory.mktemp("pretrained"))
    project.first_run = project.run("dvc", "repro", "demo/pretrain/dvc.yaml")
    return project


def test_it_writes_weights_and_the_accuracy_on_pictures_held_out(pretrained):
    metrics = json.loads((pretrained.folder / "demo/pretrain/metrics.json").read_text())
    assert metrics.keys() == {"top_1", "top_5", "species", "pictures"}
    assert (metrics["species"], metrics["pictures"]) == (4, 20)
    assert 0 <= metrics["top_1"] <= metrics["top_5"] == 1
    assert (pretrained.folder / WEIGHTS).read_bytes() != (ROOT / WEIGHTS).read_bytes()
    assert [line for line in pretrained.first_run.stdout.splitlines() if "Epoch " in line] == [
        f"Epoch {epoch}/4" for epoch in (1, 2, 3, 4)
    ]
    for noise in ("Traceback", "Warning"):  # TensorFlow itself logs a few lines as it starts
        assert noise not in pretrained.first_run.stdout


def test_a_second_run_does_nothing(pretrained):
    assert pretrained.stages_run_by("dvc", "repro", "demo/pretrain/dvc.yaml") == []


def test_interrupted_it_resumes_and_ends_with_the_same_weights(pretrained):
    weights = (pretrained.folder / WEIGHTS).read_bytes()
    command = ["repro", "--force", "--single-item", "demo/pretrain/dvc.yaml:train"]
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", *command], cwd=pretrained.folder, start_new_session=True,
        env=pretrained.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as interrupted:  # fmt: skip
        for line in interrupted.stdout:
            if "Epoch 3/" in line:
                break
        os.killpg(interrupted.pid, signal.SIGKILL)
    assert (pretrained.folder / WEIGHTS).read_bytes() == weights

    resumed = pretrained.run("dvc", *command)
    assert "resumes after epoch" in resumed.stdout
    assert "Epoch 1/4" not in resumed.stdout
    assert "Epoch 4/4" in resumed.stdout
    assert (pretrained.folder / WEIGHTS).read_bytes() == weights
    left = [path.name for path in (pretrained.folder / "data/pretrain").iterdir()]
    assert left == ["pictures.npy"]


def test_a_training_does_not_resume_from_the_checkpoint_of_another(pretrained):
    stale = pretrained.folder / "data/pretrain/checkpoint-0123456789abcdef.keras"
    stale.write_bytes(b"of other pictures")
    command = ("dvc", "repro", "--force", "--single-item", "demo/pretrain/dvc.yaml:train")
    assert "Epoch 1/4" in pretrained.run(*command).stdout
    assert not stale.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train__held_out": 20}, "0 pictures of 4 species are left to train on"),
        ({"train__epochs": 0}, "train.epochs is 0; Input should be greater than 0"),
    ],
)
def test_a_mistake_ends_in_one_line_and_leaves_the_weights(pretrained, changes, message):
    weights = (pretrained.folder / WEIGHTS).read_bytes()
    path = pretrained.folder / "demo/pretrain/params.yaml"
    before = path.read_text()
    change_parameters(path, **changes)
    result = pretrained.run("dvc", "repro", "demo/pretrain/dvc.yaml", check=False)
    path.write_text(before)
    assert result.returncode != 0
    assert message in result.stdout
    assert "Traceback" not in result.stdout
    assert (pretrained.folder / WEIGHTS).read_bytes() == weights
