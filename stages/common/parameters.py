"""The parameters of `params.yaml`, checked before any work starts."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from stages.common import yaml_files

RIVALS = ("custom", "transfer")  # of the fair fight: they have the same layers
NETWORKS = (*RIVALS, "probe")  # the probe is the reference: one linear layer on the base
SIDES = ("train", "validation", "test")  # of the split; test is sealed
RESULTS = ("data/augmented", "data/base", "data/models", "data/study", "data/training", "metrics")
DEMO = "data/demo"  # the folder of the pictures that `render` draws
PIXELS = "data/pixels.npy"  # of the photos
LEVELS = "data/levels.json"
AUGMENTED = "data/augmented/pixels.npy"  # of the photos and their altered copies
BASE = "data/base/base.keras"  # the frozen base, and behind it a linear layer yet to be fitted
FEATURES = "data/base/features.npy"  # what the base outputs

Count = Annotated[int, Field(strict=True, ge=1)]


class Section(BaseModel):
    """A mapping of a parameter file. Unknown keys are refused; values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


AnySection = TypeVar("AnySection", bound=Section)


class Base(Section):
    """The pre-trained base in front of the transfer network's layers.

    Attributes:
        name: `demo`, or a model of `keras.applications`, such as `MobileNetV2`.
        weights: `imagenet`, or the path of a weights file without the top layers (`demo`
            always has its own), or `random`, as a control.
        options: more arguments of the model, or of several models by their names.
        fine_tune: number of its last layers that are trained too, for as many epochs again.
    """

    name: Annotated[str, Field(min_length=1)]
    weights: Annotated[str, Field(min_length=1)]
    options: dict[str, Any]
    fine_tune: Annotated[int, Field(strict=True, ge=0)]

    @field_validator("options")
    @classmethod
    def _refuse_options_set_here(cls, options: dict[str, Any]) -> dict[str, Any]:
        ours = {"include_top", "weights", "input_shape", "input_tensor", "pooling"}
        named = [_is_model(key) for key in options]
        if any(named) and not (
            all(named) and all(isinstance(each, dict) for each in options.values())
        ):
            raise ValueError("options of one base, or such as {MobileNetV2: {alpha: 0.35}} of many")
        for each in options.values() if any(named) else [options]:
            if taken := ours & set(each):
                raise ValueError(
                    f"options other than {', '.join(sorted(taken))}, which this pipeline sets"
                )
        return options

    @property
    def own_options(self) -> dict[str, Any]:
        """Return the options of the base that is named."""
        by_name = any(map(_is_model, self.options))
        return self.options.get(self.name, {}) if by_name else self.options


class Demo(Section):
    """The pictures that `render` draws.

    Attributes:
        seed: another seed gives other pictures.
        photos_per_class: pictures of each animal.
    """

    seed: Annotated[int, Field(strict=True, ge=0)]
    photos_per_class: Count


class Parameters(Section):
    """All of `params.yaml`, which says what each parameter means."""

    photos: Annotated[str, Field(min_length=1)]
    on_bad_photo: Literal["fail", "skip"]
    groups: Annotated[str, Field(min_length=1)]
    epochs: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Literal["constant", "cosine"]
    image_size: Annotated[int, Field(strict=True, ge=32)]
    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
    test_fraction: Annotated[float, Field(ge=0, lt=1)]
    class_weight: Literal["none", "balanced"]
    augment: Literal["none", "light"]
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)]
    layers: dict[str, Any]
    base: Base
    demo: Demo
    occlusions: Annotated[int, Field(strict=True, ge=0)]
    model: Literal["custom", "transfer", "probe"]

    @field_validator("photos")
    @classmethod
    def _refuse_folders_that_dvc_cannot_watch(cls, photos: str) -> str:
        if photos.startswith("~"):
            whole = Path(photos).expanduser()
            raise ValueError(f"{str(whole)!r}, because DVC does not know what ~ means")
        folder, project = Path(photos).resolve(), Path.cwd()
        if project.is_relative_to(folder) or any(
            (project / name).is_relative_to(folder) or folder.is_relative_to(project / name)
            for name in RESULTS
        ):
            raise ValueError("a folder that no results are written to")
        return photos

    @field_validator("groups")
    @classmethod
    def _refuse_expressions_without_a_group(cls, groups: str) -> str:
        if groups not in ("none", "folders"):
            try:
                count = re.compile(groups).groups
            except re.error as error:
                raise ValueError(f"none, folders, or a regular expression ({error})") from None
            if count != 1:
                raise ValueError("none, folders, or a regular expression with one group ( )")
        return groups

    @property
    def training_pixels(self) -> str:
        """Return the path of the pixels to train on: of the photos, then of any copies."""
        return PIXELS if self.augment == "none" else AUGMENTED


def read(path: str | Path = "params.yaml") -> Parameters:
    """Read and check the parameters.

    Args:
        path: the YAML file.

    Raises:
        SystemExit: as `load` does, and if the demo base would be used on other photos.
    """
    params = load(path, Parameters)
    if params.base.name == "demo" and not is_demo(params.photos):
        raise SystemExit(
            f"{path}: base.name is 'demo', but photos is {params.photos!r}; the demo base was "
            f"trained only on drawings like those in {DEMO}. Choose a base for photos: "
            "`dvc exp run -S base.name=MobileNetV2`, or the same in params.yaml."
        )
    return params


def load(path: str | Path, model: type[AnySection]) -> AnySection:
    """Read and check a parameter file.

    Args:
        path: the YAML file.
        model: what it must hold.

    Raises:
        SystemExit: if the file is missing, is not YAML, lacks a key, has an unknown one, or
            a value is out of range. One line says which, and what was expected.
    """
    try:
        values = yaml_files.read(path)
    except FileNotFoundError:
        raise SystemExit(
            f"{path}: no such file in {Path.cwd().name}/; run this in the folder of dvc.yaml."
        ) from None
    except yaml.YAMLError as error:
        raise SystemExit(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(_describe(fault, model) for fault in error.errors())
        raise SystemExit(f"{path}: {faults}.") from None


def is_demo(folder: str) -> bool:
    """Return whether a folder is the one that `render` draws into."""
    return Path(folder).resolve() == Path(DEMO).resolve()


def _is_model(key: str) -> bool:
    """Return whether a key of `base.options` names a model; an argument is in lower case."""
    return key[:1].isupper()


def _describe(fault: ErrorDetails, model: Any) -> str:
    """Return what one of pydantic's errors found, where, and what was expected."""
    key = ".".join(str(part) for part in fault["loc"]) or "the file"
    if fault["type"] == "missing":
        return f"{key} is missing"
    if fault["type"] == "extra_forbidden":
        for part in fault["loc"][:-1]:
            model = model.model_fields[part].annotation
        return f"{key} is not a parameter; expected one of {', '.join(model.model_fields)}"
    expected = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{key} is {fault['input']!r}; expected {expected}"
