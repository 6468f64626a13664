"""Individuals: the parts of a species in the proportions, pose and view of one picture."""

from dataclasses import dataclass, replace

import numpy as np

from demo.drawing.anatomy import Part, Species


@dataclass(frozen=True)
class Piece:
    """A part as the camera sees it: x to the right, y up, z towards the camera.

    Attributes:
        base, tip: ends of the bone, `float` arrays `[3]`.
        radius: around base and tip.
        colour: as in `Part`.
        breadth: direction in which a flat piece spreads, unit vector `[3]`; `None` if round.
        blunt: as in `Part`.
    """

    base: np.ndarray
    tip: np.ndarray
    radius: tuple[float, float]
    colour: str
    breadth: np.ndarray | None = None
    blunt: float = 0.5


def draw_individual(species: Species, rng: np.random.Generator) -> list[Piece]:
    """Draw an individual of a species, in a pose, at random.

    Args:
        species: the species.
        rng: the random generator.

    Returns:
        Its pieces, in the animal's own space.
    """
    pieces: list[Piece] = []
    _grow(draw_proportions(species.body, rng), np.zeros(3), np.eye(3), 1, rng, pieces)
    return pieces


def draw_proportions(part: Part, rng: np.random.Generator) -> Part:
    """Draw the body plan of an individual at random.

    Args:
        part: a part of its species.
        rng: the random generator.

    Returns:
        The part and all below it, with other lengths (8% standard deviation) and radii (6%),
        the same on both sides.
    """
    length, radius = np.exp(rng.normal(0, (0.08, 0.06)))
    return replace(
        part,
        length=length * part.length,
        radius=(radius * part.radius[0], radius * part.radius[1]),
        children=tuple(draw_proportions(child, rng) for child in part.children),
    )


def _grow(
    part: Part,
    origin: np.ndarray,
    frame: np.ndarray,
    side: int,
    rng: np.random.Generator,
    pieces: list[Piece],
) -> None:
    """Add a part and its children to the pieces.

    Args:
        part: the part.
        origin: where on its parent it begins, `[3]`.
        frame: directions of its parent `[3, 3]`; the rows are forward, up and right.
        side: 1 on the right and in the middle, -1 on the left.
        rng: the random generator.
        pieces: changed in place.
    """
    turn, bend = rng.normal(0, part.flex, 2)
    frame = _turn(frame, side * part.azimuth + turn, part.elevation + bend)
    forward, up, right = frame
    tip = origin + part.length * forward
    breadth = {"": None, "upright": up, "level": right}[part.flat]
    pieces.append(Piece(origin, tip, part.radius, part.colour, breadth, part.blunt))
    for child in part.children:
        for mirror in (1, -1) if child.paired else (1,):
            hand = side * mirror
            start = origin + child.at * part.length * forward + child.above * up
            _grow(child, start + hand * child.aside * right, frame, hand, rng, pieces)


def _turn(frame: np.ndarray, azimuth: float, elevation: float) -> np.ndarray:
    """Turn a frame to its right by the azimuth, then upwards by the elevation, in degrees."""
    (sin_a, sin_e), (cos_a, cos_e) = (f(np.radians([azimuth, elevation])) for f in (np.sin, np.cos))
    forward, up, right = frame
    ahead = cos_a * forward + sin_a * right
    return np.array(
        [
            cos_e * ahead + sin_e * up,
            cos_e * up - sin_e * ahead,
            cos_a * right - sin_a * forward,
        ]
    )


def draw_view(habit: str, rng: np.random.Generator) -> np.ndarray:
    """Draw the direction from which the camera sees an animal at random.

    An animal that stands is seen from either side, turned by up to 45 degrees; one that
    spreads is seen from above, with its head up, to the left or to the right.

    Args:
        habit: as in `Species`.
        rng: the random generator.

    Returns:
        A rotation `[3, 3]` from the animal's space to the camera's.
    """
    if habit == "stands":
        yaw = rng.choice([0, 180]) + np.clip(rng.normal(0, 22), -45, 45)
        pitch, roll = rng.normal(8, 5), rng.normal(0, 3)
    else:
        yaw, pitch, roll = 0, np.clip(rng.normal(74, 9), 50, 90), rng.uniform(40, 140)
    yaw, pitch, roll = np.radians([yaw, pitch, roll])
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_x) @ np.array(about_y)
