"""Pre-trained bases, frozen: the demo's, and those of `keras.applications`."""

import hashlib
import os
import re
from pathlib import Path

from pretrain import network
from stages import files
from stages.backend import keras

DEMO_WEIGHTS = Path("pretrain/base.weights.h5")


def build(parameters, image_size):
    """Build a frozen base that takes pixels.

    Random weights are always the same ones: they reseed Keras.

    Args:
        parameters: the `Base` of `params.yaml`.
        image_size: side of the square input, pixels.

    Returns:
        A `keras.Model`: RGB pixels `[n, image_size, image_size, 3]` from 0 to 255 in, a
        feature map `[n, rows, columns, channels]` out. No weight of it is trainable,
        so its batch normalisation always runs in inference mode.

    Raises:
        SystemExit: if the weights cannot be had or do not fit, or an option is wrong.
    """
    if parameters.weights == "random":
        keras.utils.set_random_seed(0)
    pixels = keras.Input((image_size, image_size, 3), name="pixels")
    if parameters.name == "demo":
        learnt, scaled = _demo(parameters, image_size), pixels
    else:
        learnt = _application(parameters, image_size)
        scaled = _module(parameters.name).preprocess_input(pixels)
    learnt.trainable = False
    return keras.Model(pixels, learnt(scaled, training=False), name="base")


def describe(base, parameters):
    """Say which base this is, so that it stands beside the results.

    Args:
        base: what `build` returned for these parameters.
        parameters: the `Base` of `params.yaml`.

    Returns:
        A mapping with `name`, `options`, `weights` (`imagenet`, `random`, or the name of
        the file), for a file `file_sha256` (SHA-256 of its bytes), and `weights_sha256`:
        SHA-256 of the values of all weights in Keras's order, which is the same
        however they were stored or downloaded.
    """
    values = hashlib.sha256()
    for value in base.get_weights():
        values.update(value.tobytes())
    weights = parameters.weights
    if parameters.name == "demo" and weights != "random":
        weights = DEMO_WEIGHTS
    file = Path(weights)
    origin = {"name": parameters.name, "options": parameters.options, "weights": file.name}
    if file.is_file():
        origin["file_sha256"] = files.sha256(file)
    return origin | {"weights_sha256": values.hexdigest()}


def _demo(parameters, image_size):
    """Build the demo base."""
    if parameters.options:
        raise SystemExit(
            f"params.yaml: base.options is {parameters.options}; expected {{}}, for the demo base "
            "has none. Remove them, or choose a model of keras.applications as base.name."
        )
    demo = network.base(image_size)
    if parameters.weights != "random":
        try:
            demo.load_weights(DEMO_WEIGHTS)
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise SystemExit(
                f"{DEMO_WEIGHTS.as_posix()}: not the demo base's weights ({reason}). "
                f"Bring them back with `git checkout {DEMO_WEIGHTS.as_posix()}`."
            ) from None
    return demo


def _application(parameters, image_size):
    """Build a model of `keras.applications` without its top layers."""
    weights = parameters.weights
    if weights not in ("imagenet", "random") and not Path(weights).is_file():
        raise SystemExit(
            f"params.yaml: base.weights is {weights!r}, which is not a file; expected 'imagenet', "
            "'random', or the path of a weights file without the top layers."
        )
    try:
        return getattr(keras.applications, parameters.name)(
            include_top=False,
            weights=None if weights == "random" else weights,
            input_shape=(image_size, image_size, 3),
            **parameters.options,
        )
    except Exception as error:
        raise SystemExit(_explain(error, parameters, image_size)) from error


def _module(name):
    """Find the module of `keras.applications` that has the `preprocess_input` of a model."""
    # Some models are not in theirs, but are of the private module of the same name.
    private = getattr(keras.applications, name).__module__
    return getattr(keras.applications, private.rpartition(".")[2])


def _explain(error, parameters, image_size):
    """Say in one line why a model of `keras.applications` could not be built."""
    reason = " ".join(str(error).split())
    if failed := re.search(r"URL fetch failure on (\S+?):? ", reason):
        url = failed[1]
        home = os.environ.get("KERAS_HOME", "~/.keras")
        return (
            f"base.weights: {url} cannot be downloaded. Get the file on another machine and "
            f"put it into {home}/models/, or give its path as `base.weights` in params.yaml."
        )
    base = f"{parameters.name} with options {parameters.options}"
    if parameters.weights not in ("imagenet", "random"):
        return (
            f"base.weights: {parameters.weights!r} does not hold weights without top layers "
            f"for {base} ({reason})."
        )
    return f"base: {base} cannot be built at {image_size} px ({reason})."
