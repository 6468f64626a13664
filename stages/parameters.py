"""The parameters of `params.yaml`, checked before any work starts."""

import importlib.util
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

NETWORKS = ("custom", "transfer")
RENDERED = "data/demo"  # where `render` writes its pictures
AUGMENTED = "data/augmented/pixels.npy"  # where `augment` writes the photos and their copies

Count = Annotated[int, Field(strict=True, ge=1)]


class Section(BaseModel):
    """A mapping of `params.yaml`. Unknown keys are refused; values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Layers(Section):
    """The layers that both networks share.

    Attributes:
        filters: filters of each convolution; each convolution halves the side.
        dropout: share of the values that training drops before the last layer.
    """

    filters: Annotated[list[Count], Field(min_length=1)]
    dropout: Annotated[float, Field(ge=0, lt=1)]


class Base(Section):
    """The pre-trained base in front of the transfer network's layers.

    Attributes:
        name: `demo`, or a model of `keras.applications`, such as `MobileNetV2`.
        weights: `imagenet`, or the path of a no-top weights file (`demo` always has its
            own), or `random`: what a base is worth that has learnt nothing.
        options: further arguments of the model's constructor.
        fine_tune: so many of its last layers are trained too, in as many epochs again.
    """

    name: str
    weights: str
    options: dict[str, Any]
    fine_tune: Annotated[int, Field(strict=True, ge=0)]

    @field_validator("name")
    @classmethod
    def _is_known(cls, name):
        known = base_names()
        if name not in ("demo", *known):
            near = get_close_matches(name, known, n=1) or ["MobileNetV2"]
            raise ValueError(f"demo, or a model of keras.applications, such as {near[0]}")
        return name

    @field_validator("options")
    @classmethod
    def _leaves_the_shape_alone(cls, options):
        ours = {"include_top", "weights", "input_shape", "input_tensor", "pooling"}
        if taken := ours & set(options):
            raise ValueError(
                f"options other than {', '.join(sorted(taken))}, which this pipeline sets"
            )
        return options


class Demo(Section):
    """The pictures that `render` draws.

    Attributes:
        seed: another seed gives other pictures.
        photos_per_class: pictures of each animal.
    """

    seed: Annotated[int, Field(strict=True, ge=0)]
    photos_per_class: Count


class Parameters(Section):
    """All of `params.yaml`, which says what each one means."""

    photos: Annotated[str, Field(min_length=1)]
    on_bad_photo: Literal["fail", "skip"]
    epochs: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0)]
    image_size: Annotated[int, Field(strict=True, ge=32)]
    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
    augment: Literal["none", "light"]
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)]
    layers: Layers
    base: Base
    demo: Demo
    model: Literal[NETWORKS]

    @property
    def trained_on(self):
        """Path of the pixels that both networks train on: of the photos, then of any copies."""
        return "data/pixels.npy" if self.augment == "none" else AUGMENTED


def read(path="params.yaml"):
    """Read and check the parameters.

    Args:
        path: the YAML file.

    Returns:
        The `Parameters`.

    Raises:
        SystemExit: as `load` does, and if the demo base would see photos.
    """
    parameter = load(path, Parameters)
    if parameter.base.name == "demo" and not is_rendered(parameter.photos):
        raise SystemExit(
            f"{path}: base.name is 'demo', but photos is {parameter.photos!r}; the demo base has "
            f"seen nothing but the drawings of {RENDERED} and its kind. Choose one for photos: "
            "`dvc exp run -S base.name=MobileNetV2`, or the same in params.yaml."
        )
    return parameter


def load(path, model):
    """Read a file of parameters.

    It is read as YAML 1.2, as DVC reads it: `1e-4` is a number.

    Args:
        path: the YAML file.
        model: the `Section` that it must be.

    Returns:
        An instance of `model`.

    Raises:
        SystemExit: if the file is missing, is not YAML, lacks a key, has an unknown
            one, or a value is out of its range. One line says which, and why.
    """
    try:
        values = YAML(typ="safe").load(Path(path))
    except FileNotFoundError:
        raise SystemExit(
            f"{path}: no such file in {Path.cwd().name}/; run this in the folder of dvc.yaml."
        ) from None
    except YAMLError as error:
        raise SystemExit(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(_describe(fault, model) for fault in error.errors())
        raise SystemExit(f"{path}: {faults}.") from None


def is_rendered(folder):
    """Say whether a folder is the one that `render` fills."""
    return Path(folder).resolve() == Path(RENDERED).resolve()


def base_names():
    """List the models of `keras.applications`, sorted, without the cost of importing Keras."""
    keras = Path(importlib.util.find_spec("keras").origin).parent
    public = (keras / "applications" / "__init__.py").read_text(encoding="utf-8")
    return sorted(set(re.findall(r" as ([A-Z]\w+)", public)))


def _describe(fault, model):
    """Say in a clause what one of pydantic's errors found, where, and what was expected."""
    key = ".".join(str(part) for part in fault["loc"]) or "the file"
    if fault["type"] == "missing":
        return f"{key} is missing"
    if fault["type"] == "extra_forbidden":
        for part in fault["loc"][:-1]:
            model = model.model_fields[part].annotation
        return f"{key} is not a parameter; expected one of {', '.join(model.model_fields)}"
    expected = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{key} is {fault['input']!r}; expected {expected}"
