"""Train a network, and let it predict: `python -m stages.train custom` or `... transfer`."""

import hashlib
import json
import sys

import numpy as np

from stages.common import files, parameters
from stages.common.parameters import BASE, FEATURES, PIXELS, RIVALS, Parameters
from stages.networks import backend, building, checkpoints, identity, live, loading, training
from stages.networks.backend import keras
from stages.networks.checkpoints import Checkpoint
from stages.networks.training import Data
from stages.results import predictions


def list_inputs(name: str, params: Parameters) -> list[str]:
    """Return the files that a network takes in; the first is the array that it trains on."""
    # The base never changes: training on its features is training behind it.
    return [params.training_pixels] if name == "custom" else [FEATURES, BASE]


def build(
    name: str, params: Parameters, shape: tuple[int, ...], classes: int
) -> tuple[keras.Model, keras.Model]:
    """Build a network with its initial weights.

    Args:
        name: `custom` or `transfer`.
        params: the `Parameters`.
        shape: of one input that it trains on.
        classes: number of classes.

    Returns:
        The whole network, from pixels, and the part of it that trains on those inputs.
    """
    layers = building.build_layers(params.layers, classes, params.seed, shape)
    if name == "custom":
        network = building.build_custom(shape[0], layers)
        return network, network
    base = loading.load_base()
    # Too many layers to fine-tune would otherwise be refused after the first training.
    building.get_pretrained(base, params.base.fine_tune)
    return building.build_transfer(base, layers), keras.Sequential([keras.Input(shape), layers])


def hash_training(name: str, params: Parameters, *more: object) -> str:
    """Hash everything that determines an epoch: at a constant rate not the number of epochs."""
    decisive = [
        name,
        [params.batch_size, params.class_weight, params.learning_rate, params.seed, params.layers],
        None if params.schedule == "constant" else [params.schedule, params.epochs],
        more,
        identity.read("stages/train.py"),
        [files.sha256(path) for path in ("data/split.csv", *list_inputs(name, params))],
    ]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def fine_tune(
    network: keras.Model, data: Data, params: Parameters, before: list[dict[str, float]]
) -> Checkpoint:
    """Train the last layers of the base as well, for as many epochs again, at a lower rate.

    Args:
        network: the transfer network, trained on the base's features.
        data: with pixels as inputs.
        params: the `Parameters`.
        before: the epochs of that training.

    Returns:
        The `Checkpoint`, which has the epochs of both trainings.
    """
    count = params.base.fine_tune
    lower = training.lower_rate(params)
    with training.choose_strategy().scope():
        building.unfreeze(network.get_layer("base"), count)
        model = training.compile_for_training(network, lower.learning_rate)
    digest = hash_training(
        "transfer", params, params.epochs, count, files.sha256(params.training_pixels)
    )
    checkpoint = Checkpoint("data/training/fine_tuning.npz", digest, before)
    print(f"transfer: the last {count} layers of the base are trained too")
    checkpoints.fit("transfer", model, data, lower, checkpoint)
    return checkpoint


def main(name: str) -> None:
    params = parameters.read()
    table = files.read_table("data/split.csv")
    classes, labels = np.unique(table["label"], return_inverse=True)
    inputs = files.read_array(list_inputs(name, params)[0])
    train, validation = (np.flatnonzero(table["split"] == side) for side in ("train", "validation"))
    data = Data(inputs, labels, train, validation)
    print(f"{name}: {len(train)} training photos, {len(validation)} validation photos")

    with training.choose_strategy().scope():
        network, trained = build(name, params, inputs.shape[1:], len(classes))
        model = training.compile_for_training(trained, params.learning_rate)
    kept = [Checkpoint(f"data/training/{name}.npz", hash_training(name, params))]
    checkpoints.fit(name, model, data, params, kept[0])
    if name == "transfer" and params.base.fine_tune:
        pixels = data._replace(inputs=files.read_array(params.training_pixels))
        kept.append(fine_tune(network, pixels, params, kept[0].epochs))
    files.write_table(f"metrics/history/{name}.csv", live.tabulate(kept[-1].epochs))
    files.save_network(network, f"data/models/{name}.keras")
    # Keras has started here; the stages that score and compare do without it.
    run = backend.compile_inference(network)
    probabilities = backend.predict(run, files.read_array(PIXELS), validation)
    predictions.write(name, table.iloc[validation], classes, probabilities)
    for checkpoint in kept:
        checkpoint.remove()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in RIVALS:
        sys.exit("usage: python -m stages.train custom|transfer")
    main(sys.argv[1])
