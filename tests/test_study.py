"""The study: real trainings on real workers, local ones and those of a real Dask cluster."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import vl_convert

from stages import probe
from stages.common import files, parameters
from stages.networks import building, linear, loading, training
from stages.networks.backend import keras
from stages.results import weighting
from study.common import data, folds, identity, tasks, worker
from study.common import parameters as study_parameters
from tests.helpers.project import Project, change_parameters

TASKS = 3 * 4  # custom, transfer and the probe on 2 x 2 splits
RESUME = "Finished results are kept; run it again to resume."


@pytest.fixture(scope="module")
def studied(tmp_path_factory, before_training):
    """A project whose study is small and has run: 2 x 2 splits, 1 or 5 photos of each class."""
    project = Project.copy(tmp_path_factory.mktemp("studied"))
    shutil.copytree(before_training, project.folder, dirs_exist_ok=True)
    change_parameters(
        project.folder / "study/params.yaml", study__folds=2, study__photos_per_class=[1, 5]
    )
    study(project)
    study(project, "curve")
    return project


@pytest.fixture
def small(studied, tmp_path):
    """A copy of it, to be changed."""
    return Project(shutil.copytree(studied.folder, tmp_path / "project", symlinks=True))


def study(project, stage="repeat", check=True):
    return project.run("python", "-m", f"study.{stage}", check=check)


def finished(project):
    """The bytes of every finished task, but not of files that are being written."""
    files = (project.folder / "data/study").glob("[!.]*")
    return {path.name: path.read_bytes() for path in files}


def results(project):
    """The bytes of everything that the study writes for its users."""
    folder = project.folder / "metrics/study"
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class Cluster:
    """A Dask scheduler and workers, started as the documentation says, from another folder."""

    def __init__(self, folder):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        options = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self.processes = [self.start("scheduler", *options)]
        for _ in range(300):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)

    def start(self, role, *options):
        command = [sys.executable, "-m", "dask", role, *options]
        with (self.folder / f"{role}.log").open("a") as log:
            return subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )

    def add_worker(self, *options):
        self.processes.append(
            self.start("worker", self.address, "--nthreads", "1", "--no-dashboard", *options)
        )
        return self.processes[-1]

    def stop(self):
        for process in self.processes[::-1]:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.stop()


def use(project, scheduler):
    change_parameters(project.folder / "study/params.yaml", study__scheduler=scheduler)


def forget(project):
    """Remove what the study keeps, and return it."""
    kept = finished(project)
    for name in kept:
        (project.folder / "data/study" / name).unlink()
    return kept


@pytest.mark.slow
def test_a_cluster_gives_exactly_the_local_numbers(small, cluster):
    local, kept = results(small), forget(small)
    cluster.add_worker()  # of one thread: joblib then uses this process; others below have more
    use(small, cluster.address)
    study(small)
    assert results(small) == local
    assert len(finished(small)) == TASKS
    assert finished(small).items() <= kept.items()


def start(project, tasks):
    """Start a study; return its process when that number of tasks is finished."""
    running = psutil.Popen(
        ["python", "-m", "study.repeat"], cwd=project.folder, env=project.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    while len(finished(project)) < tasks and running.poll() is None:
        time.sleep(0.05)
    return running


@pytest.mark.slow
def test_a_worker_killed_midway_costs_nothing_but_time(small, cluster):
    change_parameters(small.folder / "study/params.yaml", study__repeats=3)
    study(small)
    local = forget(small)
    first = cluster.add_worker("--no-nanny")
    cluster.add_worker("--no-nanny")
    use(small, cluster.address)
    running = start(small, tasks=4)
    os.killpg(first.pid, signal.SIGKILL)
    assert running.poll() is None, "the study was over before the worker was killed"
    shown = running.communicate(timeout=300)[0]
    assert running.returncode == 0, shown
    assert len(finished(small)) == 3 * 6
    assert all(local[name] == right for name, right in finished(small).items())


@pytest.mark.slow
def test_a_local_worker_killed_ends_in_one_line_and_the_study_resumes(small):
    kept = forget(small)
    running = start(small, tasks=2)
    max(running.children(), key=lambda child: child.memory_info().rss).kill()
    shown = running.communicate(timeout=300)[0]
    assert running.returncode == 1
    # Python's own resource tracker may print something after it.
    assert re.match(rf"study: a worker was killed.* {RESUME}\n", shown), shown
    assert "Traceback" not in shown
    study(small)
    assert finished(small).items() <= kept.items()


@pytest.mark.slow
def test_threads_of_one_worker_do_not_disturb_each_other(small, cluster):
    kept = forget(small)
    cluster.add_worker("--nthreads", "3")
    use(small, cluster.address)
    study(small)
    assert finished(small).items() <= kept.items()


@pytest.mark.slow
def test_the_same_study_twice_gives_the_same_bytes(small):
    first, kept = results(small), forget(small)
    study(small)
    study(small, "curve")
    assert results(small) == first
    assert finished(small) == kept


def test_the_largest_size_of_the_curve_reuses_the_splits(studied):
    assert len(finished(studied)) == TASKS + 2 * 4  # one photo of each class, besides


@pytest.mark.slow
def test_an_interrupted_study_resumes_and_a_larger_one_reuses_it(small):
    whole = finished(small)
    folder = small.folder / "data/study"
    lost, kept = sorted(whole)[:5], sorted(whole)[5:]
    for name in lost:
        (folder / name).unlink()
    for name in kept:
        (folder / name).write_text('{"right": 0}')  # running it again would give another result
    change_parameters(small.folder / "study/params.yaml", study__repeats=3)
    study(small)
    study(small, "curve")
    again = finished(small)
    assert len(again) == (3 + 2) * 6
    assert {name: again[name] for name in lost} == {name: whole[name] for name in lost}
    assert {again[name] for name in kept} == {b'{"right": 0}'}


def append_comment(project, path="stages/networks/building.py"):
    with (project.folder / path).open("a") as file:
        file.write("\n# a comment\n")


NAME_TASKS = """
import numpy as np
from stages.common import parameters
from stages.common.parameters import NETWORKS
from study.common import data, identity, tasks

