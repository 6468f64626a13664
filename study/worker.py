"""What a worker does: train one network on some photos, and count the others that it has right."""

import os
import threading

# Before TensorFlow starts. There is a worker per core, so each has one thread; and on one
# thread the numbers are the same, wherever it runs. A GPU is shared, so nobody takes all of it.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"

import numpy as np
from sklearn.linear_model import LogisticRegression

from stages import files, networks, training
from stages.backend import INFERENCE_BATCH, keras
from study import identity
from study.errors import WorkerError

IDENTITY = identity.read()  # of the code that this process has loaded
BASE = "data/base/base.keras"
COMPILED = {}  # networks of each kind, with what trains them and the first values of both
ONE_AT_A_TIME = threading.Lock()  # the seeds of Keras belong to the process, not to a thread


def count_right(task, data, parameter, expected):
    """Train as a task says, and count the held-out photos that the network has right.

    Args:
        task: the `Task`.
        data: for each network an array `[copies x n, ...]` of what it takes in: pixels,
            features, or pooled features; and as `labels` an `int` array `[n]` of class indices.
        parameter: the `Parameters`.
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
                predicted = _train(task, data, parameter)
    except (SystemExit, training.DivergenceError) as error:  # joblib would say nothing of an exit
        raise WorkerError(str(error).removesuffix(".")) from None
    return int(np.sum(predicted == data["labels"][task.held_out]))


def _probe(task, inputs, labels):
    """Fit a linear classifier: what the base's features are worth without a network."""
    probe = LogisticRegression(max_iter=1000).fit(inputs[task.train], labels[task.train])
    return probe.predict(inputs[task.held_out])


def _train(task, data, parameter):
    """Train a network as the stage `train` does, and ask it about the held-out photos."""
    inputs, labels = data[task.network], data["labels"]
    network, trainee = _prepare(task, inputs.shape[1:], int(labels.max()) + 1, parameter)
    _fit(trainee, task, inputs, labels, parameter)
    if task.network == "transfer" and parameter.base.fine_tune:
        inputs = data["custom"]
        network, trainee = _prepare_tuning(network, parameter)
        _fit(trainee, task, inputs, labels, parameter)
    return np.concatenate(
        [
            np.argmax(network(inputs[task.held_out[start : start + INFERENCE_BATCH]]), axis=1)
            for start in range(0, len(task.held_out), INFERENCE_BATCH)
        ]
    )


def _fit(trainee, task, inputs, labels, parameter):
    trainee.fit(
        training.batches(inputs, labels, task.train, parameter.batch_size, task.seed),
        epochs=parameter.epochs,
        shuffle=False,
        callbacks=[training.Finite(task.network)],
        verbose=0,
    )


def _prepare(task, shape, classes, parameter):
    """Build a network with new weights, and what trains it.

    To compile anew for every task would take longer than many a training, and TensorFlow does
    not free what it has compiled. So the first network of its kind is kept, and starts again
    from the state of a new one.
    """
    keras.utils.set_random_seed(task.seed)
    layers = networks.shared_layers(parameter.layers, classes, task.seed)
    if task.network == "custom":
        network = networks.custom(shape[0], layers)
    else:
        network = keras.Sequential([keras.Input(shape), layers])
    kind = (task.network, shape, classes, repr(parameter.layers), parameter.learning_rate)
    first, trainee, _, start = _keep(kind, network, parameter.learning_rate)
    _assign(first.variables + trainee.optimizer.variables, network.variables + start)
    return first, trainee


def _prepare_tuning(trained, parameter):
    """Put the base, as it was, before trained layers; return the whole, and what trains it."""
    count, rate = parameter.base.fine_tune, parameter.learning_rate / training.GENTLER
    kind = (files.sha256(BASE), count, trained.output_shape, repr(parameter.layers), rate)
    layers = trained.get_layer("layers")
    whole = None
    if kind not in COMPILED:
        whole = networks.transfer(networks.load(BASE), keras.models.clone_model(layers))
        networks.unfreeze(whole.get_layer("base"), count)
    whole, trainee, first, start = _keep(kind, whole, rate)
    base = first[: len(whole.get_layer("base").variables)]
    _assign(whole.variables + trainee.optimizer.variables, base + layers.variables + start)
    return whole, trainee


def _keep(kind, network, learning_rate):
    """Compile a network, if it is the first of its kind.

    Returns:
        `(network, trainee, values, start)`: the first one, what trains it, and the values that
        the variables of both had then.
    """
    if kind not in COMPILED:
        trainee = training.trainee(network, learning_rate)
        trainee.optimizer.build(trainee.trainable_variables)
        values, start = (
            [np.array(variable) for variable in each.variables]
            for each in (network, trainee.optimizer)
        )
        COMPILED[kind] = network, trainee, values, start
    return COMPILED[kind]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
