"""Painting: pieces before a camera become a surface, and a surface becomes light and colour."""

import colorsys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

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
    """What the camera sees of some pieces: arrays `[size, size]`, in pixels.

    Attributes:
        cover: share of the pixel that they cover, from 0 to 1.
        height: towards the camera; where nothing is, some way behind everything.
        colour: index in `COLOURS` of the nearest piece.
        vein: on wings, from 0 to 1 where border and veins are dark.
    """

    cover: np.ndarray
    height: np.ndarray
    colour: np.ndarray
    vein: np.ndarray


def surface(pieces, size):
    """Project pieces onto the picture.

    Args:
        pieces: a list of `Piece` in pixels: x from the left, y from the bottom.
        size: side of the picture, pixels.

    Returns:
        A `Surface`.
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
        edge, height, vein = (_round if piece.breadth is None else _flat)(piece, x, y)
        _lay(seen, window, piece, edge, height, vein)
    return seen


def _round(piece, x, y):
    """Fit a cone with round ends to pixels around its base.

    Returns:
        Their distance to the edge (positive inside), height, and vein.
    """
    (dx, dy, dz), (start, end) = (piece.tip - piece.base).tolist(), piece.radius
    length2 = max(dx * dx + dy * dy, 1e-6)
    along = np.clip((x * dx + y * dy) / length2, 0, 1)
    distance2 = (x - along * dx) ** 2 + (y - along * dy) ** 2
    radius = start + (end - start) * along
    bulge = np.sqrt(np.maximum(radius * radius - distance2, 0))
    return radius - np.sqrt(distance2), piece.base[2] + dz * along + bulge, 0


def _flat(piece, x, y):
    """Fit a leaf to pixels around its base; returns what `_round` does."""
    (ax, ay, az), (bx, by, bz) = (
        (piece.tip - piece.base).tolist(),
        (piece.radius[0] * piece.breadth).tolist(),
    )
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
        return edge, height, 0
    border = np.clip(1.3 - edge / (0.17 * piece.radius[0]), 0, 1)
    rays = np.abs((across / (0.35 + inside) * 2.5) % 1 - 0.5) * 2
    return edge, height, np.maximum(border, np.clip(4 * rays - 3, 0, 0.8))


def _lay(seen, window, piece, edge, height, vein):
    """Lay a piece over what is seen already."""
    cover = np.clip(edge + 0.5, 0, 1)
    below = seen.height[window]
    nearer = (cover > 0) & (height > below)
    seen.height[window] = np.where(nearer, height, below)
    seen.colour[window][nearer] = COLOURS.index(piece.colour)
    seen.vein[window] = np.where(nearer, vein, seen.vein[window])
    seen.cover[window] = np.maximum(seen.cover[window], cover)


def add(canvas, seen, colours, light):
    """Paint a surface onto the canvas.

    Args:
        canvas: RGB from 0 to 1, gloss beyond 1, `[size, size, 3]`, changed in place.
        seen: a `Surface`.
        colours: RGB from 0 to 1, of each pixel or of all.
        light: a `Light`.
    """
    facing = _facing(seen.height, light.direction)
    brightness = light.ambient + (1 - light.ambient) * facing
    shine = np.where(seen.colour == COLOURS.index("eye"), 0.9, 0.08) * facing**24
    lit = colours * brightness[..., None] + shine[..., None]
    canvas += (lit - canvas) * seen.cover[..., None]


def _facing(height, direction):
    """Return the cosine of the angle between a surface and a direction, at least 0."""
    height = height.copy()
    for _ in range(round(len(height) / 50)):  # softens the creases at the joints
        height[1:-1] = (height[:-2] + 2 * height[1:-1] + height[2:]) / 4
        height[:, 1:-1] = (height[:, :-2] + 2 * height[:, 1:-1] + height[:, 2:]) / 4
    slope_y, slope_x = np.gradient(height)
    towards = direction[2] - direction[0] * slope_x - direction[1] * slope_y
    return np.clip(towards / np.sqrt(slope_x**2 + slope_y**2 + 1), 0, 1)


def tint(rng, hue, saturation, value):
    """Draw a colour, each of its three parts from a range within 0 to 1: RGB from 0 to 1."""
    drawn = rng.uniform(*hue), rng.uniform(*saturation), rng.uniform(*value)
    return np.array(colorsys.hsv_to_rgb(*drawn), np.float32)
