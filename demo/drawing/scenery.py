"""Scenery: what is behind, below and before an animal."""

import numpy as np
from PIL import Image

from demo.drawing import painting
from demo.drawing.painting import tint
from demo.drawing.posture import Piece


def landscape(rng, size, feet):
    """Draw earth before sky or foliage: RGB from 0 to 1, `float32` `[size, size, 3]`.

    Args:
        rng: a `numpy.random.Generator`.
        size: side of the picture, pixels.
        feet: height above the lower edge, pixels; the horizon is about there or higher.
    """
    horizon = feet + rng.uniform(0.03, 0.35) * size
    y = np.arange(size, dtype=np.float32)[:, None] - horizon
    y = y + (_noise(rng, size, 4) - 0.5) * size * rng.uniform(0, 0.15)
    earth = _earth(rng, size)
    if rng.random() < 0.5:
        zenith = tint(rng, (0.52, 0.65), (0.15, 0.5), (0.6, 1))
        haze = tint(rng, (0, 1), (0, 0.12), (0.8, 1))
        sky = haze + (zenith - haze) * np.clip(1.6 * y / size, 0, 1)[..., None]
        clouds = np.clip(2 * _noise(rng, size, 5) - 1.1, 0, 1)[..., None]
        sky = sky + (1 - sky) * 0.8 * clouds
    else:
        sky = _foliage(rng, size)
    above = np.clip(y / rng.uniform(1, 4) + 0.5, 0, 1)[..., None]
    return (earth + (sky - earth) * above).astype(np.float32)


def ground(rng, size):
    """Draw earth or foliage as seen from above: RGB from 0 to 1, `float32` `[size, size, 3]`."""
    return (_foliage if rng.random() < 0.6 else _earth)(rng, size)


def _earth(rng, size):
    """Draw grass, sand or soil: a colour with fine grain."""
    colour = tint(rng, (0.05, 0.35), (0.1, 0.55), (0.3, 0.8))
    grain = 0.5 * _noise(rng, size, 7) + 0.3 * _noise(rng, size, 24) + 0.2 * _noise(rng, size, 60)
    return colour * (0.65 + 0.7 * grain)[..., None]


def _foliage(rng, size):
    """Draw leaves out of focus: blobs of two greens."""
    dark = tint(rng, (0.15, 0.42), (0.2, 0.6), (0.15, 0.4))
    bright = tint(rng, (0.12, 0.4), (0.15, 0.55), (0.4, 0.85))
    blobs = 0.6 * _noise(rng, size, int(rng.integers(3, 9))) + 0.4 * _noise(rng, size, 16)
    return dark + (bright - dark) * np.clip(1.8 * blobs - 0.4, 0, 1)[..., None]


def add_clutter(canvas, rng, light, count, low, high):
    """Scatter stones, twigs and leaves.

    Args:
        canvas: RGB from 0 to 1, `[size, size, 3]`, changed in place.
        rng: a `numpy.random.Generator`.
        light: a `Light`.
        count: number of things.
        low, high: where they begin, as shares of the height from the lower edge.
    """
    size = len(canvas)
    things = [_thing(rng, size, low, high) for _ in range(count)]
    if things:
        colour = tint(rng, (0.05, 0.4), (0.05, 0.5), (0.2, 0.7))
        painting.add(canvas, painting.surface(things, size), colour, light)


def _thing(rng, size, low, high):
    """Draw a stone, which lies, or a twig or leaf in any direction."""
    base = size * np.array([rng.uniform(0, 1), rng.uniform(low, high), 0])
    kind = rng.choice(["stone", "twig", "leaf"])
    length, breadth = {
        "stone": ((0.03, 0.1), (0.5, 0.8)),
        "twig": ((0.2, 0.6), (0.02, 0.05)),
        "leaf": ((0.1, 0.25), (0.15, 0.3)),
    }[kind]
    angle = 0 if kind == "stone" else rng.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle), 0])
    across = np.array([-np.sin(angle), np.cos(angle), 0])
    long = size * rng.uniform(*length)
    thick = long * rng.uniform(*breadth)
    return Piece(
        base,
        base + long * along,
        (thick, thick * rng.uniform(0.7, 1)),
        "coat",
        across if kind == "leaf" else None,
    )


def add_shadow(canvas, pieces, light, habit):
    """Darken the ground below an animal.

    Args:
        canvas: RGB from 0 to 1, `[size, size, 3]`, changed in place.
        pieces: of the animal, in pixels.
        light: a `Light`.
        habit: of the animal.
    """
    ends = np.array([end[:2] for piece in pieces for end in (piece.base, piece.tip)])
    low, high = ends.min(0), ends.max(0)
    size = len(canvas)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    centre, spread = (low + high) / 2, (high - low) / 3
    if habit == "stands":
        centre[1], spread[1] = low[1], size / 28
    else:
        centre -= 0.05 * size * light.direction[:2]
    distance = ((x - centre[0]) / spread[0]) ** 2 + ((y - centre[1]) / spread[1]) ** 2
    canvas *= 1 - 0.5 * np.exp(-distance / 1.5)[..., None]


def _noise(rng, size, cells):
    """Draw smooth noise: `float32` `[size, size]` from 0 to 1, about `cells` blobs a side."""
    grid = Image.fromarray(rng.random((cells + 3, cells + 3), dtype=np.float32))
    margin = 1.5
    box = (margin, margin, cells + margin, cells + margin)
    return np.clip(np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC, box)), 0, 1)
