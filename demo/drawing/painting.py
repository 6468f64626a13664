"""Painting: pieces before a camera become a surface, and a surface becomes light and colour."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from demo.drawing.posture import Piece

COLOURS = ("coat", "wing", "trim", "dark", "eye")


class Light(NamedTuple):
    """The sun, and the sky around it.

    Attributes:
        direction: towards the sun, unit vector `[3]`.
        ambient: share of the light that comes from everywhere, from 0 to 1.
    """

    direction: np.ndarray
    ambient: float


@dataclass
class Surface:
    """The surface of some pieces, as the camera sees it: arrays `[size, size]`.

    Attributes:
        cover: share of the pixel that they cover, from 0 to 1.
        height: towards the camera, pixels; where nothing is, behind everything else.
        colour: index in `COLOURS` of the nearest piece.
        vein: on wings, how dark border and veins are, from 0 to 1.
    """

    cover: np.ndarray
    height: np.ndarray
    colour: np.ndarray
    vein: np.ndarray


class Fit(NamedTuple):
    """A piece, fitted to the pixels around it: arrays `[rows, columns]`.

    Attributes:
        edge: distance to the edge of the piece, pixels, positive inside.
        height: as in `Surface`.
        vein: as in `Surface`; 0 for pieces without veins.
    """

    edge: np.ndarray
    height: np.ndarray
    vein: np.ndarray | float


def project_pieces(pieces: Sequence[Piece], size: int) -> Surface:
    """Project pieces onto the picture.

    Args:
        pieces: what is drawn, in pixels: x from the left, y from the bottom.
        size: side of the picture, pixels.
    """
    behind = min(min(piece.base[2], piece.tip[2]) - max(piece.radius) for piece in pieces)
    seen = Surface(
        np.zeros((size, size), np.float32),
        np.full((size, size), behind, np.float32),
        np.zeros((size, size), np.int8),
        np.zeros((size, size), np.float32),
    )
    for piece in pieces:
        reach = max(piece.radius) + 1
        ends = np.array([piece.base[:2], piece.tip[:2]])
        left, bottom = np.floor(ends.min(0) - reach).astype(int).clip(0, size)
        right, top = np.ceil(ends.max(0) + reach).astype(int).clip(0, size)
        if left >= right or bottom >= top:
            continue
        x = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - piece.base[0])
        y = np.arange(bottom, top, dtype=np.float32)[:, None] + np.float32(0.5 - piece.base[1])
        window = np.s_[bottom:top, left:right]
        if piece.breadth is None:
            fit = _fit_cone(piece, x, y)
        else:
            fit = _fit_leaf(piece, piece.breadth, x, y)
        _lay(seen, window, piece, fit)
    return seen


def _fit_cone(piece: Piece, x: np.ndarray, y: np.ndarray) -> Fit:
    """Fit a cone with round ends to pixels around its base."""
    (dx, dy, dz), (start, end) = (piece.tip - piece.base).tolist(), piece.radius
    length2 = max(dx * dx + dy * dy, 1e-6)
    along = np.clip((x * dx + y * dy) / length2, 0, 1)
    distance2 = (x - along * dx) ** 2 + (y - along * dy) ** 2
    radius = start + (end - start) * along
    bulge = np.sqrt(np.maximum(radius * radius - distance2, 0))
    return Fit(radius - np.sqrt(distance2), piece.base[2] + dz * along + bulge, 0)


def _fit_leaf(piece: Piece, breadth: np.ndarray, x: np.ndarray, y: np.ndarray) -> Fit:
    """Fit a leaf that spreads along its breadth to pixels around its base."""
    ax, ay, az = (piece.tip - piece.base).tolist()
    bx, by, bz = (piece.radius[0] * breadth).tolist()
    area = ax * by - ay * bx
    area = np.copysign(max(abs(area), 1e-3), area)  # seen edge-on, it vanishes
    along = (x * by - y * bx) / area
    across = (y * ax - x * ay) / area
    inside = np.clip(along, 1e-4, 1)
    rise, fall = 1.2 * piece.blunt, 1 - 0.65 * piece.blunt
    widest = rise / (rise + fall)
    profile = inside**rise * (1 - inside) ** fall / (widest**rise * (1 - widest) ** fall)
    edge = np.minimum(
        (profile - np.abs(across)) * (abs(area) / np.hypot(ax, ay)),
        np.minimum(along, 1 - along) * (abs(area) / np.hypot(bx, by)),
    )
    height = piece.base[2] + az * along + bz * across + piece.radius[1]
    if piece.colour != "wing":
        return Fit(edge, height, 0)
    border = np.clip(1.3 - edge / (0.17 * piece.radius[0]), 0, 1)
    rays = np.abs((across / (0.35 + inside) * 2.5) % 1 - 0.5) * 2
    return Fit(edge, height, np.maximum(border, np.clip(4 * rays - 3, 0, 0.8)))


def _lay(seen: Surface, window: tuple[slice, slice], piece: Piece, fit: Fit) -> None:
    """Lay a piece over the surface that is there already; `window` holds the pixels of `fit`."""
    cover = np.clip(fit.edge + 0.5, 0, 1)
    below = seen.height[window]
    nearer = (cover > 0) & (fit.height > below)
    seen.height[window] = np.where(nearer, fit.height, below)
    seen.colour[window][nearer] = COLOURS.index(piece.colour)
    seen.vein[window] = np.where(nearer, fit.vein, seen.vein[window])
    seen.cover[window] = np.maximum(seen.cover[window], cover)


def paint_surface(canvas: np.ndarray, seen: Surface, colours: np.ndarray, light: Light) -> None:
    """Paint a surface onto the canvas.

    Args:
        canvas: RGB `[size, size, 3]` from 0 to 1, gloss beyond 1; changed in place.
        seen: the surface.
        colours: RGB from 0 to 1, `[size, size, 3]`, or `[3]` for all pixels.
        light: the light that falls on it.
    """
    facing = _measure_facing(seen.height, light.direction)
    brightness = light.ambient + (1 - light.ambient) * facing
    shine = np.where(seen.colour == COLOURS.index("eye"), 0.9, 0.08) * facing**24
    lit = colours * brightness[..., None] + shine[..., None]
    canvas += (lit - canvas) * seen.cover[..., None]


def _measure_facing(height: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the cosine of the angle between a surface and a direction, at least 0."""
    height = height.copy()
    for _ in range(round(len(height) / 50)):  # smooths the creases at the joints
        height[1:-1] = (height[:-2] + 2 * height[1:-1] + height[2:]) / 4
        height[:, 1:-1] = (height[:, :-2] + 2 * height[:, 1:-1] + height[:, 2:]) / 4
    slope_y, slope_x = np.gradient(height)
    towards = direction[2] - direction[0] * slope_x - direction[1] * slope_y
    return np.clip(towards / np.sqrt(slope_x**2 + slope_y**2 + 1), 0, 1)


def draw_colour(
    rng: np.random.Generator,
    hue: tuple[float, float],
    saturation: tuple[float, float],
    value: tuple[float, float],
) -> np.ndarray:
    """Draw a colour at random, each of its three parts from a range within 0 to 1.

    Returns:
        RGB from 0 to 1, `float32` `[3]`.
    """
    drawn = rng.uniform(*hue), rng.uniform(*saturation), rng.uniform(*value)
    return np.array(colorsys.hsv_to_rgb(*drawn), np.float32)
