import re

import numpy as np
import pytest
from test_compare import right

from stages.results import comparison, scores, verdict, weighting
from stages.results.records import Guess


def judge(*counts, guess=1 / 3, even=True, copies=1):
    """The verdict for these numbers of photos: both right, only transfer, only custom, neither."""
    custom, transfer, groups = right(*counts)
    custom, transfer, groups = (np.tile(each, copies) for each in (custom, transfer, groups))
    weights = weighting.weigh_photos(groups)
    metrics = {}
    for name, values in {"custom": custom, "transfer": transfer}.items():
        actual, predicted = np.zeros(len(values), int), (~values).astype(int)
        metrics[name] = scores.score(actual, predicted, np.eye(2)[predicted] * 0.8 + 0.1, weights)
    return verdict.judge(
        **metrics,
        comparison=comparison.compare(custom, transfer, groups),
        guess=Guess("cat", guess, even=even),
    )


def test_the_explanation_gives_all_that_decides():
    answer = judge(21, 8, 0, 1)
    assert answer.headline == "Use transfer"
    assert answer.explanation == (
        "Of 30 validation photos, custom gets 21 right (95% interval 0.52 to 0.83) and transfer "
        "gets 29 right (0.83 to 0.99). Only transfer is right on 8 photos, and only custom on "
        "none. Chance alone would rarely produce such a difference (p = 0.0078). Transfer's "
        "gain in accuracy is +0.08 to +0.42 (95% interval). Use transfer."
    )


@pytest.mark.parametrize(
    ("counts", "headline", "words"),
    [
        (
            (30, 0, 0, 0),
            "Both get everything right",
            "Validate on harder photos, or on more of them.",
        ),
        ((2000, 0, 0, 0), "As good as each other", "(0.998 to 1.000)"),
        ((0, 0, 0, 30), "Neither beats a guess", "an accuracy of 0.33. Check the labels"),
        (
            (0, 10, 0, 20),
            "Neither beats a guess",
            "would rarely produce such a difference (p = 0.00",
        ),
        ((10, 5, 2, 13), "Neither surely beats a guess", "0.33, and neither interval lies"),
        ((0, 15, 0, 15), "Use transfer", "custom gets 0 right"),
        ((13, 10, 1, 6), "Use transfer", "is +0.08 to +0.48 (95% interval). Use transfer."),
        ((21, 9, 0, 0), "Use transfer", "and only custom on none"),
        ((13, 1, 10, 6), "Use custom", "Only transfer is right on 1 photo, and only custom on 10."),
        ((21, 0, 9, 0), "Use custom", "is -0.46 to -0.10 (95% interval). Use custom."),
        ((9000, 50, 150, 800), "Use custom", "is -0.013 to -0.007 (95% interval). Use custom."),
        (
            (9000, 150, 50, 800),
            "Transfer is better, by little",
            "if the cost of a base is acceptable.",
        ),
        ((9000, 100, 90, 810), "As good as each other", "-0.002 to +0.004 (95% interval). Use cus"),
        (
            (20, 4, 4, 2),
            "Too close to call",
            "Chance alone could produce such a difference (p = 1)",
        ),
        (
            (20, 5, 0, 5),
            "Too close to call",
            "Transfer is probably better, but the exact test",
        ),
        ((20, 0, 5, 5), "Too close to call", "-0.31 to +0.00 (95% interval). Custom is probably"),
        ((20, 0, 0, 10), "Too close to call", "On every photo, both networks are right or both"),
    ],
)
def test_every_branch(counts, headline, words):
    answer = judge(*counts)
    assert answer.headline == headline
    assert words in answer.explanation
    assert f"Of {sum(counts)} validation photos" in answer.explanation
    sentences = re.split(r"(?<=\.) (?=[A-Z])", answer.explanation)
    assert all(len(sentence.split()) <= 25 for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)


def test_look_alikes_count_once_and_the_words_say_so():
    answer = judge(21, 8, 0, 1, copies=3)
    assert answer.headline == "Use transfer"
    assert answer.explanation == (
        "Of 90 validation photos (30 different), custom gets 70% right (95% interval 0.52 to "
        "0.83) and transfer gets 97% right (0.83 to 0.99). Transfer does better on 8 different "
        "photos, and custom on none. Chance alone would rarely produce such a difference "
        "(p = 0.0078). Transfer's gain in accuracy is +0.08 to +0.42 (95% interval). Use transfer."
    )


def test_the_guess_is_said_where_classes_are_uneven():
    assert "majority" not in judge(21, 8, 0, 1).explanation
    shown = judge(21, 8, 0, 1, guess=0.6, even=False).explanation
    assert "Always guessing the majority class gives an accuracy of 0.60." in shown
    assert judge(0, 0, 0, 30, even=False).explanation.count("majority") == 1


def test_no_network_is_named_that_is_ahead_in_more_groups_but_gets_less_right():
    # Of ten groups of three, transfer gets one photo more right; of three photos, custom all.
    custom = np.array([True] * 3 + [True, True, False] * 10)
    transfer = np.array([False] * 3 + [True] * 30)
    groups = np.r_[np.arange(3), 3 + np.arange(30) // 3]
    found = comparison.compare(custom, transfer, groups)
    found = found._replace(p_value=0.01, accuracy_gain_low=-0.2, accuracy_gain_high=0.1)
    weights = weighting.weigh_photos(groups)
    metrics = [
        scores.score(np.zeros(33, int), (~each).astype(int), np.full((33, 2), 0.5), weights)
        for each in (custom, transfer)
    ]
    assert (found.only_transfer_right, found.only_custom_right) == (10, 3)
    assert verdict.judge(*metrics, found, Guess("a", 0.3, True)).headline == "Too close to call"


def test_a_guess_is_always_the_majority_class():
    assert judge(21, 9, 0, 0, guess=0.5).headline == "Use transfer"
    assert judge(21, 9, 0, 0, guess=0.9).headline == "Use transfer"
    assert judge(27, 3, 0, 0, guess=0.9).headline == "Neither surely beats a guess"
    assert judge(21, 6, 0, 3, guess=0.9).headline == "Neither beats a guess"
    assert judge(30, 0, 0, 0, guess=0.9).headline == "Both get everything right"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1e-9, "p < 0.0001"), (0.0039063, "p = 0.0039"), (0.0504, "p = 0.0504"), (1.0, "p = 1")],
)
def test_a_p_value_is_short_but_never_hides_its_side_of_the_limit(value, shown):
    assert verdict.format_p_value(value) == shown
