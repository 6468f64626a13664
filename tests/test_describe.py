"""The model cards: what hubs and people read of a saved network."""

import re

import numpy as np
import pytest
import yaml

from stages import describe
from stages.common.parameters import NETWORKS


@pytest.fixture(params=NETWORKS)
def card(request, project):
    """The name of a network, the metadata of its card, and its text."""
    text = (project.folder / f"data/models/{request.param}.md").read_text(encoding="utf-8")
    _, metadata, body = text.split("---\n", 2)
    return request.param, yaml.safe_load(metadata), body


def test_hubs_find_the_scores_in_the_metadata(card, project):
    name, metadata, _ = card
    assert metadata["library_name"] == "keras"
    assert metadata["pipeline_tag"] == "image-classification"
    (model,) = metadata["model-index"]
    (result,) = model["results"]
    assert (model["name"], result["dataset"]["name"]) == (name, "colours")
    scores = project.metrics(name)
    assert [each["value"] for each in result["metrics"]] == [scores["accuracy"], scores["macro_f1"]]


def test_people_find_the_interval_and_the_classes(card, project):
    name, _, body = card
    scores = project.metrics(name)
    low, high = f"{scores['accuracy_low']:.3f}", f"{scores['accuracy_high']:.3f}"
    assert f"| accuracy | {scores['accuracy']:.3f} (95% interval {low} to {high}) |" in body
    assert re.findall(r"^\| (\w+) \| 2 \| [\d.]+ \|$", body, re.M) == ["blue", "green", "red"]


def test_the_code_of_the_card_loads_the_network(card, project, monkeypatch):
    *_, body = card
    monkeypatch.chdir(project.folder / "data/models")
    (code,) = re.findall(r"```python\n(.*?)```", body, re.S)
    names = {"pixels": np.zeros((2, 32, 32, 3), np.float32)}
    exec(code, names)
    np.testing.assert_allclose(names["probabilities"].sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["a|b", "<script>", "**bold**", "[link](x)", "`code`", "café"])
def test_the_name_of_a_class_is_plain_text(name):
    escaped = describe.escape_markdown(name)
    assert re.sub(r"\\(.)", r"\1", escaped) == name
    assert not re.search(r"(?<!\\)[|<>*\[`]", escaped)
