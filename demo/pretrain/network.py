"""The demo base: a small residual network."""

from keras import Input, KerasTensor, Model, layers

CHANNELS = (24, 40, 64, 128, 256)  # of five blocks, each of which halves the side


def build_base(image_size: int | None = None) -> Model:
    """Build the demo base with random weights.

    A residual network (K. He et al. (2016), Deep residual learning for image
    recognition, https://arxiv.org/abs/1512.03385) with 1.2 million weights.

    Args:
        image_size: side of the square input in pixels; any size if `None`.

    Returns:
        A model from RGB pixels `[n, image_size, image_size, 3]`, 0 to 255, to a feature
        map `[n, side, side, 256]`, where `side` is `image_size / 32`, rounded up.
    """
    pixels = Input((image_size, image_size, 3), name="pixels")
    features = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    features = layers.ReLU()(_convolution(features, CHANNELS[0], strides=2))
    for channels in CHANNELS[1:]:
        shortcut = _convolution(features, channels, strides=2, kernel_size=1)
        features = layers.ReLU()(_convolution(features, channels, strides=2))
        features = _convolution(features, channels)
        features = layers.ReLU()(layers.Add()([features, shortcut]))
    return Model(pixels, features, name="demo")


def _convolution(
    features: KerasTensor, channels: int, strides: int = 1, kernel_size: int = 3
) -> KerasTensor:
    """Apply a convolution and batch normalization."""
    features = layers.Conv2D(
        channels,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(features)
    return layers.BatchNormalization(momentum=0.98)(features)
