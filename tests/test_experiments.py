"""`python -m experiments`: which experiment is best, what that is worth, and what is not shown."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from stages.common.parameters import NETWORKS
from tests.helpers.browser import chromium, running_browser
from tests.helpers.experiments import add_experiment
from tests.helpers.project import ROOT, Project

PHOTOS = 30  # for validation, in the demo
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A committed copy of the project with the results that are in Git."""
    project = Project.copy(tmp_path_factory.mktemp("demo"))
    shutil.copytree(ROOT / "metrics", project.folder / "metrics", dirs_exist_ok=True)
    for name in ("dvc.lock", "data/split.csv"):
        shutil.copy(ROOT / name, project.folder / name)
    project.commit("Results")
    return project


@pytest.fixture
def copy(demo, tmp_path):
    return Project(shutil.copytree(demo.folder, tmp_path / "demo", symlinks=True))


def first(count):
    """Answers of which the first `count` photos are right."""
    return np.arange(PHOTOS) < count


def answers(custom=20, transfer=25, probe=25):
    return dict(zip(NETWORKS, map(first, (custom, transfer, probe)), strict=True))


def show(project, *arguments, columns="80"):
    result = project.run(
        "env", f"COLUMNS={columns}", "python", "-m", "experiments", *arguments, check=False
    )
    return result.returncode, result.stdout


def find_line(shown, name):
    (line,) = [line for line in shown.splitlines() if line.startswith(name)]
    return line.split()


def test_a_table_that_fits_says_what_changed_and_which_is_best(copy):
    add_experiment(copy, "longer", answers(custom=29), epochs=20)
    add_experiment(copy, "poor", answers(5, 6, 7), learning_rate=1e-05, seed=3)
    code, shown = show(copy)
    assert code == 0
    assert max(map(len, shown.splitlines())) <= 80
    # Transfer and the probe of the workspace get everything right.
    assert find_line(shown, "workspace,")[-5:] == ["-", "0.700", "1.000", "1.000", "*"]
    assert find_line(shown, "longer")[1:-1] == ["epochs=20", "0.967", "0.833", "0.833", "~"]
    poor = ["seed=3", "learning_rate=1e-05", "0.167", "0.200", "0.233", "<"]
    assert find_line(shown, "poor")[1:-1] == poor
    text = " ".join(shown.split())
    assert "Best of 9 networks: transfer of workspace, 1.000; expect 0.99" in text
    assert " 1 other experiment could be as good." in text
    assert (copy.folder / "metrics/experiments.html").is_file()
    assert copy.run("git", "status", "--porcelain").stdout == ""


def test_one_network_can_be_ranked_alone(copy):
    add_experiment(copy, "longer", answers(custom=29), epochs=20)
    add_experiment(copy, "shorter", answers(custom=2), epochs=2)
    _, shown = show(copy, "--network", "custom")
    assert find_line(shown, "longer")[-1] == "*"
    assert find_line(shown, "shorter")[-2] == "<"
    assert "Best of 3 networks: custom of longer, 0.967" in " ".join(shown.split())


def test_another_width_is_filled_or_kept(copy):
    name = "a-name-that-is-as-long-as-people-make-them-for-their-experiments"
    add_experiment(copy, name, answers(), epochs=20, batch_size=10, photos="data/of-someone")
    for columns in ("60", "80", "120"):
        _, shown = show(copy, columns=columns)
        assert max(map(len, shown.splitlines())) <= int(columns)
        for value in ("0.667", "0.833", "1.000"):
            assert value in shown


