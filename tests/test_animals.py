"""`make animals`: the report's experiment, from public repositories to its table."""

import shutil
import subprocess

import pandas as pd
import pytest

from demo import animals
from stages.common import yaml_files
from tests.conftest import draw_photos
from tests.helpers.project import Project, change_parameters

SIDE = 96  # of the photos; Keras has weights for it
WEIGHTS = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_{SIDE}_no_top.h5"
COLOURS = {"butterfly": (60, 60, 200), "cat": (60, 180, 60), "horse": (200, 60, 60)}


def git(folder, *arguments):
    author = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com"]
    command = ["git", *author, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A project whose public repositories are local ones of the same shape, as Git is told."""
    home, project = tmp_path / "home", Project.copy(tmp_path / "project")
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    drawn = draw_photos(tmp_path / "drawn", classes=COLOURS)
    lines = []
    for label in animals.CLASSES:
        path = project.folder / animals.FOLDER / f"{label}.dvc"
        source = yaml_files.read(path)["deps"][0]
        local = tmp_path / source["repo"]["url"].rsplit("/")[-1]
        shutil.copytree(drawn / label, local / source["path"])
        lines.append(f'[url "{local}"]\n\tinsteadOf = {source["repo"]["url"]}\n')
    for local in {tmp_path / "popular-animals-dataset", tmp_path / "Butterfly-Classifier"}:
        git(local, "init", "--quiet")
        git(local, "add", ".")
        git(local, "commit", "--quiet", "--message", "Photos")
    (home / ".gitconfig").write_text("".join(lines))
    return project, tmp_path


@pytest.mark.slow
def test_from_public_repositories_to_the_table(elsewhere, random_weights, monkeypatch):
    project, folder = elsewhere
    photos = project.folder / animals.FOLDER
    for label in animals.CLASSES:
        subprocess.run(
            ["dvc", "update", "--quiet", "--rev", "HEAD", f"{label}.dvc"],
            cwd=photos, env=project.environment(), check=True,
        )  # fmt: skip
        shutil.rmtree(photos / label)
    shutil.rmtree(photos / ".dvc" / "cache")
    chosen = [f"{label}/{number:03}.jpg" for label in animals.CLASSES for number in range(9)]
    table = pd.DataFrame({"photo": chosen, "label": [name.split("/")[0] for name in chosen]})
    table.to_csv(photos / "labels.csv", index=False)
    change_parameters(
        project.folder / "params.yaml", epochs=1, image_size=SIDE, layers__filters=[4, 4]
    )
    project.commit("Small")
    (folder / "keras" / "models").mkdir(parents=True)
    shutil.copy(random_weights, folder / "keras" / "models" / WEIGHTS)
    monkeypatch.setenv("KERAS_HOME", str(folder / "keras"))

    said = project.run("python", "-m", "demo.animals").stdout
    assert "27 photos of 3 classes: 9 butterfly, 9 cat, 9 horse" in said
    assert "MobileNetV2: features [3, 3, 1280] of 27 photos" in said
    *_, custom, transfer, _, advice = said.splitlines()
    assert custom.split()[:2] == ["custom", "0.70"]
    assert transfer.split()[:2] == ["transfer", "0.97"]
    # Nothing here has changed, until the experiment is applied.
    assert project.run("git", "status", "--short").stdout == ""
    assert "`dvc exp apply animals`" in advice
    project.run("dvc", "exp", "apply", "animals")
    assert f"{project.metrics('custom')['accuracy']:.2f}" == custom.split()[2]
    assert (project.folder / "metrics/report.html").is_file()


def test_a_repository_that_cannot_be_reached_is_named_in_one_line(elsewhere):
    project, folder = elsewhere
    shutil.rmtree(folder / "Butterfly-Classifier")
    result = project.run("python", "-m", "demo.animals", check=False)
    assert result.returncode == 1
    assert result.stdout.splitlines()[1:] == [
        "demo/photos/butterfly: cannot be fetched from https://github.com/immohann/"
        "Butterfly-Classifier; expected a network that reaches it. Run `make animals` again once "
        "it does, or `make run` for the demo, which needs no network."
    ]


def test_other_commands_of_dvc_do_not_ask_for_the_photos(project):
    assert "demo/photos" not in project.run("dvc", "list", "--dvc-only", "--recursive", ".").stdout
    project.run("dvc", "checkout")