params = parameters.read()
photos = data.read(params)
inputs = photos.inputs | {"probe": photos.inputs["transfer"]}
todo = [tasks.Task(name, np.arange(5), np.arange(5, 9), seed=0) for name in NETWORKS]
print(*tasks.name_results(todo, inputs, photos, params, identity.read()))
"""


def test_whatever_determines_a_result_makes_it_a_new_task(small):
    def name_tasks():
        return small.run("python", "-c", NAME_TASKS).stdout.split()

    names = name_tasks()
    assert len(set(names)) == 3
    assert name_tasks() == names
    for change in (
        append_comment,
        lambda project: append_comment(project, "stages/networks/linear.py"),
        lambda project: append_comment(project, "study/common/worker.py"),
        lambda project: change_parameters(project.folder / "params.yaml", epochs=1),
        lambda project: change_parameters(project.folder / "params.yaml", schedule="constant"),
    ):
        change(small)
        names += name_tasks()
        assert len(set(names)) == len(names)


def test_photos_grouped_otherwise_make_it_a_new_task(small, monkeypatch):
    """The probe's inner folds depend on it, even where all photos weigh what they did."""
    monkeypatch.chdir(small.folder)
    params, before = parameters.read(), len(finished(small))
    photos = data.read(params)
    inputs = {"probe": linear.pool(photos.inputs["transfer"], 30)}
    todo = [tasks.Task("probe", np.arange(0, 30, 2), np.arange(1, 30, 2), seed=0)]
    other = np.roll(photos.groups, 1)
    for count, groups in enumerate([photos.groups, other, photos.groups, other], 1):
        tasks.run(todo, inputs, photos._replace(groups=groups), params, "local")
        assert len(finished(small)) == before + min(count, 2)


def test_everything_right_is_an_accuracy_of_exactly_1_where_photos_have_copies(small, monkeypatch):
    monkeypatch.chdir(small.folder)
    params = parameters.read()
    groups = np.repeat(np.arange(6), 5).astype(str)  # six times five fifths are not quite six
    photos = data.read(params)._replace(groups=groups, weights=weighting.weigh_photos(groups))
    inputs = {"probe": photos.labels}
    todo = [tasks.Task("probe", np.arange(5), np.arange(5, 5 * size), 0) for size in range(2, 7)]
    paths = tasks.name_results(todo, inputs, photos, params, identity.read())
    for path, task in zip(paths, todo, strict=True):
        files.write_json(path, {"right": float(photos.weights[task.held_out].sum())})
    assert tasks.run(todo, inputs, photos, params, "local").tolist() == [1.0] * 5


