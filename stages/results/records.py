"""What the metrics files of networks, and of their comparison, hold."""

from typing import NamedTuple


class Scores(NamedTuple):
    """The scores of one network.

    Attributes:
        accuracy: share of the photos that it gets right, 0 to 1.
        accuracy_low, accuracy_high: Wilson's 95% interval of the accuracy.
        macro_f1: mean of the F1 scores of all classes, 0 to 1.
        log_loss: mean negative log-likelihood, natural logarithm.
        photos: number of photos.
    """

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    macro_f1: float
    log_loss: float
    photos: int


class Comparison(NamedTuple):
    """How much better transfer is than custom, on the same photos.

    Attributes:
        accuracy_gain: accuracy of transfer minus that of custom, -1 to 1.
        accuracy_gain_low, accuracy_gain_high: its 95% interval.
        p_value: of McNemar's exact test, two-sided.
        only_transfer_right, only_custom_right: numbers of photos.
    """

    accuracy_gain: float
    accuracy_gain_low: float
    accuracy_gain_high: float
    p_value: float
    only_transfer_right: int
    only_custom_right: int
