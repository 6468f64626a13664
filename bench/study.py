"""The study on real photos, and what it costs: `make study`."""

import shutil
import tempfile

import psutil

from tests.helpers.measure import cost
from tests.helpers.project import Project, change_parameters


def run(project, workers):
    """Run `study.repeat` from the beginning; return its wall time and a worker's peak memory."""
    shutil.rmtree(project.folder / "data/study", ignore_errors=True)
    environment = {"LOKY_MAX_CPU_COUNT": str(workers)}
    taken = cost(project, "python", "-m", "study.repeat", environment=environment)
    return taken.seconds, taken.largest


def main():
    cores = psutil.cpu_count()
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        project.run("dvc", "repro", "extract")
        print(project.run("dvc", "repro", "study/dvc.yaml").stdout)

        print("| trainings | workers | time | memory of a worker, at most |")
        print("| --- | --- | --- | --- |")
        for workers in (1, cores):
            taken, peak = run(project, workers)
            print(f"| 20 | {workers} | {taken:.0f} s | {peak:.0f} MB |", flush=True)
        change_parameters(project.folder / "params.yaml", epochs=2)
        for repeats in (2, 20):
            change_parameters(project.folder / "study/params.yaml", study__repeats=repeats)
            taken, peak = run(project, cores)
            row = f"| {10 * repeats} of 2 epochs | {cores} | {taken:.0f} s | {peak:.0f} MB |"
            print(row, flush=True)


if __name__ == "__main__":
    main()
