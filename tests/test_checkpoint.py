"""An interrupted training resumes after its last complete epoch, and ends with the same bytes."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from stages import extract, split, train
from stages.common import files, parameters
from stages.networks import training
from stages.networks.backend import keras
from stages.networks.checkpoints import Checkpoint
from tests.helpers.project import change_parameters

EPOCHS = 12


def start(project, name):
    """Run the stage; return its process and the path of its checkpoint."""
    command = ["python", "-m", "stages.train", name]
    running = subprocess.Popen(
        command, cwd=project.folder, env=project.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return running, project.folder / f"data/training/{name}.npz"


def kill(project, name, epochs):
    """Run the stage, and kill it once that many epochs are kept; return what it printed."""
    running, path = start(project, name)
    while epochs_of(path) < epochs and running.poll() is None:
        time.sleep(0.01)
    running.kill()
    shown = running.communicate()[0]
    assert running.returncode == -signal.SIGKILL, shown
    assert epochs_of(path) < EPOCHS, "it was killed too late"
    return shown


def epochs_of(path):
    if not path.exists():
        return 0
    with np.load(path) as kept:
        return len(kept["history"])


def finish(project, name):
    """Run the stage to its end; return what it printed."""
    return project.run("python", "-m", "stages.train", name).stdout


def results(project, name):
    names = (f"data/models/{name}.keras", f"metrics/history/{name}.csv")
    return {path: (project.folder / path).read_bytes() for path in names}


@pytest.fixture(scope="module")
def uninterrupted(project):
    """What trainings of 12 epochs come to, by network."""
    change_parameters(project.folder / "params.yaml", epochs=EPOCHS)
    whole = {}
    for name in ("custom", "transfer"):
        finish(project, name)
        whole[name] = results(project, name)
    return whole


@pytest.fixture
def long(uninterrupted, changing):
    """A project with the results of 2 epochs, and 12 in its parameters."""
    changing.run("git", "checkout", "--quiet", "--force", ".")
    changing.run("dvc", "checkout", "--quiet", "--force")
    change_parameters(changing.folder / "params.yaml", epochs=EPOCHS)
    yield changing
    for left in (changing.folder / "data/training").glob("*"):
        left.unlink()


@pytest.mark.parametrize("name", ["custom", "transfer"])
def test_a_killed_training_resumes_and_ends_with_the_same_bytes(long, uninterrupted, name):
    before = results(long, name)
    kill(long, name, epochs=4)
    assert results(long, name) == before
    done = epochs_of(long.folder / f"data/training/{name}.npz")
    shown = finish(long, name)
    said = [line for line in shown.splitlines() if "resumes" in line]
    assert said == [f"{name}: resumes after epoch {done}"]
    assert f"Epoch {done + 1}/{EPOCHS}" in shown
    assert f"Epoch {done}/{EPOCHS}" not in shown
    assert results(long, name) == uninterrupted[name]
    assert not list((long.folder / "data/training").iterdir())


@pytest.mark.slow
def test_killed_twice_it_still_ends_with_the_same_bytes(long, uninterrupted):
    kill(long, "transfer", epochs=2)
    assert "resumes after epoch" in kill(long, "transfer", epochs=6)
    finish(long, "transfer")
    assert results(long, "transfer") == uninterrupted["transfer"]


@pytest.mark.slow
def test_a_trained_network_that_could_not_be_saved_is_not_trained_again(long, uninterrupted):
    path = long.folder / "data/models/custom.keras"
    path.unlink()
    path.mkdir()
    shown = long.run("python", "-m", "stages.train", "custom", check=False).stdout
    assert "data/models/custom.keras: cannot be written" in shown.splitlines()[-1]
    path.rmdir()
    shown = finish(long, "custom")
    assert f"custom: resumes after epoch {EPOCHS}\n" in shown
    assert f"/{EPOCHS}\n" not in shown
    assert results(long, "custom") == uninterrupted["custom"]
    assert not list((long.folder / "data/training").iterdir())


@pytest.mark.slow
def test_at_a_constant_rate_it_resumes_for_more_epochs_than_were_wanted_before(long, uninterrupted):
    path = long.folder / "params.yaml"
    change_parameters(path, schedule="constant")
    finish(long, "custom")
    whole = results(long, "custom")
    assert whole != uninterrupted["custom"]
    change_parameters(path, epochs=EPOCHS - 2)
    kill(long, "custom", epochs=3)
    change_parameters(path, epochs=EPOCHS)
    assert "resumes after epoch" in finish(long, "custom")
    assert results(long, "custom") == whole


@pytest.mark.slow
def test_with_a_rate_that_falls_more_epochs_are_another_training(long, uninterrupted):
    change_parameters(long.folder / "params.yaml", epochs=EPOCHS - 2)
    kill(long, "custom", epochs=3)
    change_parameters(long.folder / "params.yaml", epochs=EPOCHS)
    assert "resumes after epoch" not in finish(long, "custom")
    assert results(long, "custom") == uninterrupted["custom"]


@pytest.mark.slow
def test_interrupted_by_hand_it_says_in_one_line_that_it_goes_on(long):
    running, path = start(long, "custom")
    while epochs_of(path) < 2 and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    shown = running.communicate()[0]
    assert running.returncode == 1
    assert (
        shown.splitlines()[-1]
        == "custom: interrupted; the next run resumes after the last complete epoch"
    )
    assert "Traceback" not in shown


def compiled(params, name="transfer"):
    """What is trained of a new network."""
    shape = files.read_array(train.list_inputs(name, params)[0]).shape[1:]
    _, trained = train.build(name, params, shape, 3)
    return training.compile_for_training(trained, params.learning_rate)


def restored(name="transfer"):
    """How many epochs the next training would resume after."""
    params = parameters.read()
    checkpoint = Checkpoint(f"data/training/{name}.npz", train.hash_training(name, params))
    model = compiled(params, name)
    before = [np.array(variable) for variable in model.variables]
    found = checkpoint.restore(model, params.epochs)
    done = len(checkpoint.epochs)
    assert found == (done > 0)
    same = all(
        np.array_equal(variable, value)
        for variable, value in zip(model.variables, before, strict=True)
    )
    assert same == (done == 0), "a model stays as it was just where nothing is restored"
    return done


@pytest.fixture(scope="module")
def checkpoints(before_training, tmp_path_factory):
    """Such folders, by schedule, with the checkpoint of 2 epochs of the transfer network."""
    folders = {}
    for schedule in ("cosine", "constant"):
        folder = shutil.copytree(before_training, tmp_path_factory.mktemp(schedule) / "work")
        change_parameters(folder / "params.yaml", schedule=schedule)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            Path("data/models/transfer.keras").mkdir(parents=True)  # where it cannot be saved
            with pytest.raises(SystemExit, match="cannot be written"):
                train.main("transfer")
            assert restored() == 2
        folders[schedule] = folder
    return folders


@pytest.fixture
def schedule():
    """The one of `interrupted`; a test may set another."""
    return "cosine"


@pytest.fixture
def interrupted(checkpoints, schedule, tmp_path, monkeypatch):
    """A copy of one of the folders, to work in."""
    folder = shutil.copytree(checkpoints[schedule], tmp_path / "work")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.002},
        {"schedule": "constant"},
        {"seed": 1},
        {"batch_size": 4},
        {"layers__dropout": 0.4},
    ],
)
def test_a_checkpoint_of_other_parameters_is_not_used(interrupted, changes):
    change_parameters(interrupted / "params.yaml", **changes)
    assert restored() == 0


def test_a_checkpoint_of_another_split_is_not_used(interrupted):
    change_parameters(interrupted / "params.yaml", validation_fraction=0.3)
    split.main()
    assert restored() == 0


def test_a_checkpoint_of_another_base_is_not_used(interrupted):
    change_parameters(interrupted / "params.yaml", base__weights="random")
    extract.main()
    assert restored() == 0


def test_a_checkpoint_of_the_other_network_is_not_used(interrupted):
    Path("data/training/transfer.npz").rename("data/training/custom.npz")
    assert restored("custom") == 0


@pytest.mark.parametrize(
    ("schedule", "epochs", "done"),
    [
        ("constant", 1, 0),  # it has more epochs than are wanted
        ("constant", 2, 2),
        ("constant", 3, 2),
        ("cosine", 1, 0),
        ("cosine", 2, 2),
        ("cosine", 3, 0),  # the rates of its epochs would have been others
    ],
)
def test_a_checkpoint_is_used_where_its_epochs_are_those_that_are_wanted(interrupted, epochs, done):
    change_parameters(interrupted / "params.yaml", epochs=epochs)
    assert restored() == done


class StopError(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_with_either_schedule_a_training_that_resumes_ends_with_the_same_bytes(
    before_training, tmp_path, monkeypatch, schedule
):
    folder = shutil.copytree(before_training, tmp_path / "work")
    monkeypatch.chdir(folder)
    change_parameters(folder / "params.yaml", schedule=schedule, epochs=4)
    paths = [Path("data/models/custom.keras"), Path("metrics/history/custom.csv")]
    keras.utils.clear_session()  # it numbers layers that have no names
    train.main("custom")
    whole = [path.read_bytes() for path in paths]
    real = Checkpoint.on_epoch_end

    def stop(self, number, logs=None):
        real(self, number, logs)
        if len(self.epochs) == 2:
            raise StopError

    for path in paths:
        path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_end", stop)
        with pytest.raises(StopError):
            train.main("custom")
    assert epochs_of(Path("data/training/custom.npz")) == 2
    keras.utils.clear_session()
    train.main("custom")
    assert [path.read_bytes() for path in paths] == whole


def test_a_damaged_checkpoint_is_not_used(interrupted):
    path = Path("data/training/transfer.npz")
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    middle = len(whole) // 2
    changed = [
        b"",
        b"not an archive",
        whole[:100],
        whole[:middle],
        whole[:-1],
        whole[:middle] + random.bytes(200) + whole[middle + 200 :],
        whole[: -len(whole) // 4] + b"\0" * (len(whole) // 4),
    ]
    for content in changed:
        path.write_bytes(content)
        assert restored() == 0, content[:20]


def test_a_training_with_a_damaged_checkpoint_starts_anew(interrupted):
    Path("data/models/transfer.keras").rmdir()
    path = Path("data/training/transfer.npz")
    path.write_bytes(path.read_bytes()[:1000])
    train.main("transfer")
    fresh = Path("metrics/history/transfer.csv").read_bytes()
    train.main("transfer")
    assert Path("metrics/history/transfer.csv").read_bytes() == fresh
    assert not path.exists()


def test_a_killed_process_leaves_no_file_that_its_successor_does_not_remove(interrupted):
    left = Path("data/training/.999999999.transfer.npz")  # of no process
    left.write_bytes(b"half of it")
    change_parameters(interrupted / "params.yaml", epochs=3)
    Path("data/models/transfer.keras").rmdir()
    train.main("transfer")
    assert not list(Path("data/training").iterdir())
