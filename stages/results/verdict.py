"""The answer in words: which network to use, and how sure that is. For comparison and study."""

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from stages.common.parameters import NETWORKS, RIVALS
from stages.results.intervals import QUANTILE, get_wilson
from stages.results.progress import CONVERGED, DIVERGING, IMPROVING, Progress
from stages.results.records import PAIRS, Comparison, Comparisons, Guess, Scores

MAX_P_VALUE = 0.05  # a p-value below it is not put down to chance
MIN_GAIN = 0.02  # a gain in accuracy below it is not worth a base
ROUNDING = 1e-6  # of metrics, which have six digits

# Two networks are called as good as each other, or one better by little, if this interval of the
# gain lies within MIN_GAIN of 0. By exact computation, networks that differ by MIN_GAIN are called
# so in at most 2.5% of cases; with a 95% interval, too narrow where few photos differ, in up to
# 6.7%.
EQUIVALENCE_LEVEL = 0.992
# The interval is never that short with fewer different photos, and the study asks for as many:
# a network worse by 0.02 looks the same on 186 photos in 2.3% of cases (0.98 ** 186).
MIN_EQUIVALENT_PHOTOS = 186

TRANSFER_CUSTOM, TRANSFER_PROBE, PROBE_CUSTOM = PAIRS
NAMES = {"custom": "your network", "transfer": "transfer", "probe": "a linear layer on the base"}
STUDY = "`dvc repro study/dvc.yaml`"
UNCONFIRMED = "but the exact test does not confirm it"


class Verdict(NamedTuple):
    """The answer.

    Commands in it stand between backticks.

    Attributes:
        headline: what to do, in a few words.
        reason: the numbers that decide, in one sentence of at most 25 words.
        notes: sentences about what else a reader should know.
        next_step: what to do next, a sentence.
    """

    headline: str
    reason: str
    notes: list[str]
    next_step: str


class Accuracy(NamedTuple):
    """The accuracy of a network, with its 95% interval."""

    value: float
    low: float
    high: float

    def surely_beats(self, guess: float) -> bool:
        """Return whether the interval lies above the accuracy of a guess."""
        return self.low > guess + ROUNDING


class Gain(NamedTuple):
    """How much more accurate one network is than another.

    Attributes:
        low, high: its 95% interval.
        sign: 1 if the first network is surely better, -1 if the second is, else 0.
        negligible: whether it is surely below `MIN_GAIN`, either way.
        known: whether there is an interval.
    """

    low: float
    high: float
    sign: int
    negligible: bool
    known: bool = True


class Outcome(NamedTuple):
    """A verdict without its numbers.

    Attributes:
        end: of the reason, after the numbers of the networks.
        next_step: unless the photos or the training ask for something else.
    """

    end: str
    next_step: str


MORE = f"Run the study ({STUDY}), or validate on more photos."
OUTCOMES = {
    "Use transfer": Outcome("that is hardly chance", f"See how sure that is: {STUDY}."),
    "Use custom": Outcome("that is hardly chance", f"See how sure that is: {STUDY}."),
    "Use the base with a linear layer": Outcome(
        "that is hardly chance", "Publish its metrics: `dvc exp run -S model=probe`."
    ),
    "Transfer is better, by little": Outcome(
        "that is hardly chance, but the gain is below 0.02",
        "Use it if the cost of a base is acceptable.",
    ),
    "As good as each other": Outcome(
        "they surely differ by less than 0.02", "Use custom, the simpler one."
    ),
    "Too close to call": Outcome("that does not settle it", MORE),
    "Both get everything right": Outcome(
        "such photos are too easy, or too few, to tell them apart",
        "Validate on harder photos, or on more of them.",
    ),
    "Neither beats a guess": Outcome(
        "always guessing the majority class gets {guess}",
        "Check the labels of the photos, or add photos.",
    ),
    "Neither surely beats a guess": Outcome(
        "always guessing the majority class, {guess}, may be as good",
        "Validate on more photos.",
    ),
    "No answer": Outcome(
        "the difference is the same on every split, which gives no interval",
        "Validate on more photos.",
    ),
}

