"""The answer in words: which network to use, and how sure that is."""

from typing import NamedTuple

SIGNIFICANT = 0.05  # a p-value below it is not put down to chance
NEGLIGIBLE = 0.02  # a gain in accuracy below it is not worth a base


class Verdict(NamedTuple):
    """What to do, in a few words, and one sentence that says why."""

    headline: str
    sentence: str


def judge(custom, transfer, comparison, guess):
    """Put the comparison into words.

    Args:
        custom, transfer: what `scores.score` returns for each network.
        comparison: what `comparison.gain` returns.
        guess: share of the most common class among the validation photos, from 0 to 1;
            who always names that class has this accuracy.

    Returns:
        A `Verdict`.
    """
    digits = 2 if custom["photos"] < 200 else 3
    headline, advice = _decide(custom, transfer, comparison, guess, digits)
    return Verdict(
        headline,
        f"Of {custom['photos']} validation photos, custom has {count_right(custom)} right "
        f"(95 % interval {_interval(custom, digits)}) and transfer {count_right(transfer)} "
        f"({_interval(transfer, digits)}); {_difference(comparison)}; {advice}.",
    )


def count_right(metrics):
    """Count the photos that a network has right, from what `scores.score` returns."""
    return round(metrics["accuracy"] * metrics["photos"])


def format_p_value(comparison):
    """Write the p-value of what `comparison.gain` returns, such as `p = 0.0039`."""
    value = comparison["p_value"]
    if value < 0.0001:
        return "p < 0.0001"
    short = f"p = {value:.2g}"
    # Which side of the limit it is on must be seen.
    return f"p = {value:.4g}" if short == "p = 0.05" else short


def _decide(custom, transfer, comparison, guess, digits):
    """Choose the headline, and the clause that says what to do next."""
    low, high = comparison["accuracy_gain_low"], comparison["accuracy_gain_high"]
    # Zero is added for "+0.00" to stand where "-0.00" would.
    least, most = (f"{round(value, digits) + 0:+.{digits}f}" for value in (low, high))
    gain = f"transfer gains {least} to {most} in accuracy (95 % interval)"
    negligible = max(-low, high) < NEGLIGIBLE
    if custom["accuracy"] == transfer["accuracy"] == 1 and not negligible:
        return "Both have everything right", (
            f"{gain}, and these photos are too easy or too few to say more, so validate on harder "
            "or more photos"
        )
    if max(custom["accuracy"], transfer["accuracy"]) <= guess:
        return "Neither beats a guess", (
            f"always to name the most common class gives {guess:.{digits}f}, so look at the labels "
            "of the photos, add photos, or train for more epochs"
        )
    if comparison["p_value"] < SIGNIFICANT:
        if low + high < 0:
            return "Use custom", f"{gain}, so use custom"
        if high < NEGLIGIBLE:
            return "Transfer is better, by little", (
                f"{gain}, so use transfer where a base is no burden"
            )
        return "Use transfer", f"{gain}, so use transfer"
    if max(custom["accuracy_low"], transfer["accuracy_low"]) <= guess:
        return "Neither surely beats a guess", (
            f"always to name the most common class gives {guess:.{digits}f}, which lies in both "
            "intervals or above, so train for more epochs, or validate on more photos"
        )
    if negligible:
        return "As good as each other", f"{gain}, so use custom, the simpler one"
    if low > 0 or high < 0:
        better = "transfer" if low > 0 else "custom"
        gain += f", so {better} is probably the better one, but the exact test is not that sure"
    return "Too close to call", (
        f"{gain}, so run the study (`dvc repro study/dvc.yaml`), or validate on more photos"
    )


def _difference(comparison):
    """Say where the networks differ, and whether that could be chance."""
    transfer, custom = comparison["only_transfer_right"], comparison["only_custom_right"]
    if transfer == custom == 0:
        return "no photo tells them apart, for on each both are right or both are wrong"
    chance = "would hardly make" if comparison["p_value"] < SIGNIFICANT else "could make"
    photos = {0: "none", 1: "1 photo"}.get(transfer, f"{transfer} photos")
    return (
        f"only transfer is right on {photos} and only custom on {custom or 'none'}, "
        f"a difference that chance alone {chance} ({format_p_value(comparison)})"
    )


def _interval(metrics, digits):
    return f"{metrics['accuracy_low']:.{digits}f} to {metrics['accuracy_high']:.{digits}f}"
