import numpy as np
import pytest
from test_compare import right

from stages.results import comparison, scores, verdict


def judge(*counts, guess=1 / 3):
    """The verdict for these numbers of photos that both networks, one or none have right."""
    custom, transfer = right(*counts)
    metrics = {}
    for name, values in {"custom": custom, "transfer": transfer}.items():
        actual, predicted = np.zeros(len(values), int), (~values).astype(int)
        metrics[name] = scores.score(actual, predicted, np.eye(2)[predicted] * 0.8 + 0.1)
    return verdict.judge(**metrics, comparison=comparison.gain(custom, transfer), guess=guess)


def test_the_sentence_says_all_that_decides():
    answer = judge(21, 8, 0, 1)
    assert answer.headline == "Use transfer"
    assert answer.sentence == (
        "Of 30 validation photos, custom has 21 right (95 % interval 0.52 to 0.83) and transfer "
        "29 (0.83 to 0.99); only transfer is right on 8 photos and only custom on none, a "
        "difference that chance alone would hardly make (p = 0.0078); transfer gains +0.08 to "
        "+0.42 in accuracy (95 % interval), so use transfer."
    )


@pytest.mark.parametrize(
    ("counts", "headline", "words"),
    [
        ((30, 0, 0, 0), "Both have everything right", "validate on harder or more photos"),
        ((2000, 0, 0, 0), "As good as each other", "(0.998 to 1.000)"),
        ((0, 0, 0, 30), "Neither beats a guess", "gives 0.33, so look at the labels"),
        ((0, 10, 0, 20), "Neither beats a guess", "would hardly make (p = 0.002)"),
        ((10, 5, 2, 13), "Neither surely beats a guess", "gives 0.33, which lies in both"),
        ((0, 15, 0, 15), "Use transfer", "custom has 0 right"),
        ((13, 10, 1, 6), "Use transfer", "+0.08 to +0.48 in accuracy (95 % interval), so use tra"),
        ((21, 9, 0, 0), "Use transfer", "only custom on none"),
        ((13, 1, 10, 6), "Use custom", "only transfer is right on 1 photo and only custom on 10"),
        ((21, 0, 9, 0), "Use custom", "transfer gains -0.46 to -0.10 in accuracy"),
        ((9000, 50, 150, 800), "Use custom", "-0.013 to -0.007 in accuracy (95 % interval)"),
        ((9000, 150, 50, 800), "Transfer is better, by little", "where a base is no burden"),
        ((9000, 100, 90, 810), "As good as each other", "-0.002 to +0.004 in accuracy"),
        ((20, 4, 4, 2), "Too close to call", "that chance alone could make (p = 1)"),
        ((20, 5, 0, 5), "Too close to call", "transfer is probably the better one, but the exact"),
        ((20, 0, 5, 5), "Too close to call", "-0.31 to +0.00 in accuracy (95 % interval), so cus"),
        ((20, 0, 0, 10), "Too close to call", "no photo tells them apart"),
    ],
)
def test_every_branch(counts, headline, words):
    answer = judge(*counts)
    assert answer.headline == headline
    assert words in answer.sentence
    assert answer.sentence.endswith(".")
    assert f"Of {sum(counts)} validation photos" in answer.sentence


def test_a_guess_is_measured_by_the_most_common_class():
    assert judge(21, 9, 0, 0, guess=0.5).headline == "Use transfer"
    assert judge(21, 9, 0, 0, guess=0.9).headline == "Use transfer"
    assert judge(27, 3, 0, 0, guess=0.9).headline == "Neither surely beats a guess"
    assert judge(21, 6, 0, 3, guess=0.9).headline == "Neither beats a guess"
    assert judge(30, 0, 0, 0, guess=0.9).headline == "Both have everything right"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1e-9, "p < 0.0001"), (0.0039063, "p = 0.0039"), (0.0504, "p = 0.0504"), (1.0, "p = 1")],
)
def test_a_p_value_is_short_but_never_hides_its_side_of_the_limit(value, shown):
    assert verdict.format_p_value({"p_value": value}) == shown
