"""The layers that both networks share. Put your own network here, then run `dvc repro`.

The first function below builds the layers of the custom network, and the same ones behind the
pre-trained base. Change what you like. Three things must hold:

- It takes an image `[160, 160, 3]` as well as the base's features `[5, 5, channels]`: a
  feature map is small, so keep `padding="same"` where a layer would shrink it away.
- It ends in a softmax over the classes: their number is the argument `classes`.
- Its other arguments are the keys of `layers` in params.yaml, so that
  `dvc exp run -S layers.dropout=0.5` tries another value.

Pixels arrive scaled to the range -1 to 1. Seeds are set for you: leave them out.
"""

import keras
from keras import layers


def shared_layers(classes: int, filters: list[int], dropout: float) -> keras.Sequential:
    """Build the shared layers.

    Args:
        classes: number of classes.
        filters: number of filters of each convolution.
        dropout: share of the values that are dropped before the last layer.

    Returns:
        An unbuilt network from `[n, rows, columns, channels]` to probabilities `[n, classes]`.
    """
    network = keras.Sequential(
        [
            # A stride of 4 leaves a sixteenth of the positions. That saves most of the work, so
            # that there is time for more filters.
            layers.Conv2D(
                filters[0],
                5,
                strides=4,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
            ),
            # Keras's default momentum of 0.99 is too slow for a few hundred steps.
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    )
    # Only the first convolution is normalized: behind the base, the others see one position of
    # each photo, and the few values of a batch give no usable statistics.
    for count in filters[1:]:
        network.add(layers.MaxPooling2D(2, padding="same"))
        network.add(layers.Conv2D(count, 3, padding="same", activation="relu"))
    network.add(layers.GlobalMaxPooling2D())
    network.add(layers.Dropout(dropout))
    network.add(layers.Dense(classes, activation="softmax"))
    return network
