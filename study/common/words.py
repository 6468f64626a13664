"""What the study has found, in words."""

import pandas as pd

OTHER = {"custom": "transfer", "transfer": "custom"}


def table(summary):
    """Lay out the result of the repeated splits for a terminal.

    Args:
        summary: for each network and for `gain`, what `repeat.score` returns.

    Returns:
        The lines of a table.
    """
    rows = {}
    for name, values in summary.items():
        form = "{:+.3f}" if name == "gain" else "{:.3f}"
        low, high = form.format(values["accuracy_low"]), form.format(values["accuracy_high"])
        rows[name] = {
            "accuracy": form.format(values["accuracy"]),
            "95 % interval": f"{low} to {high}",
            "over splits, sd": f"{values['accuracy_sd']:.3f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index").to_string()


def compare(summary, study):
    """Say which network is better, by how much, and how sure that is.

    Args:
        summary: for `majority`, `probe`, `custom`, `transfer` and `gain`, what
            `repeat.score` returns.
        study: the `Study`.

    Returns:
        Some sentences.
    """
    gain = summary["gain"]
    if "probability" not in gain:
        headline = "No answer"
        found = _gain(gain)
    else:
        headline = "No sure difference"
        if gain["accuracy_low"] > 0 or gain["accuracy_high"] < 0:
            headline = f"{_better(gain).capitalize()} is better"
        found = f"{_gain(gain)}, and is better with a probability of {_probability(gain)}"
    custom, transfer, probe, majority = (
        f"{summary[name]['accuracy']:.3f}" for name in ("custom", "transfer", "probe", "majority")
    )
    return (
        f"{headline}. Over {study.folds * study.repeats} splits ({study.folds} folds, "
        f"{_count(study.repeats, 'repeat')}), custom has an accuracy of {custom} and transfer "
        f"{transfer}; {found}. A linear classifier on the base's features has {probe}, and to name "
        f"the most common class every time {majority}.{_spread(summary)}"
    )


def curve(estimates, sizes):
    """Lay out the learning curve for a terminal.

    Args:
        estimates: for `custom`, `transfer` and `gain`, an `Estimate` for each size.
        sizes: photos per class, ascending.

    Returns:
        The lines of a table.
    """
    rows = {
        name: [f"{value.mean:+.3f}" if name == "gain" else f"{value.mean:.3f}" for value in values]
        for name, values in estimates.items()
    }
    columns = pd.Index(sizes, name="photos of each class")
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).to_string()


def enough(found, sizes, gains, splits):
    """Say how many photos are enough, and whether the curves have met.

    Args:
        found: what `curve.answer` returns.
        sizes: photos per class, ascending.
        gains: for each size, the `Estimate` of the gain of transfer over custom.
        splits: number of them.

    Returns:
        Some sentences.
    """
    gain = f"{_gain(found)} over {splits} splits"
    counts = {"custom": found["custom_photos"], "transfer": found["transfer_photos"]}
    if found["accuracy_low"] <= 0 <= found["accuracy_high"] or len(set(_ends(found))) == 1:
        first = f"With {_photos(sizes[-1])}, neither network surely beats the other: {gain}."
    else:
        best = _better(found)
        other = OTHER[best]
        first = f"{best.capitalize()} with {_photos(counts[best])} beats {other} with "
        first += f"{counts[other]}: {gain}."
    return f"{first} {_meeting(sizes, [value.sign for value in gains])}"


def _meeting(sizes, signs):
    """Say whether the curves have met, up to the largest size, and nothing beyond it."""
    most = _photos(sizes[-1])
    if not any(signs):
        return "With the same number of photos for both, no difference is sure."
    if not signs[-1]:
        return f"With {most} for both, the difference is not sure any more."
    ahead = "transfer" if signs[-1] > 0 else "custom"
    if -signs[-1] in signs:
        return f"The curves cross: {OTHER[ahead]} is ahead with fewer photos, but not with {most}."
    if not all(signs):
        return f"With {most} for both, {ahead} is surely ahead, but not with every number."
    return (
        f"Up to {most} the curves have not met, so these photos cannot tell how many "
        f"{OTHER[ahead]} would need to catch up with {ahead}."
    )


def _better(gain):
    return "transfer" if gain["accuracy"] >= 0 else "custom"


def _gain(gain):
    """Write a gain with its interval, as one of the better network."""
    sign = 1 if _better(gain) == "transfer" else -1
    # Zero is added for "+0.000" to stand where "-0.000" would.
    mean, low, high = (
        f"{round(sign * end, 3) + 0:+.3f}" for end in (gain["accuracy"], *_ends(gain)[::sign])
    )
    if gain["accuracy_low"] == gain["accuracy_high"]:
        return f"{_better(gain)} gains {mean} on every split, and with no spread has no interval"
    return f"{_better(gain)} gains {mean} (95 % interval {low} to {high})"


def _ends(gain):
    return gain["accuracy_low"], gain["accuracy_high"]


def _probability(gain):
    value = max(gain["probability"], 1 - gain["probability"])
    return "more than 0.999" if value > 0.999 else f"{value:.3f}"


def _photos(number):
    return f"{_count(number, 'photo')} of each class"


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _spread(summary):
    """Say what the seed makes of the spread, and what the split, if that was measured."""
    if "seed_sd" not in summary["custom"]:
        return ""
    parts = [
        f"{name} {summary[name]['seed_sd']:.3f} from the seed and {summary[name]['split_sd']:.3f} "
        "from the split"
        for name in ("custom", "transfer")
    ]
    return f" The standard deviation of a single training is, for {'; for '.join(parts)}."
