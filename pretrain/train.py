"""Train the demo base on telling random species apart."""

import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np

from pretrain import network, options
from stages.backend import keras, tf

PICTURES = Path("data/pretrain/pictures.npy")
WEIGHTS = Path("pretrain/base.weights.h5")
METRICS = Path("pretrain/metrics.json")


def image_size(epoch, epochs, smallest, largest):
    """Choose the side that an epoch sees: small ones first, which cost less.

    Progressive learning, as in M. Tan and Q. Le (2021), EfficientNetV2,
    https://arxiv.org/abs/2104.00298. It also shows the network animals of many sizes.

    Args:
        epoch: from 0.
        epochs: number of all.
        smallest, largest: sides of the first and of the last epoch, pixels.

    Returns:
        A multiple of 16 pixels.
    """
    share = epoch / max(1, epochs - 1)
    return 16 * max(1, round((smallest + share * (largest - smallest)) / 16))


def batches(pictures, epoch, side, option):
    """Serve one epoch's pictures, in an order that seed and epoch fix.

    Args:
        pictures: `uint8` array `[species, n, size, size, 3]`; read a batch at a time.
        epoch: from 0; every epoch mirrors and crops the pictures in other ways.
        side: of the pictures served, pixels.
        option: those of the command line; `seed` and `batch_size` count here.

    Returns:
        A `tf.data.Dataset` of pairs: `float32` `[batch, side, side, 3]` from 0 to 255, and
        one-hot species `[batch, species]`. It leaves out the last pictures that fill no batch.
    """
    species, count, size = pictures.shape[:3]
    crop = size * 7 // 8

    def read():
        random = np.random.default_rng((option.seed, epoch))
        order = random.permutation(species * count)
        for start in range(0, len(order) - option.batch_size + 1, option.batch_size):
            labels, rows = np.divmod(order[start : start + option.batch_size], count)
            corners = random.integers(0, size - crop + 1, (len(labels), 2))
            batch = np.stack(
                [
                    pictures[label, row, top : top + crop, left : left + crop]
                    for label, row, (top, left) in zip(labels, rows, corners, strict=True)
                ]
            )
            mirrored = random.random(len(labels)) < 0.5
            batch[mirrored] = batch[mirrored, :, ::-1]
            yield batch, labels

    signature = (
        tf.TensorSpec((option.batch_size, crop, crop, 3), tf.uint8),
        tf.TensorSpec((option.batch_size,), tf.int64),
    )
    dataset = tf.data.Dataset.from_generator(read, output_signature=signature)
    return dataset.map(
        lambda batch, labels: (tf.image.resize(batch, (side, side)), tf.one_hot(labels, species))
    ).prefetch(2)


def classifier(species, steps, option):
    """Build the base with one dense layer on top, compiled.

    Args:
        species: number of classes.
        steps: of the whole training, after which the learning rate is 0.
        option: those of the command line.
    """
    model = keras.Sequential(
        [
            network.base(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(species, activation="softmax"),
        ]
    )
    schedule = keras.optimizers.schedules.CosineDecay(option.learning_rate, steps)
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=option.weight_decay),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy"],
    )
    return model


def fit(pictures, option, checkpoint):
    """Train from the beginning, or from the checkpoint of an interrupted run.

    A resumed training gives the same weights as one that was never interrupted.

    Args:
        pictures: `uint8` array `[species, n, size, size, 3]`.
        option: those of the command line.
        checkpoint: path of the file that keeps the classifier after every epoch.

    Returns:
        The trained classifier.
    """
    steps = pictures.shape[0] * pictures.shape[1] // option.batch_size
    keras.utils.set_random_seed(option.seed)
    if checkpoint.exists():
        model = keras.saving.load_model(checkpoint)
        done = int(model.optimizer.iterations) // steps
        print(f"continuing after epoch {done} of {option.epochs}")
    else:
        model, done = classifier(pictures.shape[0], steps * option.epochs, option), 0
    # One call per epoch, because each has pictures of another size.
    one_epoch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", True)
    )
    for epoch in range(done, option.epochs):
        side = image_size(epoch, option.epochs, option.smallest, pictures.shape[2])
        model.fit(
            batches(pictures, epoch, side, option),
            initial_epoch=epoch,
            epochs=option.epochs,
            steps_per_epoch=steps,
            shuffle=False,
            callbacks=[one_epoch],
            verbose=1 if sys.stdout.isatty() else 2,
        )
        temporary = checkpoint.with_name(f".{checkpoint.name}")
        model.save(temporary)
        os.replace(temporary, checkpoint)
    return model


