"""Train the demo base to tell random species apart."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from demo.pretrain import network, parameters
from demo.pretrain.parameters import Train

PICTURES = Path("data/pretrain/pictures.npy")
WEIGHTS = Path("demo/pretrain/base.weights.h5")
METRICS = Path("demo/pretrain/metrics.json")


def image_size(epoch: int, epochs: int, smallest: int, largest: int) -> int:
    """Return the side of the pictures in an epoch: small ones first, which take less time.

    Progressive learning, as in M. Tan and Q. Le (2021), EfficientNetV2,
    https://arxiv.org/abs/2104.00298. The network also sees animals of many sizes this way.

    Args:
        epoch: the epoch, from 0.
        epochs: number of epochs.
        smallest: side in the first epoch, pixels.
        largest: side in the last epoch, pixels.

    Returns:
        A multiple of 16 pixels.
    """
    share = epoch / max(1, epochs - 1)
    return 16 * max(1, round((smallest + share * (largest - smallest)) / 16))


def make_batches(pictures: np.ndarray, epoch: int, side: int, params: Train) -> tf.data.Dataset:
    """Serve the pictures of one epoch, in an order that the seed and the epoch determine.

    Args:
        pictures: `uint8` array `[species, n, size, size, 3]`, read a batch at a time.
        epoch: from 0; each epoch flips and crops the pictures differently.
        side: of the pictures served, pixels.
        params: `seed` and `batch_size` are used.

    Returns:
        Pairs of `float32` pixels `[batch, side, side, 3]`, 0 to 255, and one-hot species
        `[batch, species]`. The last pictures, which fill no batch, are left out.
    """
    species, count, size = pictures.shape[:3]
    crop = size * 7 // 8

    def read() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        random = np.random.default_rng((params.seed, epoch))
        order = random.permutation(species * count)
        for start in range(0, len(order) - params.batch_size + 1, params.batch_size):
            labels, rows = np.divmod(order[start : start + params.batch_size], count)
            corners = random.integers(0, size - crop + 1, (len(labels), 2))
            batch = np.stack(
                [
                    pictures[label, row, top : top + crop, left : left + crop]
                    for label, row, (top, left) in zip(labels, rows, corners, strict=True)
                ]
            )
            flipped = random.random(len(labels)) < 0.5
            batch[flipped] = batch[flipped, :, ::-1]
            yield batch, labels

    signature = (
        tf.TensorSpec((params.batch_size, crop, crop, 3), tf.uint8),
        tf.TensorSpec((params.batch_size,), tf.int64),
    )
    dataset = tf.data.Dataset.from_generator(read, output_signature=signature)
    return dataset.map(
        lambda batch, labels: (tf.image.resize(batch, (side, side)), tf.one_hot(labels, species))
    ).prefetch(2)


def build_classifier(species: int, steps: int, params: Train) -> keras.Model:
    """Build and compile the base with one dense layer on top.

    Args:
        species: number of classes.
        steps: of the whole training; the learning rate then is 0.
        params: `learning_rate` and `weight_decay` are used.
    """
    model = keras.Sequential(
        [
            network.build_base(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(species, activation="softmax"),
        ]
    )
    schedule = keras.optimizers.schedules.CosineDecay(params.learning_rate, steps)
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=params.weight_decay),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy"],
    )
    return model


def fit(pictures: np.ndarray, params: Train, checkpoint: Path) -> keras.Model:
    """Train the classifier, or resume an interrupted training.

    A resumed training ends with the same weights as one that was never interrupted.

    Args:
        pictures: `uint8` array `[species, n, size, size, 3]`.
        params: all of them are used.
        checkpoint: file that holds the classifier after the last complete epoch.

    Returns:
        The trained classifier.
    """
    steps = pictures.shape[0] * pictures.shape[1] // params.batch_size
    keras.utils.set_random_seed(params.seed)
    if checkpoint.exists():
        model = keras.saving.load_model(checkpoint)
        done = int(model.optimizer.iterations) // steps
        print(f"resumes after epoch {done} of {params.epochs}")
    else:
        model, done = build_classifier(pictures.shape[0], steps * params.epochs, params), 0
    # One call per epoch, because each has pictures of another size.
    one_epoch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", True)
    )
    for epoch in range(done, params.epochs):
        side = image_size(epoch, params.epochs, params.smallest, pictures.shape[2])
        model.fit(
            make_batches(pictures, epoch, side, params),
            initial_epoch=epoch,
            epochs=params.epochs,
            steps_per_epoch=steps,
            shuffle=False,
            callbacks=[one_epoch],
            verbose=1 if sys.stdout.isatty() else 2,
        )
        temporary = checkpoint.with_name(f".{checkpoint.name}")
        model.save(temporary)
        os.replace(temporary, checkpoint)
    return model


def fingerprint(params: Train) -> str:
    """Hash everything that determines the result, so that no other run's checkpoint is used."""
    values = hashlib.sha256(repr(params).encode())
    for path in (__file__, network.__file__):
        values.update(Path(path).read_bytes())
    with PICTURES.open("rb") as file:
        while block := file.read(2**24):
            values.update(block)
    return values.hexdigest()[:16]


