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
        balanced_accuracy: mean of the recall of all classes, 0 to 1.
        distinct_photos: number of photos if those that look alike, or show one individual,
            count as one, with the mean of their scores; all scores are for these.
    """

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    macro_f1: float
    log_loss: float
    photos: int
    balanced_accuracy: float
    distinct_photos: int

    @property
    def has_copies(self) -> bool:
        """Return whether some photos look alike, or show one individual."""
        return self.distinct_photos < self.photos

    @property
    def counts(self) -> str:
        """Return the number of photos in words, such as `90 photos, 30 different`."""
        different = f", {self.distinct_photos} different" if self.has_copies else ""
        return f"{self.photos} photos{different}"


class Guess(NamedTuple):
    """Always guessing the majority class.

    Attributes:
        label: that class.
        accuracy: share of the photos that are of this class, 0 to 1.
        even: whether all classes have as many photos.
    """

    label: str
    accuracy: float
    even: bool


# The pairs of networks that are compared: the gain is that of the first over the second. Each has
# a prefix of its names in metrics/comparison.json.
PAIRS = {
    ("transfer", "custom"): "",
    ("transfer", "probe"): "probe_",
    ("probe", "custom"): "probe_custom_",
}


class Comparison(NamedTuple):
    """How much better one network is than another, on the same photos.

    Attributes:
        accuracy_gain: accuracy of the first minus that of the second, -1 to 1.
        accuracy_gain_low, accuracy_gain_high: its 95% interval.
        p_value: of McNemar's exact test, two-sided.
        first, second: numbers of different photos that only this network gets right; of those
            that look alike, or show one individual: gets more of right.
    """

    accuracy_gain: float
    accuracy_gain_low: float
    accuracy_gain_high: float
    p_value: float
    first: int
    second: int


Comparisons = dict[tuple[str, str], Comparison]
