"""`python -m final`: the sealed test photos, scored for one network, and counted."""

import json
import re
import shutil

import pandas as pd
import pytest

import final
from stages.common import files
from tests.helpers.project import Project, change_parameters


@pytest.fixture(scope="module")
def sealed(project, tmp_path_factory):
    """A copy of the project in which a fifth of the photos is sealed."""
    folder = tmp_path_factory.mktemp("sealed") / "project"
    sealed = Project(shutil.copytree(project.folder, folder, symlinks=True))
    change_parameters(folder / "params.yaml", test_fraction=0.2)
    sealed.run("dvc", "repro")
    sealed.commit("Sealed")
    return sealed


@pytest.mark.slow
def test_a_network_is_scored_on_the_sealed_photos_and_networks_are_counted(sealed):
    before = sealed.results()
    first = sealed.run("python", "-m", "final").stdout
    values = sealed.metrics("final")
    split = pd.read_csv(sealed.folder / "data/split.csv")
    assert values["photos"] == (split["split"] == "test").sum() == 6
    assert f"accuracy {values['accuracy']:.3f}" in first
    assert "transfer on the test photos: " in first
    assert "balanced accuracy" in first
    assert "the first network on this test set" in first
    assert values["networks_scored"] == 1
    results = sealed.results()
    assert results.keys() - before.keys() == {"data/scored.json"}
    changed = {name for name, content in before.items() if results[name] != content}
    assert changed == {"metrics/final.json"}

    again = sealed.run("python", "-m", "final").stdout
    assert "scored on these photos before" in again
    assert sealed.metrics("final") == values

    # As `dvc exp apply` does, with the networks of another experiment.
    sealed.run("git", "checkout", "metrics/final.json")
    assert sealed.metrics("final")["networks_scored"] == 0
    change_parameters(sealed.folder / "params.yaml", model="custom")
    second = sealed.run("python", "-m", "final").stdout
    assert "custom on the test photos: " in second
    assert "the second network on this test set" in second
    assert sealed.metrics("final")["networks_scored"] == 2
    shown = json.loads(sealed.run("dvc", "metrics", "show", "metrics/final.json", "--json").stdout)
    assert shown[""]["data"]["metrics/final.json"]["data"]["networks_scored"] == 2

    # The networks are now older than the parameters.
    change_parameters(sealed.folder / "params.yaml", epochs=3)
    scored = sealed.metrics("final")
    refused = sealed.run("python", "-m", "final", check=False)
    assert refused.returncode == 1
    (line,) = refused.stdout.splitlines()
    assert re.match(r"final: the networks are older .*epochs", line)
    assert line.endswith("Run `dvc repro`, then this again.")
    assert sealed.metrics("final") == scored


def test_without_sealed_photos_it_says_how_to_seal_some(workspace):
    files.write_table(
        "data/split.csv", pd.DataFrame({"photo": ["a"], "label": ["b"], "split": ["train"]})
    )
    with pytest.raises(SystemExit, match=r"has no test photos; .* Set test_fraction"):
        final.main([])


def test_a_count_that_is_lost_is_not_started_again_in_silence(workspace):
    assert final.read_scored("metrics/final.json") == []
    files.write_json("metrics/final.json", {"accuracy": 1.0})
    with pytest.raises(SystemExit, match="has no list `scored`"):
        final.read_scored("metrics/final.json")


@pytest.mark.parametrize(
    ("count", "said"), [(1, "the first network"), (3, "the third network"), (21, "network 21 ")]
)
def test_the_more_networks_the_less_a_score_is_believed(count, said):
    text = final.describe_count(count, known=False, accuracy=0.93)
    assert said in text
    assert ("0.930 is a little optimistic" in text) == (count > 1)
