"""The parameters of demo/pretrain/params.yaml, checked before any work starts."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic import ValidationError as InvalidError

PATH = Path("demo/pretrain/params.yaml")


class Section(BaseModel):
    """A mapping of params.yaml; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Draw(Section):
    """What `draw` draws; params.yaml says what each value means."""

    species: PositiveInt
    pictures: PositiveInt
    size: PositiveInt
    seed: NonNegativeInt


class Train(Section):
    """How `train` trains; params.yaml says what each value means."""

    epochs: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    weight_decay: float
    smallest: PositiveInt
    held_out: PositiveInt
    seed: NonNegativeInt


class Parameters(Section):
    """All of params.yaml."""

    draw: Draw
    train: Train


def read() -> Parameters:
    """Read and check the parameters.

    Raises:
        SystemExit: if a value is missing, unknown or out of range.
    """
    try:
        return Parameters.model_validate(yaml.safe_load(PATH.read_text(encoding="utf-8")))
    except InvalidError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))} is {fault['input']!r}; {fault['msg']}"
            for fault in error.errors()
        )
        raise SystemExit(f"{PATH.as_posix()}: {faults}.") from None
