"""Anatomy: a species is a body plan, a tree of parts.

Lengths are in trunks (the root of the tree is 1 long), angles in degrees. In the animal's own
space x points forward, y up and z to its right.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Part:
    """One part of a body: a straight bone, and what covers it.

    Attributes:
        name: of the part, unique among the children of its parent.
        length: of the bone.
        radius: around the bone's base and tip; for a flat part, half its breadth at most
            and half its thickness.
        at: where on its parent it begins, from 0 (base) to 1 (tip).
        aside: distance of its base from the parent's bone, to the right.
        above: distance of its base from the parent's bone, upwards.
        azimuth: angle to the right, from the direction of its parent.
        elevation: angle upwards, from there.
        paired: whether there is a mirror image of it, with all its children, on the left.
        flat: `""` for round parts; `"upright"` and `"level"` for those that spread like a
            leaf, in the plane of the bone and its up or its side.
        blunt: of a flat part, from 0 (a spear) to 1 (a fan).
        flex: standard deviation of both angles among poses.
        colour: `coat`, `wing`, `trim`, `dark` or `eye`.
        children: the parts that are joined to this one.
    """

    name: str
    length: float
    radius: tuple[float, float]
    at: float = 1.0
    aside: float = 0.0
    above: float = 0.0
    azimuth: float = 0.0
    elevation: float = 0.0
    paired: bool = False
    flat: str = ""
    blunt: float = 0.5
    flex: float = 6.0
    colour: str = "coat"
    children: tuple["Part", ...] = ()


@dataclass(frozen=True)
class Species:
    """A kind of animal.

    Attributes:
        name: of the species.
        body: the root of its tree of parts, pointing forward.
        habit: `stands` (on the ground, seen from its side) or `spreads` (seen from above).
    """

    name: str
    body: Part
    habit: str


def join_parts(
    name: str,
    count: int,
    length: float,
    radius: tuple[float, float],
    colour: str = "coat",
    flex: float = 8.0,
    bend: float = 0.0,
    **first: Any,
) -> Part:
    """Join parts of equal length one after the other, tapering, each bent up from the last.

    Args:
        name: of the parts.
        count: number of parts.
        length: length of all parts together.
        radius: at the base of the first and at the tip of the last.
        colour, flex: of every part.
        bend: elevation of every part but the first, degrees.
        first: further attributes of the first part.

    Returns:
        The first `Part`; each of the others is the child of the one before.
    """
    radii = np.linspace(*radius, count + 1)
    part: Part | None = None
    for number in reversed(range(count)):  # the last part first, because a part holds its children
        joint: dict[str, Any] = first if number == 0 else {"elevation": bend}
        part = Part(
            name,
            length / count,
            (float(radii[number]), float(radii[number + 1])),
            colour=colour,
            flex=flex,
            children=(part,) if part else (),
            **joint,
        )
    assert part is not None
    return part


def build_legs(
    name: str,
    at: float,
    aside: float,
    lengths: tuple[float, float],
    radii: tuple[float, float, float],
    elevations: tuple[float, float, float],
    foot: float,
    *,
    azimuth: float = 0.0,
    colour: str = "coat",
) -> Part:
    """Build a pair of legs: thigh, shin and foot.

    Args:
        name, at, aside, azimuth: of the thigh.
        lengths: of thigh and shin.
        radii: at hip, knee and ankle.
        elevations: of thigh, shin and foot, degrees.
        foot: length of the foot.
        colour: of the foot.

    Returns:
        The thigh, a paired `Part`.
    """
    toes = Part(
        "foot", foot, (1.15 * radii[2], radii[2]), elevation=elevations[2], flex=4, colour=colour
    )
    shin = Part("shin", lengths[1], radii[1:], elevation=elevations[1], flex=9, children=(toes,))
    return Part(
        name,
        lengths[0],
        radii[:2],
        at,
        aside,
        azimuth=azimuth,
        elevation=elevations[0],
        paired=True,
        flex=9,
        children=(shin,),
    )


def build_eyes(size: float, at: float, aside: float, above: float) -> Part:
    """Build a pair of eyes with a radius of `size`, at a place on their parent."""
    return Part("eye", 0.01, (size, size), at, aside, above, paired=True, flex=0, colour="eye")


def measure_dissimilarity(one: Species, other: Species) -> float:
    """Measure how different two body plans are.

    The Bray-Curtis dissimilarity (J. R. Bray and J. T. Curtis (1957), Ecological Monographs
    27(4), https://doi.org/10.2307/1942268) of all lengths, radii, places and directions (these
    times the length): the sum of all differences over the sum of all sizes. Parts are matched
    by their path in the tree; a part that only one of the two has is compared with zeros.

    Args:
        one, other: the species.

    Returns:
        From 0 (the same plan) to 1 (nothing in common).
    """
    ours, theirs = _list_sizes(one), _list_sizes(other)
    nothing = np.zeros(9)
    pairs = [(ours.get(path, nothing), theirs.get(path, nothing)) for path in ours | theirs]
    first, second = np.array(pairs).swapaxes(0, 1)
    return float(np.abs(first - second).sum() / (np.abs(first) + np.abs(second)).sum())


@cache
def _list_sizes(species: Species) -> dict[str, np.ndarray]:
    """Return the sizes of every part, `float` `[9]`, by its path."""
    return dict(_walk(species.body, "", 0.0))


def _walk(part: Part, above: str, reach: float) -> Iterator[tuple[str, np.ndarray]]:
    """Yield path and sizes of a part and of all below it; `reach` is its parent's length."""
    path = f"{above}/{part.name}"
    azimuth, elevation = np.radians([part.azimuth, part.elevation])
    level = part.length * np.cos(elevation)
    direction = level * np.cos(azimuth), level * np.sin(azimuth), part.length * np.sin(elevation)
    place = part.at * reach, part.aside, part.above
    yield path, np.array([part.length, *part.radius, *place, *direction])
    for child in part.children:
        yield from _walk(child, path, part.length)
