"""Train one of the two networks: `python -m stages.train custom` or `... transfer`."""

import hashlib
import json
import sys

import numpy as np

from stages import files, identity, live, networks, parameters, training
from stages.backend import INFERENCE_BATCH, keras
from stages.checkpoint import Checkpoint

INPUTS = {
    "custom": ["data/pixels.npy"],
    # The base never changes: to train on its features is to train the whole network.
    "transfer": ["data/base/features.npy", "data/base/base.keras"],
}


def build(name, parameter, inputs, classes):
    """Build a network with its initial weights.

    Args:
        name: `custom` or `transfer`.
        parameter: the `Parameters`.
        inputs: array of what is trained on.
        classes: number of classes.

    Returns:
        `(network, trained)`: the whole network, from pixels, and the part of it that takes
        `inputs`; `custom` takes the pixels themselves.
    """
    keras.utils.set_random_seed(parameter.seed)
    layers = networks.shared_layers(parameter.layers, classes, parameter.seed)
    if name == "custom":
        network = networks.custom(inputs.shape[1], layers)
        return network, network
    return networks.transfer(networks.load(INPUTS[name][1]), layers), layers


def identify(name, parameter):
    """Hash all that decides a training, but for the number of epochs."""
    decisive = [
        name,
        [parameter.batch_size, parameter.learning_rate, parameter.seed],
        parameter.layers.model_dump(),
        identity.read("stages/train.py"),
        [files.sha256(path) for path in ("data/split.csv", *INPUTS[name])],
    ]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def fit(name, trainee, data, parameter):
    """Train, from the beginning or from where the same training was interrupted.

    Args:
        name: of the network.
        trainee: what `training.trainee` returns.
        data: `(inputs, labels, rows)`: the arrays, and for `train` and `validation` the rows
            of these to use.
        parameter: the `Parameters`.

    Returns:
        The `Checkpoint`, which has all epochs.

    Raises:
        SystemExit: if the loss is no longer a number, or somebody interrupts it.
    """
    inputs, labels, rows = data
    checkpoint = Checkpoint(f"data/training/{name}.npz", identify(name, parameter))
    done = checkpoint.restore(trainee, parameter.epochs)
    if done:
        print(f"{name}: goes on after epoch {done}, the last one before it was interrupted")
    devices = trainee.distribute_strategy.num_replicas_in_sync
    train_size, validation_size = (
        training.divisible(size, len(rows[side]), devices)
        for side, size in (("train", parameter.batch_size), ("validation", INFERENCE_BATCH))
    )
    if devices > 1:
        print(f"{name}: {devices} GPUs share each batch of {train_size} photos")
    train = training.batches(inputs, labels, rows["train"], train_size, parameter.seed, done)
    validation = training.batches(inputs, labels, rows["validation"], validation_size)
    try:
        with (
            live.following(name, checkpoint.epochs) as callbacks,
            training.Interruptible() as interruptible,
        ):
            trainee.fit(
                train,
                validation_data=validation,
                initial_epoch=done,
                epochs=parameter.epochs,
                shuffle=False,  # the batches are
                callbacks=[training.Finite(name), checkpoint, *callbacks, interruptible],
                verbose=1 if sys.stdout.isatty() else 2,
            )
    except training.DivergenceError as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(
            f"{name}: interrupted; the next run goes on after the last epoch"
        ) from None
    return checkpoint


def main(name):
    parameter = parameters.read()
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    inputs = files.read_array(INPUTS[name][0])
    rows = {side: np.flatnonzero(table["split"] == side) for side in ("train", "validation")}
    print(f"{name}: {len(rows['train'])} photos to train, {len(rows['validation'])} to validate")

    with training.strategy().scope():
        network, trained = build(name, parameter, inputs, len(classes))
        trainee = training.trainee(trained, parameter.learning_rate)
    checkpoint = fit(name, trainee, (inputs, labels, rows), parameter)
    files.write_table(f"metrics/history/{name}.csv", live.tabulate(checkpoint.epochs))
    files.save_network(network, f"data/models/{name}.keras")
    checkpoint.remove()


if __name__ == "__main__":
    if sys.argv[1:] not in (["custom"], ["transfer"]):
        sys.exit("usage: python -m stages.train custom|transfer")
    main(sys.argv[1])