NAME_THE_FIRST_CLASS = """
import keras


def name_the_first_class(classes):
    return keras.Sequential(
        [
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Rescaling(0),
            keras.layers.Dense(classes, activation="softmax", use_bias=False),
        ]
    )
"""


def edit_layers(project):
    """Replace the shared layers by some that always name the first class."""
    (project.folder / "layers.py").write_text(NAME_THE_FIRST_CLASS)
    change_parameters(project.folder / "params.yaml", layers={})


def networks_accuracies(project):
    """The accuracies of both networks over the splits: means and standard deviations."""
    scores = [project.metrics(f"study/repeat/{name}") for name in ("custom", "transfer")]
    return {(score["accuracy"], score["accuracy_sd"]) for score in scores}


def test_other_layers_take_effect_on_the_cores_of_this_machine(small):
    before = finished(small)
    edit_layers(small)
    study(small)
    assert networks_accuracies(small) == {(0.333333, 0.0)}
    # The probe has no layers, but its worker has other code.
    assert len(finished(small)) == len(before) + TASKS


@pytest.mark.slow
def test_other_layers_take_effect_on_a_cluster(small, cluster):
    edit_layers(small)
    cluster.add_worker()
    cluster.add_worker()
    use(small, cluster.address)
    study(small)
    assert networks_accuracies(small) == {(0.333333, 0.0)}


@pytest.mark.slow
@pytest.mark.parametrize("path", ["layers.py", "stages/networks/training.py"])
def test_a_worker_that_runs_other_code_is_refused(small, cluster, path):
    cluster.add_worker("--nthreads", "2")
    use(small, cluster.address)
    forget(small)
    study(small)
    append_comment(small, path)
    kept = finished(small)
    before = results(small)
    result = study(small, check=False)
    assert result.returncode == 1
    assert result.stdout == (
        f"study: the worker on {socket.gethostname()} differs from this process in: code; "
        "expected the same. Update its copy of the project and its packages, and restart it. "
        f"{RESUME}\n"
    )
    assert finished(small) == kept
    assert results(small) == before


@pytest.mark.slow
def test_several_seeds_tell_the_seed_from_the_split(small):
    change_parameters(small.folder / "study/params.yaml", study__seeds=2)
    shown = study(small).stdout
    for name in ("custom", "transfer", "gain"):
        values = small.metrics(f"study/repeat/{name}")
        assert values["seed_sd"] >= 0
        assert values["split_sd"] >= 0
    assert re.search(r"from the seed and \d\.\d+ from the split", " ".join(shown.split()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"study__folds": 1}, "study/params.yaml: study.folds is 1; expected"),
        ({"study__folds": 11}, "photos: a class has 10 different photos; expected at least"),
        ({"study__scheduler": "here"}, "study/params.yaml: study.scheduler is 'here'; expected"),
        pytest.param(
            {"study__scheduler": "tcp://127.0.0.1:9"},
            "but nothing answers there; expected a Dask",
            marks=pytest.mark.slow,  # it waits for an answer
        ),
    ],
)
def test_a_mistake_ends_in_one_line_and_writes_nothing(small, changes, message):
    change_parameters(small.folder / "study/params.yaml", **changes)
    forget(small)
    before = results(small)
    result = study(small, check=False)
    assert result.returncode == 1
    assert message in result.stdout
    assert len(result.stdout.splitlines()) == 1
    assert results(small) == before


def test_an_error_on_a_worker_ends_in_one_line(small):
    change_parameters(small.folder / "params.yaml", base__fine_tune=1000)
    before = results(small)
    result = study(small, check=False)
    assert result.returncode == 1
    # Python's own resource tracker may print something after it.
    assert re.match(
        r"study: params.yaml: base.fine_tune is 1000, but the base has \d+ layers; expected at "
        rf"most that many. {RESUME}\n",
        result.stdout,
    ), result.stdout
    assert "Traceback" not in result.stdout
    assert results(small) == before


@pytest.mark.slow
def test_a_scheduler_without_workers_is_named(small, cluster):
    forget(small)
    use(small, cluster.address)
    result = study(small, check=False)
    assert result.returncode == 1
    assert f"Start them with `python -m dask worker {cluster.address}`." in result.stdout


