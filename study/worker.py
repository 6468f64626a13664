"""What a worker does: train one network on some photos, and count the others that it has right."""

import os
import threading

# Before TensorFlow starts. There is a worker per core, so each has one thread; and on one
# thread the numbers are the same, wherever it runs. A GPU is shared, so nobody takes all of it.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"

import numpy as np
from sklearn.linear_model import LogisticRegression

from stages import networks, training
from stages.backend import INFERENCE_BATCH, keras
from study import identity
from study.errors import WorkerError

IDENTITY = identity.read()  # of the code that this process has loaded
COMPILED = {}  # networks of each kind, with what trains them and the optimizer's first state
ONE_AT_A_TIME = threading.Lock()  # the seeds of Keras belong to the process, not to a thread


def count_right(task, inputs, labels, parameter, expected):
    """Train as a task says, and count the held-out photos that the network has right.

    Args:
        task: the `Task`.
        inputs: array `[n, ...]` of what its network takes in: pixels, features, or pooled
            features.
        labels: `int` array `[n]` of class indices.
        parameter: the `Parameters`.
        expected: what `identity.read` returns where the result is wanted.

    Returns:
        The number of them.

    Raises:
        WorkerError: if this process runs other code or other packages, or the training comes
            to nothing.
    """
    identity.check(IDENTITY, expected)
    with ONE_AT_A_TIME:
        if task.network == "probe":
            predicted = _probe(task, inputs, labels)
        else:
            predicted = _train(task, inputs, labels, parameter)
    return int(np.sum(predicted == labels[task.held_out]))


def _probe(task, inputs, labels):
    """Fit a linear classifier: what the base's features are worth without a network."""
    probe = LogisticRegression(max_iter=1000).fit(inputs[task.train], labels[task.train])
    return probe.predict(inputs[task.held_out])


def _train(task, inputs, labels, parameter):
    """Train a network as the stage `train` does, and ask it about the held-out photos."""
    network, trainee = _prepare(task, inputs.shape[1:], int(labels.max()) + 1, parameter)
    try:
        trainee.fit(
            training.batches(inputs, labels, task.train, parameter.batch_size, task.seed),
            epochs=parameter.epochs,
            shuffle=False,
            callbacks=[training.Finite(task.network)],
            verbose=0,
        )
    except training.DivergenceError as error:
        raise WorkerError(str(error).removesuffix(".")) from None
    return np.concatenate(
        [
            np.argmax(network(inputs[task.held_out[start : start + INFERENCE_BATCH]]), axis=1)
            for start in range(0, len(task.held_out), INFERENCE_BATCH)
        ]
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
    if kind not in COMPILED:
        trainee = training.trainee(network, parameter.learning_rate)
        trainee.optimizer.build(trainee.trainable_variables)
        start = [np.array(variable) for variable in trainee.optimizer.variables]
        COMPILED[kind] = network, trainee, start
    first, trainee, start = COMPILED[kind]
    for variable, value in zip(
        first.variables + trainee.optimizer.variables, network.variables + start, strict=True
    ):
        variable.assign(value)
    return first, trainee
