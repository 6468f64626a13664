"""Scenery: what is behind, below and in front of an animal."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from demo.drawing import painting
from demo.drawing.painting import Light, draw_colour
from demo.drawing.posture import Piece


def draw_landscape(rng: np.random.Generator, size: int, feet: float) -> np.ndarray:
    """Draw earth in front of sky or foliage, at random.

    Args:
        rng: the random generator.
        size: side of the picture, pixels.
        feet: height of the animal's feet above the lower edge, pixels; the horizon is higher.

    Returns:
        RGB from 0 to 1, `float32` `[size, size, 3]`.
    """
    horizon = feet + rng.uniform(0.03, 0.35) * size
    y = np.arange(size, dtype=np.float32)[:, None] - horizon
    y = y + (_draw_noise(rng, size, 4) - 0.5) * size * rng.uniform(0, 0.15)
    earth = _draw_earth(rng, size)
    if rng.random() < 0.5:
        zenith = draw_colour(rng, (0.52, 0.65), (0.15, 0.5), (0.6, 1))
        haze = draw_colour(rng, (0, 1), (0, 0.12), (0.8, 1))
        sky = haze + (zenith - haze) * np.clip(1.6 * y / size, 0, 1)[..., None]
        clouds = np.clip(2 * _draw_noise(rng, size, 5) - 1.1, 0, 1)[..., None]
        sky = sky + (1 - sky) * 0.8 * clouds
    else:
        sky = _draw_foliage(rng, size)
    above = np.clip(y / rng.uniform(1, 4) + 0.5, 0, 1)[..., None]
    return (earth + (sky - earth) * above).astype(np.float32)


def draw_ground(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw earth or foliage as seen from above, at random.

    Returns:
        RGB from 0 to 1, `float32` `[size, size, 3]`.
    """
    return (_draw_foliage if rng.random() < 0.6 else _draw_earth)(rng, size)


def _draw_earth(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw grass, sand or soil: a colour with fine grain."""
    colour = draw_colour(rng, (0.05, 0.35), (0.1, 0.55), (0.3, 0.8))
    grain = (
        0.5 * _draw_noise(rng, size, 7)
        + 0.3 * _draw_noise(rng, size, 24)
        + 0.2 * _draw_noise(rng, size, 60)
    )
    return colour * (0.65 + 0.7 * grain)[..., None]


def _draw_foliage(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw leaves out of focus: blobs of two greens."""
    dark = draw_colour(rng, (0.15, 0.42), (0.2, 0.6), (0.15, 0.4))
    bright = draw_colour(rng, (0.12, 0.4), (0.15, 0.55), (0.4, 0.85))
    blobs = 0.6 * _draw_noise(rng, size, int(rng.integers(3, 9))) + 0.4 * _draw_noise(rng, size, 16)
    return dark + (bright - dark) * np.clip(1.8 * blobs - 0.4, 0, 1)[..., None]


def add_clutter(
    canvas: np.ndarray,
    rng: np.random.Generator,
    light: Light,
    count: int,
    low: float,
    high: float,
) -> None:
    """Scatter stones, twigs and leaves at random.

    Args:
        canvas: RGB from 0 to 1, `[size, size, 3]`, changed in place.
        rng: the random generator.
        light: the light that falls on them.
        count: number of things.
        low, high: where they begin, as shares of the height from the lower edge.
    """
    size = len(canvas)
    things = [_draw_thing(rng, size, low, high) for _ in range(count)]
    if things:
        colour = draw_colour(rng, (0.05, 0.4), (0.05, 0.5), (0.2, 0.7))
        painting.paint_surface(canvas, painting.project_pieces(things, size), colour, light)


def _draw_thing(rng: np.random.Generator, size: int, low: float, high: float) -> Piece:
    """Draw a stone, which lies level, or a twig or leaf in any direction."""
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


def add_shadow(canvas: np.ndarray, pieces: Sequence[Piece], light: Light, habit: str) -> None:
    """Darken the ground below an animal.

    Args:
        canvas: RGB from 0 to 1, `[size, size, 3]`, changed in place.
        pieces: the pieces of the animal, in pixels.
        light: the light that falls on it.
        habit: as in `Species`.
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


def _draw_noise(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Draw smooth noise with about `cells` blobs a side.

    Returns:
        `float32` `[size, size]` from 0 to 1.
    """
    grid = Image.fromarray(rng.random((cells + 3, cells + 3), dtype=np.float32))
    margin = 1.5
    box = (margin, margin, cells + margin, cells + margin)
    return np.clip(np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC, box)), 0, 1)
