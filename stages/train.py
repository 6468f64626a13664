"""Train one of the two networks: `python -m stages.train custom` or `... transfer`."""

import sys

import numpy as np

from stages import files, live, networks, parameters, training
from stages.backend import INFERENCE_BATCH, keras


def main(name):
    parameter = parameters.read()
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    keras.utils.set_random_seed(parameter.seed)
    layers = networks.shared_layers(parameter.layers, len(classes), parameter.seed)

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
        training.trainee(trained, parameter.learning_rate).fit(
            training.batches(inputs, labels, rows["train"], parameter.batch_size, parameter.seed),
            validation_data=training.batches(inputs, labels, rows["validation"], INFERENCE_BATCH),
            epochs=parameter.epochs,
            shuffle=False,  # the batches are
            callbacks=callbacks,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    files.save_network(network, f"data/models/{name}.keras")


if __name__ == "__main__":
    if sys.argv[1:] not in (["custom"], ["transfer"]):
        sys.exit("usage: python -m stages.train custom|transfer")
    main(sys.argv[1])
