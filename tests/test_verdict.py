import numpy as np
import pytest
from scipy.stats import binom
from test_compare import right

from stages.results import comparison, scores, terminal, verdict, weighting
from stages.results.progress import Progress
from stages.results.records import PAIRS, Guess
from study.common.results import Score


def score_each(answers, groups):
    weights = weighting.weigh_photos(groups)
    found = {}
    for name, each in answers.items():
        predicted = (~each).astype(int)
        probabilities = np.eye(2)[predicted] * 0.8 + 0.1
        found[name] = scores.score(np.zeros(len(each), int), predicted, probabilities, weights)
    return found


def compare_each(answers, groups):
    return {
        (first, second): comparison.compare(answers[first], answers[second], groups)
        for first, second in PAIRS
    }


def judge_answers(answers, groups, guess):
    """The verdict for what each network gets right."""
    return verdict.judge(score_each(answers, groups), compare_each(answers, groups), guess)


def judge(*counts, probe=None, guess=1 / 3, even=True, copies=1):
    """The verdict for these numbers of photos: both right, only transfer, only custom, neither.

    The probe answers as transfer does, but gets `probe` more of the photos right that transfer
    gets wrong, or fewer of the others; with a pair of numbers, both.
    """
    transfer, custom, groups = right(*counts)
    answers = {"custom": custom, "transfer": transfer, "probe": transfer.copy()}
    more, fewer = probe if isinstance(probe, tuple) else (max(probe or 0, 0), -min(probe or 0, 0))
    answers["probe"][np.flatnonzero(~transfer)[::-1][:more]] = True
    answers["probe"][np.flatnonzero(transfer)[::-1][:fewer]] = False
    answers = {name: np.tile(each, copies) for name, each in answers.items()}
    return judge_answers(answers, np.tile(groups, copies), Guess("cat", guess, even=even))


def say_all(answer):
    return " ".join([answer.headline + ".", answer.reason, *answer.notes, answer.next_step])


