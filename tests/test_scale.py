"""Memory does not grow with the number of photos."""

import pytest

from tests.helpers.measure import STAGES, measure_stages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def costs():
    """What each stage takes, with few photos and with ten times as many."""
    return measure_stages(201), measure_stages(2001)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_takes_no_more_memory_for_ten_times_as_many_photos(costs, stage):
    few, many = (cost[stage].anonymous for cost in costs)
    assert many <= 1.5 * few
    assert many < few + 100  # their pixels alone are 138 MB more
