"""The study on real photos, and what it costs: `make study`."""

import shutil
import tempfile
import time

import psutil

from bench.project import Project, change_parameters


def cost(project, workers):
    """Run `study.repeat` from the beginning; return its wall time and a worker's peak memory."""
    shutil.rmtree(project.folder / "data/study", ignore_errors=True)
    start, peak = time.perf_counter(), 0
    environment = project.environment() | {"LOKY_MAX_CPU_COUNT": str(workers)}
    process = psutil.Popen(
        ["python", "-m", "study.repeat"], cwd=project.folder, env=environment, stdout=-3, stderr=-3
    )
    while process.poll() is None:
        time.sleep(0.2)
        for worker in [process, *process.children(recursive=True)]:
            try:
                peak = max(peak, worker.memory_info().rss)
            except psutil.Error:  # it has just ended
                continue
    if process.returncode:
        raise RuntimeError(f"study.repeat ended with {process.returncode}")
    return time.perf_counter() - start, peak / 1e6


def main():
    cores = psutil.cpu_count()
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy_with_real_photos(folder)
        project.run("dvc", "repro", "extract")
        print(project.run("dvc", "repro", "study/dvc.yaml").stdout)

        print("| trainings | workers | time | memory of a worker, at most |")
        print("| --- | --- | --- | --- |")
        for workers in (1, cores):
            taken, peak = cost(project, workers)
            print(f"| 20 | {workers} | {taken:.0f} s | {peak:.0f} MB |", flush=True)
        change_parameters(project.folder / "params.yaml", epochs=2)
        for repeats in (2, 20):
            change_parameters(project.folder / "study/params.yaml", study__repeats=repeats)
            taken, peak = cost(project, cores)
            row = f"| {10 * repeats} of 2 epochs | {cores} | {taken:.0f} s | {peak:.0f} MB |"
            print(row, flush=True)


if __name__ == "__main__":
    main()
