"""Compare the two networks photo by photo: the gain, and whether it could be chance."""

from statistics import NormalDist

import numpy as np
from scipy.special import betaincc

from stages import files


def gain(custom_right, transfer_right):
    """Compare two networks on the same photos, one by one.

    The p-value is McNemar's exact test: among the photos that only one network has
    right, each is as likely to be that one if the networks are equally good. The
    95 % interval of the gain is the adjusted Wald interval for paired proportions of
    D. G. Bonett and R. M. Price (2012), Journal of Educational and Behavioral
    Statistics 37(4), 479-488, https://doi.org/10.3102/1076998611411915.

    Args:
        custom_right, transfer_right: `bool` arrays `[n]`, of the same photos in the
            same order.

    Returns:
        A mapping with `accuracy_gain` (transfer - custom, from -1 to 1), its interval
        `accuracy_gain_low` to `accuracy_gain_high`, `p_value` (two-sided),
        `only_transfer_right` and `only_custom_right` (numbers of photos).
    """
    photos = len(custom_right)
    only_transfer = int(np.sum(transfer_right & ~custom_right))
    only_custom = int(np.sum(custom_right & ~transfer_right))
    differing = only_transfer + only_custom

    p_transfer, p_custom = ((count + 1) / (photos + 2) for count in (only_transfer, only_custom))
    centre = p_transfer - p_custom
    variance = (p_transfer + p_custom - centre**2) / (photos + 2)
    margin = NormalDist().inv_cdf(0.975) * variance**0.5
    # Two equal tails of the binomial distribution, each an incomplete beta function; they
    # overlap where the numbers are equal.
    fewer = min(only_transfer, only_custom)
    p_value = 2 * float(betaincc(fewer + 1, differing - fewer, 0.5)) if differing else 1.0
    return {
        "accuracy_gain": (only_transfer - only_custom) / photos,
        "accuracy_gain_low": max(-1.0, centre - margin),
        "accuracy_gain_high": min(1.0, centre + margin),
        "p_value": min(1.0, p_value),
        "only_transfer_right": only_transfer,
        "only_custom_right": only_custom,
    }


def main():
    right = {}
    for name in ("custom", "transfer"):
        table = files.read_table(f"metrics/predictions/{name}.csv", ["actual", "predicted"])
        right[name] = (table["actual"] == table["predicted"]).to_numpy()
    values = gain(right["custom"], right["transfer"])
    files.write_json("metrics/comparison.json", values)

    print(
        f"transfer - custom: accuracy {values['accuracy_gain']:+.3f} "
        f"(95 % interval {values['accuracy_gain_low']:+.3f} to {values['accuracy_gain_high']:+.3f})"
    )
    print(
        f"only transfer right: {values['only_transfer_right']} photos, only custom right: "
        f"{values['only_custom_right']}; p = {values['p_value']:.2g} (exact McNemar test)"
    )


if __name__ == "__main__":
    main()
