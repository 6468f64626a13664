"""The study on real photos, its time and its memory: `make bench-study`."""

import shutil
import tempfile

import psutil

from tests.helpers.measure import Cost, measure_cost
from tests.helpers.project import Project, change_parameters


def measure_study(project: Project, workers: int) -> Cost:
    """Measure `study.repeat` without any kept result."""
    shutil.rmtree(project.folder / "data/study", ignore_errors=True)
    environment = {"LOKY_MAX_CPU_COUNT": str(workers)}
    return measure_cost(project, "python", "-m", "study.repeat", environment=environment)


def main() -> None:
    cores = psutil.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        project.run("dvc", "repro", "extract")
        print(project.run("dvc", "repro", "study/dvc.yaml").stdout)

        print("| trainings | workers | time | memory of the largest worker |")
        print("| --- | --- | --- | --- |")
        for workers in (1, cores):
            print_row("20", workers, measure_study(project, workers))
        change_parameters(project.folder / "params.yaml", epochs=2)
        for repeats in (2, 20):
            change_parameters(project.folder / "study/params.yaml", study__repeats=repeats)
            print_row(f"{10 * repeats} of 2 epochs", cores, measure_study(project, cores))


def print_row(trainings: str, workers: int, cost: Cost) -> None:
    print(f"| {trainings} | {workers} | {cost.seconds:.0f} s | {cost.largest:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