AFTER_STUDY = {
    "Use transfer": "Use it on other photos: `python -m predict PHOTO_OR_FOLDER`.",
    "Use custom": "Use it on other photos: `python -m predict PHOTO_OR_FOLDER`.",
    "Too close to call": "Collect more photos: these are too few to be sure.",
}


def decide(
    accuracies: Mapping[str, Accuracy], gains: Mapping[tuple[str, str], Gain], guess: float
) -> str:
    """Choose the headline, one of `OUTCOMES`.

    Args:
        accuracies: of each network.
        gains: of each of `PAIRS`.
        guess: accuracy of always guessing the majority class.
    """
    gain = gains[TRANSFER_CUSTOM]
    rivals = [accuracies[name] for name in RIVALS]
    probe_wins = gains[TRANSFER_PROBE].sign < 0 < gains[PROBE_CUSTOM].sign
    if probe_wins and accuracies["probe"].surely_beats(guess):
        return "Use the base with a linear layer"
    if all(rival.value == 1 for rival in rivals) and not gain.negligible:
        return "Both get everything right"
    if max(rival.value for rival in rivals) <= guess + ROUNDING:
        return "Neither beats a guess"
    if not any(rival.surely_beats(guess) for rival in rivals):
        return "Neither surely beats a guess"
    if gain.sign < 0:
        return "Use custom"
    if gain.sign > 0:
        return "Transfer is better, by little" if gain.negligible else "Use transfer"
    if gain.negligible:
        return "As good as each other"
    return "Too close to call" if gain.known else "No answer"


def judge(scores: Mapping[str, Scores], comparisons: Comparisons, guess: Guess) -> Verdict:
    """Put the comparison on one split into words.

    Args:
        scores: of each network, on the same photos.
        comparisons: of each of `PAIRS`, photo by photo.
        guess: of the majority class of these photos.
    """
    some = scores["custom"]

    def count(share: float) -> str:
        if some.has_copies:
            return _format_share(share)
        return f"{share * some.photos:,.0f} of {some.photos:,}"

    accuracies = _get_accuracies(scores)
    gains = {pair: measure_gain(comparison) for pair, comparison in comparisons.items()}
    over = f", of {some.distinct_photos:,} different photos" if some.has_copies else ""
    answer = _put_into_words(accuracies, gains, guess, count, over)
    found, gain = comparisons[TRANSFER_CUSTOM], gains[TRANSFER_CUSTOM]
    if answer.headline != "Too close to call":
        return answer
    if not gain.low <= 0 <= gain.high:
        better = NAMES["transfer" if gain.low > 0 else "custom"].capitalize()
        answer.notes.append(f"{better} is probably better, {UNCONFIRMED}.")
    elif found.p_value < MAX_P_VALUE:
        ahead = NAMES["transfer" if found.first > found.second else "custom"].capitalize()
        answer.notes.append(f"{ahead} wins on more different photos, but its gain may be zero.")
    return answer


def judge_study(
    scores: Mapping[str, Any], gains: Mapping[tuple[str, str], Any], splits: int, photos: int
) -> Verdict:
    """Put a comparison over many splits into words.

    Args:
        scores: of each network, and of `majority`: `accuracy`, `accuracy_low` and
            `accuracy_high`, means over the splits and their 95% intervals.
        gains: the same for each of `PAIRS`, with the `probability` that it is above 0; `None`
            for a gain that is the same on every split.
        splits: number of splits.
        photos: number of different photos.
    """
    accuracies = _get_accuracies({name: scores[name] for name in NETWORKS})
    measured = {}
    for pair, gain in gains.items():
        low, high, known = gain.accuracy_low, gain.accuracy_high, gain.probability is not None
        sign = int(low > 0) - int(high < 0)
        if not known and _overlap(pair, accuracies, photos):
            sign = 0
        small = max(-low, high) < MIN_GAIN and photos >= MIN_EQUIVALENT_PHOTOS
        measured[pair] = Gain(low, high, sign, small, known)
    # The majority class of the training photos, so that which one it is may vary.
    guess = Guess("", scores["majority"].accuracy, even=False)
    over = f", on average over {splits} splits"
    answer = _put_into_words(accuracies, measured, guess, _format_share, over)
    if answer.headline in AFTER_STUDY:
        answer = answer._replace(next_step=AFTER_STUDY[answer.headline])
    return answer