def test_other_photos_or_labels_are_not_compared(copy):
    split = pd.read_csv(copy.folder / "data/split.csv", dtype=str)
    validation = split["split"] == "validation"
    moved = split.assign(split=np.where(validation, "train", "validation"))
    few = moved.index.isin(moved.index[moved["split"] == "validation"][:PHOTOS])
    moved["split"] = np.where(few, "validation", "train")
    renamed = split.assign(label=split["label"].replace({"cat": "feline"}))
    for name, table in {"moved": moved, "renamed": renamed}.items():
        chosen = table[table["split"] == "validation"]
        files = {"data/split.csv": table.to_csv(index=False)}
        for network in NETWORKS:
            predictions = pd.DataFrame(
                {"photo": chosen["photo"], "actual": chosen["label"], "predicted": chosen["label"]}
            )
            files[f"metrics/predictions/{network}.csv"] = predictions.to_csv(index=False)
        add_experiment(copy, name, answers(), files=files, epochs=20)
    _, shown = show(copy)
    blocks = shown.split("Other validation photos, or labels: not comparable with the above.")
    assert len(blocks) == 3
    assert "workspace" in blocks[0]
    assert "moved" not in blocks[0]
    assert "renamed" not in blocks[0]


def test_photos_that_only_got_other_names_are_the_same_photos(copy):
    split = pd.read_csv(copy.folder / "data/split.csv", dtype=str)
    split["photo"] = "new/" + split["photo"]
    split["group"] = "of-" + split["group"]
    backwards = split[::-1]
    chosen = backwards[backwards["split"] == "validation"]
    files = {"data/split.csv": backwards.to_csv(index=False)}
    for network in NETWORKS:
        predictions = pd.DataFrame(
            {"photo": chosen["photo"], "actual": chosen["label"], "predicted": chosen["label"]}
        )
        files[f"metrics/predictions/{network}.csv"] = predictions.to_csv(index=False)
    add_experiment(copy, "moved", answers(), files=files, epochs=20)
    _, shown = show(copy)
    assert "not comparable" not in shown
    assert find_line(shown, "moved")[2:5] == ["1.000", "1.000", "1.000"]


def test_scores_of_an_older_run_are_named_and_not_shown_as_results(copy):
    add_experiment(copy, "study-alone", answers(), stale=True, epochs=20)
    code, shown = show(copy)
    text = " ".join(shown.split())
    assert code == 0
    reason = "its scores are of an older run: epochs is 20 in params.yaml, but 10 in dvc.lock"
    assert f"Not shown: - study-alone: {reason}" in text

    with (copy.folder / "layers.py").open("a") as file:
        file.write("# another network\n")
    text = " ".join(show(copy)[1].split())
    reason = "its scores are of an older run: layers.py has changed since train@custom ran"
    assert f"- workspace: {reason}" in text
    assert "master" in text or "main" in text


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("metrics/predictions/probe.csv", "photo\nx\n", "probe.csv is damaged; expected the"),
        ("metrics/predictions/probe.csv", "\0", "probe.csv is damaged; expected the"),
        (
            "metrics/predictions/custom.csv",
            "photo,actual,predicted\ncat/1.jpg,cat,cat\n",
            "custom.csv is not about the validation photos of data/split.csv",
        ),
        ("dvc.lock", "a: [", "dvc.lock is not valid YAML"),
        ("dvc.lock", "stages: [1]", "dvc.lock is damaged"),
        ("params.yaml", "- 1\n", "params.yaml is not valid YAML"),
        ("data/split.csv", None, "data/split.csv, dvc.lock or params.yaml is missing"),
        ("data/split.csv", "photo,label\n", "data/split.csv is damaged; expected the columns"),
    ],
)
def test_damaged_results_are_named_with_what_is_wrong(copy, path, content, said):
    add_experiment(copy, "damaged", answers(), files={path: content}, epochs=20)
    code, shown = show(copy, columns="200")
    assert code == 0
    (line,) = [line for line in shown.splitlines() if line.startswith("- damaged: ")]
    assert said in line
    assert "workspace" in shown


def test_an_experiment_without_results_says_so(copy):
    files = {f"metrics/predictions/{network}.csv": None for network in NETWORKS}
    add_experiment(copy, "empty", answers(), files=files)
    assert "- empty: it has no results" in show(copy)[1]


