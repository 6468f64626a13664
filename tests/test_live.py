"""A training can be followed while it runs, and leaves nothing but its results."""

import contextlib
import json
import os
import signal
import subprocess
import time

import pytest

from bench.project import change_parameters

LIVE = "metrics/live/{}/metrics.json"


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
    for _ in range(600):
        if (changing.folder / LIVE.format(request.param)).exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    assert process.poll() is None, log.read_text()
    yield changing
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=60)


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

    columns = training.run("dvc", "exp", "show", "--csv").stdout.splitlines()[0].split(",")
    assert f"{network}.eval.accuracy" in columns

    def epochs():
        plots = read(training, "plots", "show")
        points = plots["data"]["accuracy"][0]["content"]["data"]["values"]
        return max(int(p["epoch"]) for p in points if p["filename"] == f"{network}.csv")

    first = epochs()
    assert 2 < first < 100_000
    assert epochs() > first


def test_dvc_files_are_left_alone_while_training(training):
    changed = training.run("git", "status", "--porcelain").stdout.split()[1::2]
    assert set(changed) <= {"params.yaml", "dvc.lock", f"metrics/history/{training.network}.csv"}


def test_nothing_is_left_of_it_afterwards(project):
    live = project.folder / "metrics/live"
    assert [path.name for path in live.iterdir()] == [".gitignore"]
    result = project.run("dvc", "metrics", "show")
    assert "live" not in result.stdout
    assert "fail" not in result.stdout
    assert "live" not in project.run("dvc", "exp", "show", "--csv").stdout.replace("live.py", "")
    assert "fail" not in project.run("dvc", "metrics", "diff").stdout
    assert not list(project.folder.glob("dvclive*"))
