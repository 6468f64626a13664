"""A training can be followed while it runs, and leaves nothing but its results."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from conftest import draw_photos

from tests.helpers.project import Project, change_parameters

LIVE = "metrics/live/metrics/{}/metrics.json"
PLOT = "metrics/live/plots/{}.csv"


def wait_for(path, process):
    """Wait for a file of a process, and not for ever."""
    for _ in range(600):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    raise AssertionError(f"{path} is never written")


@pytest.fixture(params=["custom", "transfer"])
def training(request, changing, tmp_path):
    """A project in which a long training of that network runs, after its first epochs."""
    change_parameters(changing.folder / "params.yaml", epochs=100_000)
    log = tmp_path / "log.txt"  # a pipe that nobody reads would fill up, and stop the training
    with log.open("w") as file:
        process = subprocess.Popen(
            ["dvc", "repro", "--single-item", f"train@{request.param}"],
            cwd=changing.folder, env=changing.environment(), start_new_session=True,
            stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    changing.network = request.param
    try:
        wait_for(changing.folder / PLOT.format(request.param), process)
        assert process.poll() is None, log.read_text()
        yield changing
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # or every test after this one fails, too


def read(project, *command):
    """What a DVC command prints as JSON, tried again if it met a file that was being written."""
    for _ in range(3):
        with contextlib.suppress(json.JSONDecodeError):
            return json.loads(project.run("dvc", *command, "--json").stdout)
    raise AssertionError(f"{command} never gave JSON")


def test_a_running_training_can_be_followed(training):
    network = training.network
    shown = read(training, "metrics", "show")
    (live,) = [path for path in shown[""]["data"] if "live" in path]
    assert live == LIVE.format(network)
    values = shown[""]["data"][live]["data"]
    assert set(values) == {network, "step"}
    assert set(values[network]) == {"train", "eval"}
    assert set(values[network]["eval"]) == {"accuracy", "loss"}

    for _ in range(3):  # as in `read`: DVC leaves out a file that is being written
        columns = training.run("dvc", "exp", "show", "--csv").stdout.splitlines()[0].split(",")
        if f"{network}.eval.accuracy" in columns:
            break
    assert f"{network}.eval.accuracy" in columns

    def epochs():
        plots = read(training, "plots", "show")
        (plot,) = plots["data"][PLOT.format(network)]
        points = plot["content"]["data"]["values"]
        assert {point["field"] for point in points} == {"accuracy", "val_accuracy"}
        return sorted({int(point["epoch"]) for point in points})

    first = epochs()
    assert first == list(range(1, len(first) + 1))
    assert len(epochs()) > len(first)


def test_the_results_stay_as_they_were_until_the_training_is_complete(training):
    result = f"metrics/history/{training.network}.csv"
    assert len((training.folder / result).read_text().splitlines()) == 1 + 2
    live = (training.folder / PLOT.format(training.network)).read_text()
    assert live.startswith("epoch,accuracy,loss,val_accuracy,val_loss\n1,")


def test_dvc_files_are_left_alone_while_training(training):
    changed = training.run("git", "status", "--porcelain").stdout.split()[1::2]
    assert set(changed) <= {"params.yaml", "dvc.lock"}


def nothing_is_live(project):
    live = project.folder / "metrics/live"
    left = sorted(path.relative_to(live).as_posix() for path in live.rglob("*") if path.is_file())
    return left == ["metrics/.gitignore", "plots/.gitignore"]


def test_nothing_is_left_of_it_afterwards(project):
    assert nothing_is_live(project)
    result = project.run("dvc", "metrics", "show")
    assert "live" not in result.stdout
    assert "fail" not in result.stdout.lower()
    assert "live" not in project.run("dvc", "exp", "show", "--csv").stdout.replace("live.py", "")
    assert "fail" not in project.run("dvc", "metrics", "diff").stdout.lower()
    assert not list(project.folder.glob("dvclive*"))


def test_the_plots_of_a_project_at_rest_are_those_of_its_results(project):
    shown = project.run("dvc", "plots", "show", "--out", "plots")
    shutil.rmtree(project.folder / "plots")
    assert "fail" not in shown.stdout.lower()
    assert "WARNING" not in shown.stdout
    plots = read(project, "plots", "show")
    assert "errors" not in plots
    assert not [name for name in plots["data"] if "live" in name]


def test_a_training_that_is_interrupted_leaves_nothing_live(changing, tmp_path):
    change_parameters(changing.folder / "params.yaml", epochs=100_000)
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            ["python", "-m", "stages.train", "custom"],
            cwd=changing.folder, env=changing.environment(), stdout=log, stderr=log,
        )  # fmt: skip
    wait_for(changing.folder / PLOT.format("custom"), process)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 1
    assert nothing_is_live(changing)


def test_a_folder_that_git_has_no_commit_of_trains_all_the_same(tmp_path):
    project = Project.copy(tmp_path)
    draw_photos(tmp_path / "data" / "colours")
    change_parameters(
        tmp_path / "params.yaml", photos="data/colours", image_size=32, epochs=1,
        base__name="MobileNetV2",
    )  # fmt: skip
    for stage in ("prepare", "split", "train custom"):
        project.run("python", "-m", *f"stages.{stage}".split())
    assert (tmp_path / "data/models/custom.keras").exists()
