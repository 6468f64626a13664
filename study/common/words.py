"""What the study finds, in words."""

from collections.abc import Sequence

import pandas as pd

from stages.common.parameters import RIVALS
from stages.results.records import PAIRS
from study.common.estimates import Estimate
from study.common.results import Need, Score

OTHER = {"custom": "transfer", "transfer": "custom"}


def tabulate_scores(summary: dict[str, Score]) -> pd.DataFrame:
    """Tabulate the result over many splits.

    Args:
        summary: the `Score` of each network, and of each gain.

    Returns:
        A data frame of `str`, a row for each.
    """
    names = {f"{prefix}gain": " - ".join(pair) for pair, prefix in PAIRS.items()}
    rows = {}
    for name, score in summary.items():
        form = "{:+.3f}" if name in names else "{:.3f}"
        low, high = form.format(score.accuracy_low), form.format(score.accuracy_high)
        rows[names.get(name, name)] = {
            "accuracy": form.format(score.accuracy),
            "95% interval": f"{low} to {high}",
            "sd over splits": f"{score.accuracy_sd:.3f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def format_curve(estimates: dict[str, list[Estimate]], sizes: Sequence[int]) -> str:
    """Format the learning curve as a table for a terminal.

    Args:
        estimates: for `custom`, `transfer` and `gain`, an `Estimate` for each size.
        sizes: training photos of each class, ascending.
    """
    rows = {
        name: [f"{value.mean:+.3f}" if name == "gain" else f"{value.mean:.3f}" for value in values]
        for name, values in estimates.items()
    }
    columns = pd.Index(sizes, name="training photos of each class")
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).to_string()


def describe_gain(summary: dict[str, Score]) -> list[str]:
    """Describe how much better a network is, how sure that is, and what the spread comes from.

    Args:
        summary: the `Score` of `custom`, `transfer` and `gain`.

    Returns:
        Some sentences.
    """
    gain = summary["gain"]
    found = _describe_gain(gain)
    if gain.probability is not None:
        probability = _format_probability(gain.probability)
        other = OTHER[_name_better(gain)]
        found = f"{found}, and is better than {other} with a probability of {probability}"
    return [f"{found[0].upper()}{found[1:]}.", *_describe_spread(summary)]


def describe_curve(need: Need, sizes: Sequence[int], gains: Sequence[Estimate], splits: int) -> str:
    """Describe how many photos are enough, and whether the curves meet.

    Args:
        need: the `Need`.
        sizes: training photos of each class, ascending.
        gains: for each size, the `Estimate` of the gain of transfer over custom.
        splits: number of splits.

    Returns:
        Some sentences.
    """
    gain = f"{_describe_gain(need)} over {splits} splits"
    counts = {"custom": need.custom_photos, "transfer": need.transfer_photos}
    low, high = need.accuracy_low, need.accuracy_high
    if low <= 0 <= high or low == high:
        first = f"With {_count_photos(sizes[-1])}, neither network clearly beats the other: {gain}."
    else:
        better = _name_better(need)
        first = (
            f"{better.capitalize()} with {_count_photos(counts[better])} beats {OTHER[better]} "
            f"with {counts[OTHER[better]]}: {gain}."
        )
    return f"{first} {_describe_meeting(sizes[-1], [value.sign for value in gains])}"


def _describe_meeting(largest: int, signs: Sequence[int]) -> str:
    """Describe whether the curves meet, up to the largest size and nothing beyond it."""
    most = _count_photos(largest)
    if not any(signs):
        return "With the same number of photos for both, there is no clear difference."
    if not signs[-1]:
        return f"With {most} for both, there is no longer a clear difference."
    ahead = "transfer" if signs[-1] > 0 else "custom"
    if -signs[-1] in signs:
        return f"The curves cross: {OTHER[ahead]} is ahead with fewer photos, but not with {most}."
    if not all(signs):
        return f"With {most} for both, {ahead} is clearly ahead, but not with every smaller number."
    return (
        f"Up to {most} the curves do not meet, so these photos cannot tell how many "
        f"{OTHER[ahead]} would need to catch up with {ahead}."
    )


def _name_better(gain: Score | Need) -> str:
    return "transfer" if gain.accuracy >= 0 else "custom"


def _describe_gain(gain: Score | Need) -> str:
    """Describe a gain with its interval, as one of the better network."""
    better = _name_better(gain)
    sign = 1 if better == "transfer" else -1
    ends = (gain.accuracy_low, gain.accuracy_high)[::sign]
    # Adding zero turns "-0.000" into "+0.000".
    mean, low, high = (f"{round(sign * end, 3) + 0:+.3f}" for end in (gain.accuracy, *ends))
    if gain.accuracy_low == gain.accuracy_high:
        return f"{better} gains {mean} on every split, with no spread to estimate an interval from"
    return f"{better} gains {mean} (95% interval {low} to {high})"


def _describe_spread(summary: dict[str, Score]) -> list[str]:
    """Describe what the seed and the split contribute to the spread, if that was measured."""
    if summary["custom"].seed_sd is None:
        return []
    parts = [
        f"{name} {summary[name].seed_sd:.3f} from the seed and {summary[name].split_sd:.3f} "
        "from the split"
        for name in RIVALS
    ]
    return [f"The standard deviation of a single training is, for {'; for '.join(parts)}."]


def _format_probability(positive: float) -> str:
    value = max(positive, 1 - positive)
    return "more than 0.999" if value > 0.999 else f"{value:.3f}"


def _count_photos(number: int) -> str:
    return f"{_count(number, 'training photo')} of each class"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
