"""Train one of the two networks: `python -m stages.train custom` or `... transfer`."""

import hashlib
import json
import sys

import numpy as np

from stages import files, identity, live, networks, parameters, training
from stages.backend import INFERENCE_BATCH, keras
from stages.checkpoint import Checkpoint

BASE, FEATURES = "data/base/base.keras", "data/base/features.npy"


def inputs(name, parameter):
    """Name the files that decide what a network takes in, the array that it trains on first."""
    # The base never changes: to train on its features is to train the whole network.
    return [parameter.trained_on] if name == "custom" else [FEATURES, BASE]


def build(name, parameter, array, classes):
    """Build a network with its initial weights.

    Args:
        name: `custom` or `transfer`.
        parameter: the `Parameters`.
        array: what is trained on.
        classes: number of classes.

    Returns:
        `(network, trained)`: the whole network, from pixels, and the part of it that takes
        `array`; `custom` takes the pixels themselves.

    Raises:
        SystemExit: as `networks.load` does, or if more layers of the base are to be
            fine-tuned than it has.
    """
    keras.utils.set_random_seed(parameter.seed)
    layers = networks.shared_layers(parameter.layers, classes, parameter.seed)
    if name == "custom":
        network = networks.custom(array.shape[1], layers)
        return network, network
    base = networks.load(BASE)
    if parameter.base.fine_tune:
        networks.learnt(base, parameter.base.fine_tune)  # or too many would be refused hours later
    return networks.transfer(base, layers), layers


def identify(name, parameter, *more):
    """Hash all that decides a training, but for the number of epochs."""
    decisive = [
        name,
        [parameter.batch_size, parameter.learning_rate, parameter.seed, *more],
        parameter.layers.model_dump(),
        identity.read("stages/train.py"),
        [files.sha256(path) for path in ("data/split.csv", *inputs(name, parameter))],
    ]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def fit(name, trainee, data, parameter, checkpoint):
    """Train, from the beginning or from where the same training was interrupted.

    Args:
        name: of the network.
        trainee: what `training.trainee` returns.
        data: `(array, labels, rows)`: the arrays, and for `train` and `validation` the rows
            of these to use.
        parameter: the `Parameters`.
        checkpoint: the `Checkpoint`, which has all epochs afterwards.

    Raises:
        SystemExit: if the loss is no longer a number, or somebody interrupts it.
    """
    array, labels, rows = data
    before = len(checkpoint.epochs)
    epochs = before + parameter.epochs
    if checkpoint.restore(trainee, epochs):
        done = len(checkpoint.epochs)
        print(f"{name}: goes on after epoch {done}, the last one before it was interrupted")
    devices = trainee.distribute_strategy.num_replicas_in_sync
    train_size, validation_size = (
        training.divisible(size, len(rows[side]), devices)
        for side, size in (("train", parameter.batch_size), ("validation", INFERENCE_BATCH))
    )
    if devices > 1:
        print(f"{name}: {devices} GPUs share each batch of {train_size} photos")
    train = training.batches(
        array, labels, rows["train"], train_size, parameter.seed, len(checkpoint.epochs) - before
    )
    validation = training.batches(array, labels, rows["validation"], validation_size)
    try:
        with (
            live.following(name, checkpoint.epochs) as callbacks,
            training.Interruptible() as interruptible,
        ):
            trainee.fit(
                train,
                validation_data=validation,
                initial_epoch=len(checkpoint.epochs),
                epochs=epochs,
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


def fine_tune(network, data, parameter, before):
    """Train the last layers of the base as well, in as many epochs again, at a lower rate.

    Args:
        network: whole, and trained on the base's features.
        data: as for `fit`, with pixels.
        parameter: the `Parameters`.
        before: the epochs of that training.

    Returns:
        The `Checkpoint`, which has the epochs of both.
    """
    with training.strategy().scope():
        networks.unfreeze(network.get_layer("base"), parameter.base.fine_tune)
        trainee = training.trainee(network, parameter.learning_rate / training.GENTLER)
    tuning = [parameter.epochs, parameter.base.fine_tune, files.sha256(parameter.trained_on)]
    checkpoint = Checkpoint(
        "data/training/fine_tuning.npz", identify("transfer", parameter, *tuning), before
    )
    print(f"transfer: the last {parameter.base.fine_tune} layers of the base are trained, too")
    fit("transfer", trainee, data, parameter, checkpoint)
    return checkpoint


def main(name):
    parameter = parameters.read()
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    array = files.read_array(inputs(name, parameter)[0])
    rows = {side: np.flatnonzero(table["split"] == side) for side in ("train", "validation")}
    print(f"{name}: {len(rows['train'])} photos to train, {len(rows['validation'])} to validate")

    with training.strategy().scope():
        network, trained = build(name, parameter, array, len(classes))
        trainee = training.trainee(trained, parameter.learning_rate)
    checkpoints = [Checkpoint(f"data/training/{name}.npz", identify(name, parameter))]
    fit(name, trainee, (array, labels, rows), parameter, checkpoints[0])
    if name == "transfer" and parameter.base.fine_tune:
        pixels = files.read_array(parameter.trained_on)
        data = (pixels, labels, rows)
        checkpoints.append(fine_tune(network, data, parameter, checkpoints[0].epochs))
    files.write_table(f"metrics/history/{name}.csv", live.tabulate(checkpoints[-1].epochs))
    files.save_network(network, f"data/models/{name}.keras")
    for checkpoint in checkpoints:
        checkpoint.remove()


if __name__ == "__main__":
    if sys.argv[1:] not in (["custom"], ["transfer"]):
        sys.exit("usage: python -m stages.train custom|transfer")
    main(sys.argv[1])
