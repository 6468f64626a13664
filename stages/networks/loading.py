"""Loading saved networks, in Keras's safe mode."""

from contextlib import suppress

from stages.common import files
from stages.common.parameters import BASE
from stages.networks.backend import Inference, compile_inference, keras

# Layers that a user has defined and registered with Keras are found once this is imported.
with suppress(Exception):  # `building` says what is wrong with it
    import layers  # noqa: F401


def load(path: str) -> keras.Model:
    """Load a saved network in Keras's safe mode: nothing in the file is run as code.

    Args:
        path: of a `.keras` file.

    Raises:
        SystemExit: if there is no such file, or Keras cannot load it safely.
    """
    try:
        return keras.saving.load_model(files.existing(path), compile=False, safe_mode=True)
    except Exception as error:  # Keras raises errors of many kinds for damaged files
        reason = " ".join(str(error).split())
        raise SystemExit(
            f"{path}: not a network that Keras can load in its safe mode ({reason}). Remove it; "
            "`dvc repro` writes it again."
        ) from None


def load_base() -> keras.Model:
    """Load the frozen base, as `bases.build` returned it to `extract`.

    Raises:
        SystemExit: as `load` does.
    """
    return load(BASE).get_layer("base")


def load_trained(name: str, image_size: int, classes: int) -> Inference:
    """Load one of the trained networks for inference.

    Args:
        name: one of `NETWORKS`.
        image_size: side of the square input, pixels.
        classes: number of classes.

    Returns:
        A function from RGB pixels, `float32` `[any, image_size, image_size, 3]` from 0 to
        255, to probabilities `[any, classes]`.

    Raises:
        SystemExit: as `load` does, or if the network's input or output has another shape.
    """
    path = f"data/models/{name}.keras"
    network = load(path)
    expected = [(None, image_size, image_size, 3), (None, classes)]
    # A network that was never built has no shapes.
    found = [getattr(network, side, None) for side in ("input_shape", "output_shape")]
    if found != expected:
        raise SystemExit(
            f"{path}: its input and output have the shapes {found}; expected {expected}, as "
            "image_size in params.yaml and data/split.csv say. `dvc repro` brings them together; "
            "remove the file if it does not."
        )
    return compile_inference(network)
