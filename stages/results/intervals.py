"""The 95% interval of an accuracy."""

from statistics import NormalDist

QUANTILE = NormalDist().inv_cdf(0.975)  # of the normal distribution, for a 95% interval


def get_wilson(accuracy: float, count: int) -> tuple[float, float]:
    """Return the interval of E. B. Wilson: all accuracies that do not contradict the one seen.

    E. B. Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference,
    Journal of the American Statistical Association 22(158), 209-212,
    https://doi.org/10.1080/01621459.1927.10502953. If photos are right in part, it is rather too
    wide than too narrow, because shares vary no more than zeros and ones of the same mean:
    R. Bhatia and C. Davis (2000), A Better Bound on the Variance, The American Mathematical
    Monthly 107(4), 353-357, https://doi.org/10.2307/2589180.

    Args:
        accuracy: mean share of the photos that is right, 0 to 1.
        count: number of different photos.
    """
    spread = QUANTILE**2 / count
    centre = accuracy + spread / 2
    margin = (spread * (accuracy * (1 - accuracy) + spread / 4)) ** 0.5
    return max(0.0, (centre - margin) / (1 + spread)), min(1.0, (centre + margin) / (1 + spread))
