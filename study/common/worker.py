"""What a worker does: train a network on some photos, and count the others that it gets right."""

import os
import threading
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

# Before TensorFlow starts. There is a worker per core, so each gets one thread; and on one
# thread the numbers are the same everywhere. Workers share a GPU, so none takes all its memory.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"

import numpy as np

from stages.common import files
from stages.common.parameters import BASE, Parameters
from stages.networks import building, linear, loading, training
from stages.networks.backend import INFERENCE_BATCH, keras
from study.common import identity
from study.common.identity import WorkerError
from study.common.tasks import Inputs, Task


class Compiled(NamedTuple):
    """A network that this process has compiled, to be trained over and over.

    Attributes:
        network: takes inputs to class probabilities.
        model: trains it.
        weights: values of the network's variables when it was compiled.
        optimizer: values of the optimizer's variables then.
    """

    network: keras.Model
    model: keras.Model
    weights: list[np.ndarray]
    optimizer: list[np.ndarray]


IDENTITY = identity.read()  # of the code that this process has loaded
COMPILED: dict[Hashable, Compiled] = {}  # by what they are compiled for
ONE_AT_A_TIME = threading.Lock()  # the threads of a Dask worker share the compiled networks


def count_right(task: Task, data: Inputs, params: Parameters, expected: dict[str, str]) -> float:
    """Train as a task says, and add up the weights of the held-out photos that are right.

    Args:
        task: the `Task`.
        data: for each network an array `[copies x n, ...]` of what it takes in: pixels,
            features, or pooled features; and as `labels` an `int` array `[n]`, class indices, as
            `groups` a `str` array `[n]`, and as `weights` a `float` array `[n]`.
        params: the `Parameters`.
        expected: what `identity.read` returns in the process that asks for the result.

    Raises:
        WorkerError: if this process runs other code or other packages, the training diverges,
            or the stage `train` would end for another reason.
    """
    identity.check(IDENTITY, expected)
    try:
        predicted = (_fit_probe if task.network == "probe" else _train)(task, data, params)
    # joblib hides the message of an exit.
    except (SystemExit, training.DivergenceError) as error:
        raise WorkerError(str(error).removesuffix(".")) from None
    right = predicted == data["labels"][task.held_out]
    return float(data["weights"][task.held_out][right].sum())


def _fit_probe(task: Task, data: Inputs, params: Parameters) -> np.ndarray:
    """Fit a linear probe as the stage `probe` does; return its answers."""
    inputs, labels, groups = (np.asarray(data[name]) for name in ("probe", "labels", "groups"))
    rows = task.train
    kernel, bias = linear.fit(
        inputs[rows], labels[rows], groups[rows], params.class_weight, task.seed
    )
    return np.argmax(inputs[task.held_out] @ kernel + bias, axis=1)


def _train(task: Task, data: Inputs, params: Parameters) -> np.ndarray:
    """Train a network as the stage `train` does; return its answers for the held-out photos."""
    with ONE_AT_A_TIME:
        network, inputs = _train_network(task, data, params)
        starts = range(0, len(task.held_out), INFERENCE_BATCH)
        return np.concatenate(
            [
                np.argmax(network(inputs[task.held_out[start : start + INFERENCE_BATCH]]), axis=1)
                for start in starts
            ]
        )


def _train_network(
    task: Task, data: Inputs, params: Parameters
) -> tuple[keras.Model, np.ndarray | files.Array]:
    """Train a network; return it, and the inputs of all photos that it takes in."""
    labels, nothing = np.asarray(data["labels"]), np.array([], int)
    own = training.Data(data[task.network], labels, task.train, nothing)
    network, model = prepare(task, own.inputs.shape[1:], int(labels.max()) + 1, params)
    training.fit(task.network, model, own, params, task.seed)
    if task.network == "transfer" and params.base.fine_tune:
        own, lower = own._replace(inputs=data["custom"]), training.lower_rate(params)
        network, model = _prepare_fine_tuning(network, lower)
        training.fit(
            "transfer",
            model,
            own,
            lower,
            task.seed,
            initial_epoch=params.epochs,
            epochs=2 * params.epochs,
        )
    return network, own.inputs


def prepare(
    task: Task, shape: tuple[int, ...], classes: int, params: Parameters
) -> tuple[keras.Model, keras.Model]:
    """Return a network with new weights, and the compiled model that trains it.

    Compiling for every task would take longer than many a training, and TensorFlow does not
    free what it has compiled. So the first network of its kind is kept, and gets the state
    of a new one.

    Args:
        task: the `Task`; its network and its seed are used.
        shape: of one input.
        classes: number of classes.
        params: `layers` and `learning_rate` are used.
    """
    layers = building.build_layers(params.layers, classes, task.seed, shape)
    if task.network == "custom":
        network = building.build_custom(shape[0], layers)
    else:
        network = keras.Sequential([keras.Input(shape), layers])
    kind = (task.network, shape, classes, repr(params.layers), params.learning_rate)
    kept = _compile(kind, network, params.learning_rate)
    _assign(kept, [*network.variables, *kept.optimizer])
    return kept.network, kept.model


def _prepare_fine_tuning(
    trained: keras.Model, params: Parameters
) -> tuple[keras.Model, keras.Model]:
    """Put the base, as it was saved, before trained layers; return the network and its model."""
    count, rate = params.base.fine_tune, params.learning_rate
    kind = (files.sha256(BASE), count, trained.output_shape, repr(params.layers), rate)
    layers = trained.get_layer("layers")
    whole = None
    if kind not in COMPILED:
        whole = building.build_transfer(loading.load_base(), keras.models.clone_model(layers))
        building.unfreeze(whole.get_layer("base"), count)
    kept = _compile(kind, whole, rate)
    base = kept.weights[: len(kept.network.get_layer("base").variables)]
    _assign(kept, [*base, *layers.variables, *kept.optimizer])
    return kept.network, kept.model


def _compile(kind: Hashable, network: keras.Model, learning_rate: float) -> Compiled:
    """Compile a network if it is the first of its kind; return the first one."""
    if kind not in COMPILED:
        model = training.compile_for_training(network, learning_rate)
        model.optimizer.build(model.trainable_variables)
        weights, optimizer = (
            [np.array(variable) for variable in each.variables]
            for each in (network, model.optimizer)
        )
        COMPILED[kind] = Compiled(network, model, weights, optimizer)
    return COMPILED[kind]


def _assign(kept: Compiled, values: Sequence[Any]) -> None:
    """Set the variables of a compiled network, and of its optimizer."""
    variables = [*kept.network.variables, *kept.model.optimizer.variables]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
