"""Pre-trained bases, frozen: the demo's, and those of `keras.applications`."""

import hashlib
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from stages.common import files
from stages.common.parameters import Base
from stages.networks.backend import keras

DEMO_WEIGHTS = Path("demo/pretrain/base.weights.h5")


def build(params: Base, image_size: int) -> keras.Model:
    """Build a frozen base that takes pixels.

    Random weights are always the same ones: they reseed Keras.

    Args:
        params: `base` of `params.yaml`.
        image_size: side of the square input, pixels.

    Returns:
        A model: RGB pixels `[n, image_size, image_size, 3]` from 0 to 255 in, a feature map
        `[n, rows, columns, channels]` out. None of its weights is trainable, so its batch
        normalization always runs in inference mode.

    Raises:
        SystemExit: if there is no such base, its weights cannot be obtained or do not fit, or an
            option is wrong.
    """
    if params.weights == "random":
        keras.utils.set_random_seed(0)
    pixels = keras.Input((image_size, image_size, 3), name="pixels")
    if params.name == "demo":
        model, scaled = _build_demo(params, image_size), pixels
    else:
        model = _build_application(params, image_size)
        scaled = _find_module(params.name).preprocess_input(pixels)
    model.trainable = False
    return keras.Model(pixels, model(scaled, training=False), name="base")


def describe(base: keras.Model, params: Base) -> dict[str, Any]:
    """Return which base this is, to stand beside the results.

    Args:
        base: what `build` returns for these parameters.
        params: `base` of `params.yaml`.

    Returns:
        `name`, `options`, `weights` (`imagenet`, `random`, or the name of the file), for a
        file `file_sha256` (of its bytes), and `weights_sha256`: of the values of all weights
        in Keras's order, the same however they were stored or downloaded.
    """
    values = hashlib.sha256()
    for value in base.get_weights():
        values.update(value.tobytes())
    demo = params.name == "demo" and params.weights != "random"
    file = DEMO_WEIGHTS if demo else Path(params.weights)
    description = {"name": params.name, "options": params.own_options, "weights": file.name}
    if file.is_file():
        description["file_sha256"] = files.sha256(file)
    return description | {"weights_sha256": values.hexdigest()}


def append_probe(base: keras.Model) -> keras.Sequential:
    """Put an untrained linear layer behind a base: its features are averaged, and classified.

    Args:
        base: what `build` returns.

    Returns:
        A network from RGB pixels, as `base` takes them, to one class: `linear.save` gives it
        the others, and the weights.
    """
    pixels = keras.Input(base.input_shape[1:], name="pixels")
    pooling = keras.layers.GlobalAveragePooling2D(name="pooling")
    # Zeros, unlike random weights, are the same in each run.
    dense = keras.layers.Dense(1, activation="softmax", kernel_initializer="zeros", name="dense")
    return keras.Sequential([pixels, base, pooling, dense], name="probe")


def list_names() -> list[str]:
    """Return the names of the models of `keras.applications`, sorted."""
    return sorted(name for name in dir(keras.applications) if name[0].isupper())


def _build_demo(params: Base, image_size: int) -> keras.Model:
    # It imports Keras by itself, which starts quietly only after `backend`.
    from demo.pretrain import network

    if params.own_options:
        raise SystemExit(
            f"params.yaml: base.options is {params.own_options}; expected {{}}, because the demo "
            "base has none. Remove them, or choose a model of keras.applications as base.name."
        )
    demo = network.build_base(image_size)
    if params.weights != "random":
        try:
            demo.load_weights(DEMO_WEIGHTS)
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise SystemExit(
                f"{DEMO_WEIGHTS.as_posix()}: not the demo base's weights ({reason}). "
                f"Restore them with `git checkout {DEMO_WEIGHTS.as_posix()}`."
            ) from None
    return demo


def _build_application(params: Base, image_size: int) -> keras.Model:
    """Build a model of `keras.applications` without its top layers."""
    if params.name not in (names := list_names()):
        near = get_close_matches(params.name, names, n=1) or ["MobileNetV2"]
        raise SystemExit(
            f"params.yaml: base.name is {params.name!r}; expected demo, or a model of "
            f"keras.applications, such as {near[0]}."
        )
    if unknown := [key for key in params.options if key[:1].isupper() and key not in names]:
        raise SystemExit(
            f"params.yaml: base.options has {unknown[0]!r}; expected models of keras.applications, "
            "or arguments of this one."
        )
    if params.weights not in ("imagenet", "random") and not Path(params.weights).is_file():
        raise SystemExit(
            f"params.yaml: base.weights is {params.weights!r}, which is not a file; expected "
            "imagenet, random, or the path of a weights file without the top layers."
        )
    try:
        return getattr(keras.applications, params.name)(
            include_top=False,
            weights=None if params.weights == "random" else params.weights,
            input_shape=(image_size, image_size, 3),
            **params.own_options,
        )
    except Exception as error:
        raise SystemExit(_explain(error, params, image_size)) from error


def _find_module(name: str) -> Any:
    """Return the module of `keras.applications` that has the `preprocess_input` of a model."""
    # Some models are exported elsewhere than their module, which has the private one's name.
    private = getattr(keras.applications, name).__module__
    return getattr(keras.applications, private.rpartition(".")[2])


def _explain(error: Exception, params: Base, image_size: int) -> str:
    """Return in one line why a model of `keras.applications` could not be built."""
    reason = " ".join(str(error).split())
    if failed := re.search(r"URL fetch failure on (\S+?):? ", reason):
        url = failed[1]
        home = os.environ.get("KERAS_HOME", "~/.keras")
        return (
            f"base.weights: {url} cannot be downloaded. Download the file on another machine and "
            f"put it into {home}/models/, or give its path as `base.weights` in params.yaml."
        )
    base = f"{params.name} with options {params.own_options}"
    if params.weights not in ("imagenet", "random"):
        return (
            f"base.weights: {params.weights!r} does not hold weights without top layers "
            f"for {base} ({reason})."
        )
    return f"base: {base} cannot be built at {image_size} px ({reason})."
