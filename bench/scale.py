"""Many photos: the time per photo, and the memory of every stage, must not grow with their number.

`python -m bench.scale [FEW MANY]`; 1,002 and 20,001 drawings by default.
"""

import sys
import tempfile
from collections.abc import Iterator

from tests.helpers.measure import STAGES, measure_seconds, measure_stages
from tests.helpers.project import Project, change_parameters

# The others take their time to start TensorFlow, or have next to nothing to do.
PER_PHOTO = ("prepare", "split", "extract")


def rows(few: int = 1002, many: int = 20_001) -> Iterator[tuple[str, str, str]]:
    """Measure; yield `(what, figures, ratio)` for each row of a table."""
    yield compare_cores(many)
    small, large = measure_stages(few), measure_stages(many)
    for name in PER_PHOTO:
        times = [1000 * small[name].seconds / few, 1000 * large[name].seconds / many]
        yield (
            f"`{name}`, time per photo: {few:,} photos, {many:,}",
            f"{times[0]:.2f} ms, {times[1]:.2f} ms",
            f"{times[1] / times[0]:.2f}",
        )
    times = [small["probe"].seconds, large["probe"].seconds]
    figures = f"{times[0]:.1f} s, {times[1]:.1f} s"
    yield f"`probe`: {few:,} photos, {many:,}", figures, f"{times[1] / times[0]:.2f}"
    for name in STAGES:
        sizes = small[name].megabytes, large[name].megabytes
        yield (
            f"`{name}`, memory: {few:,} photos, {many:,}",
            f"{sizes[0]:.0f} MB, {sizes[1]:.0f} MB",
            f"{sizes[1] / sizes[0]:.2f}",
        )


def compare_cores(photos: int) -> tuple[str, str, str]:
    """Measure `prepare` on one core and on two; return a row."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy(folder)
        change_parameters(project.folder / "params.yaml", demo__photos_per_class=photos // 3)
        project.run("python", "-m", "stages.render")
        prepare = ("python", "-m", "stages.prepare")
        project.run(*prepare)  # reads the photos into the system's cache
        one, two = measure_seconds(
            project, *(("taskset", "--cpu-list", cpus, *prepare) for cpus in ("0", "0,1"))
        )
    figures = f"{one:.1f} s, {two:.1f} s"
    return f"`prepare`, {photos:,} photos: one core, two", figures, f"{one / two:.2f}"


if __name__ == "__main__":
    for row in rows(*map(int, sys.argv[1:])):
        print(f"| {' | '.join(row)} |", flush=True)
