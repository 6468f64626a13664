"""Drawn animals: the same seed, the same picture; no invented species is like an animal."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from demo.drawing import invented, picture, posture
from demo.drawing.anatomy import Part, Species, measure_dissimilarity
from demo.drawing.animals import ANIMALS
from stages.common import yaml_files
from tests.helpers.project import ROOT

CAT, HORSE = ANIMALS["cat"], ANIMALS["horse"]


@pytest.fixture(scope="module")
def pretraining_species():
    """The species that the demo base is trained on."""
    draw = yaml_files.read(ROOT / "demo/pretrain/params.yaml")["draw"]
    return invented.draw_species(draw["species"], draw["seed"])


def test_the_same_seed_gives_the_same_picture_and_another_seed_another():
    first, same, other = (picture.draw_picture(CAT, seed, 64) for seed in [(0, 1), (0, 1), (0, 2)])
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, same)
    assert np.mean(first != other) > 0.9


def test_many_at_a_time_are_the_same_pictures_in_the_same_order():
    requests = [(animal, (3, number)) for number in range(20) for animal in (CAT, HORSE)]
    drawn = list(picture.draw_pictures(requests, 32))
    for (animal, seed), pixels in zip(requests, drawn, strict=True):
        assert np.array_equal(pixels, picture.draw_picture(animal, seed, 32))


def test_enough_species_are_invented_and_the_same_ones_each_time(pretraining_species):
    assert len(pretraining_species) >= 100
    assert invented.draw_species(20, 0) == invented.draw_species(20, 0) == pretraining_species[:20]
    assert invented.draw_species(20, 1) != pretraining_species[:20]


def test_no_invented_species_is_a_near_copy_of_a_butterfly_cat_or_horse(pretraining_species):
    """The nearest is about as far from each of the three as the cat is from the horse."""
    nearest = min(
        measure_dissimilarity(species, animal)
        for species in pretraining_species
        for animal in ANIMALS.values()
    )
    assert nearest >= 0.25
    assert nearest > 0.95 * measure_dissimilarity(CAT, HORSE)


def test_species_differ_by_more_than_individuals_do(pretraining_species):
    rng = np.random.default_rng(0)
    closest = min(measure_dissimilarity(*pair) for pair in combinations(pretraining_species, 2))
    for animal in ANIMALS.values():
        bodies = [posture.draw_proportions(animal.body, rng) for _ in range(20)]
        individuals = [replace(animal, body=body) for body in bodies]
        widest = max(measure_dissimilarity(*pair) for pair in combinations(individuals, 2))
        assert 0 < widest < 0.75 * closest


def test_dissimilarity_is_0_for_the_same_plan_and_1_for_nothing_in_common():
    one = Species("one", Part("trunk", 1.0, (0.1, 0.1)), "stands")
    other = Species("other", Part("shell", 1.0, (0.1, 0.1)), "stands")
    longer = Species("longer", replace(one.body, length=2.0), "stands")
    assert measure_dissimilarity(one, one) == 0
    assert measure_dissimilarity(one, other) == 1
    # Length and direction differ by 1 each; all sizes together: 2.2 and 4.2.
    assert (
        measure_dissimilarity(one, longer)
        == measure_dissimilarity(longer, one)
        == pytest.approx(2 / 6.4)
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(range(20)))
def test_an_animal_is_wholly_in_the_picture_and_fills_most_of_it(seed, number):
    rng = np.random.default_rng(seed)
    species = [*ANIMALS.values(), *invented.draw_species(17, 0)][number]
    individual = posture.draw_individual(species, rng)
    view = posture.draw_view(species.habit, rng)
    pieces = picture.frame_pieces(individual, view, rng, 100).pieces
    ends = np.array([(piece.base[:2], piece.tip[:2]) for piece in pieces])
    reach = np.array([picture.measure_reach(piece) for piece in pieces])[:, None]
    low, high = (ends - reach).min(axis=(0, 1)), (ends + reach).max(axis=(0, 1))
    assert low.min() > 0
    assert high.max() < 100
    assert (high - low).max() >= 54.9


def without_flex(part):
    return replace(part, flex=0, children=tuple(map(without_flex, part.children)))


@pytest.mark.parametrize("animal", ANIMALS.values(), ids=ANIMALS)
def test_but_for_its_pose_an_animal_is_the_same_on_both_sides(animal):
    still = replace(animal, body=without_flex(animal.body))
    pieces = posture.draw_individual(still, np.random.default_rng(0))
    bones = {(*piece.base.round(6), *piece.tip.round(6), *piece.radius) for piece in pieces}
    mirrored = {(x, y, -z, x2, y2, -z2, *radius) for x, y, z, x2, y2, z2, *radius in bones}
    assert bones == mirrored
    assert any(bone[2] > 0 for bone in bones)


def test_colours_do_not_tell_a_cat_from_a_horse():
    requests = [(animal, (seed, 9)) for animal in (CAT, HORSE) for seed in range(150)]
    drawn = np.stack(list(picture.draw_pictures(requests, 48)))
    statistics = np.concatenate([drawn.mean(axis=(1, 2)), drawn.std(axis=(1, 2))], axis=1) / 255
    accuracy = cross_val_score(LogisticRegression(), statistics, np.repeat([0, 1], 150), cv=5)
    assert accuracy.mean() < 0.6
