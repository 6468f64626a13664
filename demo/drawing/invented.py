"""Invented species, drawn at random: the demo's base is trained on them."""

from dataclasses import replace

import numpy as np

from demo.drawing.anatomy import (
    Part,
    Species,
    build_eyes,
    build_legs,
    join_parts,
    measure_dissimilarity,
)
from demo.drawing.animals import ANIMALS

MIN_DISSIMILARITY = 0.15  # of two species; that of individuals of one species is well below
MIN_DISSIMILARITY_TO_ANIMALS = 0.25  # of the demo; about that of the cat and the horse


def draw_species(count: int, seed: int) -> list[Species]:
    """Draw species at random, none of them nearly the same as another or as a demo animal.

    Args:
        count: number of species; beyond some hundreds it takes ever longer to find another.
        seed: the same seed gives the same species.

    Returns:
        The species, `count` of them.
    """
    rng = np.random.default_rng(seed)
    plans = (_draw_walker, _draw_crawler, _draw_flyer, _draw_swimmer)
    drawn: list[Species] = []
    while len(drawn) < count:
        draw = plans[rng.choice(4, p=[0.5, 0.2, 0.2, 0.1])]
        species = draw(f"species {len(drawn)}", rng)
        to_animals = min(measure_dissimilarity(species, animal) for animal in ANIMALS.values())
        to_drawn = min((measure_dissimilarity(species, other) for other in drawn), default=1)
        if to_animals >= MIN_DISSIMILARITY_TO_ANIMALS and to_drawn >= MIN_DISSIMILARITY:
            drawn.append(species)
    return drawn


def _draw_walker(name: str, rng: np.random.Generator) -> Species:
    """Draw an animal on one to three pairs of legs."""
    some = rng.uniform
    girth = some(0.12, 0.36)
    pairs = rng.choice([1, 2, 3], p=[0.25, 0.65, 0.1])
    height, thick = some(0.35, 1.3), some(0.03, 0.08)
    upper = some(0.4, 0.6)
    radii = (some(0.08, 0.2), thick, thick * some(0.6, 1))
    knee = some(-45, 45)
    legs = []
    places = {1: [some(0.3, 0.6)], 2: [0.96, 0.04], 3: [0.95, 0.5, 0.05]}[pairs]
    for part, place in zip(("foreleg", "hindleg", "midleg"), places, strict=False):
        bend = knee if part == "foreleg" else -knee * some(0.3, 1)
        legs.append(
            build_legs(
                part,
                place,
                girth * some(0.4, 0.6),
                (height * upper, height * (1 - upper)),
                radii,
                (-90 - bend / 2, bend, 80),
                some(0.05, 0.18),
                colour=_choose_colour(rng),
            )
        )
    neck = Part(
        "neck",
        some(0.1, 0.9),
        (girth * some(0.5, 0.9), some(0.07, 0.15)),
        elevation=some(10, 80),
        flex=8,
        children=(_draw_head(rng),),
    )
    children = [neck, *legs, *_draw_tail(rng)]
    if rng.random() < 0.2:
        children.append(
            Part(
                "forewing",
                some(0.6, 1.2),
                (some(0.2, 0.4), 0.02),
                some(0.5, 0.9),
                girth / 2,
                girth / 2,
                azimuth=some(90, 150),
                elevation=some(30, 60),
                paired=True,
                flat="upright",
                blunt=some(0.4, 0.9),
                colour="wing",
            )
        )
    body = Part("trunk", 1.0, (girth * some(0.7, 1.2), girth), flex=3, children=tuple(children))
    return Species(name, body, "stands")


def _draw_crawler(name: str, rng: np.random.Generator) -> Species:
    """Draw an animal on two to four pairs of legs, with its belly on the ground."""
    some = rng.uniform
    girth = some(0.08, 0.3)
    pairs = rng.integers(2, 5)
    length, thick, knee = some(0.4, 1.1), some(0.025, 0.07), some(-60, 60)
    names = ("foreleg", "hindleg", "midleg", "rearleg")
    legs = [
        build_legs(
            names[number],
            0.95 - 0.9 * number / (pairs - 1),
            girth * 0.6,
            (length / 2, length / 2),
            (thick * 1.5, thick, thick * 0.7),
            (some(-10, 15), 0, 0),
            0.08,
            azimuth=60 + 60 * number / (pairs - 1) + knee / 2,
        )
        for number in range(pairs)
    ]
    trunk = Part("trunk", 1.0, (girth * some(0.5, 1.5), girth), flex=4)
    body = replace(trunk, children=(_draw_head(rng), *legs, *_draw_tail(rng)))
    return Species(name, body, "spreads")


