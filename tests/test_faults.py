"""Full disks, missing permissions, two runs at once, kills: one line, and no result is lost."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.helpers import kills
from tests.helpers.project import ROOT, change_parameters


def state(project):
    """Everything in data/ and metrics/: the bytes of files, and all names."""
    found = {}
    for name in ("data", "metrics"):
        for path in (project.folder / name).rglob("*"):
            found[str(path.relative_to(project.folder))] = path.is_file() and path.read_bytes()
    found.pop("data/training", None)  # the first training leaves this folder, empty
    return found


def run(project, command, **options):
    return subprocess.run(
        command, cwd=project.folder, env=project.environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options,
    )  # fmt: skip


def assert_refused(result, path, reason):
    """Check that a stage ended in the one line that says what cannot be written, and why."""
    assert result.returncode == 1, result.stdout
    assert "Traceback" not in result.stdout, result.stdout
    (line,) = [line for line in result.stdout.splitlines() if "cannot be written" in line]
    assert line.startswith(f"{path}: cannot be written ({reason}). ")


@pytest.mark.parametrize(
    ("stage", "size", "path"),
    [
        ("render", 1000, "data/demo"),
        ("prepare", 160_000, "data/pixels.npy"),
        ("split", 1000, "data/split.csv"),
        ("extract", 50_000, "data/base/features.npy"),
        ("extract", 1_000_000, "data/base/base.keras"),
        ("train transfer", 400_000, "data/training/transfer.npz"),
        ("train transfer", 1_900_000, "data/models/transfer.keras"),
        ("probe", 1_000_000, "data/models/probe.keras"),
        ("evaluate", 100, "metrics/custom.json"),
        ("compare", 100, "metrics/comparison.json"),
        ("select", 100, "metrics/model.json"),
        ("describe", 100, "data/models/custom.md"),
        ("occlude", 100, "data/occlusions.npy"),
        ("report", 2_500_000, "metrics/report.html"),
    ],
)
def test_a_full_disk_ends_in_one_line_and_leaves_the_old_results(
    changing, stage, size, path, monkeypatch
):
    if stage == "render":
        change_parameters(
            changing.folder / "params.yaml", photos="data/demo", demo__photos_per_class=1
        )
    if stage == "prepare":
        # More photos than fit into the shared memory, which may be a file as well.
        monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
        photos = changing.folder / "data/colours"
        for photo in list(photos.rglob("*.jpg")):
            shutil.copy(photo, photo.with_stem(f"{photo.stem} again"))
    if stage == "report":
        # A page that is larger than the shared memory.
        rows = [f"{row}.jpg,red,damaged,{50_000 * 'x'}" for row in range(100)]
        lines = "\n".join(["photo,label,problem,detail", *rows, ""])
        (changing.folder / "metrics/photos.csv").write_text(lines)

    def limit():
        # To the process, a file that may not grow further looks like a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    before = state(changing)
    result = run(changing, ["python", "-m", f"stages.{stage.split()[0]}", *stage.split()[1:]],
                 preexec_fn=limit)  # fmt: skip
    assert_refused(result, path, "File too large")
    after = state(changing)
    kept = after.pop("data/training/transfer.npz", None)  # from which the training resumes
    assert (kept is not None) == (path == "data/models/transfer.keras")
    assert after == before


@pytest.fixture
def without_rights():
    """What to put before a command so that permissions count for it."""
    if os.getuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may write anywhere, and there is no setpriv to drop that right")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


@pytest.fixture
def protected(changing):
    """A project in whose data/ and metrics/ nobody may write."""
    modes = {}
    for name in ("data", "metrics"):
        folder = changing.folder / name
        for path in [folder, *folder.rglob("*")]:
            modes[path] = path.stat().st_mode
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield changing
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.parametrize(
    ("stage", "path"),
    [
        ("render", "data/demo"),
        ("prepare", "data/pixels.npy"),
        ("split", "data/split.csv"),
        ("extract", "data/base/features.npy"),
        ("train custom", "metrics/live/metrics"),
        ("probe", "data/models/probe.keras"),
        ("evaluate", "metrics/custom.json"),
        ("compare", "metrics/comparison.json"),
        ("select", "metrics/model.json"),
        ("describe", "data/models/custom.md"),
        ("occlude", "data/occlusions.npy"),
        ("report", "metrics/report.html"),
    ],
)
def test_a_folder_that_may_not_be_written_to_ends_in_one_line(
    protected, without_rights, stage, path
):
    before = state(protected)
    command = ["python", "-m", f"stages.{stage.split()[0]}", *stage.split()[1:]]
    assert_refused(run(protected, [*without_rights, *command]), path, "Permission denied")
    assert state(protected) == before


def test_two_runs_at_once_do_not_disturb_each_other(changing, tmp_path):
    change_parameters(changing.folder / "params.yaml", epochs=100_000)
    log = tmp_path / "log.txt"
    with log.open("w") as file:
        first = subprocess.Popen(
            ["dvc", "repro"], cwd=changing.folder, env=changing.environment(),
            start_new_session=True, stdout=file, stderr=file,
        )  # fmt: skip

    def wait_for_an_epoch():
        """Return whether one more epoch ends before the run does."""
        shown = len(log.read_text())
        while first.poll() is None:
            if "val_loss" in log.read_text()[shown:]:
                return True
            time.sleep(0.1)
        return False

    assert wait_for_an_epoch(), log.read_text()
    second = changing.run("dvc", "repro", check=False)
    try:
        assert second.returncode != 0
        assert "is busy, it is being blocked by:" in second.stdout
        assert f"(PID {first.pid}): " in second.stdout
        assert "Traceback" not in second.stdout
        assert wait_for_an_epoch(), log.read_text()
    finally:
        os.killpg(first.pid, signal.SIGINT)
        first.wait()
        for left in (changing.folder / "data/training").glob("*"):
            left.unlink()


@pytest.mark.slow
def test_after_a_kill_at_any_moment_the_next_run_writes_the_same_bytes(tmp_path):
    outcomes = kills.kill_runs(tmp_path, count=3)
    assert len(outcomes) == 3
    assert [outcome for outcome in outcomes if outcome.fault] == []


@pytest.mark.slow
@pytest.mark.parametrize("half", ["", "{"])
@pytest.mark.parametrize(("message", "command"), kills.REPAIRS.items())
def test_a_file_that_dvc_left_half_written_is_repaired_as_the_page_says(
    changing, message, command, half
):
    assert f"\n$ {command}\n" in (ROOT / "docs/troubleshooting.md").read_text("utf-8")
    before = changing.results()
    (changing.folder / command.split()[-1]).write_text(half)
    refused = changing.run("dvc", "repro", check=False)
    assert refused.returncode != 0
    assert message in refused.stdout
    changing.run(*command.split())
    assert "Running stage" not in changing.run("dvc", "repro").stdout
    assert changing.results() == before


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["render", "prepare"])
def test_a_killed_stage_leaves_no_process_of_its_own_behind(tmp_path, stage):
    project = kills.make_project(tmp_path)
    change_parameters(project.folder / "params.yaml", demo__photos_per_class=300)
    if stage == "prepare":
        project.run("dvc", "repro", "render")
    running = psutil.Popen(
        [sys.executable, "-m", f"stages.{stage}"], cwd=project.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while len(children := running.children(recursive=True)) < 2 and running.poll() is None:
        time.sleep(0.01)
    assert running.poll() is None, "it ended before it was killed"
    running.kill()
    running.wait()

    def list_alive():
        return [each for each in children if each.is_running() and each.status() != "zombie"]

    for _ in range(100):
        if not list_alive():
            return
        time.sleep(0.1)
    left = [each.cmdline() for each in list_alive()]
    for process in list_alive():
        process.kill()
    raise AssertionError(left)
