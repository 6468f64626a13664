"""dvc.lock in Git belongs to the code beside it, or `make check` says so."""

import pytest

from stages.common import yaml_files


def check(project):
    return project.run("python", "-m", "tests.helpers.lock", check=False)


@pytest.fixture
def fresh(project, tmp_path):
    """A clone, without the large results."""
    clone = type(project)(tmp_path / "clone")
    project.run("git", "clone", "--quiet", ".", str(clone.folder))
    return clone


def test_a_fresh_clone_is_up_to_date_and_shows_its_metrics(fresh):
    result = check(fresh)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "dvc.lock is up to date")
    assert "metrics/transfer.json" in fresh.run("dvc", "metrics", "show").stdout


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("stages/networks/training.py", "  train@custom: stages/networks"),
        ("stages/networks/linear.py", "  probe: stages/networks/linear.py"),
        ("layers.py", "  train@transfer: layers.py"),
        ("params.yaml", "  train@custom: params.yaml"),
        ("demo/pretrain/network.py", "  demo/pretrain/dvc.yaml:train: demo/pretrain/network.py"),
    ],
)
def test_what_has_changed_is_named(fresh, path, said):
    file = fresh.folder / path
    text = file.read_text()
    file.write_text(text.replace("epochs: 2", "epochs: 3") if path == "params.yaml" else text + "#")
    result = check(fresh)
    assert result.returncode == 1
    assert said in result.stdout.splitlines()


def test_a_module_that_is_gone_is_named(fresh):
    (fresh.folder / "demo/pretrain/network.py").unlink()
    assert "  extract: demo/pretrain/network.py" in check(fresh).stdout.splitlines()


def test_a_result_that_later_stages_have_not_seen_is_named(fresh):
    path = fresh.folder / "dvc.lock"
    lock = yaml_files.read(path)
    (pixels,) = [out for out in lock["stages"]["prepare"]["outs"] if "pixels" in out["path"]]
    path.write_text(path.read_text().replace(pixels["md5"], "0" * 32, 1))
    result = check(fresh)
    assert result.returncode == 1
    assert "data/pixels.npy" in result.stdout
