"""Training: photos in batches, and the loop that trains every network."""

import math
import signal
import weakref
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from stages.common.files import Array
from stages.common.parameters import Parameters
from stages.networks.backend import INFERENCE_BATCH, keras, tf

STEPS_PER_EXECUTION = 8  # fewer returns to Python; the result is the same
FINE_TUNING_DIVISOR = 100  # of the learning rate where the base is trained too


class Data(NamedTuple):
    """What a network trains on.

    Attributes:
        inputs: `[copies x n, ...]`: pixels or features of the photos, then of altered copies
            of all of them, if there are any; a batch at a time is read.
        labels: `int` `[n]`, class indices.
        train, validation: `int` `[any]`, the rows of the photos on each side; without rows
            for validation, nothing is validated.
    """

    inputs: np.ndarray | Array
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray


class DivergenceError(Exception):
    """The loss of a training is no longer a finite number."""


class StopAtDivergence(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a finite number.

    Attributes:
        network: its name.
    """

    def __init__(self, network: str):
        super().__init__()
        self.network = network

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Check the losses.

        Raises:
            DivergenceError: if one is not finite.
        """
        for name in ("loss", "val_loss"):
            if not np.isfinite(value := (logs or {}).get(name, 0)):
                rate = float(self.model.optimizer.learning_rate)
                raise DivergenceError(
                    f"{self.network}: {name} is {value} after epoch {epoch + 1}, at learning "
                    f"rate {rate:g}; expected a finite number. Lower learning_rate in params.yaml."
                )


class Interruptible(keras.callbacks.Callback):
    """Lets Ctrl-C end a training after the epoch at the latest; a context manager around `fit`.

    Ctrl-C ends it at once, as usual, unless the `KeyboardInterrupt` is lost: native code
    that calls Python drops its errors now and then.
    """

    def __enter__(self) -> "Interruptible":
        """Notice every Ctrl-C from now on."""
        self._asked = False
        self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *error: object) -> None:
        """Restore what Ctrl-C did before."""
        signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """End the training if Ctrl-C was pressed.

        Raises:
            KeyboardInterrupt: in that case.
        """
        if self._asked:
            raise KeyboardInterrupt


class Schedule(keras.callbacks.LearningRateScheduler):
    """Sets the learning rate before each epoch.

    Keras's own adds the rate to the values of the epoch as well, and so to each line that
    `fit` prints, which then is wider than most terminals.
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Add nothing."""


class ShuffledOrder(keras.callbacks.Callback):
    """Draws the order of each epoch from the seed and the epoch alone.

    So both networks see the same photos in the same order, and a training that resumes
    after some epochs continues with the order that it would have had.

    Attributes:
        train: `int` `[any]`, the rows of the training photos.
        photos: number of all photos.
        copies: of each photo, itself included.
        seed: of all orders.
        epoch: the current one, from 0; Keras sets it.
    """

    def __init__(self, data: Data, seed: int):
        super().__init__()
        self.train, self.photos = data.train, len(data.labels)
        self.copies = len(data.inputs) // self.photos
        self.seed, self.epoch = seed, 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Notice which epoch it is."""
        self.epoch = epoch

    def __call__(self) -> np.ndarray:
        """Return the rows of the inputs in this epoch's order: of each photo, one copy."""
        random = np.random.default_rng((self.seed, self.epoch))
        rows = random.permutation(self.train)
        return rows + self.photos * random.integers(self.copies, size=len(rows))


def make_batches(
    data: Data, get_rows: Callable[[], np.ndarray], count: int, batch_size: int
) -> tf.data.Dataset:
    """Serve rows of the inputs in batches.

    Args:
        data: the `Data`; the caller keeps its inputs for as long as batches are served.
        get_rows: function that returns the rows of an epoch, `int` `[count]`.
        count: number of rows.
        batch_size: rows in each batch but the last.

    Returns:
        Pairs of `float32` inputs `[batch, ...]` and `int64` labels `[batch]`.
    """
    # TensorFlow never frees these functions, so they must not keep all photos in memory.
    inputs: Callable[[], Any] = weakref.ref(data.inputs)
    shape, labels = data.inputs.shape[1:], data.labels

    def read(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return inputs()[rows].astype(np.float32, copy=False), labels[rows % len(labels)]

    def read_batch(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        values, classes = tf.numpy_function(read, [rows], (tf.float32, tf.int64), stateful=False)
        return tf.ensure_shape(values, (None, *shape)), tf.ensure_shape(classes, (None,))

    def order(_: tf.Tensor) -> tf.data.Dataset:
        rows = tf.numpy_function(get_rows, [], tf.int64)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(rows, (count,)))

    # The order is asked for when an epoch begins, not when the dataset is made.
    dataset = tf.data.Dataset.range(1).flat_map(order).batch(batch_size).map(read_batch)
    steps = -(-count // batch_size)
    options = tf.data.Options()
    options.autotune.enabled = False  # nothing to tune, and its thread takes time
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)
    return dataset.with_options(options)


def choose_strategy(devices: Sequence[str] = ()) -> tf.distribute.Strategy:
    """Return the strategy by which devices train together, each on its part of every batch.

    Args:
        devices: their names; all GPUs if there are none.

    Returns:
        A `tf.distribute.MirroredStrategy` for several devices, else the default strategy.
    """
    devices = devices or [device.name for device in tf.config.list_logical_devices("GPU")]
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.get_strategy()


def divide_batches(batch_size: int, photos: int, devices: int) -> int:
    """Return a batch size that several devices can share.

    Keras fails if they cannot share the first batch evenly, or if the last one has fewer
    photos than there are devices.

    Args:
        batch_size: the largest that is wanted.
        photos: number of photos.
        devices: number of devices.

    Returns:
        The largest size that will do; for one device it is `batch_size`.

    Raises:
        SystemExit: if there is none.
    """
    for size in range(batch_size - batch_size % devices, 0, -devices):
        rest = photos % size
        if (size <= photos or devices == 1) and (rest == 0 or rest >= devices):
            return size
    raise SystemExit(
        f"params.yaml: batch_size is {batch_size}, for {photos} photos on {devices} GPUs; expected "
        "batches that they can share. Raise batch_size, or hide GPUs with CUDA_VISIBLE_DEVICES."
    )


def weigh_classes(labels: np.ndarray) -> dict[int, float]:
    """Weigh classes as scikit-learn's `balanced` does: photos / (classes * photos of the class).

    Args:
        labels: `int` `[n]`, class indices of the training photos.
    """
    from sklearn.utils.class_weight import compute_class_weight  # seldom needed

    classes = np.unique(labels)
    weights = compute_class_weight("balanced", classes=classes, y=labels)
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))


