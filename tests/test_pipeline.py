"""The real pipeline: real DVC and real Git in a temporary clone, with small photos."""

import ast
import csv
import html
import io
import json
import re
import shutil
import time
from itertools import combinations

import pytest

from stages.common import parameters, yaml_files
from stages.results import setting
from study.common import parameters as study_parameters
from tests.helpers.imports import find_imported, get_package
from tests.helpers.project import ROOT, Project, change_parameters

CONTRACT = [
    "data/split.csv",
    "data/models/custom.keras",
    "data/models/transfer.keras",
    "data/models/probe.keras",
    "data/models/custom.md",
    "data/models/transfer.md",
    "data/models/probe.md",
    "metrics/custom.json",
    "metrics/transfer.json",
    "metrics/probe.json",
    "metrics/comparison.json",
    "metrics/model.json",
    "metrics/accuracy.json",
    "metrics/predictions/custom.csv",
    "metrics/predictions/transfer.csv",
    "metrics/predictions/probe.csv",
    "metrics/history/custom.csv",
    "metrics/history/transfer.csv",
    "metrics/report.html",
]
TRAIN = ["train@custom", "train@transfer"]
EVERY_STAGE = [
    "render",
    "prepare",
    "split",
    "augment",
    "extract",
    *TRAIN,
    "probe",
    "evaluate",
    "compare",
    "select",
    "describe",
    "occlude",
    "report",
]


def stage_definitions(pipeline):
    definitions = yaml_files.read(ROOT / pipeline)["stages"]
    return {name: stage.get("do", stage) for name, stage in definitions.items()}


def listed_parameters(name):
    """The keys of params.yaml that a stage lists, for any of its networks, but no sub-keys."""
    definition = yaml_files.read(ROOT / "dvc.yaml")["stages"][name]
    listed = set(definition.get("do", definition).get("params", []))
    if "${item.trains}" in listed:
        listed.remove("${item.trains}")
        listed |= {item["trains"] for item in definition["foreach"].values()}
    return {key.partition(".")[0] for key in listed}


@pytest.mark.parametrize(
    ("pipeline", "name"),
    [
        (pipeline, name)
        for pipeline in ("dvc.yaml", "demo/pretrain/dvc.yaml", "study/dvc.yaml")
        for name in stage_definitions(pipeline)
    ],
)
def test_a_stage_depends_on_all_code_that_it_imports_and_on_no_other(pipeline, name):
    stage = stage_definitions(pipeline)[name]
    imported = find_imported(stage["cmd"].split()[2].replace(".", "/") + ".py")
    code = {
        dep
        for dep in stage["deps"]
        if dep.endswith(".py") or list((ROOT / dep).glob("*.py"))
    }  # fmt: skip
    missing = {path for path in imported if not {path, get_package(path)} & code}
    assert not missing, "imported, but not among the stage's dependencies"
    read = {"layers.py"} if name == "report" else set()  # as a file, for its hash
    idle = code - imported - {get_package(path) for path in imported} - read
    assert not idle, "among the stage's dependencies, but not imported"


@pytest.mark.parametrize("name", list(stage_definitions("dvc.yaml")))
def test_a_stage_lists_just_the_parameters_that_it_reads(name):
    """A parameter is read as `params.NAME`, or as `parameters.read().NAME`."""
    known = set(parameters.Parameters.model_fields)
    read = set()
    for path in find_imported(f"stages/{name}.py") - {"stages/common/parameters.py"}:
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in (
                "params", "parameters.read()",
            ):  # fmt: skip
                read |= {node.attr}
    if "model_dump" in read:
        read |= known - {"model"}
    if "training_pixels" in read:
        read |= {"augment"}
    assert listed_parameters(name) == read & known


@pytest.mark.parametrize("name", ["repeat", "curve"])
def test_a_stage_of_the_study_lists_just_the_parameters_that_decide_it(name):
    *shared, own = stage_definitions("study/dvc.yaml")[name]["params"]
    assert set(shared) == setting.DECISIVE | {"base.fine_tune"}
    read = set(study_parameters.Study.model_fields) - {"scheduler"}  # decides where, not what
    if name == "repeat":
        read -= {"photos_per_class"}
    assert set(own["study/params.yaml"]) == {f"study.{field}" for field in read}


def test_every_stage_runs_once_and_writes_the_files_of_the_contract(project):
    lines = project.first_run.stdout.splitlines()
    ran = [line.split("'")[1] for line in lines if line.startswith("Running stage")]
    assert sorted(ran) == sorted(EVERY_STAGE)
    for name in CONTRACT:
        assert (project.folder / name).is_file(), name
    for noise in ("Traceback", "WARNING", "I0000", "W0000", "E0000"):
        assert noise not in project.first_run.stdout
    assert max(map(len, lines)) <= 100  # the width of a terminal


