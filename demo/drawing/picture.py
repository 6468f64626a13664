"""Pictures: an individual in its coat, in a scene and light, as a camera sees it."""

import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from demo.drawing import coat, painting, posture, scenery
from demo.drawing.anatomy import Species
from demo.drawing.painting import Light
from demo.drawing.posture import Piece

Seed = Sequence[int]


def draw_pictures(requests: Iterable[tuple[Species, Seed]], size: int) -> Iterator[np.ndarray]:
    """Draw many pictures on all cores, with the same result on any number of cores.

    Args:
        requests: the species and the seed of each picture.
        size: side of the square, pixels.

    Yields:
        RGB pixels, `uint8` `[size, size, 3]`, in the order of the requests.
    """
    # Forking is not safe where TensorFlow runs.
    context = get_context("spawn")
    with ProcessPoolExecutor(mp_context=context, initializer=_end_with_parent) as pool:
        animals, seeds = zip(*requests, strict=True)
        yield from pool.map(partial(draw_picture, size=size), animals, seeds, chunksize=16)


def _end_with_parent() -> None:
    """End this process when the one that started it is killed."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def draw_picture(species: Species, seed: Seed, size: int) -> np.ndarray:
    """Draw one picture at random.

    Args:
        species: the species of the animal.
        seed: integers; the same ones give the same picture, and for another species another
            scene.
        size: side of the square, pixels.

    Returns:
        RGB pixels, `uint8` `[size, size, 3]`.
    """
    rng = np.random.default_rng((zlib.crc32(species.name.encode()), *seed))
    view = posture.draw_view(species.habit, rng)
    individual = posture.draw_individual(species, rng)
    pieces, scale, origin = frame_pieces(individual, view, rng, size)
    light = _draw_light(rng)

    if species.habit == "stands":
        feet = min(min(piece.base[1], piece.tip[1]) - max(piece.radius) for piece in pieces)
        canvas, high = scenery.draw_landscape(rng, size, feet), feet / size + 0.1
    else:
        canvas, high = scenery.draw_ground(rng, size), 1.0
    scenery.add_clutter(canvas, rng, light, count=int(rng.integers(6)), low=0.0, high=high)
    scenery.add_shadow(canvas, pieces, light, species.habit)
    seen = painting.project_pieces(pieces, size)
    colours = coat.draw_coat(rng, seen, view, scale, origin)
    painting.paint_surface(canvas, seen, colours, light)
    scenery.add_clutter(canvas, rng, light, count=int(rng.integers(4)), low=-0.05, high=0.2)
    return _photograph(canvas[::-1], rng)


def _draw_light(rng: np.random.Generator) -> Light:
    """Draw a sun in front of the animal, to its left or right, and the light of the sky."""
    aside, height = rng.uniform(-1.2, 1.2), rng.uniform(0.35, 1.0)
    level = np.cos(height)
    direction = np.array([np.sin(aside) * level, np.sin(height), np.cos(aside) * level])
    return Light(direction, ambient=rng.uniform(0.4, 0.6))


class Framed(NamedTuple):
    """An animal in the camera's space, in pixels.

    Attributes:
        pieces: what the animal consists of.
        scale: length of its trunk, pixels.
        origin: place of its trunk's base, `[3]`.
    """

    pieces: list[Piece]
    scale: float
    origin: np.ndarray


def frame_pieces(
    pieces: Iterable[Piece], view: np.ndarray, rng: np.random.Generator, size: int
) -> Framed:
    """Turn an animal towards the camera and scale it: large, and wholly in the picture.

    Args:
        pieces: the pieces of the animal, in its own space.
        view: rotation `[3, 3]` from the animal's space to the camera's.
        rng: the random generator.
        size: side of the square, pixels.
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
    reach = np.array([measure_reach(piece) for piece in turned])
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
            radius=(scale * piece.radius[0], scale * piece.radius[1]),
        )
        for piece in turned
    ]
    return Framed(framed, scale, origin)


def measure_reach(piece: Piece) -> np.ndarray:
    """Return how far a piece extends beyond its bone, to the right and up, `[2]`."""
    spread = np.ones(2) if piece.breadth is None else np.abs(piece.breadth[:2])
    return max(piece.radius) * spread


def _photograph(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Expose and blur a picture, and add the noise of a sensor.

    Args:
        canvas: RGB from 0 to about 1, `[size, size, 3]`.
        rng: the random generator.

    Returns:
        RGB pixels, `uint8` `[size, size, 3]`.
    """
    size = len(canvas)
    balance = 1 + rng.normal(0, 0.04, 3)
    exposed = np.clip(canvas * balance * rng.uniform(0.8, 1.15), 0, 1) ** rng.uniform(0.8, 1.1)
    image = Image.fromarray((255 * exposed).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.1, 0.9) * size / 160))
    grain = rng.standard_normal((size, size, 3), dtype=np.float32) * rng.uniform(1, 7)
    return np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)
