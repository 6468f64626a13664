"""The pipeline's wall time against that of one plain script, on real photos: `make bench`."""

import statistics
import tempfile
import time

from bench.project import Project, change_parameters
from stages import parameters

REPEATS = 3


def seconds(project, *command):
    """Run a command in a project; return its wall time."""
    start = time.perf_counter()
    project.run(*command)
    return time.perf_counter() - start


def main():
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
        nothing = statistics.median(seconds(project, "dvc", "repro") for _ in range(REPEATS))
        print(f"| nothing to do | | {nothing:.2f} s | |")


if __name__ == "__main__":
    main()
