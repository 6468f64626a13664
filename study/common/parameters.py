"""The parameters of `study/params.yaml`; all others are those of `params.yaml`."""

from typing import Annotated

from pydantic import Field

from stages.common.parameters import Count, Section, load


class Study(Section):
    """How much the study repeats, and where it runs.

    Attributes:
        folds: parts of the photos, of which each is held out once and the others train.
        repeats: divisions into folds.
        seeds: trainings of each network on each fold.
        photos_per_class: sizes of the training sets on the learning curve.
        scheduler: `local`, or the address of a Dask scheduler.
    """

    folds: Annotated[int, Field(strict=True, ge=2)]
    repeats: Count
    seeds: Count
    photos_per_class: Annotated[list[Count], Field(min_length=1)]
    scheduler: Annotated[str, Field(pattern=r"^(local|(tcp|tls)://\S+:\d+)$")]


class Parameters(Section):
    """All of `study/params.yaml`."""

    study: Study


def read(path="study/params.yaml"):
    """Read and check the study's own parameters.

    Returns:
        The `Study`.

    Raises:
        SystemExit: as `stages.common.parameters.load` does.
    """
    return load(path, Parameters).study