# What is measured: counts and more; the headline; words of the rest. Each was read aloud: true,
# and no more sure than its numbers.
TABLE = [
    # One network is surely better.
    ((21, 8, 0, 1), {}, "Use transfer", "Transfer gets 29 of 30 right, your network 21 of 30; tha"),
    ((13, 10, 1, 6), {}, "Use transfer", "neither it nor transfer is surely better."),
    ((21, 9, 0, 0), {}, "Use transfer", "Transfer gets 30 of 30 right"),
    ((48, 12, 0, 0), {}, "Use transfer",
     "60 of 60 right, your network 48 of 60; that is hardly chance."),
    ((13, 1, 10, 6), {"guess": 0.25}, "Use custom", "Your network gets 23 of 30 right, transfer 1"),
    ((21, 0, 9, 0), {}, "Use custom", "Your network gets 30 of 30 right, transfer 21 of 30; that "),
    ((9000, 50, 150, 800), {}, "Use custom", "9,150 of 10,000 right, transfer 9,050 of 10,000"),
    ((21, 8, 0, 1), {"probe": -8}, "Use transfer", "Transfer surely beats a linear layer on the"),
    # By little, or not at all.
    ((9000, 150, 50, 800), {}, "Transfer is better, by little",
     "hardly chance, but the gain is below 0.02."),
    ((9000, 100, 90, 810), {}, "As good as each other", "they surely differ by less than 0.02."),
    ((2000, 0, 0, 0), {}, "As good as each other", "2,000 of 2,000 right"),
    ((185, 0, 0, 1), {}, "As good as each other", "185 of 186"),
    ((184, 0, 0, 1), {}, "Too close to call", "184 of 185"),
    # Too few photos.
    ((20, 4, 4, 2), {}, "Too close to call", "24 of 30; that does not settle it."),
    ((20, 5, 0, 5), {}, "Too close to call", "Transfer is probably better, but the exact test"),
    ((20, 0, 5, 5), {}, "Too close to call", "Your network gets 25 of 30 right, transfer 20 of 30"),
    ((20, 0, 0, 10), {}, "Too close to call", "20 of 30; that does not settle it."),
    ((1, 1, 0, 0), {"guess": 0.1}, "Too close to call", "Transfer gets 2 of 2 right, your network"),
    ((2, 0, 0, 0), {"guess": 0.5}, "Both get everything right", "Both get 2 of 2 right; such phot"),
    ((30, 0, 0, 0), {}, "Both get everything right", "Validate on harder photos, or on more of th"),
    # No better than a guess.
    ((0, 0, 0, 30), {}, "Neither beats a guess", "the majority class gets 10 of 30. "),
    ((0, 10, 0, 20), {}, "Neither beats a guess", "Transfer gets 10 of 30 right, your network 0 o"),
    ((10, 5, 2, 13), {}, "Neither surely beats a guess", "class, 10 of 30, may be as good."),
    ((0, 15, 0, 15), {}, "Neither surely beats a guess", "Transfer gets 15 of 30 right, your netw"),
    ((27, 3, 0, 0), {"guess": 0.9, "even": False}, "Neither surely beats a guess", "27 of 30, may"),
    # Uneven classes: a guess is the majority class.
    ((21, 9, 0, 0), {"guess": 0.6, "even": False}, "Use transfer", "guessing cat, the majority cl"),
    ((21, 9, 0, 0), {"guess": 0.6}, "Use transfer", "which the interval of custom reaches."),
    # The probe.
    ((40, 92, 6, 38), {"probe": 15, "guess": 0.05}, "Use the base with a linear layer",
     "A linear layer on the base gets 147 of 176 right, transfer 132 of 176 and your network 46"),
    ((40, 88, 6, 42), {"probe": (16, 6), "guess": 0.05}, "Use transfer",
     "138 of 176 right; it probably beats transfer, but the exact test does not confirm it."),
    ((40, 88, 6, 42), {"probe": (6, 16), "guess": 0.05}, "Use transfer",
     "118 of 176 right; transfer is probably better, but the exact test does not confirm it."),
    ((13, 10, 1, 6), {"probe": 6}, "Use the base with a linear layer", "29 of 30 right, transfer "),
    ((13, 1, 10, 6), {"probe": (12, 0), "guess": 0.25}, "Use custom", "26 of 30 right, and surely"),
    ((10, 10, 5, 5), {"probe": 10}, "Use the base with a linear layer", "30 of 30 right, transfer"),
    ((20, 5, 1, 4), {"probe": 4}, "Too close to call",
     "The linear layer surely beats your network."),
    ((9000, 550, 50, 400), {"probe": (5, 5)}, "Use transfer", "as good as transfer, and simpler."),
    ((880, 6, 2, 112), {"probe": (6, 2)}, "As good as each other",
     "Use custom, the simplest one, or the linear layer, which surely beats it."),
    ((13, 1, 10, 6), {"probe": (12, 0), "guess": 0.25}, "Use custom",
     "The linear layer is not surely better or worse than your network."),
    ((20, 16, 5, 19), {"probe": 5, "guess": 0.5}, "Neither surely beats a guess",
     "The linear layer surely beats a guess."),
    # A network may be surely worse than a guess.
    ((24, 33, 0, 3), {"guess": 0.6, "even": False}, "Use transfer",
     "gives an accuracy of 0.60. Custom is surely worse than such a guess."),
    ((20, 5, 5, 0), {"guess": 0.7, "even": False}, "Neither surely beats a guess", "more photos."),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "more", "headline", "words"), TABLE)
