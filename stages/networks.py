"""The two networks, and the layers that they share."""

import random

from stages import files
from stages.backend import compiled, keras, tf


def shared_layers(parameters, classes, seed):
    """Build the layers that both networks share: convolutions, pooling, softmax.

    They take an image or the feature map of a base alike: padding keeps every
    convolution possible down to a side of 1, and the last pooling takes what is left.

    Args:
        parameters: the `Layers` of `params.yaml`.
        classes: number of classes.
        seed: of the initial weights, and of what is dropped.

    Returns:
        A `keras.Sequential` that is not built yet: `[n, rows, columns, channels]` in,
        probabilities `[n, classes]` out.
    """
    # Those that Keras draws by itself come from the process's random numbers, which the other
    # threads of a Dask worker use as well.
    seeds = random.Random(seed)

    def draw():
        return seeds.randint(1, int(1e9))  # as Keras does

    layers = keras.Sequential(name="layers")
    for number, filters in enumerate(parameters.filters):
        if number > 0:
            layers.add(keras.layers.MaxPooling2D(2, padding="same"))
        layers.add(
            keras.layers.Conv2D(
                filters,
                kernel_size=3,
                strides=2 if number == 0 else 1,  # a quarter of the work in all that follows
                padding="same",
                use_bias=False,
                kernel_initializer=keras.initializers.HeNormal(draw()),
            )
        )
        # Keras's default momentum of 0.99 is too slow for some hundred steps. Where several
        # devices train, they share the statistics of a batch; only one's are saved.
        several = tf.distribute.get_strategy().num_replicas_in_sync > 1
        layers.add(keras.layers.BatchNormalization(momentum=0.9, synchronized=several))
        layers.add(keras.layers.ReLU())
    layers.add(keras.layers.GlobalMaxPooling2D())
    layers.add(keras.layers.Dropout(parameters.dropout, seed=draw()))
    output = keras.initializers.GlorotUniform(draw())
    layers.add(keras.layers.Dense(classes, activation="softmax", kernel_initializer=output))
    return layers


def custom(image_size, layers):
    """Put the shared layers behind pixels scaled to the range from -1 to 1.

    Args:
        image_size: side of the square input, pixels.
        layers: what `shared_layers` returns.

    Returns:
        A `keras.Sequential`: RGB pixels `[n, image_size, image_size, 3]` from 0 to 255
        in, class probabilities out.
    """
    return keras.Sequential(
        [
            keras.Input((image_size, image_size, 3), name="pixels"),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            layers,
        ],
        name="custom",
    )


def transfer(base, layers):
    """Put the shared layers behind a frozen base.

    Args:
        base: what `bases.build` returns.
        layers: what `shared_layers` returns, trained on the features of `base` or not.

    Returns:
        A `keras.Sequential`: RGB pixels as `base` takes them in, class probabilities out.
    """
    pixels = keras.Input(base.input_shape[1:], name="pixels")
    return keras.Sequential([pixels, base, layers], name="transfer")


def learnt(base, count):
    """Find the model inside a base, which is all of it that has learnt something.

    Args:
        base: what `bases.build` returns.
        count: how many of that model's layers are to be fine-tuned.

    Returns:
        That `keras.Model`.

    Raises:
        SystemExit: if it has fewer layers.
    """
    (model,) = (layer for layer in base.layers if isinstance(layer, keras.Model))
    if count > len(model.layers):
        raise SystemExit(
            f"params.yaml: base.fine_tune is {count}, but the base has {len(model.layers)} "
            "layers; expected at most so many."
        )
    return model


def unfreeze(base, count):
    """Let training change the last layers of a base, but for its batch normalisation.

    Args:
        base: what `bases.build` returns. It runs in inference mode all the same.
        count: number of layers.

    Raises:
        SystemExit: if it has fewer.
    """
    model = learnt(base, count)
    model.trainable = True
    for number, layer in enumerate(model.layers):
        early = number < len(model.layers) - count
        layer.trainable = not (early or isinstance(layer, keras.layers.BatchNormalization))


def load(path):
    """Load a saved network in Keras's safe mode: nothing in the file is run as code.

    Raises:
        SystemExit: if it is not there, or not a network that Keras can load so.
    """
    try:
        return keras.saving.load_model(files.existing(path), compile=False, safe_mode=True)
    except Exception as error:  # what Keras raises for damaged files is of many kinds
        reason = " ".join(str(error).split())
        raise SystemExit(
            f"{path}: not a network that Keras can load in its safe mode ({reason}). Remove it; "
            "`dvc repro` makes it again."
        ) from None


def trained(name, image_size, classes):
    """Load one of the two networks that were trained, to be asked.

    Args:
        name: `custom` or `transfer`.
        image_size: side of the square input, pixels.
        classes: number of classes.

    Returns:
        A function from RGB pixels, `float32` `[any, image_size, image_size, 3]` from 0 to
        255, to an array of probabilities `[any, classes]`.

    Raises:
        SystemExit: as `load` does, or if it takes or gives something else.
    """
    path = f"data/models/{name}.keras"
    network = load(path)
    expected = [(None, image_size, image_size, 3), (None, classes)]
    # One that was never built has none.
    found = [getattr(network, side, None) for side in ("input_shape", "output_shape")]
    if found != expected:
        raise SystemExit(
            f"{path}: takes and gives {found}; expected {expected}, as image_size in params.yaml "
            "and data/split.csv say. `dvc repro` brings them together; remove the file if it "
            "does not."
        )
    return compiled(network)
