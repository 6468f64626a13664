"""Pre-trained bases: any model of `keras.applications`, frozen, behind its own preprocessing."""

import hashlib
import os
import re
from pathlib import Path

from stages.backend import keras


def build(parameters, image_size):
    """Build a frozen base that takes pixels.

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
    name, weights = parameters.name, parameters.weights
    if weights != "imagenet" and not Path(weights).is_file():
        raise SystemExit(
            f"params.yaml: base.weights is {weights!r}, which is not a file; "
            "expected 'imagenet', or the path of a weights file without the top layers."
        )
    module = _module(name)
    try:
        application = getattr(module, name)(
            include_top=False,
            weights=weights,
            input_shape=(image_size, image_size, 3),
            **parameters.options,
        )
    except Exception as error:
        raise SystemExit(_explain(error, parameters, image_size)) from error
    application.trainable = False
    pixels = keras.Input((image_size, image_size, 3), name="pixels")
    features = application(module.preprocess_input(pixels), training=False)
    return keras.Model(pixels, features, name="base")


def describe(base, parameters):
    """Say which base this is, so that it stands beside the results.

    Args:
        base: what `build` returned for these parameters.
        parameters: the `Base` of `params.yaml`.

    Returns:
        A mapping with `name`, `options`, `weights` (`imagenet`, or the name of the
        file), for a file `file_sha256` (SHA-256 of its bytes), and `weights_sha256`:
        SHA-256 of the values of all weights in Keras's order, which is the same
        however they were stored or downloaded.
    """
    values = hashlib.sha256()
    for value in base.get_weights():
        values.update(value.tobytes())
    file = Path(parameters.weights)
    origin = {"name": parameters.name, "options": parameters.options, "weights": file.name}
    if parameters.weights != "imagenet":
        origin["file_sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return origin | {"weights_sha256": values.hexdigest()}


def _module(name):
    """Find the module of `keras.applications` that holds a model and its `preprocess_input`."""
    return next(
        module
        for module in vars(keras.applications).values()
        if hasattr(module, name) and hasattr(module, "preprocess_input")
    )


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
    if parameters.weights != "imagenet":
        return (
            f"base.weights: {parameters.weights!r} does not hold weights without top layers "
            f"for {base} ({reason})."
        )
    return f"base: {base} cannot be built at {image_size} px ({reason})."
