"""The demo: the base in Git is the one that was trained, and tells new animals apart."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from demo.drawing import invented, picture
from stages.common import parameters, yaml_files
from stages.networks import bases
from tests.helpers.project import ROOT, Project, change_parameters

PIPELINE = "demo/pretrain/dvc.yaml"


def test_the_weights_in_git_are_those_that_the_pretraining_wrote_with_the_code_as_it_is(tmp_path):
    project = Project.copy(tmp_path)
    assert (project.folder / "demo/pretrain/base.weights.h5").stat().st_size <= 6_000_000
    missing = {"data/pretrain/pictures.npy": "deleted"}  # too large for Git
    assert json.loads(project.run("dvc", "status", "--json", PIPELINE).stdout) == {
        f"{PIPELINE}:draw": [{"changed outs": missing}],
        f"{PIPELINE}:train": [{"changed deps": missing}],
    }


@pytest.fixture(scope="module")
def new_animals():
    """Pictures of ten species that the pre-training has not seen, and their numbers."""
    known = yaml_files.read(ROOT / "demo/pretrain/params.yaml")["draw"]["seed"]
    species = invented.draw_species(10, known + 1)
    requests = [
        (animal, (5, count)) for number, animal in enumerate(species) for count in range(30)
    ]
    return np.stack(list(picture.draw_pictures(requests, 128))), np.repeat(np.arange(10), 30)


def accuracy_on(features, labels):
    pooled = features.mean(axis=(1, 2))
    scaled = (pooled - pooled.mean(axis=0)) / (pooled.std(axis=0) + 1e-6)
    return cross_val_score(LogisticRegression(max_iter=1000), scaled, labels, cv=5).mean()


def test_the_base_tells_species_apart_that_it_was_not_trained_on(new_animals, monkeypatch):
    monkeypatch.chdir(ROOT)
    pixels, labels = new_animals
    accuracy = {
        weights: accuracy_on(
            bases.build(
                parameters.Base(name="demo", weights=weights, options={}, fine_tune=0), 128
            ).predict(pixels, batch_size=32, verbose=0),
            labels,
        )
        for weights in ("imagenet", "random")
    }
    assert accuracy["imagenet"] > 0.85
    assert accuracy["random"] < accuracy["imagenet"] - 0.2


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A run of the demo with more photos to validate on, so that chance counts less."""
    project = Project.copy(tmp_path_factory.mktemp("demo"))
    change_parameters(
        project.folder / "params.yaml", demo__photos_per_class=140, validation_fraction=5 / 7
    )
    project.commit("More photos to validate on")
    project.run("dvc", "repro")
    return project


@pytest.mark.slow
def test_transfer_is_far_better_than_custom_on_the_demo_pictures(demo):
    custom, transfer = demo.metrics("custom"), demo.metrics("transfer")
    assert custom["photos"] == transfer["photos"] == 300
    assert 0.45 < custom["accuracy"] < 0.85
    assert transfer["accuracy"] > 0.9
    assert demo.metrics("probe")["accuracy"] > 0.9
    assert demo.metrics("comparison")["accuracy_gain_low"] > 0.1


@pytest.mark.slow
def test_the_gap_comes_from_the_pretraining_of_the_base(demo):
    """A base of the same kind with random weights is no better than none."""
    ran = demo.stages_run_by("dvc", "exp", "run", "-S", "base.weights=random")
    assert "train@custom" not in ran
    assert "extract" in ran
    assert demo.metrics("comparison")["accuracy_gain"] < 0.05
    assert demo.metrics("base")["weights"] == "random"
