"""The notebook: it runs from top to bottom, and is kept without what that shows."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests.helpers.project import ROOT, Project, change_parameters

PATH = "docs/walkthrough.ipynb"


def read():
    return nbformat.read(ROOT / PATH, as_version=4)


def test_it_is_kept_without_outputs():
    notebook = read()
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.cell_type == "markdown" or (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.slow
def test_it_runs_from_top_to_bottom(tmp_path):
    project = Project.copy(tmp_path / "project")
    change_parameters(
        project.folder / "params.yaml", image_size=32, epochs=2, demo__photos_per_class=10
    )
    project.commit("As cloned, but smaller")
    notebook = read()
    folder = str(project.folder / "docs")
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": folder}}).execute()

    texts = {
        cell.source: "\n".join(each.get("text") or str(each.get("data")) for each in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    }

    def get_text(start):
        """Return what the code cell shows that starts so."""
        (text,) = [text for source, text in texts.items() if source.startswith(start)]
        return text

    shown = "\n".join(texts.values())
    assert "ERROR" not in shown
    assert "Traceback" not in shown
    assert "Details: metrics/report.html" in get_text("!dvc repro")
    assert "srcdoc" in get_text("import html")
    assert "Running stage" not in get_text("PHOTOS")
    assert "Running stage 'train@custom'" in get_text("!dvc exp run --name my-layers")
    assert "metrics/custom.json" in get_text("!dvc metrics diff")
    found, written = map(float, re.findall(r"[\d.e-]*\d[\d.e-]*", get_text("import json")))
    assert found == pytest.approx(written, rel=1e-4)
    assert "longer" in get_text("!dvc exp run --name longer")
    assert project.run("git", "status", "--short").stdout == ""