def test_a_second_run_does_nothing(project):
    assert project.stages_run_by("dvc", "repro") == []
    assert "Data and pipelines are up to date." in project.run("dvc", "repro").stdout


def test_all_networks_are_scored_on_the_same_photos_of_the_split(project):
    with (project.folder / "data/split.csv").open() as file:
        validation = [row["photo"] for row in csv.DictReader(file) if row["split"] == "validation"]
    for name in parameters.NETWORKS:
        with (project.folder / f"metrics/predictions/{name}.csv").open() as file:
            assert [row["photo"] for row in csv.DictReader(file)] == validation
    assert len(validation) == 6


def test_running_everything_again_gives_the_same_bytes(changing):
    before = changing.results()
    assert sorted(changing.stages_run_by("dvc", "repro", "--force")) == sorted(EVERY_STAGE)
    assert changing.results() == before
    for name, content in before.items():
        assert str(changing.folder).encode() not in content, f"{name} holds an absolute path"


@pytest.mark.slow
def test_more_epochs_run_only_what_depends_on_them(changing):
    ran = changing.stages_run_by("dvc", "exp", "run", "--name", "longer", "-S", "epochs=3")
    assert sorted(ran) == ["compare", "describe", "evaluate", "occlude", "report", "select", *TRAIN]
    shown = changing.run("dvc", "metrics", "diff").stdout
    for path in ("metrics/custom.json", "metrics/transfer.json"):
        assert any(path in line and "log_loss" in line for line in shown.splitlines()), shown


@pytest.mark.slow
def test_another_seed_decodes_nothing_and_runs_no_base(changing):
    ran = changing.stages_run_by("dvc", "exp", "run", "-S", "seed=1")
    assert sorted(ran) == [
        "compare", "describe", "evaluate", "occlude", "probe", "report", "select", "split", *TRAIN
    ]  # fmt: skip


@pytest.mark.slow
def test_fine_tuning_trains_transfer_alone_again_and_runs_no_stage_before(changing):
    ran = changing.stages_run_by("dvc", "exp", "run", "-S", "base.fine_tune=3")
    assert sorted(ran) == [
        "compare", "describe", "evaluate", "occlude", "report", "select", "train@transfer"
    ]  # fmt: skip


def test_dvc_compares_any_two_networks(changing):
    run = ("dvc", "exp", "run", "--name")
    for name in parameters.NETWORKS:
        assert changing.stages_run_by(*run, name, "-S", f"model={name}") == ["select"]
    for pair in combinations(parameters.NETWORKS, 2):
        shown = changing.run("dvc", "metrics", "diff", *pair, "--all", "--json").stdout
        values = json.loads(shown)["metrics/model.json"]
        for side, name in zip(("old", "new"), pair, strict=True):
            metrics = changing.metrics(name)
            assert {key: values[key][side] for key in metrics} == metrics


def test_metrics_show_is_one_table_narrow_for_the_networks(project):
    lines = project.run("dvc", "metrics", "show").stdout.splitlines()
    names = ("accuracy", "custom", "probe", "transfer", "model", "final")
    assert [line.split()[0] for line in lines[1:]] == [f"metrics/{name}.json" for name in names]
    networks = [f"metrics/{name}.json" for name in parameters.NETWORKS]
    lines = project.run("dvc", "metrics", "show", *networks).stdout.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 140


def test_the_commands_on_the_page_give_the_same_page_again(changing):
    before = (changing.folder / "metrics/report.html").read_bytes()
    commands = re.search("<code>(cat .*)</code></pre>", before.decode(), re.DOTALL)[1]
    change_parameters(
        changing.folder / "params.yaml", seed=1, epochs=1, layers__filters=[8],
        base__options={"alpha": 0.35, "classes": 7},
    )  # fmt: skip
    changing.run("dvc", "repro", "split")
    changing.run("bash", "-c", html.unescape(commands))
    assert (changing.folder / "metrics/report.html").read_bytes() == before


