"""Building the networks: two from the layers that they share, and the linear probe."""

import copy
import importlib
import inspect
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from stages.networks import identity
from stages.networks.backend import keras, tf


def build_layers(
    arguments: dict[str, Any], classes: int, seed: int, shape: tuple[int, ...]
) -> keras.Model:
    """Build the shared layers of `layers.py`, and check that they can do their work.

    Every layer and initializer without a seed gets one in its configuration. Keras would
    otherwise draw it from random numbers that all threads of a process share. Layers inside
    classes of a user's own, which do not show in the configuration, are seeded by Keras.

    Args:
        arguments: `layers` of `params.yaml`.
        classes: number of classes.
        seed: of the initial weights and of dropout.
        shape: of one input, `[rows, columns, channels]`: an image, or a base's feature map.

    Returns:
        The layers, named `layers`: `[n, *shape]` in, probabilities `[n, classes]` out.

    Raises:
        SystemExit: if `layers.py` cannot be imported, its function lacks an argument or has
            others, or the layers cannot take the shape or do not output probabilities.
    """
    function = _find_function()
    name = f"layers.py: {function.__name__}"
    _check_arguments(function, arguments)
    keras.utils.set_random_seed(seed)  # for what is random but has no seed in its configuration
    try:
        layers = function(classes=classes, **copy.deepcopy(arguments))
        if not isinstance(layers, keras.Model):
            raise TypeError(f"it returns {type(layers).__name__}, not a keras.Sequential")
        if layers.weights:
            raise ValueError("it has weights already; leave out Input, and weights of your own")
        layers = type(layers).from_config(_set_seeds(layers.get_config(), random.Random(seed)))
    except Exception as error:  # Keras and what users write raise errors of many kinds
        raise SystemExit(
            f"{name} does not build a network ({_in_one_line(error)}). Classes of your own need "
            "@keras.saving.register_keras_serializable() and get_config()."
        ) from None
    try:
        layers(keras.Input(shape))
        noise = np.random.default_rng(0).uniform(-1, 1, (2, *shape)).astype(np.float32)
        outputs = np.asarray(layers(noise))
    except Exception as error:
        raise SystemExit(
            f"{name} cannot take an input of shape {list(shape)} ({_in_one_line(error)}); expected "
            'layers for images and for the base\'s features alike. Use padding="same" in layers '
            "that shrink them."
        ) from None
    if outputs.shape != (2, classes):
        raise SystemExit(
            f"{name} outputs values of shape {list(outputs.shape[1:])} for each photo; expected "
            f"[{classes}], a probability for each class. End it in Dense(classes, "
            'activation="softmax").'
        )
    if not ((outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)):
        raise SystemExit(
            f"{name} does not output probabilities: they sum to {outputs[0].sum():.4g}; expected "
            'a sum of 1. End it in Dense(classes, activation="softmax").'
        )
    return layers


def build_custom(image_size: int, layers: keras.Model) -> keras.Sequential:
    """Put the shared layers behind pixels scaled to the range -1 to 1.

    Args:
        image_size: side of the square input, pixels.
        layers: what `build_layers` returns for an image.

    Returns:
        A network: RGB pixels `[n, image_size, image_size, 3]` from 0 to 255 in, class
        probabilities out.
    """
    return keras.Sequential(
        [
            keras.Input((image_size, image_size, 3), name="pixels"),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            layers,
        ],
        name="custom",
    )


def build_transfer(base: keras.Model, layers: keras.Model) -> keras.Sequential:
    """Put the shared layers behind a frozen base.

    Args:
        base: what `bases.build` returns.
        layers: what `build_layers` returns for the features of `base`, trained or not.

    Returns:
        A network: RGB pixels as `base` takes them in, class probabilities out.
    """
    pixels = keras.Input(base.input_shape[1:], name="pixels")
    return keras.Sequential([pixels, base, layers], name="transfer")


def get_pretrained(base: keras.Model, fine_tune: int = 0) -> keras.Model:
    """Return the pre-trained model inside a base.

    Args:
        base: what `bases.build` returns.
        fine_tune: how many of that model's layers are to be fine-tuned.

    Raises:
        SystemExit: if the model has fewer layers than that.
    """
    (model,) = (layer for layer in base.layers if isinstance(layer, keras.Model))
    if fine_tune > len(model.layers):
        raise SystemExit(
            f"params.yaml: base.fine_tune is {fine_tune}, but the base has {len(model.layers)} "
            "layers; expected at most that many."
        )
    return model


def unfreeze(base: keras.Model, fine_tune: int) -> None:
    """Make the last layers of a base trainable, except for batch normalization.

    The base still runs in inference mode.

    Args:
        base: what `bases.build` returns.
        fine_tune: number of layers.

    Raises:
        SystemExit: if the base has fewer.
    """
    model = get_pretrained(base, fine_tune)
    model.trainable = True
    first = len(model.layers) - fine_tune
    for number, layer in enumerate(model.layers):
        normalization = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = number >= first and not normalization


def _find_function() -> Callable[..., keras.Model]:
    """Return the first function that `layers.py` defines."""
    try:
        module = importlib.import_module("layers")
    except Exception as error:  # whatever is wrong with what a user has written
        raise SystemExit(f"layers.py: cannot be imported ({_in_one_line(error)}).") from None
    # A worker of a cluster may have been started in a folder with another file of that name.
    if Path(str(module.__file__)).resolve() != identity.ROOT / "layers.py":
        raise SystemExit(
            f"layers.py: Python found {module.__file__}; expected the one in {identity.ROOT}. "
            "Start in that folder."
        )
    if not (functions := [each for each in vars(module).values() if _is_from(module, each)]):
        raise SystemExit(
            "layers.py: defines no function; expected one that builds the shared layers."
        )
    return functions[0]


def _is_from(module: ModuleType, each: Any) -> bool:
    named = inspect.isfunction(each) and each.__name__ != "<lambda>"
    return named and each.__module__ == module.__name__


def _check_arguments(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Refuse arguments that a function does not have, or lacks."""
    parameters = inspect.signature(function).parameters
    if "classes" not in parameters:
        raise SystemExit(
            f"layers.py: {function.__name__} has no argument `classes`; expected one, for the "
            "number of classes."
        )
    known = [
        name
        for name, parameter in parameters.items()
        if name != "classes" and parameter.kind is not parameter.VAR_KEYWORD
    ]
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    if not takes_any and (unknown := sorted(set(arguments) - set(known))):
        raise SystemExit(
            f"params.yaml: layers.{unknown[0]} is not an argument of {function.__name__} in "
            f"layers.py; expected {', '.join(known) or 'none'}."
        )
    for name in known:
        if name not in arguments and parameters[name].default is inspect.Parameter.empty:
            raise SystemExit(
                f"params.yaml: layers.{name} is missing; {function.__name__} in layers.py "
                "requires it. Set it here, or give it a default there."
            )


def _set_seeds(config: dict[str, Any], seeds: random.Random) -> dict[str, Any]:
    """Set every seed that a configuration leaves open; name the outermost layer `layers`."""
    # Several devices share the statistics of a batch, because only one's are saved.
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1

    def fill(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {key: fill(item, key) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [fill(item) for item in value]
        if key == "seed" and value is None:
            return seeds.randint(1, int(1e9))
        return value or several if key == "synchronized" else value

    return fill(config) | {"name": "layers"}


def _in_one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
