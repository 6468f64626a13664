"""The demo: the base in Git is the one that was trained, knows new animals, and is no trick."""

import hashlib

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from demo.drawing import invented, picture
from stages.common import parameters, yaml_files
from stages.networks import bases
from tests.helpers.project import ROOT, Project, change_parameters

WEIGHTS = ROOT / "demo/pretrain/base.weights.h5"


def test_the_weights_are_small_and_those_that_the_pretraining_wrote_with_the_code_as_it_is():
    assert WEIGHTS.stat().st_size <= 6_000_000
    lock = yaml_files.read(ROOT / "demo/pretrain/dvc.lock")["stages"]
    files = [file for stage in lock.values() for file in stage["deps"] + stage["outs"]]
    by_path = {file["path"]: file["md5"] for file in files}
    assert "demo/pretrain/base.weights.h5" in by_path
    del by_path["data/pretrain/pictures.npy"]  # the only one that is not in Git
    for path, md5 in by_path.items():
        assert hashlib.md5((ROOT / path).read_bytes()).hexdigest() == md5, path
    parameters = yaml_files.read(ROOT / "demo/pretrain/params.yaml")
    for name, stage in lock.items():
        values = [
            str(part) for key, value in parameters[name].items() for part in (f"--{key}", value)
        ]
        assert stage["cmd"] == f"python -m pretrain.{name} {' '.join(values)}"


@pytest.fixture(scope="module")
def new_animals():
    """Pictures of ten species that the pre-training has not seen, and their numbers."""
    known = yaml_files.read(ROOT / "demo/pretrain/params.yaml")["draw"]["seed"]
    species = invented.draw(10, known + 1)
    requests = [
        (animal, (5, count)) for number, animal in enumerate(species) for count in range(30)
    ]
    return np.stack(list(picture.pictures(requests, 128))), np.repeat(np.arange(10), 30)


def accuracy_on(features, labels):
    pooled = features.mean(axis=(1, 2))
    scaled = (pooled - pooled.mean(axis=0)) / (pooled.std(axis=0) + 1e-6)
    return cross_val_score(LogisticRegression(max_iter=1000), scaled, labels, cv=5).mean()


def test_the_base_has_learnt_what_tells_species_apart_that_it_has_never_seen(
    new_animals, monkeypatch
):
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
    """The default pipeline but for more photos to validate on, so that chance counts less."""
    project = Project.copy(tmp_path_factory.mktemp("demo"))
    change_parameters(
        project.folder / "params.yaml", demo__photos_per_class=140, validation_fraction=5 / 7
    )
    project.commit("More photos to validate on")
    project.run("dvc", "repro")
    return project


def test_transfer_is_far_better_than_custom_on_the_demo_pictures(demo):
    custom, transfer = demo.metrics("custom"), demo.metrics("transfer")
    assert custom["photos"] == transfer["photos"] == 300
    assert 0.45 < custom["accuracy"] < 0.85
    assert transfer["accuracy"] > 0.9
    assert demo.metrics("comparison")["accuracy_gain_low"] > 0.1


def test_the_gap_comes_from_what_the_base_has_learnt(demo):
    """A base of the same kind with random weights is no better than none."""
    ran = demo.stages_run_by("dvc", "exp", "run", "-S", "base.weights=random")
    assert "train@custom" not in ran
    assert "extract" in ran
    assert demo.metrics("comparison")["accuracy_gain"] < 0.05
    assert demo.metrics("base")["weights"] == "random"
