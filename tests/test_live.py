"""A training can be followed while it runs, and leaves nothing but its results."""

import json
import os
import signal
import subprocess
import time

import pytest

from bench.project import change_parameters

LIVE = "metrics/live/{}/metrics.json"


@pytest.fixture(params=["custom", "transfer"])
def training(request, changing):
    """A project in which a long training of that network runs, after its first epochs."""
    change_parameters(changing.folder / "params.yaml", epochs=100_000)
    process = subprocess.Popen(
        ["dvc", "repro", "--single-item", f"train@{request.param}"],
        cwd=changing.folder, env=changing.environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    changing.network = request.param
    for _ in range(600):
        if (changing.folder / LIVE.format(request.param)).exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    assert process.poll() is None, process.stdout.read()
    yield changing
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)


def test_a_running_training_can_be_followed(training):
    network = training.network
    shown = json.loads(training.run("dvc", "metrics", "show", "--json").stdout)
    (live,) = [path for path in shown[""]["data"] if "live" in path]
    assert live == LIVE.format(network)
    values = shown[""]["data"][live]["data"]
    assert set(values) == {network, "step"}
    assert set(values[network]) == {"train", "eval"}
    assert set(values[network]["eval"]) == {"accuracy", "loss"}

    columns = training.run("dvc", "exp", "show", "--csv").stdout.splitlines()[0].split(",")
    assert f"{network}.eval.accuracy" in columns

    def epochs():
        plots = json.loads(training.run("dvc", "plots", "show", "--json").stdout)
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
