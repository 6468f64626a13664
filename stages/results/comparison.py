"""Comparing two networks photo by photo: the gain, and whether it could be chance."""

import numpy as np
from scipy.stats import binomtest, norm

from stages.results.records import Comparison


def compare(custom_right: np.ndarray, transfer_right: np.ndarray) -> Comparison:
    """Compare two networks on the same photos.

    McNemar's exact test is a binomial test: if the networks are equally good, each photo
    that only one of them gets right is as likely to be the one's as the other's. The
    interval of the gain is the adjusted Wald interval for paired proportions of
    D. G. Bonett and R. M. Price (2012), Journal of Educational and Behavioral
    Statistics 37(4), 479-488, https://doi.org/10.3102/1076998611411915.

    Args:
        custom_right: `bool` `[n]`, whether the network gets each photo right.
        transfer_right: the same for the same photos, in the same order.
    """
    photos = len(custom_right)
    only_transfer = int(np.sum(transfer_right & ~custom_right))
    only_custom = int(np.sum(custom_right & ~transfer_right))
    differing = only_transfer + only_custom

    p_transfer, p_custom = ((count + 1) / (photos + 2) for count in (only_transfer, only_custom))
    centre = p_transfer - p_custom
    variance = (p_transfer + p_custom - centre**2) / (photos + 2)
    margin = float(norm.ppf(0.975)) * variance**0.5
    return Comparison(
        accuracy_gain=(only_transfer - only_custom) / photos,
        accuracy_gain_low=max(-1.0, centre - margin),
        accuracy_gain_high=min(1.0, centre + margin),
        p_value=float(binomtest(only_custom, differing).pvalue) if differing else 1.0,
        only_transfer_right=only_transfer,
        only_custom_right=only_custom,
    )
