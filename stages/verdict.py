"""The answer in words: which network to use, and how sure that is."""

from typing import NamedTuple

SIGNIFICANT = 0.05  # a p-value below it is not put down to chance
NEGLIGIBLE = 0.02  # a gain in accuracy that is not worth a second network


class Verdict(NamedTuple):
    """What to do, in a few words, and one sentence that says why."""

    headline: str
    sentence: str


def judge(custom, transfer, comparison, guess):
    """Put the comparison into words.

    Args:
        custom, transfer: what `scores.score` returns for each network.
        comparison: what `compare.gain` returns.
        guess: share of the most common class among the validation photos, from 0 to 1;
            who always names that class has this accuracy.

    Returns:
        A `Verdict`.
    """
    headline, advice = _decide(custom, transfer, comparison, guess)
    return Verdict(
        headline,
        f"Custom has {_right(custom)} of {custom['photos']} validation photos right (95 % interval "
        f"{_interval(custom)}) and transfer {_right(transfer)} ({_interval(transfer)}); "
        f"{_difference(comparison)}; {advice}.",
    )


def p_value(comparison):
    """Write the p-value of what `compare.gain` returns, such as `p = 0.0039`."""
    value = comparison["p_value"]
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def _decide(custom, transfer, comparison, guess):
    """Choose the headline, and the clause that says what to do next."""
    low, high = comparison["accuracy_gain_low"], comparison["accuracy_gain_high"]
    digits = 2 if custom["photos"] < 1000 else 3
    gain = f"the gain of transfer in accuracy may be anything from {low:+.{digits}f} to "
    gain += f"{high:+.{digits}f}"
    if max(custom["accuracy_low"], transfer["accuracy_low"]) <= guess:
        return "Neither has learnt the classes", (
            f"always to name the most common class would give {guess:.2f}, and neither is surely "
            "better than that, so look at the labels, add photos or train for more epochs"
        )
    if comparison["p_value"] < SIGNIFICANT:
        better, least, most = ("transfer", low, high) if low + high > 0 else ("custom", -high, -low)
        margin = f"more accurate by {max(least, 0):.{digits}f} to {most:.{digits}f}"
        if most < NEGLIGIBLE:
            return f"{better.capitalize()} is better, by little", (
                f"{better} is {margin}, so take the one that is easier to run"
            )
        return f"Use {better}", f"so use {better}, which is {margin}"
    if custom["accuracy"] == transfer["accuracy"] == 1:
        return "Both have everything right", (
            "these photos are too easy to tell the networks apart, so use custom, the simpler "
            "one, or validate on harder photos"
        )
    if max(-low, high) < NEGLIGIBLE:
        return "As good as each other", f"{gain}, so use custom, the simpler one"
    return "Too close to call", (
        f"{gain}, so compare again with other seeds, or validate on more photos"
    )


def _difference(comparison):
    """Say where the networks differ, and whether that could be chance."""
    transfer, custom = comparison["only_transfer_right"], comparison["only_custom_right"]
    if transfer == custom == 0:
        return "no photo tells them apart, for on each both are right or both are wrong"
    chance = "would hardly make" if comparison["p_value"] < SIGNIFICANT else "may well make"
    photos = {0: "none", 1: "1 photo"}.get(transfer, f"{transfer} photos")
    return (
        f"only transfer is right on {photos} and only custom on {custom or 'none'}, "
        f"a difference that chance alone {chance} "
        f"({p_value(comparison)})"
    )


def _right(metrics):
    return round(metrics["accuracy"] * metrics["photos"])


def _interval(metrics):
    return f"{metrics['accuracy_low']:.2f} to {metrics['accuracy_high']:.2f}"
