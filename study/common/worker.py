"""What a worker does: train one network on some photos, and count the others that it has right."""

import os
import threading

# Before TensorFlow starts. There is a worker per core, so each has one thread; and on one
# thread the numbers are the same, wherever it runs. A GPU is shared, so nobody takes all of it.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"

import numpy as np
from sklearn.linear_model import LogisticRegression

from stages.common import files
from stages.common.parameters import Parameters
from stages.networks import building, loading, training
from stages.networks.backend import INFERENCE_BATCH, keras
from study.common import identity
from study.common.errors import WorkerError
from study.common.tasks import Task

IDENTITY = identity.read()  # of the code that this process has loaded
BASE = "data/base/base.keras"
COMPILED = {}  # networks of each kind, with what trains them and the first values of both
ONE_AT_A_TIME = threading.Lock()  # the compiled networks belong to the process, not to a thread


def count_right(task, data, params, expected):
    """Train as a task says, and count the held-out photos that the network has right.

    Args:
        task: the `Task`.
        data: for each network an array `[copies x n, ...]` of what it takes in: pixels,
            features, or pooled features; and as `labels` an `int` array `[n]` of class indices.
        params: the `Parameters`.
        expected: what `identity.read` returns where the result is wanted.

    Returns:
        The number of them.

    Raises:
        WorkerError: if this process runs other code or other packages, the training comes to
            nothing, or the stage `train` would end for another reason.
    """
    identity.check(IDENTITY, expected)
    try:
        with ONE_AT_A_TIME:
            if task.network == "probe":
                predicted = _probe(task, data["probe"], data["labels"])
            else:
                predicted = _train(task, data, params)
    except (SystemExit, training.DivergenceError) as error:  # joblib would say nothing of an exit
        raise WorkerError(str(error).removesuffix(".")) from None
    return int(np.sum(predicted == data["labels"][task.held_out]))


def _probe(task, inputs, labels):
    """Fit a linear classifier: what the base's features are worth without a network."""
    probe = LogisticRegression(max_iter=1000).fit(inputs[task.train], labels[task.train])
    return probe.predict(inputs[task.held_out])


def _train(task: Task, data: dict[str, np.ndarray], params: Parameters) -> np.ndarray:
    """Train a network as the stage `train` does; return its answers for the held-out photos."""
    labels, nothing = data["labels"], np.array([], int)
    own = training.Data(data[task.network], labels, task.train, nothing)
    network, model = _prepare(task, own.inputs.shape[1:], int(labels.max()) + 1, params)
    training.fit(task.network, model, own, params, task.seed)
    if task.network == "transfer" and params.base.fine_tune:
        own = own._replace(inputs=data["custom"])
        network, model = _prepare_fine_tuning(network, params)
        epochs = 2 * params.epochs
        training.fit(
            "transfer", model, own, params, task.seed, initial_epoch=params.epochs, epochs=epochs
        )
    return np.concatenate(
        [
            np.argmax(network(own.inputs[task.held_out[start : start + INFERENCE_BATCH]]), axis=1)
            for start in range(0, len(task.held_out), INFERENCE_BATCH)
        ]
    )


def _prepare(
    task: Task, shape: tuple[int, ...], classes: int, params: Parameters
) -> tuple[keras.Model, keras.Model]:
    """Return a network with new weights, and the compiled model that trains it.

    Compiling anew for every task would take longer than many a training, and TensorFlow does
    not free what it has compiled. So the first network of its kind is kept, and starts again
    from the state of a new one.
    """
    layers = building.build_layers(params.layers, classes, task.seed, shape)
    if task.network == "custom":
        network = building.build_custom(shape[0], layers)
    else:
        network = keras.Sequential([keras.Input(shape), layers])
    kind = (task.network, shape, classes, repr(params.layers), params.learning_rate)
    first, model, _, start = _keep(kind, network, params.learning_rate)
    _assign(first.variables + model.optimizer.variables, network.variables + start)
    return first, model


def _prepare_fine_tuning(
    trained: keras.Model, params: Parameters
) -> tuple[keras.Model, keras.Model]:
    """Put the base, as it was, before trained layers; return the network and its model."""
    count, rate = params.base.fine_tune, params.learning_rate / training.FINE_TUNING_DIVISOR
    kind = (files.sha256(BASE), count, trained.output_shape, repr(params.layers), rate)
    layers = trained.get_layer("layers")
    whole = None
    if kind not in COMPILED:
        whole = building.build_transfer(loading.load(BASE), keras.models.clone_model(layers))
        building.unfreeze(whole.get_layer("base"), count)
    whole, model, first, start = _keep(kind, whole, rate)
    base = first[: len(whole.get_layer("base").variables)]
    _assign(whole.variables + model.optimizer.variables, base + layers.variables + start)
    return whole, model


def _keep(kind, network, learning_rate):
    """Compile a network, if it is the first of its kind.

    Returns:
        `(network, model, values, start)`: the first one, what trains it, and the values that
        the variables of both had then.
    """
    if kind not in COMPILED:
        model = training.compile_for_training(network, learning_rate)
        model.optimizer.build(model.trainable_variables)
        values, start = (
            [np.array(variable) for variable in each.variables]
            for each in (network, model.optimizer)
        )
        COMPILED[kind] = network, model, values, start
    return COMPILED[kind]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
