import numpy as np
import pytest

from stages import compare, scores, verdict


def judge(both, only_transfer, only_custom, neither, guess=1 / 3):
    """The verdict for these numbers of photos that both networks, one or none have right."""
    counts = (both, only_transfer, only_custom, neither)
    right = {
        "custom": np.repeat([True, False, True, False], counts),
        "transfer": np.repeat([True, True, False, False], counts),
    }
    metrics = {}
    for name, values in right.items():
        actual, predicted = np.zeros(len(values), int), (~values).astype(int)
        metrics[name] = scores.score(actual, predicted, np.eye(2)[predicted] * 0.8 + 0.1)
    return verdict.judge(**metrics, comparison=compare.gain(**prefixed(right)), guess=guess)


def prefixed(right):
    return {f"{name}_right": values for name, values in right.items()}


def test_the_sentence_says_all_that_decides():
    answer = judge(21, 8, 0, 1)
    assert answer.headline == "Use transfer"
    assert answer.sentence == (
        "Custom has 21 of 30 validation photos right (95 % interval 0.52 to 0.83) and transfer 29 "
        "(0.83 to 0.99); only transfer is right on 8 photos and only custom on none, a difference "
        "that chance alone would hardly make (p = 0.0078); so use transfer, which is more "
        "accurate by 0.08 to 0.42."
    )


@pytest.mark.parametrize(
    ("counts", "headline", "words"),
    [
        ((0, 0, 0, 30), "Neither has learnt the classes", "would give 0.33"),
        ((0, 15, 0, 15), "Neither has learnt the classes", "look at the labels"),
        ((13, 10, 1, 6), "Use transfer", "so use transfer, which is more accurate by 0.08 to"),
        ((13, 1, 10, 6), "Use custom", "only transfer is right on 1 photo and only custom on 10"),
        ((21, 0, 9, 0), "Use custom", "so use custom, which is more accurate by 0.10 to 0.46"),
        ((21, 9, 0, 0), "Use transfer", "only custom on none"),
        ((9000, 150, 50, 800), "Transfer is better, by little", "more accurate by 0.007 to 0.013"),
        ((9000, 50, 150, 800), "Custom is better, by little", "custom is more accurate by 0.007"),
        ((30, 0, 0, 0), "Both have everything right", "too easy to tell the networks apart"),
        ((9000, 100, 90, 810), "As good as each other", "from -0.002 to +0.004, so use custom"),
        ((20, 4, 4, 2), "Too close to call", "that chance alone may well make (p = 1)"),
        ((20, 5, 0, 5), "Too close to call", "anything from +0.00 to +0.31, so compare again"),
        ((20, 0, 0, 10), "Too close to call", "no photo tells them apart"),
    ],
)
def test_every_branch(counts, headline, words):
    answer = judge(*counts)
    assert answer.headline == headline
    assert words in answer.sentence
    assert answer.sentence.endswith(".")
    assert f"of {sum(counts)} validation photos" in answer.sentence


def test_what_is_better_depends_on_the_most_common_class():
    assert judge(21, 9, 0, 0, guess=0.5).headline == "Use transfer"
    assert judge(21, 9, 0, 0, guess=0.9).headline == "Neither has learnt the classes"


def test_a_tiny_p_value_is_not_written_out():
    assert "(p < 0.0001)" in judge(50, 40, 0, 10).sentence