def lower_rate(params: Parameters) -> Parameters:
    """Return parameters for fine-tuning, which would spoil a base at the usual learning rate."""
    rate = params.learning_rate / FINE_TUNING_DIVISOR
    return params.model_copy(update={"learning_rate": rate})


def schedule_rate(params: Parameters, first: int) -> list[keras.callbacks.Callback]:
    """Return what lowers the learning rate from epoch to epoch, if anything does.

    With `cosine` the rate of epoch i of E, counted from 0, is learning_rate * (1 + cos(pi * i /
    E)) / 2, as in I. Loshchilov and F. Hutter (2017), SGDR: Stochastic Gradient Descent with
    Warm Restarts, ICLR, https://arxiv.org/abs/1608.03983, without restarts.

    Args:
        params: `epochs`, `learning_rate` and `schedule` are used.
        first: number of the first epoch, from 0.
    """
    if params.schedule == "constant":
        return []

    # Depends on the epoch alone, so a training that resumes goes on where it was.
    def get_rate(epoch: int, rate: float) -> float:
        share = (epoch - first) / params.epochs
        return params.learning_rate * (1 + math.cos(math.pi * share)) / 2

    return [Schedule(get_rate)]


def compile_for_training(network: keras.Model, learning_rate: float) -> keras.Model:
    """Wrap a network in a compiled model that trains its weights.

    Args:
        network: takes inputs to class probabilities. It stays uncompiled itself, so that no
            optimizer is saved with it.
        learning_rate: of Adam, above 0.
    """
    model = keras.Model(network.inputs, network.outputs)
    # Several steps per execution fail where devices share them.
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=1 if several else STEPS_PER_EXECUTION,
    )
    return model


def fit(
    name: str,
    model: keras.Model,
    data: Data,
    params: Parameters,
    seed: int,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    initial_epoch: int = 0,
    epochs: int | None = None,
    verbose: int = 0,
) -> None:
    """Train a model; the pipeline and the study train with this one loop.

    Args:
        name: of the network.
        model: what `compile_for_training` returns.
        data: the `Data`.
        params: `batch_size`, `class_weight`, `epochs`, `schedule` and `learning_rate`, at which
            the model was compiled, are used.
        seed: of the order of the photos.
        callbacks: of Keras.
        initial_epoch: from 0; above it where a training resumes.
        epochs: the epoch before which to end; `params.epochs` by default. The schedule spans
            the last `params.epochs` before it.
        verbose: as in Keras's `fit`.

    Raises:
        DivergenceError: if the loss is no longer a finite number.
        SystemExit: if the devices cannot share the batches.
    """
    devices = model.distribute_strategy.num_replicas_in_sync
    train, validation = (len(rows) for rows in (data.train, data.validation))
    batch_size = divide_batches(params.batch_size, train, devices)
    if devices > 1:
        print(f"{name}: {devices} GPUs share each batch of {batch_size} photos")
    order = ShuffledOrder(data, seed)
    validation_data = None
    if validation:
        size = divide_batches(INFERENCE_BATCH, validation, devices)
        rows = data.validation
        validation_data = make_batches(data, lambda: rows, validation, size)
    balanced = params.class_weight == "balanced"
    last = params.epochs if epochs is None else epochs
    schedule = schedule_rate(params, last - params.epochs)
    model.fit(
        make_batches(data, order, train, batch_size),
        class_weight=weigh_classes(data.labels[data.train]) if balanced else None,
        validation_data=validation_data,
        initial_epoch=initial_epoch,
        epochs=last,
        shuffle=False,  # the rows are
        callbacks=[order, *schedule, StopAtDivergence(name), *callbacks],
        verbose=verbose,
    )
