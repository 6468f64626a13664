"""Keras on TensorFlow: quiet at start-up, and deterministic.

Import Keras from here, so that these properties hold wherever it is used.
"""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from stages.common.files import Array

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Otherwise the first process takes all memory of a GPU, and leaves none for others: the study has
# several at a time.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hold back what native code writes to stderr; show it only if the body fails.

    TensorFlow logs from C++ before it reads `TF_CPP_MIN_LOG_LEVEL`
    (https://github.com/tensorflow/tensorflow/issues/100442), so the file descriptor
    itself has to be redirected.
    """
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Hide a package from the imports of the body, unless it is loaded already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


# Each stage that uses Keras starts it anew, and these two save about 1.7 s each time: nothing
# of the many objects that the imports create is garbage, so looking for some takes time for
# nothing; and Keras imports scikit-learn, where it finds it, for wrappers not used here.
gc.disable()
with _quiet_stderr(), _hidden("sklearn"):
    import keras
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.config.list_logical_devices()  # starts the devices, which log too
gc.freeze()
gc.enable()

# Photos in a batch where nothing is trained: bounds the memory, and affects no result.
INFERENCE_BATCH = 16

Inference = Callable[[np.ndarray], np.ndarray]

__all__ = ["INFERENCE_BATCH", "Inference", "compile_inference", "keras", "predict", "tf"]


def compile_inference(network: keras.Model) -> Inference:
    """Compile the forward pass of a network, once for batches of any size.

    Keras's `predict` has more overhead, and `predict_on_batch` compiles anew for each size.

    Args:
        network: a built model.

    Returns:
        A function from a `float32` array `[any, ...]` to the array that the network outputs.
    """
    signature = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
    run = tf.function(lambda batch: network(batch, training=False), input_signature=[signature])
    return lambda batch: run(batch).numpy()


def predict(run: Inference, pixels: np.ndarray | Array, rows: np.ndarray) -> np.ndarray:
    """Run a compiled network over some photos, with no more than a batch in memory.

    Args:
        run: what `compile_inference` returns.
        pixels: `uint8` `[n, image_size, image_size, 3]`, of all photos.
        rows: `int` `[any]`, at least one, of the photos to predict.

    Returns:
        What the network outputs, `float32` `[any, ...]`.
    """
    parts = np.split(rows, range(INFERENCE_BATCH, len(rows), INFERENCE_BATCH))
    return np.concatenate([run(pixels[part].astype(np.float32)) for part in parts])
