"""The plots of dvc.yaml, rendered: what `dvc plots show` and `dvc plots diff` draw."""

import io
import json
import re
from xml.etree import ElementTree

import pandas as pd
import pytest
import vl_convert

RIVALS = ("custom", "transfer")
NETWORKS = (*RIVALS, "probe")
# Each plot, and the networks in it: the probe has no epochs.
PLOTS = {
    "accuracy": RIVALS,
    "loss": RIVALS,
    "confusion": NETWORKS,
    "recall": NETWORKS,
    "reliability": NETWORKS,
}
COLOURS = {"custom": "#b4500b", "transfer": "#1d5fd1", "probe": "#5f7a1f"}


def specifications(project, *command):
    """The Vega-Lite specification of each plot that a `dvc plots` command draws."""
    shown = json.loads(project.run("dvc", "plots", *command, "--json").stdout)
    assert "errors" not in shown
    assert sorted(shown["data"]) == sorted(PLOTS)
    return {
        name: json.loads(item["content"]) if isinstance(item["content"], str) else item["content"]
        for name, (item,) in shown["data"].items()
    }


def draw(specification):
    # The oldest available version: DVC's page loads Vega-Lite 5.2.
    return vl_convert.vegalite_to_svg(specification, vl_version="5.8")


def marks(svg, role):
    """The labels of marks of a role, such as `rect mark`, as mappings of field to value."""
    labels = re.findall(f'aria-label="([^"]*)"[^>]*aria-roledescription="{role}"', svg)
    return [dict(part.split(": ") for part in label.split("; ")) for label in labels]


@pytest.fixture(scope="module")
def shown(project):
    """The SVG of each plot of `dvc plots show`."""
    return {name: draw(plot) for name, plot in specifications(project, "show").items()}


@pytest.fixture
def compared(changing):
    """The SVG of each plot of `dvc plots diff`, after a custom network that says only `red`."""
    for path in (changing.folder / "metrics/predictions/custom.csv",):
        table = pd.read_csv(path)
        table["predicted"] = "red"
        table.to_csv(path, index=False)
    path = changing.folder / "metrics/history/transfer.csv"
    table = pd.read_csv(path)
    table.assign(accuracy=0.5).to_csv(path, index=False)
    return {name: draw(plot) for name, plot in specifications(changing, "diff").items()}


@pytest.mark.parametrize("name", PLOTS)
def test_the_networks_are_in_every_plot(shown, name):
    found = re.findall(f">({'|'.join(NETWORKS)})</text>", shown[name])
    assert sorted(found) == sorted(PLOTS[name])
    if name != "confusion":
        assert all(COLOURS[network] in shown[name] for network in PLOTS[name])


@pytest.mark.parametrize("name", ["accuracy", "loss"])
def test_a_chart_has_a_line_for_each_network_and_each_side_of_the_split(shown, name):
    lines = marks(shown[name], "line mark")
    assert sorted((line["network"], line["photos"]) for line in lines) == [
        ("custom", "training"), ("custom", "validation"),
        ("transfer", "training"), ("transfer", "validation"),
    ]  # fmt: skip
    assert shown[name].count('stroke-dasharray="3,3"') >= 2


@pytest.mark.parametrize("count", [3, 8, 22, 60])
def test_a_confusion_matrix_has_only_the_numbers_that_fit_its_cells(project, count):
    specification = specifications(project, "show")["confusion"]
    first = specification["data"]["values"][0]
    names = [f"species {number:02}" for number in range(count)]
    specification["data"]["values"] = [
        first | {"filename": f"{network}.csv", "actual": actual, "predicted": predicted}
        for network in NETWORKS
        for actual, other in zip(names, names[1:] + names[:1], strict=True)
        for predicted in (actual, actual, actual, other)
    ]
    svg = draw(specification)
    shares = len(re.findall(r">\d+%</text>", svg))
    assert shares == (len(NETWORKS) * count**2 if count <= 8 else 0)
    counts = len(re.findall(r'aria-label="[^"]*count: \d+[^"]*"[^>]*roledescription="text', svg))
    assert (counts > 0) == (count <= 30)
    # Every class is named on both axes, in letters that do not overlap.
    assert all(svg.count(f">{name}</text>") == 1 + len(NETWORKS) for name in names)
    sizes = {float(size) for size in re.findall(r'font-size="([\d.]+)px"[^>]*>species', svg)}
    assert max(sizes) <= 420 / count or count <= 22


def test_recall_is_side_by_side_for_each_class(shown):
    bars = marks(shown["recall"], "bar")
    assert sorted((bar["class"], bar["network"]) for bar in bars) == [
        (label, network) for label in ("blue", "green", "red") for network in sorted(NETWORKS)
    ]


def test_reliability_is_drawn_beside_the_diagonal(project, shown):
    points = marks(shown["reliability"], "point")
    for name in NETWORKS:
        table = pd.read_csv(project.folder / f"metrics/reliability/{name}.csv")
        assert sum(point["network"] == name for point in points) == len(table)
        assert table["photos"].sum() == 6
    assert "#8a8a8a" in shown["reliability"]


def test_two_revisions_are_overlaid_in_one_chart(compared):
    lines = marks(compared["accuracy"], "line mark")
    assert len(lines) == 8
    assert {line["revision"] for line in lines} == {"HEAD", "workspace"}


def test_each_confusion_matrix_is_under_its_own_name(changing, compared):
    """Vega once put the panels in another order than the headers."""
    svg = ElementTree.fromstring(compared["confusion"])
    columns = {x: text for (x, _), text in placed(svg, "column_header")}
    rows = {y: text for (_, y), text in placed(svg, "row_header")}
    panels = {(rows[y], columns[x]): text for (x, y), text in placed(svg, "cell")}
    assert sorted(panels) == [
        (revision, network) for revision in ("HEAD", "workspace") for network in sorted(NETWORKS)
    ]
    for (revision, network), texts in panels.items():
        if revision == "HEAD":
            content = changing.run("git", "show", f"HEAD:metrics/predictions/{network}.csv").stdout
            table = pd.read_csv(io.StringIO(content))
        else:
            table = pd.read_csv(changing.folder / f"metrics/predictions/{network}.csv")
        counts = table.groupby(["actual", "predicted"]).size()
        shares = counts / counts.groupby("actual").transform("sum")
        drawn = {text for text in texts if not text.endswith(": 0")}
        for (actual, predicted), share in shares.items():
            label = f"predicted: {predicted}; actual: {actual}; share of the row: {share:g}"
            assert label in drawn, (revision, network)


def placed(svg, kind):
    """Yield the position of each part of a facet, and the labels or the title in it."""
    for group in svg.iter("{http://www.w3.org/2000/svg}g"):
        if group.get("class", "").endswith(kind):
            for part in group:
                labels = [each.get("aria-label", "") for each in part.iter()]
                titles = [re.search("Title text '(.*)'", label) for label in labels]
                place = tuple(map(float, re.findall(r"[\d.]+", part.get("transform"))))
                yield place, next((title[1] for title in titles if title), labels)