def test_a_network_that_experiments_share_is_one_network(copy):
    add_experiment(copy, "longer", answers(), shared=["probe"], epochs=20)
    assert "Best of 5 networks" in show(copy)[1]


def test_it_reads_other_commits_when_asked(copy):
    add_experiment(copy, "before", answers(), epochs=20)
    (copy.folder / "notes.txt").write_text("x")
    copy.commit("Another commit")
    shown = " ".join(show(copy)[1].split())
    assert "before" not in shown
    # But its networks count: they were looks at the same photos.
    assert "Best of 3 networks" in shown
    assert "Networks of this repository scored on these 30 photos so far: 6;" in shown
    for arguments in (["-A"], ["--rev", "HEAD~1"], ["-n", "2"], ["-n", "-1"]):
        assert find_line(show(copy, *arguments)[1], "before")
    code, shown = show(copy, "--rev", "nowhere")
    assert code == 1
    assert "nowhere" in shown
    assert "Traceback" not in shown


def test_outside_git_and_without_results_there_is_one_line(copy, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(copy.folder, bare, ignore=shutil.ignore_patterns(".git"))
    code, shown = show(Project(bare))
    assert code == 1
    assert len(shown.splitlines()) == 1
    assert "experiments: Git cannot tell" in shown

    empty = Project.copy(tmp_path / "empty")
    code, shown = show(empty)
    assert code == 1
    assert len(shown.splitlines()) == 1
    empty.commit("No results yet")
    code, shown = show(empty)
    assert code == 0
    assert shown == "No experiment has results yet. `dvc exp run -S epochs=20` runs one.\n"


@pytest.mark.slow
@pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
def test_the_page_sorts_and_shows_the_photos_that_tell_two_networks_apart(copy):
    pixels = np.random.default_rng(0).integers(256, size=(150, 32, 32, 3), dtype=np.uint8)
    np.save(copy.folder / "data/pixels.npy", pixels)
    add_experiment(copy, "<b>longer", answers(custom=29), epochs=20)
    add_experiment(copy, "poor", answers(5, 6, 7), seed=3)
    show(copy)
    messages = []
    with running_browser() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme="dark")
        page.on("console", lambda message: messages.append(message.text))
        page.on("request", lambda request: messages.append(request.url))
        page.goto((copy.folder / "metrics/experiments.html").as_uri())
        rows = "[...document.querySelectorAll('tbody th')].map(each => each.textContent)"
        assert page.evaluate(rows)[0].startswith("workspace")
        page.get_by_role("button", name="custom").click()
        assert page.evaluate(rows)[0] == "<b>longer"
        page.get_by_role("button", name="custom").click()
        assert page.evaluate(rows)[0] == "poor"
        page.get_by_label("One").select_option("poor, custom")
        page.get_by_label("Other").select_option("poor, probe")
        shown = page.locator(".apart > li:visible")
        assert shown.count() == 2
        assert "only the other on 2" in page.locator("output").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for colours in ("dark", "light"):
            page.emulate_media(color_scheme=colours)
            result = Axe().run(page, options={"runOnly": WCAG})
            assert result.violations_count == 0, result.generate_report()
    assert [each for each in messages if not each.startswith(("file:", "data:"))] == []


def test_the_table_of_dvc_fits_into_100_columns(copy):
    add_experiment(copy, "longer", answers(custom=29), epochs=20)
    line = next(
        line for line in (ROOT / "docs/experiments.md").read_text().splitlines()
        if line.startswith("$ dvc exp show")
    )  # fmt: skip
    shown = subprocess.run(
        ["bash", "-c", f"COLUMNS=100 {line[2:]}"], cwd=copy.folder, env=copy.environment(),
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert max(map(len, shown.splitlines())) <= 100
    assert "…" not in shown
    for word in ("longer", "epochs", "custom", "transfer", "probe"):
        assert word in shown
