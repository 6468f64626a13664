"""The three animals of the demo's pictures, written by hand."""

from demo.drawing.anatomy import Part, Species, build_eyes, build_legs, join_parts


def _build_cat() -> Species:
    nose = Part("nose", 0.02, (0.035, 0.03), above=0.04, flex=0, colour="dark")
    muzzle = Part(
        "muzzle", 0.15, (0.14, 0.085), above=-0.06, elevation=-8, flex=2, children=(nose,)
    )
    ear = Part(
        "ear",
        0.27,
        (0.12, 0.02),
        0.3,
        0.11,
        0.13,
        azimuth=80,
        elevation=66,
        paired=True,
        flat="level",
        blunt=0.0,
        flex=4,
    )
    eyes = build_eyes(0.05, 1.65, 0.12, 0.08)
    head = Part("head", 0.14, (0.22, 0.2), elevation=-36, flex=14, children=(muzzle, ear, eyes))
    neck = Part("neck", 0.2, (0.18, 0.17), elevation=44, flex=9, children=(head,))
    chest = Part("chest", 0.12, (0.2, 0.2), at=0.88, above=-0.03, flex=2)
    foreleg = build_legs(
        "foreleg", 0.96, 0.11, (0.3, 0.28), (0.14, 0.08, 0.062), (-97, 10, 72), 0.09
    )
    hindleg = build_legs(
        "hindleg", 0.04, 0.11, (0.32, 0.33), (0.22, 0.09, 0.062), (-66, -44, 92), 0.11
    )
    tail = join_parts(
        "tail",
        6,
        1.15,
        (0.07, 0.05),
        at=0,
        above=0.08,
        azimuth=180,
        elevation=8,
        bend=15,
        flex=10,
    )
    body = Part("trunk", 1.0, (0.225, 0.2), flex=3, children=(chest, neck, foreleg, hindleg, tail))
    return Species("cat", body, "stands")


def _build_horse() -> Species:
    muzzle = Part("muzzle", 0.06, (0.095, 0.08), elevation=10, flex=1, colour="dark")
    ear = Part(
        "ear",
        0.18,
        (0.05, 0.02),
        0,
        0.06,
        0.08,
        azimuth=50,
        elevation=110,
        paired=True,
        flat="upright",
        blunt=0.1,
        flex=5,
    )
    eyes = build_eyes(0.036, 0.3, 0.11, 0.06)
    head = Part("head", 0.42, (0.145, 0.085), elevation=-88, flex=8, children=(muzzle, ear, eyes))
    mane = Part(
        "mane",
        0.64,
        (0.13, 0.05),
        0,
        above=0.18,
        elevation=-5,
        flat="upright",
        blunt=0.8,
        flex=1,
        colour="trim",
    )
    neck = Part("neck", 0.62, (0.23, 0.125), elevation=48, flex=7, children=(mane, head))
    chest = Part("chest", 0.1, (0.27, 0.26), at=0.86, above=-0.02, flex=2)
    foreleg = build_legs(
        "foreleg", 0.97, 0.13, (0.5, 0.46), (0.16, 0.065, 0.05), (-92, 3, 18), 0.08, colour="dark"
    )
    hindleg = build_legs(
        "hindleg", 0.03, 0.13, (0.5, 0.5), (0.22, 0.08, 0.055), (-78, -24, 40), 0.08, colour="dark"
    )
    tail = join_parts(
        "tail",
        4,
        0.95,
        (0.05, 0.1),
        at=0,
        above=0.15,
        azimuth=180,
        elevation=-10,
        bend=-24,
        flex=7,
        colour="trim",
    )
    body = Part("trunk", 1.0, (0.27, 0.25), flex=2, children=(chest, neck, foreleg, hindleg, tail))
    return Species("horse", body, "stands")


def _build_butterfly() -> Species:
    antenna = join_parts(
        "antenna",
        3,
        0.9,
        (0.024, 0.024),
        at=1,
        aside=0.03,
        azimuth=16,
        bend=4,
        paired=True,
        flex=5,
        colour="dark",
    )
    head = Part("head", 0.06, (0.1, 0.1), flex=4, colour="dark", children=(antenna,))
    thorax = Part("chest", 0.3, (0.13, 0.12), at=0.65, flex=2, colour="dark")
    forewing = Part(
        "forewing",
        1.55,
        (0.6, 0.02),
        0.9,
        azimuth=62,
        elevation=8,
        paired=True,
        flat="level",
        blunt=0.68,
        flex=6,
        colour="wing",
    )
    hindwing = Part(
        "hindwing",
        1.2,
        (0.56, 0.02),
        0.55,
        azimuth=122,
        elevation=6,
        paired=True,
        flat="level",
        blunt=0.75,
        flex=6,
        colour="wing",
    )
    children = (hindwing, forewing, thorax, head)
    body = Part("trunk", 1.0, (0.06, 0.1), flex=3, colour="dark", children=children)
    return Species("butterfly", body, "spreads")


ANIMALS = {species.name: species for species in (_build_butterfly(), _build_cat(), _build_horse())}
