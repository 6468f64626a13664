"""Many photos: the time for each and the memory of every stage must not grow with their number.

`python -m bench.scale [FEW MANY]` (1,002 and 20,001 drawings by default).
"""

import sys
import tempfile

from tests.helpers.measure import cost, median_seconds
from tests.helpers.project import Project, change_parameters

STAGES = {
    "render": ["render"],
    "prepare": ["prepare"],
    "augment": ["augment"],
    "split": ["split"],
    "extract": ["extract"],
    "train custom": ["train", "custom"],
    "train transfer": ["train", "transfer"],
    "evaluate": ["evaluate"],
    "compare": ["compare"],
    "select": ["select"],
    "report": ["report"],
}
# The others begin with the seconds that TensorFlow takes to start, or have next to nothing to do.
PER_PHOTO = ("prepare", "split", "extract")


def costs(photos):
    """Run every stage on so many drawings; return the `Cost` of each.

    They are trained on for one epoch, in batches of 32.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy(folder)
        change_parameters(
            project.folder / "params.yaml",
            demo__photos_per_class=photos // 3, epochs=1, batch_size=32,
        )  # fmt: skip
        project.commit("Many photos")
        return {
            name: cost(project, "python", "-m", f"stages.{arguments[0]}", *arguments[1:])
            for name, arguments in STAGES.items()
        }


def rows(few=1002, many=20_001):
    """Measure; yield `(what, figures, ratio)` for each row of a table."""
    yield _cores(many)
    small, large = costs(few), costs(many)
    for name in PER_PHOTO:
        times = [1000 * small[name].seconds / few, 1000 * large[name].seconds / many]
        yield (
            f"`{name}`, time for each photo: {few:,} photos, {many:,}",
            f"{times[0]:.2f} ms, {times[1]:.2f} ms",
            f"{times[1] / times[0]:.2f}",
        )
    for name in STAGES:
        sizes = small[name].megabytes, large[name].megabytes
        yield (
            f"`{name}`, memory: {few:,} photos, {many:,}",
            f"{sizes[0]:.0f} MB, {sizes[1]:.0f} MB",
            f"{sizes[1] / sizes[0]:.2f}",
        )


def _cores(photos):
    """Measure `prepare` of so many drawings on one core and on two; return a row."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copy(folder)
        change_parameters(project.folder / "params.yaml", demo__photos_per_class=photos // 3)
        project.run("python", "-m", "stages.render")
        prepare = ("python", "-m", "stages.prepare")
        project.run(*prepare)  # reads the photos into the system's cache
        one, two = median_seconds(
            project, *(("taskset", "--cpu-list", cpus, *prepare) for cpus in ("0", "0,1"))
        )
    figures = f"{one:.1f} s, {two:.1f} s", f"{one / two:.2f}"
    return f"`prepare`, {photos:,} photos: one core, two", *figures


if __name__ == "__main__":
    for row in rows(*map(int, sys.argv[1:])):
        print(f"| {' | '.join(row)} |", flush=True)