def fingerprint(option):
    """Hash all that decides the result, so that no other run's checkpoint is continued."""
    values = hashlib.sha256(repr(option).encode())
    for path in (__file__, network.__file__):
        values.update(Path(path).read_bytes())
    with PICTURES.open("rb") as file:
        while block := file.read(2**24):
            values.update(block)
    return values.hexdigest()[:16]


def save(base, path):
    """Save a base's weights as numbers of 16 bits, half the size of Keras's own.

    Args:
        base: what `network.base` returns.
        path: of a new file, ending in `.weights.h5`.
    """
    keras.utils.clear_session(free_memory=False)  # numbers the names of layers from 1 again
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        small = network.base()
    finally:
        keras.config.set_dtype_policy(policy)
    small.set_weights(base.get_weights())
    small.save_weights(path)


def score(model, pictures):
    """Score a classifier on pictures that it was not trained on.

    Args:
        model: what `fit` returns.
        pictures: `uint8` array `[species, n, size, size, 3]`.

    Returns:
        A mapping with `top_1` and `top_5` (share of pictures whose species is the
        likeliest, and among the five likeliest), `species` and `pictures` (how many).
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


def main():
    option = options.read(
        "python -m pretrain.train",
        __doc__,
        epochs=(options.count, "passes over the pictures"),
        batch_size=(options.count, "pictures in a step"),
        learning_rate=(float, "at the beginning; 0 at the end"),
        weight_decay=(float, "of AdamW"),
        smallest=(options.count, "side of the pictures in the first epoch, pixels"),
        held_out=(options.count, "pictures of each species to score on"),
        seed=(int, "of initial weights, order and crops"),
    )
    if not PICTURES.exists():
        raise SystemExit(f"{PICTURES}: no such file; `dvc repro pretrain/dvc.yaml:draw` makes it.")

    pictures = np.load(PICTURES, mmap_mode="r")
    training = pictures[:, : -option.held_out]
    if training.shape[0] * training.shape[1] < option.batch_size:
        raise SystemExit(
            f"pretrain/params.yaml: {training.shape[1]} pictures of {training.shape[0]} species "
            f"left to train on; expected a batch at least, {option.batch_size}. Hold out fewer."
        )
    checkpoint = PICTURES.with_name(f"checkpoint-{fingerprint(option)}.keras")
    for other in set(PICTURES.parent.glob("checkpoint-*.keras")) - {checkpoint}:
        other.unlink()
    model = fit(training, option, checkpoint)

    weights, metrics = (path.with_name(f".{path.name}") for path in (WEIGHTS, METRICS))
    base = model.get_layer("demo")
    save(base, weights)
    base.load_weights(weights)  # what is scored is what was saved
    scores = score(model, pictures[:, -option.held_out :])
    metrics.write_text(json.dumps(scores, indent=2) + "\n")
    os.replace(weights, WEIGHTS)
    os.replace(metrics, METRICS)
    checkpoint.unlink()

    print(
        f"{scores['species']} species told apart in {scores['pictures']} new pictures: "
        f"top-1 accuracy {scores['top_1']:.3f}, top-5 {scores['top_5']:.3f}"
    )


if __name__ == "__main__":
    main()