def _draw_flyer(name: str, rng: np.random.Generator) -> Species:
    """Draw an animal with one or two pairs of wings, spread out."""
    some = rng.uniform
    girth = some(0.05, 0.2)
    wings = [
        Part(
            part,
            some(0.6, 2.0),
            (some(0.15, 0.7), 0.02),
            place,
            azimuth=some(*angles),
            elevation=some(0, 15),
            paired=True,
            flat="level",
            blunt=some(0.3, 1),
            colour="wing",
        )
        for part, place, angles in [
            ("hindwing", some(0.2, 0.6), (95, 150)),
            ("forewing", some(0.7, 0.95), (40, 95)),
        ]
    ]
    if rng.random() < 0.4:
        wings = wings[1:]
    trunk = Part("trunk", 1.0, (girth * some(0.4, 1.2), girth), flex=3, colour=_choose_colour(rng))
    body = replace(trunk, children=(*wings, _draw_head(rng), *_draw_tail(rng)))
    return Species(name, body, "spreads")


def _draw_swimmer(name: str, rng: np.random.Generator) -> Species:
    """Draw an animal with fins."""
    some = rng.uniform
    girth = some(0.15, 0.4)
    fins = [
        Part(
            part,
            some(0.2, 0.6),
            (some(0.08, 0.3), 0.02),
            place,
            0,
            sign * girth * 0.7,
            azimuth=180,
            elevation=sign * some(20, 70),
            flat="upright",
            blunt=some(0, 0.8),
            colour=_choose_colour(rng, "wing"),
        )
        for part, place, sign in [
            ("back fin", some(0.4, 0.8), 1),
            ("belly fin", some(0.4, 0.8), -1),
        ]
        if rng.random() < 0.8
    ]
    fan = Part(
        "fan",
        some(0.3, 0.6),
        (some(0.15, 0.4), 0.02),
        flat="upright",
        blunt=some(0.7, 1),
        colour="wing",
    )
    tail = Part("tail", some(0.2, 0.6), (girth * 0.6, 0.05), 0, azimuth=180, children=(fan,))
    snout = Part(
        "muzzle", some(0.05, 0.4), (girth * 0.7, some(0.02, 0.12)), elevation=some(-15, 15)
    )
    eyes = build_eyes(some(0.03, 0.07), 1.0, girth * 0.8, girth * 0.4)
    trunk = Part("trunk", 1.0, (girth * some(0.5, 1), girth), flex=3)
    body = replace(trunk, children=(tail, snout, eyes, *fins))
    return Species(name, body, "stands")


def _draw_head(rng: np.random.Generator) -> Part:
    """Draw a head, with or without muzzle, ears, horns and antennae."""
    some = rng.uniform
    length, thick = some(0.08, 0.4), some(0.08, 0.22)
    features = [build_eyes(some(0.02, 0.06), some(0.5, 1.2), thick * 0.75, thick * 0.45)]
    if rng.random() < 0.5:
        features.append(
            Part(
                "muzzle",
                some(0.08, 0.4),
                (thick * some(0.4, 0.7), some(0.02, 0.1)),
                elevation=some(-20, 10),
                flex=2,
                colour=_choose_colour(rng),
            )
        )
    if rng.random() < 0.5:
        features.append(
            Part(
                "ear",
                some(0.12, 0.6),
                (some(0.04, 0.2), 0.02),
                some(0, 0.5),
                thick * 0.5,
                thick * 0.6,
                azimuth=some(40, 120),
                elevation=some(20, 100),
                paired=True,
                flat=str(rng.choice(["upright", "level"])),
                blunt=some(0, 0.9),
            )
        )
    if rng.random() < 0.3:
        features.append(
            join_parts(
                str(rng.choice(["horn", "antenna"])),
                3,
                some(0.2, 0.8),
                (some(0.02, 0.06), 0.02),
                at=0.6,
                aside=thick * 0.3,
                above=thick * 0.6,
                azimuth=some(10, 40),
                elevation=some(20, 90),
                bend=some(-25, 25),
                paired=True,
                flex=4,
                colour="dark",
            )
        )
    return Part(
        "head",
        length,
        (thick, thick * some(0.6, 1)),
        elevation=some(-90, 0),
        flex=9,
        children=tuple(features),
    )


def _draw_tail(rng: np.random.Generator) -> list[Part]:
    """Draw a tail, or none."""
    some = rng.uniform
    if rng.random() < 0.25:
        return []
    thick = some(0.03, 0.12)
    return [
        join_parts(
            "tail",
            4,
            some(0.2, 1.4),
            (thick, thick * some(0.3, 1.6)),
            at=0,
            azimuth=180,
            elevation=some(-70, 60),
            bend=some(-30, 30),
            flex=8,
            colour=_choose_colour(rng),
        )
    ]


def _choose_colour(rng: np.random.Generator, usual: str = "coat") -> str:
    """Choose the colour of a part at random."""
    return str(rng.choice([usual, "trim", "dark"], p=[0.6, 0.25, 0.15]))
