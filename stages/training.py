"""Training: rows of an array in batches, and how every network learns from them."""

import weakref

import numpy as np

from stages.backend import keras, tf


def batches(inputs, labels, rows, batch_size, shuffle_seed=None):
    """Serve rows of an array in batches, in an order that does not depend on the array.

    Args:
        inputs: array `[n, ...]`, on disk or in memory; read a batch at a time, and to be
            kept by the caller for as long as batches are served.
        labels: `int` array `[n]`.
        rows: the rows to serve.
        batch_size: rows in each batch but the last.
        shuffle_seed: fixes the order of every epoch; `None` keeps that of `rows`.

    Returns:
        A `tf.data.Dataset` of pairs `[batch, ...]`, `[batch]`.
    """
    # TensorFlow never frees the function below, so that must not hold all photos.
    array, shape = weakref.ref(inputs), inputs.shape[1:]

    def read(batch):
        return array()[batch].astype(np.float32), labels[batch]

    def read_batch(batch):
        values, classes = tf.numpy_function(read, [batch], (tf.float32, tf.int64), stateful=False)
        return tf.ensure_shape(values, (None, *shape)), tf.ensure_shape(classes, (None,))

    dataset = tf.data.Dataset.from_tensor_slices(rows)
    if shuffle_seed is not None:
        dataset = dataset.shuffle(len(rows), shuffle_seed, reshuffle_each_iteration=True)
    options = tf.data.Options()
    options.autotune.enabled = False  # nothing to tune; its thread takes turns with ours
    return dataset.batch(batch_size).map(read_batch).prefetch(2).with_options(options)


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
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model
