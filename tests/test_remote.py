"""Photos in a bucket, and results for others: DVC's own remotes; folders stand in for buckets."""

import shutil

import pytest
from conftest import draw_photos

from tests.helpers.project import Project, change_parameters


@pytest.mark.slow
def test_photos_come_from_a_bucket_and_others_get_photos_and_results(tmp_path, make_project):
    draw_photos(tmp_path / "bucket" / "animals")
    project = make_project()
    project.run("dvc", "remote", "add", "bucket", str(tmp_path / "bucket"))
    project.run("dvc", "import-url", "remote://bucket/animals", "data/animals")
    change_parameters(project.folder / "params.yaml", photos="data/animals")
    project.run("dvc", "repro")
    project.commit("Results")
    project.run("dvc", "remote", "add", "--default", "storage", str(tmp_path / "storage"))
    project.commit("Where to find them")
    project.run("dvc", "push")

    shutil.rmtree(tmp_path / "bucket")
    project.run("git", "clone", "--quiet", str(project.folder), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone")
    clone.run("dvc", "pull")
    assert clone.stages_run_by("dvc", "repro") == []
    assert clone.results() == project.results()


def test_a_new_photo_in_the_bucket_arrives_with_dvc_update(tmp_path, make_project):
    bucket = draw_photos(tmp_path / "bucket" / "animals")
    project = make_project()
    project.run("dvc", "remote", "add", "bucket", str(tmp_path / "bucket"))
    project.run("dvc", "import-url", "remote://bucket/animals", "data/animals")
    change_parameters(project.folder / "params.yaml", photos="data/animals")
    project.run("dvc", "repro", "split")
    draw_photos(tmp_path / "more", count=1, classes={"red": (250, 60, 60)})
    shutil.copy(tmp_path / "more/red/000.jpg", bucket / "red" / "new.jpg")
    assert project.stages_run_by("dvc", "repro", "split") == []
    project.run("dvc", "update", "data/animals.dvc")
    assert "prepare" in project.stages_run_by("dvc", "repro", "split")
    assert "red/new.jpg" in (project.folder / "data/split.csv").read_text()


def test_others_get_a_network_by_its_name_and_version(tmp_path, project):
    clone = Project(tmp_path / "clone")
    project.run("git", "clone", "--quiet", str(project.folder), str(clone.folder))
    shutil.copytree(project.folder / ".dvc/cache", clone.folder / ".dvc/cache")
    clone.run("dvc", "remote", "add", "--default", "storage", str(tmp_path / "storage"))
    clone.commit("Where to find them")
    clone.run("dvc", "push")
    for name in ("custom", "transfer", "probe"):
        tag = ("tag", "--annotate", f"{name}@v1.0.0", "--message", "The first one")
        clone.run("git", "-c", "user.name=N", "-c", "user.email=n@example.com", *tag)
        out = tmp_path / f"{name}.keras"
        clone.run("dvc", "artifacts", "get", str(clone.folder), name, "--out", str(out))
        assert out.read_bytes() == (project.folder / f"data/models/{name}.keras").read_bytes()
