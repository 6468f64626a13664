"""Keras on TensorFlow: quiet and quick at start-up, and deterministic.

Import Keras from here, so that these properties hold wherever it is used.
"""

import gc
import os
import sys
import tempfile
from contextlib import contextmanager

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def _held_stderr():
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
def _without(package):
    """Have Python not find a package, unless it is loaded already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None
    try:
        yield
    finally:
        del sys.modules[package]


# Nothing of the many objects that the imports create is garbage: to look for some among
# them, again and again, would take a third of the time.
gc.disable()
# Keras has wrappers for scikit-learn, where it finds it: a fifth of the time for nothing here.
with _held_stderr(), _without("sklearn"):
    import keras
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.config.list_logical_devices()  # starts the devices, which log too
gc.freeze()
gc.enable()

# Photos at a time where nothing is learnt: bounds the memory, not a parameter of any result.
INFERENCE_BATCH = 16

__all__ = ["INFERENCE_BATCH", "compiled", "keras", "tf"]


def compiled(network):
    """Compile what a network says of a batch, once and for batches of any size.

    Keras's `predict` takes longer: `predict_on_batch` compiles anew for another size.

    Args:
        network: a `keras.Model`.

    Returns:
        A function from `float32` `[any, ...]` to an array of what the network gives.
    """
    signature = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
    run = tf.function(lambda batch: network(batch, training=False), input_signature=[signature])
    return lambda batch: run(batch).numpy()
