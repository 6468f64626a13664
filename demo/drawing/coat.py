"""Coats: the colours of an animal, which are independent of its species."""

import numpy as np

from demo.drawing.painting import COLOURS, Surface, draw_colour


def draw_coat(
    rng: np.random.Generator, seen: Surface, view: np.ndarray, scale: float, origin: np.ndarray
) -> np.ndarray:
    """Draw the colours of an animal at random.

    Args:
        rng: the random generator.
        seen: the surface of the animal.
        view: rotation `[3, 3]` from the animal's space to the camera's.
        scale: length of its trunk, pixels.
        origin: place `[3]` of its trunk's base, pixels.

    Returns:
        RGB from 0 to about 1, `[size, size, 3]`: a function of the place on the animal, the
        same on its left and right.
    """
    main, second, trim = _draw_fur(rng), _draw_fur(rng), _draw_fur(rng)
    dark = draw_colour(rng, (0, 0.12), (0.1, 0.4), (0.08, 0.2))
    size = len(seen.height)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    offset = np.stack([x, y, seen.height], -1) - origin.astype(np.float32)
    place = offset @ (view / scale).astype(np.float32)
    place[..., 2] = np.abs(place[..., 2])

    kind = rng.choice(["plain", "striped", "spotted", "patched", "shaded"])
    ripple = _draw_waves(rng, place, 6)
    if kind == "striped":
        lean = rng.uniform(-0.4, 0.4)
        band = np.sin(rng.uniform(18, 34) * (place[..., 0] + lean * place[..., 1]) + 2 * ripple)
        mix = np.clip(2 * band, 0, 1)
    elif kind == "spotted":
        mix = np.clip(8 * (_draw_waves(rng, place, rng.uniform(14, 22)) - 0.3), 0, 1)
    elif kind == "patched":
        mix = np.clip(12 * (_draw_waves(rng, place, rng.uniform(3, 6)) - 0.05), 0, 1)
    elif kind == "shaded":
        mix = np.clip(0.5 - 2 * place[..., 1] + 0.3 * ripple, 0, 1)
    else:
        mix = np.zeros_like(ripple)
    mix = (mix * rng.uniform(0.5, 1))[..., None]
    coat = (main + (second - main) * mix) * (1 + 0.06 * ripple[..., None])
    coat = coat * (1 - 0.75 * seen.vein[..., None])
    plain = {"coat": main, "wing": main, "trim": trim, "dark": dark, "eye": (0.05, 0.04, 0.04)}
    palette = np.array([plain[name] for name in COLOURS], np.float32)
    has_pattern = np.isin(seen.colour, [COLOURS.index("coat"), COLOURS.index("wing")])
    return np.where(has_pattern[..., None], coat, palette[seen.colour])


def _draw_fur(rng: np.random.Generator) -> np.ndarray:
    """Draw the colour of fur or scales: mostly earthen, from black to white, seldom bright."""
    if rng.random() < 0.75:
        return draw_colour(rng, (0.03, 0.13), (0.1, 0.75), (0.15, 0.98))
    return draw_colour(rng, (0, 1), (0.1, 0.6), (0.4, 0.95))


def _draw_waves(rng: np.random.Generator, place: np.ndarray, frequency: float) -> np.ndarray:
    """Draw a smooth function of the place on an animal, about from -1 to 1."""
    directions = rng.normal(0, frequency, (3, 5)).astype(np.float32)
    phases = rng.uniform(0, 2 * np.pi, 5).astype(np.float32)
    return np.sin(place @ directions + phases).sum(-1) / 2.5