def test_sealed_photos_take_no_part_and_look_alikes_are_held_out_together(small, monkeypatch):
    monkeypatch.chdir(small.folder)
    table = files.read_table("data/split.csv")
    table.loc[::5, "split"] = "test"
    table.loc[[1, 2], "group"] = "same"
    files.write_table("data/split.csv", table)
    photos = data.read(parameters.read())
    splits = data.make_splits(photos, study_parameters.read(), seed=0)
    for split in splits:
        sides = [set(split.train), set(split.held_out)]
        assert sorted(sides[0] | sides[1]) == [row for row in range(30) if row % 5]
        assert any({1, 2} <= side for side in sides)
    assert photos.setting["photos"]["count"] == 24
    assert photos.weights[[1, 2, 3]].tolist() == [0.5, 0.5, 1]


def test_too_large_sizes_are_left_out_and_named(small):
    change_parameters(small.folder / "study/params.yaml", study__photos_per_class=[2, 6, 99])
    shown = study(small, "curve").stdout
    assert "sizes above 5 left out: the smallest class has no more different ones" in shown
    change_parameters(small.folder / "study/params.yaml", study__photos_per_class=[6, 99])
    result = study(small, "curve", check=False)
    assert result.returncode == 1
    assert "study.photos_per_class is [6, 99]; expected one up to 5" in result.stdout


def splits_of(photos):
    return folds.make_splits(photos.labels, photos.groups, 2, 1, seed=0)


def run_task(task, photos, params):
    """Run a task as a worker does; return its result, and the weights of the network then."""
    inputs = photos.inputs | {"labels": photos.labels, "weights": photos.weights}
    right = worker.count_right(task, inputs, params, worker.IDENTITY)
    *_, last = worker.COMPILED.values()
    return right, last.network.get_weights()


def assert_equal(task, photos, found, network, inputs):
    """Check that a worker's result is that of a network, and its weights to the last bit."""
    right, weights = found
    for one, other in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    answers = network.predict(inputs[task.held_out], verbose=0).argmax(axis=1)
    assert right == np.sum(answers == photos.labels[task.held_out])


def test_a_probe_answers_as_the_one_of_the_stage_does(small, monkeypatch):
    """For the same training photos and the same seed; with labels by lot, some are wrong."""
    monkeypatch.chdir(small.folder)
    table = files.read_table("data/split.csv")
    table["label"] = np.random.default_rng(0).permutation(table["label"])
    files.write_table("data/split.csv", table)
    params = parameters.read()
    photos = data.read(params)
    probe.main()
    network = loading.load("data/models/probe.keras")
    answers = network.predict(np.load("data/pixels.npy"), verbose=0).argmax(axis=1)

    pooled = linear.pool(photos.inputs["transfer"], 30)
    weights = 2.0 ** np.arange(30)  # so that their sum says which photos are right
    inputs = {"probe": pooled, "labels": photos.labels, "groups": photos.groups}
    train = np.flatnonzero(table["split"] == "train")
    task = tasks.Task("probe", train, np.arange(30), params.seed)
    right = worker.count_right(task, inputs | {"weights": weights}, params, worker.IDENTITY)
    assert right == weights[answers == photos.labels].sum()
    assert 0 < right < weights.sum()


def test_a_worker_comes_to_the_same_as_a_new_network_trained_alone(small, monkeypatch):
    """A worker reuses its compiled network."""
    monkeypatch.chdir(small.folder)
    monkeypatch.setattr(worker, "COMPILED", {})
    params = parameters.read()
    photos = data.read(params)
    pixels = photos.inputs["custom"]
    for seed, split in enumerate(splits_of(photos)):
        task = tasks.Task("custom", split.train, split.held_out, seed)
        found = run_task(task, photos, params)

        layers = building.build_layers(params.layers, 3, seed, (32, 32, 3))
        network = building.build_custom(32, layers)
        own = training.Data(pixels, photos.labels, split.train, np.array([], int))
        model = training.compile_for_training(network, params.learning_rate)
        training.fit("custom", model, own, params, seed)
        assert_equal(task, photos, found, network, pixels)
    assert len(worker.COMPILED) == 1


