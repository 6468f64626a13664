"""Train one of the two networks: `python -m stages.train custom` or `... transfer`."""

import sys

import numpy as np

from stages import files, live, networks, parameters
from stages.backend import INFERENCE_BATCH, keras, tf


def batches(inputs, labels, rows, batch_size, shuffle_seed=None):
    """Serve rows of an array in batches, in an order that does not depend on the array.

    Args:
        inputs: array `[n, ...]`, on disk or in memory; read a batch at a time.
        labels: `int` array `[n]`.
        rows: the rows to serve.
        batch_size: rows in each batch but the last.
        shuffle_seed: fixes the order of every epoch; `None` keeps that of `rows`.

    Returns:
        A `tf.data.Dataset` of pairs `[batch, ...]`, `[batch]`.
    """

    def read(batch):
        return inputs[batch].astype(np.float32), labels[batch]

    def read_batch(batch):
        values, classes = tf.numpy_function(read, [batch], (tf.float32, tf.int64), stateful=False)
        return tf.ensure_shape(values, (None, *inputs.shape[1:])), tf.ensure_shape(classes, (None,))

    dataset = tf.data.Dataset.from_tensor_slices(rows)
    if shuffle_seed is not None:
        dataset = dataset.shuffle(len(rows), shuffle_seed, reshuffle_each_iteration=True)
    return dataset.batch(batch_size).map(read_batch).prefetch(2)


def fit(network, training, validation, parameter, callbacks=()):
    """Train a network, printing a line per epoch as Keras does.

    Args:
        network: takes what `training` and `validation` serve to class probabilities.
        training, validation: what `batches` returns.
        parameter: the `Parameters`; `epochs` and `learning_rate` count here.
        callbacks: Keras callbacks, which see `accuracy`, `loss`, `val_accuracy` and
            `val_loss` after every epoch.
    """
    # The network itself stays uncompiled, so that no optimizer is saved with it.
    trainee = keras.Model(network.inputs, network.outputs)
    trainee.compile(
        optimizer=keras.optimizers.Adam(parameter.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    trainee.fit(
        training,
        validation_data=validation,
        epochs=parameter.epochs,
        callbacks=list(callbacks),
        shuffle=False,
        verbose=1 if sys.stdout.isatty() else 2,
    )


def main(name):
    parameter = parameters.read()
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    keras.utils.set_random_seed(parameter.seed)
    layers = networks.shared_layers(parameter.layers, len(classes))

    if name == "custom":
        inputs = files.read_array("data/pixels.npy")
        network = trained = networks.custom(inputs.shape[1], layers)
    else:
        inputs = files.read_array("data/base/features.npy")
        network = networks.transfer(networks.load("data/base/base.keras"), layers)
        # The base never changes: to train on its features is to train the whole network.
        trained = layers

    rows = {side: np.flatnonzero(table["split"] == side) for side in ("train", "validation")}
    print(f"{name}: {len(rows['train'])} photos to train, {len(rows['validation'])} to validate")
    with live.following(name) as callbacks:
        fit(
            trained,
            batches(inputs, labels, rows["train"], parameter.batch_size, parameter.seed),
            batches(inputs, labels, rows["validation"], INFERENCE_BATCH),
            parameter,
            callbacks,
        )
    files.save_network(network, f"data/models/{name}.keras")


if __name__ == "__main__":
    if sys.argv[1:] not in (["custom"], ["transfer"]):
        sys.exit("usage: python -m stages.train custom|transfer")
    main(sys.argv[1])
