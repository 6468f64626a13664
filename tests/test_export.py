"""`python -m export`: other programs give the probabilities of Keras."""

import re

import numpy as np
import pandas as pd
import pytest

import export
from stages.common.parameters import NETWORKS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=export.FORMATS)
def exported(request, project):
    """The format, and what the command that exports all networks to it prints."""
    result = project.run("python", "-m", "export", *NETWORKS, "--format", request.param)
    yield request.param, result.stdout
    project.run("git", "clean", "-dfxq", "exports")


def test_an_export_answers_as_the_metrics_say(exported, project):
    form, said = exported
    pixels = np.load(project.folder / "data/pixels.npy")
    split = pd.read_csv(project.folder / "data/split.csv")
    rows = np.flatnonzero(split["split"] == "validation")
    classes = (project.folder / "exports/classes.txt").read_text().splitlines()
    for name in NETWORKS:
        ending = export.FORMATS[form].ending
        run = export.FORMATS[form].load(project.folder / f"exports/{name}{ending}")
        found = run(pixels[rows].astype(np.float32))
        expected = pd.read_csv(project.folder / f"metrics/predictions/{name}.csv")
        np.testing.assert_allclose(found, expected[classes], atol=1e-4)
        assert re.search(f"^exports/{name}{ending}: the answers of Keras on 6 photos, ", said, re.M)
    assert "float32 [n, 32, 32, 3]" in (project.folder / "exports/note.txt").read_text()


def test_git_ignores_the_exports(exported, project):
    assert "exports" not in project.run("git", "status", "--short").stdout
    names = [path.name for path in (project.folder / "exports").iterdir()]
    assert not [name for name in names if name.startswith(".")]


def test_an_export_that_answers_otherwise_is_refused(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    wrong = export.FORMATS["onnx"]._replace(load=lambda path: lambda batch: batch[:, 0, :3, 0])
    monkeypatch.setitem(export.FORMATS, "onnx", wrong)
    with pytest.raises(SystemExit, match=r"custom\.onnx would give other answers than Keras"):
        export.main(["custom"])
    assert not list(project.folder.glob("exports/*custom.onnx"))


def test_an_unknown_network_is_a_mistake_in_one_line(project):
    result = project.run("python", "-m", "export", "resnet", check=False)
    assert result.returncode == 2
    assert result.stdout.splitlines()[-1].endswith(
        "resnet: expected some of custom, transfer, probe"
    )


def test_a_missing_package_is_a_mistake_in_one_line(monkeypatch):
    lacking = export.FORMATS["onnx"]._replace(packages=("a_package_that_nobody_has",))
    monkeypatch.setitem(export.FORMATS, "onnx", lacking)
    with pytest.raises(SystemExit, match="a_package_that_nobody_has is not installed; expected"):
        export.main(["custom"])
