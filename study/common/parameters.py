"""The parameters of `study/params.yaml`; all others are those of `params.yaml`."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from stages.common.parameters import Count, Section, load


class Study(Section):
    """How often the study repeats, and where it runs.

    Attributes:
        folds: parts of the photos: each is held out once, while the others are trained on.
        repeats: divisions into folds.
        seeds: trainings of each network on each split.
        photos_per_class: sizes of the training sets of the learning curve.
        scheduler: `local`, or the address of a Dask scheduler.
    """

    folds: Annotated[int, Field(strict=True, ge=2)]
    repeats: Count
    seeds: Count
    photos_per_class: Annotated[list[Count], Field(min_length=1)]
    scheduler: Annotated[str, Field(pattern=r"^(local|(tcp|tls)://\S+:\d+)$")]

    @property
    def held_out(self) -> float:
        """Share of the photos that each split holds out."""
        return 1 / self.folds


class Parameters(Section):
    """All of `study/params.yaml`."""

    study: Study


def read(path: str | Path = "study/params.yaml") -> Study:
    """Read and check the study's own parameters.

    Args:
        path: the YAML file.

    Raises:
        SystemExit: as `stages.common.parameters.load` does.
    """
    return load(path, Parameters).study