def test_editing_a_shared_module_reruns_the_stages_that_import_it(changing):
    with (changing.folder / "stages/networks/building.py").open("a") as file:
        file.write("\n# a note\n")
    status = json.loads(changing.run("dvc", "status", "--json").stdout)
    changed = {
        name
        for name, causes in status.items()
        if any("stages/networks" in cause.get("changed deps", {}) for cause in causes)
    }
    own = {"train@custom", "train@transfer", "occlude"}
    assert changed == own | {"study/dvc.yaml:repeat", "study/dvc.yaml:curve"}
    # The same networks come out of it, so `evaluate` and the stages after it need not run.
    assert sorted(changing.stages_run_by("dvc", "repro")) == sorted(own)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": -1}, "params.yaml: epochs is -1; expected"),
        ({"validation_fraction": 1}, "params.yaml: validation_fraction is 1; expected"),
        ({"validation_fraction": 0.01}, "photos: class 'blue' has 10 photos; expected enough"),
        ({"base__name": "MobileNet9"}, "params.yaml: base.name is 'MobileNet9'; expected"),
        ({"layers__kernel": 3}, "params.yaml: layers.kernel is not an argument of shared_layers"),
        ({"base__name": "demo"}, "params.yaml: base.name is 'demo', but photos is 'data/colours'"),
        ({"photos": "docs"}, "photos: 'docs' has no sub-folders; expected at least 2"),
        (
            {"photos": "nowhere"},
            "photos: 'nowhere' is not a folder; expected one with a sub-folder",
        ),
    ],
)
def test_a_mistake_ends_in_one_line_and_changes_no_file(changing, changes, message):
    before = changing.results()
    change_parameters(changing.folder / "params.yaml", **changes)
    result = changing.run("dvc", "repro", check=False)
    assert result.returncode != 0
    assert "exited with 1" in result.stdout
    assert sum(line.startswith(message) for line in result.stdout.splitlines()) == 1
    assert "Traceback" not in result.stdout
    after = changing.results()
    # A stage before the one that refused may have taken note of the change.
    assert after | {"dvc.lock": before["dvc.lock"]} == before


@pytest.mark.slow
def test_a_queue_of_experiments_runs_from_a_fresh_clone(project, tmp_path):
    project = Project(shutil.copytree(project.folder, tmp_path / "project", symlinks=True))
    project.run("dvc", "remote", "add", "--force", "--default", "store", str(tmp_path / "store"))
    project.commit("Add a remote")
    project.run("dvc", "push", "--quiet")
    clone = Project(tmp_path / "clone")
    project.run("git", "clone", "--quiet", ".", str(clone.folder))
    clone.run("dvc", "pull", "--quiet")

    change_parameters(
        clone.folder / "params.yaml", base__weights="random", base__options={}
    )  # fmt: skip
    clone.commit("Untrained bases")

    names, options = "base.name=MobileNetV2,EfficientNetB0", "+base.options.MobileNetV2.alpha=0.35"
    clone.run("dvc", "exp", "run", "--queue", "-S", names, "-S", options)
    clone.run("dvc", "exp", "run", "--queue", "--name", "bad", "-S", "epochs=0")
    clone.run("dvc", "queue", "start")
    for _ in range(300):
        status = clone.run("dvc", "queue", "status").stdout
        if "Queued" not in status and "Running" not in status:
            break
        time.sleep(1)
    assert status.count("Success") == 2, status
    shown = clone.run("dvc", "exp", "show", "--csv", "--only-changed").stdout
    rows = [row for row in csv.DictReader(io.StringIO(shown)) if row["Experiment"]]
    rows = [row for row in rows if row["typ"] == "branch_commit" or row["State"] != "Failed"]
    assert sorted(row["base.name"] for row in rows) == ["EfficientNetB0", "MobileNetV2"]
    options = {}
    for row in rows:  # each has results of its own
        base = json.loads(clone.run("git", "show", f"{row['rev']}:metrics/base.json").stdout)
        options[base["name"]] = base["options"]
    assert options == {"EfficientNetB0": {}, "MobileNetV2": {"alpha": 0.35}}

    clone.run("dvc", "exp", "run", "--queue", "--name", "waiting", "-S", "epochs=3")
    shown = " ".join(clone.run("python", "-m", "experiments").stdout.split())
    assert "base.name=EfficientNetB0" in shown
    assert "bad: failed: params.yaml: epochs is 0; expected greater" in shown
    assert "`dvc queue logs bad` shows more" in shown
    assert "- waiting: in the queue. `dvc queue status` shows which ones run." in shown


def test_photos_are_imported_from_a_git_repository_pinned_to_a_commit(make_project, tmp_path):
    project = make_project()
    library = Project(tmp_path / "library")
    shutil.copytree(project.folder / "data/colours", library.folder / "animals")
    library.run("git", "init", "--quiet")
    library.commit("Photos")
    commit = library.run("git", "rev-parse", "HEAD").stdout.strip()
    shutil.rmtree(library.folder / "animals/red")
    library.commit("A class less")

    project.run(
        "dvc", "import", "--quiet", str(library.folder), "animals", "--rev", commit,
        "--out", "data/animals",
    )  # fmt: skip
    change_parameters(project.folder / "params.yaml", photos="data/animals")
    project.run("dvc", "repro", "split")
    with (project.folder / "data/split.csv").open() as file:
        labels = [row["label"] for row in csv.DictReader(file)]
    assert {label: labels.count(label) for label in set(labels)} == {
        "blue": 10, "green": 10, "red": 10,
    }  # fmt: skip
