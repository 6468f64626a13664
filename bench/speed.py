"""The wall time and memory of the pipeline and of a plain script, on real photos."""

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common import parameters
from stages.common.parameters import NETWORKS, RIVALS
from tests.helpers.browser import chromium, seconds_to_open
from tests.helpers.experiments import add_experiment
from tests.helpers.measure import REPEATS, STAGES, measure_cost, measure_seconds
from tests.helpers.project import Project, change_parameters
from tests.helpers.results import write_results

Row = tuple[str, str, str]

EPOCHS = {10: 7, 20: 7, 100: 1}  # and how often each is measured
# What a stage spends its time on, apart from its imports.
PURPOSE = {
    "prepare": "decoding",
    "extract": "base",
    "train custom": "training",
    "train transfer": "training",
    "probe": "fitting",
}


def compare_with_plain(project: Project) -> Iterator[Row]:
    """Measure the pipeline and the plain script; yield `(what, figures, ratio)`."""
    path = project.folder / "params.yaml"
    weights = parameters.read(path).base.weights
    medians = {}
    for epochs, repeats in EPOCHS.items():
        change_parameters(path, epochs=epochs)
        commands = (
            ("python", "-m", "bench.plain", "data/photos", weights, str(epochs)),
            ("dvc", "repro", "--force"),
        )
        medians[epochs] = measure_seconds(project, *commands, repeats=repeats)
        yield format_row(f"{epochs} epochs: plain script, pipeline", "s", medians[epochs])
        if epochs == min(EPOCHS):
            memory = [measure_cost(project, *command).megabytes for command in commands]
            yield format_row("memory on 150 photos: plain script, pipeline", "MB", memory)
    few, many = min(EPOCHS), max(EPOCHS)
    slopes = [
        (slow - fast) / (many - few) for fast, slow in zip(medians[few], medians[many], strict=True)
    ]
    yield format_row("one more epoch: plain script, pipeline", "s", slopes)


def break_down(project: Project) -> Iterator[Row]:
    """Measure what the time of 10 epochs is spent on; yield `(what, figures, share)`."""
    change_parameters(project.folder / "params.yaml", epochs=10)
    (whole,) = measure_seconds(project, ("dvc", "repro", "--force"))
    times = dict.fromkeys(["imports", *PURPOSE.values(), "other stages", "DVC"], 0.0)
    for name, (module, *arguments) in STAGES.items():
        imports, both = measure_seconds(
            project,
            ("python", "-c", f"import stages.{module}"),
            ("python", "-m", f"stages.{module}", *arguments),
        )
        times["imports"] += imports
        times[PURPOSE.get(name, "other stages")] += both - imports
    times["DVC"] = whole - sum(times.values())
    for what, seconds in times.items():
        yield f"of these 10 epochs: {what}", f"{seconds:.1f} s", f"{seconds / whole:.2f}"


def compare_predictions(project: Project) -> Iterator[Row]:
    """Measure `predict` and a bare loop; yield `(what, figures, ratio)`."""
    photos = sorted(str(path) for path in Path(project.folder, "data/photos").glob("*/*"))
    many = Path(project.folder, "data/many")
    many.mkdir()
    for number in range(1000):
        shutil.copy(photos[number % len(photos)], many / f"{number:04}.jpg")
    classes = ",".join(sorted({Path(photo).parent.name for photo in photos}))
    names = [f"data/many/{number:04}.jpg" for number in range(1000)]
    commands = (
        ("python", "-m", "bench.bare", classes, *names),
        ("python", "-m", "predict", "data/many"),
    )
    what = "1,000 photos: bare loop, `predict`"
    yield format_row(what, "s", measure_seconds(project, *commands))
    memory = [measure_cost(project, *command).megabytes for command in commands]
    yield format_row(f"{what}, memory", "MB", memory)


def measure_page(project: Project) -> Iterator[Row]:
    """Measure the page, and a run with nothing to do; yield `(what, figures, "")`."""
    for what, command in {
        "nothing to do: `dvc repro`": ("dvc", "repro"),
        "`report`, 30 validation photos": ("python", "-m", "stages.report"),
    }.items():
        (seconds,) = measure_seconds(project, command)
        yield what, f"{seconds:.2f} s", ""

    # 15% of the answers are wrong, on photos of noise, which JPEG cannot compress.
    actual = np.arange(10_000) % 3
    wrong = np.random.default_rng(0).random((2, 10_000)) < 0.15
    os.chdir(project.folder)
    answers = dict(zip(RIVALS, (actual + wrong) % 3, strict=True))
    with redirect_stdout(sys.stderr):  # the table of all measurements is on stdout
        write_results(answers, ["butterfly", "cat", "horse"], image_size=160)
    (report,) = measure_seconds(project, ("python", "-m", "stages.report"))
    yield "`report`, 10,000 validation photos", f"{report:.2f} s", ""
    path = project.folder / "metrics/report.html"
    opened = statistics.median(seconds_to_open(path) for _ in range(REPEATS))
    yield f"that page, {path.stat().st_size / 1e6:.1f} MB, in Chromium", f"{opened:.2f} s", ""


def measure_experiments(project: Project, count: int = 200) -> Iterator[Row]:
    """Measure the table of many experiments, with their page; yield `(what, figures, "")`."""
    photos = len(pd.read_csv(project.folder / "metrics/predictions/custom.csv"))
    random = np.random.default_rng(0)
    for number in range(count):
        right = {name: random.random(photos) < 0.8 for name in NETWORKS}
        add_experiment(project, f"experiment-{number}", right, epochs=11 + number)
    cost = measure_cost(project, "python", "-m", "experiments")
    figures = f"{cost.seconds:.1f} s, {cost.megabytes:.0f} MB"
    yield f"`experiments`, {count} of them, {photos} validation photos", figures, ""


def rows() -> Iterator[Row]:
    """Measure all of it; yield `(what, figures, ratio)` for each row of a table."""
    if chromium() is None:
        raise SystemExit("Chromium is not on PATH; it is needed to open the page. Install it.")
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        yield from compare_with_plain(project)
        yield from break_down(project)
        yield from measure_experiments(project)
        yield from compare_predictions(project)
        yield from measure_page(project)


def format_row(what: str, unit: str, figures: Sequence[float]) -> Row:
    plain, pipeline = figures
    digits = 0 if unit == "MB" else 1 if plain > 10 else 2
    both = ", ".join(f"{figure:,.{digits}f} {unit}" for figure in figures)
    return what, both, f"{pipeline / plain:.2f}"
