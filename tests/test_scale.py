"""Memory does not grow with the number of photos."""

import pytest

from tests.helpers.measure import STAGES, measure_stages

pytestmark = pytest.mark.slow

FEW, MANY = 201, 2001
BATCH_SIZE = 8  # small, so that even a few photos are steps enough to take all memory needed
MEGABYTES = 100  # the pixels of 1,800 photos are 138 MB


@pytest.fixture(scope="module")
def costs():
    """What each stage takes, with few photos and with many."""
    return measure_stages(FEW, BATCH_SIZE), measure_stages(MANY, BATCH_SIZE)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_does_not_hold_the_pixels_of_all_photos(costs, stage):
    few, many = (cost[stage].anonymous for cost in costs)
    assert many < few + MEGABYTES
