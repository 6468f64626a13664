"""Training: rows of an array in batches, and how every network learns from them."""

import signal
import weakref

import numpy as np

from stages.backend import keras, tf

# Between two of Keras's looks at a training, each of which takes time; the result is the same.
STEPS = 8
# What the learning rate is divided by where the base is trained too: it is good already.
GENTLER = 100


class DivergenceError(Exception):
    """A training has come to nothing."""


class Finite(keras.callbacks.Callback):
    """Stops a training whose loss is no longer a number.

    Attributes:
        network: its name.
    """

    def __init__(self, network):
        super().__init__()
        self.network = network

    def on_epoch_end(self, epoch, logs=None):
        """Look at the losses.

        Raises:
            DivergenceError: if one is not finite.
        """
        for name in ("loss", "val_loss"):
            if not np.isfinite(logs.get(name, 0)):
                raise DivergenceError(
                    f"{self.network}: {name} is {logs[name]} after epoch {epoch + 1}, at learning "
                    f"rate {float(self.model.optimizer.learning_rate):g}; expected a finite "
                    "number. Lower learning_rate in params.yaml."
                )


class Interruptible(keras.callbacks.Callback):
    """Has Ctrl-C end a training after the epoch at the latest, as a context manager around `fit`.

    It ends it at once, as ever, unless the `KeyboardInterrupt` is lost: code in C drops any
    error of the Python that it calls now and then. It happened once in sixty times.
    """

    def __enter__(self):
        """Take note of every Ctrl-C from now on."""
        self._asked = False
        self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *error):
        """Leave Ctrl-C as it was before."""
        signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, *_):
        self._asked = True
        raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        """Ask whether somebody wanted it to end.

        Raises:
            KeyboardInterrupt: if so.
        """
        if self._asked:
            raise KeyboardInterrupt


def batches(inputs, labels, rows, batch_size, shuffle_seed=None, epochs_done=0):
    """Serve rows of an array in batches, in an order that does not depend on the array.

    Args:
        inputs: array or `files.Array` `[copies x n, ...]`: of the photos, then any altered
            copies of all of them; read a batch at a time, and to be kept by the caller for
            as long as batches are served.
        labels: `int` array `[n]`.
        rows: those of the photos to serve.
        batch_size: rows in each batch but the last.
        shuffle_seed: fixes the order of every epoch, and which copy stands for each photo in
            it; `None` keeps the order of `rows`, and serves no copies.
        epochs_done: to begin with the order of a later epoch.

    Returns:
        A `tf.data.Dataset` of pairs `[batch, ...]`, `[batch]`.
    """
    # TensorFlow never frees the function below, so that must not hold all photos.
    array, shape = weakref.ref(inputs), inputs.shape[1:]
    photos, copies = len(labels), len(inputs) // len(labels)

    def read(batch):
        return array()[batch].astype(np.float32), labels[batch % photos]

    def read_batch(batch):
        values, classes = tf.numpy_function(read, [batch], (tf.float32, tf.int64), stateful=False)
        return tf.ensure_shape(values, (None, *shape)), tf.ensure_shape(classes, (None,))

    dataset = tf.data.Dataset.from_tensor_slices(rows)
    if shuffle_seed is not None:
        dataset = dataset.shuffle(len(rows), shuffle_seed, reshuffle_each_iteration=True)
        if copies > 1:
            drawn = tf.data.Dataset.random(shuffle_seed, rerandomize_each_iteration=True)
            dataset = tf.data.Dataset.zip(dataset, drawn).map(
                lambda row, number: row + number % copies * photos
            )
        for _ in range(2 * epochs_done):  # Keras begins an iteration twice for each epoch
            iter(dataset)
    options = tf.data.Options()
    options.autotune.enabled = False  # nothing to tune; its thread takes turns with ours
    return dataset.batch(batch_size).map(read_batch).prefetch(2).with_options(options)


def strategy(devices=None):
    """Say which devices train together, each on its part of every batch.

    Args:
        devices: their names; all GPUs by default.

    Returns:
        A `tf.distribute.MirroredStrategy` if there are several, else one that does nothing.
    """
    devices = devices or [device.name for device in tf.config.list_logical_devices("GPU")]
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.get_strategy()


def divisible(batch_size, photos, devices):
    """Choose a batch size that several devices can share.

    Keras fails if they cannot share the first batch evenly, or if the last one has fewer
    photos than there are devices.

    Args:
        batch_size: the largest that is wanted.
        photos: number of those to serve.
        devices: number of them.

    Returns:
        The largest that will do; for one device it is `batch_size`.

    Raises:
        SystemExit: if there is none.
    """
    for size in range(batch_size - batch_size % devices, 0, -devices):
        rest = photos % size
        if (size <= photos or devices == 1) and (rest == 0 or rest >= devices):
            return size
    raise SystemExit(
        f"params.yaml: batch_size is {batch_size}, for {photos} photos on {devices} GPUs; expected "
        "batches that they can share. Raise it, or hide GPUs with CUDA_VISIBLE_DEVICES."
    )


def trainee(network, learning_rate):
    """Wrap a network for training.

    Args:
        network: takes inputs to class probabilities. It stays uncompiled itself, so that no
            optimizer is saved with it.
        learning_rate: of Adam, above 0.

    Returns:
        A compiled `keras.Model` that trains the weights of `network`.
    """
    model = keras.Model(network.inputs, network.outputs)
    # Several steps in one go fail where devices share them.
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=1 if several else STEPS,
    )
    return model
