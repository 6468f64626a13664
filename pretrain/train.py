"""Train the demo base on telling random species apart: `python -m pretrain.train --help`."""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np

from pretrain import network
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
    return 16 * round((smallest + share * (largest - smallest)) / 16)


def batches(pictures, epoch, side, options):
    """Serve one epoch's pictures, in an order that seed and epoch fix.

    Args:
        pictures: `uint8` array `[species, n, size, size, 3]`; read a batch at a time.
        epoch: from 0; every epoch mirrors and crops the pictures in other ways.
        side: of the pictures served, pixels.
        options: of the command line; `seed` and `batch_size` count here.

    Returns:
        A `tf.data.Dataset` of pairs: `float32` `[batch, side, side, 3]` from 0 to 255, and
        one-hot species `[batch, species]`. It leaves out the last pictures that fill no batch.
    """
    species, count, size = pictures.shape[:3]
    crop = size * 7 // 8
    random = np.random.default_rng((options.seed, epoch))
    order = random.permutation(species * count)

    def read():
        for start in range(0, len(order) - options.batch_size + 1, options.batch_size):
            labels, rows = np.divmod(order[start : start + options.batch_size], count)
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
        tf.TensorSpec((options.batch_size, crop, crop, 3), tf.uint8),
        tf.TensorSpec((options.batch_size,), tf.int64),
    )
    dataset = tf.data.Dataset.from_generator(read, output_signature=signature)
    return dataset.map(
        lambda batch, labels: (tf.image.resize(batch, (side, side)), tf.one_hot(labels, species))
    ).prefetch(2)


def classifier(species, steps, options):
    """Build the base with one dense layer on top, compiled.

    Args:
        species: number of classes.
        steps: of the whole training, after which the learning rate is 0.
        options: of the command line.
    """
    model = keras.Sequential(
        [
            network.base(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(species, activation="softmax"),
        ]
    )
    schedule = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=options.weight_decay),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy"],
    )
    return model


def fit(pictures, options):
    """Train from the beginning, or from the checkpoint of an interrupted run.

    A resumed training gives the same weights as one that was never interrupted.

    Args:
        pictures: `uint8` array `[species, n, size, size, 3]`.
        options: of the command line.

    Returns:
        The trained classifier, and the path of its checkpoint.
    """
    run = repr(options).encode() + Path(__file__).read_bytes() + Path(network.__file__).read_bytes()
    name = f"checkpoint-{hashlib.sha256(run).hexdigest()[:12]}.keras"
    checkpoint = PICTURES.with_name(name)
    steps = pictures.shape[0] * pictures.shape[1] // options.batch_size

    keras.utils.set_random_seed(options.seed)
    if checkpoint.exists():
        model = keras.saving.load_model(checkpoint)
        done = int(model.optimizer.iterations) // steps
        print(f"continuing after epoch {done} of {options.epochs}")
    else:
        model, done = classifier(pictures.shape[0], steps * options.epochs, options), 0
    # One call per epoch, because each has pictures of another size.
    one_epoch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", True)
    )
    for epoch in range(done, options.epochs):
        side = image_size(epoch, options.epochs, options.smallest, pictures.shape[2])
        model.fit(
            batches(pictures, epoch, side, options),
            initial_epoch=epoch,
            epochs=options.epochs,
            steps_per_epoch=steps,
            shuffle=False,
            callbacks=[one_epoch],
            verbose=1 if sys.stdout.isatty() else 2,
        )
        temporary = checkpoint.with_name(f".{checkpoint.name}")
        model.save(temporary)
        os.replace(temporary, checkpoint)
    return model, checkpoint


def save(base, path):
    """Save a base's weights as numbers of 16 bits, half the size of Keras's own."""
    keras.utils.clear_session(free_memory=False)  # numbers the names of layers from 1 again
    keras.config.set_dtype_policy("float16")
    small = network.base()
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
    parser = argparse.ArgumentParser(prog="python -m pretrain.train", description=__doc__)
    for name, kind, meaning in [
        ("epochs", int, "passes over the pictures"),
        ("batch_size", int, "pictures in a step"),
        ("learning_rate", float, "at the beginning; 0 at the end"),
        ("weight_decay", float, "of AdamW"),
        ("smallest", int, "side of the pictures in the first epoch, pixels"),
        ("held_out", int, "pictures of each species to score on"),
        ("seed", int, "of initial weights, order and crops"),
    ]:
        parser.add_argument(f"--{name}", type=kind, required=True, help=meaning)
    options = parser.parse_args()

    pictures = np.load(PICTURES, mmap_mode="r")
    model, checkpoint = fit(pictures[:, : -options.held_out], options)
    base = model.get_layer("demo")
    save(base, WEIGHTS)
    base.load_weights(WEIGHTS)  # what is scored is what was saved
    metrics = score(model, pictures[:, -options.held_out :])
    METRICS.write_text(json.dumps(metrics, indent=2) + "\n")
    checkpoint.unlink()

    print(
        f"{metrics['species']} species told apart in {metrics['pictures']} new pictures: "
        f"top-1 accuracy {metrics['top_1']:.3f}, top-5 {metrics['top_5']:.3f}"
    )


if __name__ == "__main__":
    main()