def put_below(study: Verdict, split: Verdict) -> Verdict:
    """Return the study's answer, with that of the single split below it."""
    notes = [*study.notes, f"On this split alone: {split.headline}. {split.reason}"]
    if split.headline != study.headline:
        notes.append("One split is one draw: the study's answer counts.")
    return study._replace(notes=notes)


def add_states(verdict: Verdict, states: Mapping[str, Progress], epochs: int) -> Verdict:
    """Add whether the trainings were finished, and what to do if not.

    Args:
        verdict: the `Verdict`.
        states: of the training of each network that was trained.
        epochs: as in params.yaml.
    """
    notes = [
        f"{name.capitalize()} was {state} after {_count_epochs(trained)}: {reason}."
        for name, (state, trained, reason) in states.items()
        if state != CONVERGED
    ]
    found = {each.state for each in states.values()}
    next_step = verdict.next_step
    if DIVERGING in found:
        next_step = "Lower learning_rate in params.yaml."
    elif IMPROVING in found and verdict.headline != "Both get everything right":
        next_step = f"Try more epochs: `dvc exp run -S epochs={3 * epochs}`."
    return verdict._replace(notes=[*notes, *verdict.notes], next_step=next_step)


def measure_gain(comparison: Comparison) -> Gain:
    """Return how sure the gain of one comparison on one split is."""
    low, high = comparison.accuracy_gain_low, comparison.accuracy_gain_high
    ahead = int(np.sign(comparison.first - comparison.second))
    # Where groups of photos count as one, a network can be ahead in more of them, and yet get no
    # more right: the test is about the former, the interval about the latter.
    sure = comparison.p_value < MAX_P_VALUE and (low > 0 if ahead > 0 else high < 0)
    return Gain(low, high, ahead if sure else 0, is_negligible(low, high))


def is_negligible(low: float, high: float) -> bool:
    """Return whether a gain is surely below `MIN_GAIN`, from its 95% interval on one split."""
    wider = NormalDist().inv_cdf((1 + EQUIVALENCE_LEVEL) / 2) / QUANTILE
    centre, margin = (low + high) / 2, (high - low) / 2 * wider
    return abs(centre) + margin < MIN_GAIN


def format_p_value(p_value: float) -> str:
    """Return a p-value as text, such as `p = 0.0039`."""
    if p_value < 0.0001:
        return "p < 0.0001"
    short = f"p = {p_value:.2g}"
    # Rounding must not hide which side of the limit it is on.
    return f"p = {p_value:.4g}" if short == "p = 0.05" else short


def _put_into_words(
    accuracies: Mapping[str, Accuracy],
    gains: Mapping[tuple[str, str], Gain],
    guess: Guess,
    count: Callable[[float], str],
    over: str,
) -> Verdict:
    """Return the answer; `over` ends the list of numbers."""
    headline = decide(accuracies, gains, guess.accuracy)
    outcome = OUTCOMES[headline]
    shown = {name: count(accuracies[name].value) for name in NETWORKS}
    best, other = TRANSFER_CUSTOM
    if accuracies[best].value < accuracies[other].value:
        best, other = other, best
    numbers = f"{NAMES[best]} gets {shown[best]} right, {NAMES[other]} {shown[other]}"
    if headline == "Use the base with a linear layer":
        numbers = (
            f"{NAMES['probe']} gets {shown['probe']} right, transfer {shown['transfer']} and your "
            f"network {shown['custom']}"
        )
    elif headline == "Both get everything right":
        numbers = f"both get {shown[best]} right"
    reason = f"{numbers}{over}; {outcome.end.format(guess=count(guess.accuracy))}."
    notes = _note_guess(headline, accuracies, guess) + _note_probe(headline, gains, shown["probe"])
    next_step = outcome.next_step
    if headline == "As good as each other" and gains[PROBE_CUSTOM].sign > 0:
        next_step = "Use custom, the simplest one, or the linear layer, which surely beats it."
    if "guess" in headline and accuracies["probe"].surely_beats(guess.accuracy):
        notes.append("The linear layer surely beats a guess.")
    return Verdict(headline, reason[0].upper() + reason[1:], notes, next_step)


