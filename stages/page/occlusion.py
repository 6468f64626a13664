"""Where a network looks: what it no longer recognizes if a part of the photo is covered."""

from collections.abc import Callable

import numpy as np

PLACES = 9  # along each side, of a square that is a quarter as long
GREY = 128
GLOW = np.array([255, 90, 0])  # colour of what matters


def measure_losses(
    run: Callable[[np.ndarray], np.ndarray], pixels: np.ndarray, answer: int
) -> np.ndarray:
    """Measure by occlusion how much each part of a photo matters to an answer.

    A grey square covers the photo at 81 places, one after the other, and the network
    predicts each time, as in section 4.2 of M. D. Zeiler and R. Fergus (2014), Visualizing
    and Understanding Convolutional Networks, ECCV, https://arxiv.org/abs/1311.2901.

    Args:
        run: a trained network: `float32` pixels `[n, side, side, 3]`, 0 to 255, to
            probabilities `[n, classes]`.
        pixels: `uint8` `[side, side, 3]`.
        answer: index of the class.

    Returns:
        `float` `[side, side]`, -1 to 1: how much probability the answer loses if a square
        covers that pixel, as the mean of all squares that do.
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


def draw_overlay(pixels: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Draw the result of `measure_losses` as a glow over the photo, in grey.

    Args:
        pixels: `uint8` `[side, side, 3]`.
        lost: `float` `[side, side]`; the largest value glows most, 0 and below do not.

    Returns:
        `uint8` `[side, side, 3]`.
    """
    grey = pixels.mean(axis=2, keepdims=True)
    glow = 0.8 * np.clip(lost / max(lost.max(), 1e-9), 0, 1)[..., None]
    return (grey * (1 - glow) + GLOW * glow).round().astype(np.uint8)
