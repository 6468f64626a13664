"""What runs on GitHub: the steps of the workflow that compares, in a shell as there."""

import re

import pandas as pd
import pytest

from stages.common import yaml_files
from tests.helpers.project import ROOT

WORKFLOWS = ROOT / ".github/workflows"


def get_step(name):
    """Return the command of a step of the workflow that compares."""
    jobs = yaml_files.read(WORKFLOWS / "comparison.yml")["jobs"]
    (step,) = [step for step in jobs["comparison"]["steps"] if step.get("name") == name]
    return step["run"]


@pytest.fixture
def summary(changing, tmp_path, monkeypatch):
    """Return a function that runs the step, and returns what it adds to the job's summary."""

    def summarize(commit="HEAD"):
        path = tmp_path / "summary.md"
        monkeypatch.setenv("BASE", commit)
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
        changing.run("bash", "-e", "-c", get_step("Summarize what has changed"))
        return path.read_text()

    return summarize


def test_the_summary_shows_what_changed_and_both_confusion_matrices(changing, summary):
    for name in ("custom", "transfer"):
        path = changing.folder / f"metrics/{name}.json"
        path.write_text(re.sub(r'"accuracy": [\d.]+', '"accuracy": 0.125', path.read_text()))
    text = summary()
    assert len(re.findall(r"^\| metrics/\w+\.json +\| accuracy .*\| 0\.125 ", text, re.M)) == 2
    for name in ("custom", "transfer"):
        matrix = pd.read_csv(changing.folder / f"metrics/confusion/{name}.csv", index_col=0)
        (shown,) = re.findall(rf"^### What {name} takes for what\n\n((?:\|.*\n)+)", text, re.M)
        rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in shown.splitlines()]
        assert rows[0][1:] == matrix.columns.tolist()
        assert rows[2:] == [[label, *map(str, row)] for label, *row in matrix.itertuples()]


def test_without_a_change_it_says_so(summary):
    assert "No metric has changed." in summary()


def test_of_many_classes_it_lists_the_most_frequent_confusions(changing, summary):
    names = [f"species {number}" for number in range(30)]
    matrix = pd.DataFrame(0, names, names).rename_axis("actual")
    matrix.loc["species 3", "species 7"] = 5
    for name in ("custom", "transfer"):
        matrix.to_csv(changing.folder / f"metrics/confusion/{name}.csv")
    assert len(re.findall(r"^\| species 3 +\| species 7 +\| +5 \|$", summary(), re.M)) == 2


def test_ci_tries_every_version_that_is_claimed():
    jobs = yaml_files.read(WORKFLOWS / "ci.yml")["jobs"]
    versions = jobs["checks-and-tests"]["strategy"]["matrix"]["python-version"]
    claimed = re.search(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text()
    )
    assert versions == [f"3.{minor}" for minor in range(*map(int, claimed.groups()))]
