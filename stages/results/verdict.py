"""The answer in words: which network to use, and how sure that is."""

from typing import NamedTuple

import numpy as np

from stages.results.records import Comparison, Guess, Scores

MAX_P_VALUE = 0.05  # a p-value below it is not put down to chance
MIN_GAIN = 0.02  # a gain in accuracy below it is not worth a base


class Verdict(NamedTuple):
    """The answer.

    Attributes:
        headline: what to do, in a few words.
        explanation: sentences that give the numbers, and what follows from them.
    """

    headline: str
    explanation: str


def judge(custom: Scores, transfer: Scores, comparison: Comparison, guess: Guess) -> Verdict:
    """Put the comparison into words.

    Args:
        custom: scores of the custom network.
        transfer: scores of the transfer network, on the same photos.
        comparison: of the two, photo by photo.
        guess: of the majority class of these photos.
    """
    several = custom.has_copies
    digits = 2 if custom.distinct_photos < 200 else 3
    headline, advice = _decide(custom, transfer, comparison, guess, digits)
    if several:
        first, second = (f"{scores.accuracy:.0%}" for scores in (custom, transfer))
    else:
        first, second = (f"{scores.accuracy * scores.photos:.0f}" for scores in (custom, transfer))
    different = f" ({custom.distinct_photos} different)" if several else ""
    scores = (
        f"Of {custom.photos} validation photos{different}, custom gets {first} right "
        f"(95% interval {_format_interval(custom, digits)}) and transfer gets "
        f"{second} right ({_format_interval(transfer, digits)})."
    )
    difference = _describe_difference(comparison, several)
    if not guess.even and _describe_guess(guess, digits) not in advice:
        scores += f" {_describe_guess(guess, digits)}."
    return Verdict(headline, f"{scores} {difference} {advice}")


def format_p_value(p_value: float) -> str:
    """Return a p-value as text, such as `p = 0.0039`."""
    if p_value < 0.0001:
        return "p < 0.0001"
    short = f"p = {p_value:.2g}"
    # Rounding must not hide which side of the limit it is on.
    return f"p = {p_value:.4g}" if short == "p = 0.05" else short


def _decide(
    custom: Scores, transfer: Scores, comparison: Comparison, guess: Guess, digits: int
) -> tuple[str, str]:
    """Choose the headline, and the sentences that say what to do next."""
    low, high = comparison.accuracy_gain_low, comparison.accuracy_gain_high
    # Zero is added to show "+0.00" instead of "-0.00".
    shown = [f"{round(value, digits) + 0:+.{digits}f}" for value in (low, high)]
    gain = f"Transfer's gain in accuracy is {shown[0]} to {shown[1]} (95% interval)."
    negligible = max(-low, high) < MIN_GAIN
    if custom.accuracy == transfer.accuracy == 1 and not negligible:
        return "Both get everything right", (
            f"{gain} These photos are too easy or too few to show a difference. Validate on "
            "harder photos, or on more of them."
        )
    if max(custom.accuracy, transfer.accuracy) <= guess.accuracy:
        return "Neither beats a guess", (
            f"{_describe_guess(guess, digits)}. Check the labels of the photos, add photos, or "
            "train for more epochs."
        )
    sign = np.sign(comparison.only_transfer_right - comparison.only_custom_right)
    # Where groups of photos count as one, one network can be ahead in more, and less by far.
    if comparison.p_value < MAX_P_VALUE and sign * (low + high) > 0:
        if low + high < 0:
            return "Use custom", f"{gain} Use custom."
        if high < MIN_GAIN:
            return (
                "Transfer is better, by little",
                f"{gain} Use it if the cost of a base is acceptable.",
            )
        return "Use transfer", f"{gain} Use transfer."
    if max(custom.accuracy_low, transfer.accuracy_low) <= guess.accuracy:
        return "Neither surely beats a guess", (
            f"{_describe_guess(guess, digits)}, and neither interval lies entirely above that. "
            "Train for more epochs, or validate on more photos."
        )
    if negligible:
        return "As good as each other", f"{gain} Use custom, the simpler one."
    if low > 0 or high < 0:
        better = "Transfer" if low > 0 else "Custom"
        gain += f" {better} is probably better, but the exact test does not confirm it."
    return "Too close to call", (
        f"{gain} Run the study (`dvc repro study/dvc.yaml`), or validate on more photos."
    )


def _describe_guess(guess: Guess, digits: int) -> str:
    return f"Always guessing the majority class gives an accuracy of {guess.accuracy:.{digits}f}"


def _describe_difference(comparison: Comparison, several: bool) -> str:
    """Return on how many photos the networks differ, and whether that could be chance."""
    transfer, custom = comparison.only_transfer_right, comparison.only_custom_right
    if several:
        noun, difference = "different photo", "Transfer does better on {}, and custom on {}."
        equal = "Both networks get the same share of every different photo right."
    else:
        noun, difference = "photo", "Only transfer is right on {}, and only custom on {}."
        equal = "On every photo, both networks are right or both are wrong."
    if transfer == custom == 0:
        return equal
    photos = {0: "none", 1: f"1 {noun}"}.get(transfer, f"{transfer} {noun}s")
    chance = "would rarely" if comparison.p_value < MAX_P_VALUE else "could"
    return (
        f"{difference.format(photos, custom or 'none')} Chance alone {chance} produce such a "
        f"difference ({format_p_value(comparison.p_value)})."
    )


def _format_interval(scores: Scores, digits: int) -> str:
    return f"{scores.accuracy_low:.{digits}f} to {scores.accuracy_high:.{digits}f}"
