"""Pictures: an individual in its coat, in some place and light, seen by some camera."""

import os
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context, parent_process
from threading import Thread

import numpy as np
from PIL import Image, ImageFilter

from demo.drawing import coat, painting, posture, scenery


def pictures(requests, size):
    """Draw many pictures on all cores, with the same result on any number of them.

    Args:
        requests: pairs of a `Species` and a seed.
        size: side of the square, pixels.

    Yields:
        RGB pixels, `uint8` `[size, size, 3]`, in the order of the requests.
    """
    # Forking is not safe where TensorFlow runs.
    context = get_context("spawn")
    with ProcessPoolExecutor(mp_context=context, initializer=_end_with_parent) as pool:
        animals, seeds = zip(*requests, strict=True)
        yield from pool.map(partial(picture, size=size), animals, seeds, chunksize=16)


def _end_with_parent():
    """End this process when the one that started it is killed."""

    def wait():
        parent_process().join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def picture(species, seed, size):
    """Draw one picture.

    Args:
        species: a `Species`.
        seed: a sequence of integers; the same gives the same picture, and the same for
            another species gives another scene.
        size: side of the square, pixels.

    Returns:
        RGB pixels, `uint8` `[size, size, 3]`.
    """
    rng = np.random.default_rng((zlib.crc32(species.name.encode()), *seed))
    view = posture.view(species.habit, rng)
    pieces, scale, origin = _framed(posture.individual(species, rng), view, rng, size)
    light = _light(rng)

    if species.habit == "stands":
        feet = min(min(piece.base[1], piece.tip[1]) - max(piece.radius) for piece in pieces)
        canvas, high = scenery.landscape(rng, size, feet), feet / size + 0.1
    else:
        canvas, high = scenery.ground(rng, size), 1.0
    scenery.add_clutter(canvas, rng, light, count=rng.integers(6), low=0.0, high=high)
    scenery.add_shadow(canvas, pieces, light, species.habit)
    seen = painting.surface(pieces, size)
    painting.add(canvas, seen, coat.colours(rng, seen, view, scale, origin), light)
    scenery.add_clutter(canvas, rng, light, count=rng.integers(4), low=-0.05, high=0.2)
    return _photograph(canvas[::-1], rng)


def _light(rng):
    """Draw a sun before the animal, to its left or right, and the light of the sky."""
    aside, height = rng.uniform(-1.2, 1.2), rng.uniform(0.35, 1.0)
    level = np.cos(height)
    direction = np.array([np.sin(aside) * level, np.sin(height), np.cos(aside) * level])
    return painting.Light(direction, ambient=rng.uniform(0.4, 0.6))


def _framed(pieces, view, rng, size):
    """Turn pieces into the camera's space, in pixels: large, and wholly in the picture.

    Returns:
        The pieces, the pixels of a trunk's length, and the place of the animal's origin.
    """
    turned = [
        replace(
            piece,
            base=view @ piece.base,
            tip=view @ piece.tip,
            breadth=None if piece.breadth is None else view @ piece.breadth,
        )
        for piece in pieces
    ]
    reach = np.array([_reach(piece) for piece in turned])
    ends = np.array([(piece.base[:2], piece.tip[:2]) for piece in turned])
    low, high = (ends.min(1) - reach).min(0), (ends.max(1) + reach).max(0)
    scale = size * rng.uniform(0.55, 0.95) / (high - low).max()
    room = size - scale * (high - low)
    origin = np.append(rng.uniform(0.1, 0.9, 2) * room - scale * low, 0)
    framed = [
        replace(
            piece,
            base=scale * piece.base + origin,
            tip=scale * piece.tip + origin,
            radius=tuple(scale * radius for radius in piece.radius),
        )
        for piece in turned
    ]
    return framed, scale, origin


def _reach(piece):
    """Return how far a piece extends beyond its bone, to the right and up."""
    spread = np.ones(2) if piece.breadth is None else np.abs(piece.breadth[:2])
    return max(piece.radius) * spread


def _photograph(canvas, rng):
    """Expose, blur and add the noise of a sensor: `uint8` pixels."""
    size = len(canvas)
    balance = 1 + rng.normal(0, 0.04, 3)
    exposed = np.clip(canvas * balance * rng.uniform(0.8, 1.15), 0, 1) ** rng.uniform(0.8, 1.1)
    image = Image.fromarray((255 * exposed).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.1, 0.9) * size / 160))
    grain = rng.standard_normal((size, size, 3), dtype=np.float32) * rng.uniform(1, 7)
    return np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)