@pytest.mark.slow
def test_a_worker_fine_tunes_to_the_same_as_a_new_network_trained_alone(small, monkeypatch):
    monkeypatch.chdir(small.folder)
    monkeypatch.setattr(worker, "COMPILED", {})
    change_parameters(small.folder / "params.yaml", base__fine_tune=8, augment="light")
    small.run("python", "-m", "stages.augment")
    small.run("python", "-m", "stages.extract")
    params = parameters.read()
    photos = data.read(params)
    pixels, features = photos.inputs["custom"], photos.inputs["transfer"]
    for seed, split in enumerate(splits_of(photos)):
        task = tasks.Task("transfer", split.train, split.held_out, seed)
        found = run_task(task, photos, params)

        shape = features.shape[1:]
        layers = building.build_layers(params.layers, 3, seed, shape)
        network = building.build_transfer(loading.load_base(), layers)
        own = training.Data(features, photos.labels, split.train, np.array([], int))
        head = keras.Sequential([keras.Input(shape), layers])
        model = training.compile_for_training(head, params.learning_rate)
        training.fit("transfer", model, own, params, seed)
        building.unfreeze(network.get_layer("base"), 8)
        lower = params.model_copy(update={"learning_rate": params.learning_rate / 100})
        model = training.compile_for_training(network, lower.learning_rate)
        training.fit(
            "transfer", model, own._replace(inputs=pixels), lower, seed,
            initial_epoch=params.epochs, epochs=2 * params.epochs,
        )  # fmt: skip
        assert_equal(task, photos, found, network, pixels)
    assert len(worker.COMPILED) == 2


def test_a_base_is_not_fine_tuned_on_other_machines(small):
    change_parameters(small.folder / "params.yaml", base__fine_tune=8)
    change_parameters(small.folder / "study/params.yaml", study__scheduler="tcp://127.0.0.1:1")
    result = study(small, "repeat", check=False)
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == (
        "study/params.yaml: study.scheduler is 'tcp://127.0.0.1:1'; expected local where "
        "base.fine_tune is not 0, because the base is on this machine only."
    )


@pytest.mark.slow
def test_dvc_runs_the_study_shows_it_and_puts_it_on_the_page(changing):
    assert "metrics/study" not in changing.run("dvc", "metrics", "show").stdout
    change_parameters(
        changing.folder / "study/params.yaml", study__folds=2, study__photos_per_class=[1, 5]
    )
    ran = changing.stages_run_by("dvc", "repro", "study/dvc.yaml")
    assert sorted(ran) == ["study/dvc.yaml:curve", "study/dvc.yaml:repeat"]
    shown = changing.run("dvc", "metrics", "show", "metrics/study/repeat").stdout
    names = [line.split()[0].rpartition("/")[2] for line in shown.splitlines()[1:]]
    assert names == [
        "custom.json", "gain.json", "majority.json", "probe.json", "probe_custom_gain.json",
        "probe_gain.json", "transfer.json",
    ]  # fmt: skip
    assert max(map(len, shown.splitlines())) <= 120
    plots = json.loads(changing.run("dvc", "plots", "show", "--json").stdout)
    assert "errors" not in plots
    for name, joined in (("repeat", False), ("curve", True)):  # splits are independent
        (item,) = plots["data"][f"metrics/study/plots/{name}/accuracy.csv"]
        svg = vl_convert.vegalite_to_svg(item["content"], vl_version="5.8")
        assert ('"line mark"' in svg) == joined

    assert changing.stages_run_by("dvc", "repro") == ["report"]
    page = changing.folder / "metrics/report.html"
    assert 'id="study"' in page.read_text()
    assert "out of date" not in page.read_text()
    assert changing.stages_run_by("dvc", "repro", "study/dvc.yaml") == []
    use(changing, "tcp://127.0.0.1:9")  # determines no result, so nothing has to run
    assert changing.stages_run_by("dvc", "repro", "study/dvc.yaml") == []
    use(changing, "local")

    changing.run("dvc", "exp", "run", "-S", "epochs=3")
    assert re.search("out of date.*: epochs", page.read_text())
    assert changing.stages_run_by("dvc", "repro", "study/dvc.yaml")
    assert changing.stages_run_by("dvc", "repro") == ["report"]
    assert "out of date" not in page.read_text()
