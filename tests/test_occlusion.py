"""A heat map shows what an answer rests on."""

import re

import numpy as np
import pandas as pd
import pytest

from stages.common.parameters import NETWORKS
from stages.page import occlusion

PHOTO = np.full((64, 64, 3), 40, np.uint8)
PHOTO[40:56, 8:24] = 240  # what the networks below look for


def bright(batch):
    """A network whose first class is the share of a bright square that is there."""
    seen = (batch[:, 40:56, 8:24].mean(axis=(1, 2, 3)) - 40) / 200
    return np.stack([seen, 1 - seen], axis=1)


def test_what_the_answer_rests_on_is_where_covering_costs_most():
    lost = occlusion.measure_losses(bright, PHOTO, 0)
    assert lost.shape == (64, 64)
    row, column = np.unravel_index(lost.argmax(), lost.shape)
    assert 40 <= row < 56
    assert 8 <= column < 24
    # Grey is 0.44 of the way to bright, and not every square that covers the middle covers it all.
    assert 0.3 < lost.max() < 0.56
    assert np.abs(lost[:16, 48:]).max() < 1e-6


def test_what_speaks_against_the_answer_is_below_zero():
    assert occlusion.measure_losses(bright, PHOTO, 1).min() < -0.3


def test_every_pixel_has_a_value_whatever_the_size():
    for side in (32, 33, 47, 160):
        lost = occlusion.measure_losses(
            lambda batch: np.ones((len(batch), 2)), np.zeros((side, side, 3)), 0
        )
        assert np.array_equal(lost, np.zeros((side, side)))


def test_the_glow_is_where_covering_costs_and_the_rest_is_grey():
    picture = occlusion.draw_overlay(PHOTO, occlusion.measure_losses(bright, PHOTO, 0))
    assert picture.dtype == np.uint8
    assert picture.shape == PHOTO.shape
    reddish = picture[..., 0].astype(int) - picture[..., 2]
    assert reddish[44:52, 12:20].min() > 100
    assert reddish[:16, 48:].max() == 0
    plain = occlusion.draw_overlay(PHOTO, np.zeros((64, 64)))
    assert np.array_equal(plain, PHOTO)


@pytest.mark.slow
def test_the_stage_shows_where_each_network_looks_in_the_first_mistakes(changing):
    # A network that is wrong about two photos; it need not be the saved one.
    path = changing.folder / "metrics/predictions/custom.csv"
    table = pd.read_csv(path)
    table.loc[:1, "predicted"] = np.where(table["actual"][:2] == "red", "blue", "red")
    table.to_csv(path, index=False)
    shown = {}
    for count in (0, 1, 100):
        params = (changing.folder / "params.yaml").read_text()
        params = re.sub("occlusions: .*", f"occlusions: {count}", params)
        (changing.folder / "params.yaml").write_text(params)
        changing.run("python", "-m", "stages.occlude")
        shown[count] = np.load(changing.folder / "data/occlusions.npy")
    assert shown[0].shape == (0, len(NETWORKS), 32, 32, 3)
    assert shown[1].shape == (1, len(NETWORKS), 32, 32, 3)
    assert len(shown[100]) >= 2
    assert np.array_equal(shown[100][:1], shown[1])
    changing.run("python", "-m", "stages.report")
    page = (changing.folder / "metrics/report.html").read_text()
    assert page.count('<div class="looked" hidden>\n<figure>') == len(shown[100])