def test_every_verdict_is_true_and_no_more_sure_than_its_numbers(counts, more, headline, words):
    answer = judge(*counts, **more)
    assert answer.headline == headline, say_all(answer)
    assert words in say_all(answer)
    assert len(answer.reason.split()) <= 25
    sentences = [answer.reason, *answer.notes, answer.next_step]
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in sentences)
    assert "epochs" not in answer.next_step  # that depends on the trainings alone
    if not headline.startswith(("Use", "Transfer")):
        assert "hardly chance" not in answer.reason


def test_look_alikes_count_once_and_the_words_say_so():
    answer = judge(21, 8, 0, 1, copies=3)
    assert answer.headline == "Use transfer"
    assert answer.reason == (
        "Transfer gets 96.7% right, your network 70.0%, of 30 different photos; "
        "that is hardly chance."
    )


def test_a_share_is_never_rounded_to_all_or_none():
    answers = {name: np.ones(6000, bool) for name in ("custom", "transfer", "probe")}
    answers["transfer"][0] = False
    answers["custom"][:300] = False
    answer = judge_answers(answers, np.arange(6000) // 2, Guess("cat", 1 / 3, even=True))
    assert "Transfer gets 99.9% right, your network 95.0%, of 3,000 different" in answer.reason


def test_everything_right_is_so_with_any_number_of_copies():
    for copies in range(2, 12):
        groups = np.repeat(np.arange(6), copies)
        answers = dict.fromkeys(("custom", "transfer", "probe"), np.ones(len(groups), bool))
        assert score_each(answers, groups)["custom"].accuracy == 1


def test_a_guess_that_is_exactly_as_good_is_not_beaten_whatever_the_rounding():
    found = score_each(
        dict.fromkeys(("custom", "transfer", "probe"), np.arange(30) < 20), range(30)
    )
    rounded = {name: each._replace(accuracy=0.666667) for name, each in found.items()}
    same = comparison.compare(np.ones(30, bool), np.ones(30, bool), range(30))
    answer = verdict.judge(rounded, dict.fromkeys(PAIRS, same), Guess("cat", 20 / 30, even=False))
    assert answer.headline == "Neither beats a guess"


def test_no_network_is_surely_better_that_is_ahead_in_more_groups_by_a_gain_that_may_be_zero():
    # Of 30 groups of three, transfer gets one photo more right in 12, custom all of two.
    custom = np.array([True, True, False] * 12 + [True] * 54)
    transfer = np.array([True] * 36 + [False] * 6 + [True] * 48)
    answers = {"custom": custom, "transfer": transfer, "probe": transfer}
    answer = judge_answers(answers, np.arange(90) // 3, Guess("cat", 1 / 3, even=True))
    assert answer.headline == "Too close to call"
    found = comparison.compare(transfer, custom, np.arange(90) // 3)
    assert found.p_value < 0.05
    assert "Transfer wins on more different photos, but its gain may be zero." in answer.notes


def test_no_network_is_named_that_is_ahead_in_more_groups_but_gets_less_right():
    # Of ten groups of three, transfer gets one photo more right; of three photos, custom all.
    custom = np.array([True] * 3 + [True, True, False] * 10)
    transfer = np.array([False] * 3 + [True] * 30)
    found = comparison.compare(transfer, custom, np.r_[np.arange(3), 3 + np.arange(30) // 3])
    assert (found.first, found.second) == (10, 3)
    found = found._replace(p_value=0.01, accuracy_gain_low=-0.2, accuracy_gain_high=0.1)
    assert verdict.measure_gain(found).sign == 0


def interval(photos, first, second):
    """The 95% interval of a gain, as `comparison.compare` computes it; arrays of counts."""
    centre = (first - second) / (photos + 2)
    variance = ((first + second + 2) / (photos + 2) - centre**2) / (photos + 2)
    margin = 1.959964 * np.sqrt(variance)
    return centre - margin, centre + margin


def test_that_interval_is_the_one_that_is_compared():
    transfer, custom, groups = right(100, 7, 3, 10)
    found = comparison.compare(transfer, custom, groups)
    assert interval(120, 7, 3) == pytest.approx(found[1:3], abs=1e-6)


@pytest.mark.parametrize("photos", [150, 186, 218, 300, 2000])
def test_networks_that_differ_by_002_are_called_as_good_as_each_other_in_25_of_1000_cases(photos):
    """Computed exactly, for how ever many photos both differ on."""
    most = min(photos, 240)
    differing, first = np.meshgrid(np.arange(most + 1), np.arange(most + 1), indexing="ij")
    second = np.maximum(differing - first, 0)
    alike = verdict.is_negligible(*interval(photos, first, second)) & (first <= differing)
    assert not alike[-1].any()  # so no case is left out
    for share in (0.0, 0.001, 0.003, 0.01, 0.03, 0.1):
        together = 2 * share + 0.02
        chance = binom.pmf(differing, photos, together)
        chance *= binom.pmf(first, differing, (share + 0.02) / together)
        assert chance[alike].sum() <= 0.025


def test_fewer_photos_than_the_least_never_support_equivalence():
    least = verdict.MIN_EQUIVALENT_PHOTOS
    assert verdict.is_negligible(*interval(least, 0, 0))
    assert not verdict.is_negligible(*interval(least - 1, 0, 0))


def score(mean, low, high, probability=None):
    return Score(mean, low, high, 0.02, probability=probability)


def judge_study(gain, probe=(-0.02, 0.04), over=(0.2, 0.3), photos=1000, **means):
    """The study's verdict for the intervals of the gains, and the means of the networks."""
    means = {"custom": 0.66, "transfer": 0.937, "probe": 0.953, "majority": 1 / 3} | means
    found = {name: score(mean, mean - 0.04, mean + 0.04) for name, mean in means.items()}
    gains = {
        pair: score(sum(ends) / 2, *ends, None if ends[0] == ends[1] else 0.5)
        for pair, ends in zip(PAIRS, (gain, probe, over), strict=True)
    }
    return verdict.judge_study(found, gains, 10, photos)


STUDIES = [
    ({"gain": (0.2, 0.3)}, "Use transfer", "93.7% right, your network 66.0%, on average over 10"),
    ({"gain": (-0.3, -0.2), "custom": 0.97}, "Use custom", "Your network gets 97.0% right"),
    ({"gain": (0.005, 0.015)}, "Transfer is better, by little", "if the cost of a base is accep"),
    ({"gain": (-0.01, 0.015)}, "As good as each other", "surely differ by less than 0.02."),
    ({"gain": (0.005, 0.015), "photos": 185}, "Use transfer", "that is hardly chance."),
    ({"gain": (-0.01, 0.015), "photos": 185}, "Too close to call", "are too few to be sure."),
    ({"gain": (-0.01, 0.2)}, "Too close to call", "that does not settle it. Always guessing the m"),
    ({"gain": (0.2, 0.3), "probe": (-0.1, -0.013)}, "Use the base with a linear layer",
     "A linear layer on the base gets 95.3% right, transfer 93.7% and your network 66.0%, on"),
    # The same gain on every split has no interval; the photos may still tell.
    ({"gain": (0.1, 0.1), "photos": 30}, "No answer", "the difference is the same on every split"),
    ({"gain": (0.66, 0.66), "custom": 0.34, "transfer": 1.0, "photos": 30}, "Use transfer", ""),
    ({"gain": (0.1, 0.2), "majority": 0.9}, "Neither surely beats a guess", "90.0%, may be as go"),
    ({"gain": (0.1, 0.2), "majority": 0.95}, "Neither beats a guess", "the majority class gets 95"),
    ({"gain": (0.0, 0.0), "custom": 1.0, "transfer": 1.0, "photos": 185},
     "Both get everything right", "100.0%"),
    ({"gain": (0.0, 0.0), "custom": 1.0, "transfer": 1.0}, "As good as each other", "100.0%"),
]  # fmt: skip


@pytest.mark.parametrize(("numbers", "headline", "words"), STUDIES)
def test_the_study_is_judged_as_the_comparison_is(numbers, headline, words):
    answer = judge_study(**numbers)
    assert answer.headline == headline, say_all(answer)
    assert words in say_all(answer)
    assert len(answer.reason.split()) <= 25
    assert "study/dvc.yaml" not in answer.next_step  # it has run


def test_after_the_study_its_answer_is_the_headline_and_the_single_split_stands_below():
    answer = verdict.put_below(judge_study((0.2, 0.3)), judge(20, 4, 4, 2))
    assert answer.headline == "Use transfer"
    assert answer.notes[-2:] == [
        "On this split alone: Too close to call. Transfer gets 24 of 30 right, your network 24 of "
        "30; that does not settle it.",
        "One split is one draw: the study's answer counts.",
    ]
    agreed = verdict.put_below(judge_study((0.2, 0.3)), judge(21, 8, 0, 1))
    assert agreed.notes[-1].startswith("On this split alone: Use transfer.")


def test_a_training_that_was_not_finished_is_said_and_what_to_do():
    states = {
        "custom": Progress("still improving", 10, "its training loss is 0.31"),
        "transfer": Progress("overfitting", 20, "its validation loss rises"),
    }
    before = judge(21, 8, 0, 1)
    answer = verdict.add_states(before, states, epochs=10)
    assert answer.headline == before.headline
    assert answer.notes[:2] == [
        "Custom was still improving after 10 epochs: its training loss is 0.31.",
        "Transfer was overfitting after 20 epochs: its validation loss rises.",
    ]
    assert answer.next_step == "Try more epochs: `dvc exp run -S epochs=30`."
    finished = {"custom": Progress("converged", 10, "all is well")}
    assert verdict.add_states(before, finished, epochs=10) == before


def test_more_epochs_are_not_the_next_step_where_there_is_nothing_to_gain():
    states = {"transfer": Progress("still improving", 1, "its training loss is 0.31")}
    answer = verdict.add_states(judge(30, 0, 0, 0), states, epochs=1)
    assert answer.notes[0] == (
        "Transfer was still improving after 1 epoch: its training loss is 0.31."
    )
    assert "epochs" not in answer.next_step


def test_a_training_that_diverges_asks_for_a_lower_rate_not_for_more_epochs():
    states = {
        "custom": Progress("diverging", 10, "its training loss is 1.90, and was 1.00 before"),
        "transfer": Progress("still improving", 10, "its training loss is 0.31"),
    }
    answer = verdict.add_states(judge(21, 8, 0, 1), states, epochs=10)
    assert answer.notes[0].startswith("Custom was diverging after 10 epochs: its training loss is")
    assert answer.next_step == "Lower learning_rate in params.yaml."


def test_a_gain_that_is_sure_is_never_shown_as_one_that_may_be_zero():
    for photos in (60, 99, 100, 112, 199):
        transfer, custom, groups = right(photos - 6, 6, 0, 0)
        answers = {"custom": custom, "transfer": transfer, "probe": transfer}
        found = compare_each(answers, groups)
        shown = terminal.tabulate(score_each(answers, groups), found, {})
        assert verdict.measure_gain(found["transfer", "custom"]).sign == 1
        assert float(shown["95% interval"]["transfer - custom"].split()[0]) > 0


def test_a_command_is_never_broken_over_two_lines():
    command = "`dvc exp run -S epochs=30`"
    for length in range(40, 90):
        shown = terminal.fill(f"{'so ' * (length // 3)}{command} to see.")
        assert command in shown
        assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1e-9, "p < 0.0001"), (0.0039063, "p = 0.0039"), (0.0504, "p = 0.0504"), (1.0, "p = 1")],
)
def test_a_p_value_is_short_but_never_hides_its_side_of_the_limit(value, shown):
    assert verdict.format_p_value(value) == shown