def _get_accuracies(scores: Mapping[str, Any]) -> dict[str, Accuracy]:
    return {
        name: Accuracy(each.accuracy, each.accuracy_low, each.accuracy_high)
        for name, each in scores.items()
    }


def _note_guess(headline: str, accuracies: Mapping[str, Accuracy], guess: Guess) -> list[str]:
    """Return what a guess is worth, where classes are uneven or an interval begins below it."""
    worse = [name for name in accuracies if accuracies[name].high < guess.accuracy]
    better = [name for name in accuracies if accuracies[name].surely_beats(guess.accuracy)]
    reaching = [name for name in accuracies if name not in worse + better]
    if "guess" in headline or (guess.even and not reaching and not worse):
        return []
    what = f"{guess.label}, the majority class," if guess.label else "the majority class"
    if guess.even:
        what = "any one class"
    intervals = "the interval of {} reaches" if len(reaching) == 1 else "the intervals of {} reach"
    reach = f", which {intervals.format(_join(reaching))}" if reaching else ""
    notes = [f"Always guessing {what} gives an accuracy of {guess.accuracy:.2f}{reach}."]
    if worse:
        verb = "is" if len(worse) == 1 else "are"
        notes.append(f"{_join(worse).capitalize()} {verb} surely worse than such a guess.")
    return notes


def _note_probe(headline: str, gains: Mapping[tuple[str, str], Gain], shown: str) -> list[str]:
    """Return what the transfer network's layers add to a linear layer on the same base."""
    if headline == "Use the base with a linear layer":
        return []
    gain, layer = gains[TRANSFER_PROBE], "A linear layer on the base"
    if gain.sign > 0:
        notes = [f"Transfer surely beats a linear layer on the base, which gets {shown} right."]
    elif gain.sign < 0:
        notes = [f"{layer} gets {shown} right, and surely beats transfer."]
    elif gain.negligible:
        notes = [f"{layer} gets {shown} right: as good as transfer, and simpler."]
    elif gain.known and not gain.low <= 0 <= gain.high:
        better = "transfer is probably better" if gain.low > 0 else "it probably beats transfer"
        notes = [f"{layer} gets {shown} right; {better}, {UNCONFIRMED}."]
    else:
        notes = [f"{layer} gets {shown} right; neither it nor transfer is surely better."]
    over_custom = gains[PROBE_CUSTOM].sign
    if over_custom > 0 >= gains[TRANSFER_CUSTOM].sign:
        notes.append("The linear layer surely beats your network.")
    elif headline == "Use custom" and over_custom == 0:
        notes.append("The linear layer is not surely better or worse than your network.")
    return notes


def _overlap(pair: tuple[str, str], accuracies: Mapping[str, Accuracy], photos: int) -> bool:
    """Return whether the accuracies of both could be the same, on that many photos."""
    first, second = (get_wilson(accuracies[name].value, photos) for name in pair)
    return first[0] <= second[1] and second[0] <= first[1]


def _count_epochs(epochs: int) -> str:
    return "1 epoch" if epochs == 1 else f"{epochs} epochs"


def _format_share(share: float) -> str:
    # Rounding must not make it all, or none.
    return f"{share if share in (0, 1) else min(max(share, 0.001), 0.999):.1%}"


def _join(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