def save(base: keras.Model, path: Path) -> None:
    """Save the weights of a base in half precision, which is half the size.

    Args:
        base: what `network.build_base` returns.
        path: of a new file, ending in `.weights.h5`.
    """
    keras.utils.clear_session(free_memory=False)  # layer names count from 1 again
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        small = network.build_base()
    finally:
        keras.config.set_dtype_policy(policy)
    small.set_weights(base.get_weights())
    small.save_weights(path)


def score(model: keras.Model, pictures: np.ndarray) -> dict[str, float | int]:
    """Score a classifier on pictures that it was not trained on.

    Args:
        model: what `fit` returns.
        pictures: `uint8` array `[species, n, size, size, 3]`.

    Returns:
        `top_1` and `top_5`, the share of pictures whose species has the highest
        probability, or one of the five highest; `species` and `pictures`, the numbers of them.
    """
    species, count = pictures.shape[:2]
    actual = np.repeat(np.arange(species), count)
    probabilities = model.predict(np.concatenate(pictures), batch_size=64, verbose=0)
    top = np.argsort(-probabilities, axis=1)[:, :5] == actual[:, None]
    return {
        "top_1": round(float(top[:, 0].mean()), 4),
        "top_5": round(float(top.any(axis=1).mean()), 4),
        "species": species,
        "pictures": len(actual),
    }


def main() -> None:
    params = parameters.read().train
    if not PICTURES.exists():
        raise SystemExit(
            f"{PICTURES}: no such file; `dvc repro demo/pretrain/dvc.yaml:draw` writes it."
        )
    pictures = np.load(PICTURES, mmap_mode="r")
    training = pictures[:, : -params.held_out]
    if training.shape[0] * training.shape[1] < params.batch_size:
        raise SystemExit(
            f"{parameters.PATH}: {training.shape[1]} pictures of {training.shape[0]} species are "
            f"left to train on; expected at least one batch, {params.batch_size}. Lower held_out."
        )
    tf.config.experimental.enable_op_determinism()
    checkpoint = PICTURES.with_name(f"checkpoint-{fingerprint(params)}.keras")
    for other in set(PICTURES.parent.glob("checkpoint-*.keras")) - {checkpoint}:
        other.unlink()
    model = fit(training, params, checkpoint)

    weights, metrics = (path.with_name(f".{path.name}") for path in (WEIGHTS, METRICS))
    base = model.get_layer("demo")
    save(base, weights)
    base.load_weights(weights)  # what is scored is what was saved
    scores = score(model, pictures[:, -params.held_out :])
    metrics.write_text(json.dumps(scores, indent=2) + "\n")
    os.replace(weights, WEIGHTS)
    os.replace(metrics, METRICS)
    checkpoint.unlink()

    print(
        f"{scores['species']} species, {scores['pictures']} new pictures: "
        f"top-1 accuracy {scores['top_1']:.3f}, top-5 accuracy {scores['top_5']:.3f}"
    )


if __name__ == "__main__":
    main()
