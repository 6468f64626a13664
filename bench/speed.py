"""The pipeline's wall time against that of one plain script, on real photos: `make bench`."""

import os
import statistics
import tempfile
import time

import numpy as np

from bench.page import chromium, seconds_to_open
from bench.project import Project, change_parameters
from bench.results import write_results
from stages import parameters

REPEATS = 3


def seconds(project, *command):
    """Run a command in a project; return its wall time."""
    start = time.perf_counter()
    project.run(*command)
    return time.perf_counter() - start


def median(measure, *arguments):
    """Measure several times; return the median."""
    return statistics.median(measure(*arguments) for _ in range(REPEATS))


def main():
    if chromium() is None:
        raise SystemExit("no Chromium on PATH, in which the page is to be opened; install it.")
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        path = project.folder / "params.yaml"
        weights = parameters.read(path).base.weights
        print("| what | plain script | pipeline | ratio |")
        print("| --- | --- | --- | --- |")
        for epochs in (10, 20):
            change_parameters(path, epochs=epochs)
            plain = ("python", "-m", "bench.plain", "data/photos", weights, str(epochs))
            pairs = [
                (seconds(project, *plain), seconds(project, "dvc", "repro", "--force"))
                for _ in range(REPEATS)
            ]
            script, pipeline = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(
                f"| {epochs} epochs | {script:.1f} s | {pipeline:.1f} s "
                f"| {pipeline / script:.2f} |",
                flush=True,
            )
        for what, command in {
            "nothing to do": ("dvc", "repro"),
            "`report`, 30 validation photos": ("python", "-m", "stages.report"),
        }.items():
            print(f"| {what} | | {median(seconds, project, *command):.2f} s | |", flush=True)

        # As many answers, of which 15 % are wrong, on photos of noise, which JPEG cannot shrink.
        actual = np.arange(10_000) % 3
        wrong = np.random.default_rng(0).random((2, 10_000)) < 0.15
        os.chdir(project.folder)
        answers = dict(zip(("custom", "transfer"), (actual + wrong) % 3, strict=True))
        write_results(answers, ["butterfly", "cat", "horse"], image_size=160)
        page = project.folder / "metrics/report.html"
        taken = median(seconds, project, "python", "-m", "stages.report")
        print(f"| `report`, 10,000 validation photos | | {taken:.2f} s | |")
        size = page.stat().st_size / 1e6
        print(
            f"| that page, {size:.1f} MB, in Chromium | | {median(seconds_to_open, page):.2f} s | |"
        )


if __name__ == "__main__":
    main()
