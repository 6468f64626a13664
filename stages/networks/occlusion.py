"""Where a network looks: what it no longer recognises if a part of the photo is covered."""

import numpy as np

PLACES = 9  # along each side, of a square that is a quarter as long
GREY = 128
GLOW = np.array([255, 90, 0])  # colour of what matters


def losses(run, pixels, answer):
    """Measure by occlusion how much each part of a photo matters to an answer.

    A grey square is put at 81 places, one after the other, and the network asked each time,
    as in section 4.2 of Zeiler and Fergus, "Visualizing and Understanding Convolutional
    Networks", 2014 (https://arxiv.org/abs/1311.2901).

    Args:
        run: what `networks.trained` returns.
        pixels: `uint8` array `[side, side, 3]`.
        answer: index of the class.

    Returns:
        A `float` array `[side, side]`, from -1 to 1: the probability that the answer loses
        if a square covers that pixel, as the mean of all squares that do.
    """
    side, square = len(pixels), len(pixels) // 4
    starts = np.linspace(0, side - square, PLACES).round().astype(int)
    places = [
        (slice(row, row + square), slice(column, column + square))
        for row in starts
        for column in starts
    ]
    lost, covered = np.zeros((2, side, side))
    whole = run(pixels[None].astype(np.float32))[0, answer]
    for some in np.array_split(np.arange(len(places)), PLACES):
        batch = np.repeat(pixels[None].astype(np.float32), len(some), axis=0)
        for image, place in zip(batch, some, strict=True):
            image[places[place]] = GREY
        for probability, place in zip(run(batch)[:, answer], some, strict=True):
            lost[places[place]] += whole - probability
            covered[places[place]] += 1
    return lost / covered


def overlay(pixels, lost):
    """Show what `losses` returns as a glow over the photo, in grey.

    Args:
        pixels: `uint8` array `[side, side, 3]`.
        lost: `float` array `[side, side]`; the largest value glows most, 0 and below do not.

    Returns:
        A `uint8` array `[side, side, 3]`.
    """
    grey = pixels.mean(axis=2, keepdims=True)
    glow = 0.8 * np.clip(lost / max(lost.max(), 1e-9), 0, 1)[..., None]
    return (grey * (1 - glow) + GLOW * glow).round().astype(np.uint8)
