"""The demo base: a small residual network."""

from stages.backend import keras

CHANNELS = (24, 40, 64, 128, 256)  # of five stages, each of which halves the side


def base(image_size=None):
    """Build the demo base with random weights.

    A residual network (K. He et al. (2016), Deep residual learning for image
    recognition, https://arxiv.org/abs/1512.03385) of 1.2 million weights.

    Args:
        image_size: side of the square input, pixels; any if `None`.

    Returns:
        A `keras.Model`: RGB pixels `[n, image_size, image_size, 3]` from 0 to 255 in, a
        feature map `[n, side, side, 256]` out, `side` being `image_size / 32` rounded up.
    """
    pixels = keras.Input((image_size, image_size, 3), name="pixels")
    features = keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    features = keras.layers.ReLU()(_convolution(features, CHANNELS[0], stride=2))
    for channels in CHANNELS[1:]:
        shortcut = _convolution(features, channels, stride=2, kernel=1)
        features = keras.layers.ReLU()(_convolution(features, channels, stride=2))
        features = _convolution(features, channels)
        features = keras.layers.ReLU()(keras.layers.Add()([features, shortcut]))
    return keras.Model(pixels, features, name="demo")


def _convolution(features, channels, stride=1, kernel=3):
    features = keras.layers.Conv2D(
        channels, kernel, stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(features)
    return keras.layers.BatchNormalization(momentum=0.98)(features)
