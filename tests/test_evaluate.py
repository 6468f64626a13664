import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from stages import evaluate
from stages.common import files
from stages.common.parameters import NETWORKS
from stages.results import predictions, scores, summary, weighting
from tests.helpers.project import ROOT


@pytest.fixture
def trained(workspace):
    """A workspace with a split of three classes, and the predictions of three networks."""
    labels = np.repeat(["cat", "dog", "עברית"], 8)
    table = pd.DataFrame(
        {
            "photo": [f"{label}/{row}.jpg" for row, label in enumerate(labels)],
            "label": labels,
            "split": np.where(np.arange(24) % 2, "train", "validation"),
            "group": [f"{row:02}" for row in range(24)],
        }
    )
    files.write_table("data/split.csv", table)
    predict()
    return workspace


def predict():
    """Write made-up predictions for the photos that the split has for validation."""
    table = files.read_table("data/split.csv")
    validation, random = table[table["split"] == "validation"], np.random.default_rng(0)
    for name in NETWORKS:
        probabilities = random.dirichlet(np.ones(3), len(validation)).astype(np.float32)
        predictions.write(name, validation, np.unique(table["label"]), probabilities)


def test_the_files_of_the_contract_agree_with_each_other(trained):
    evaluate.main()
    for name in NETWORKS:
        metrics = json.loads(Path(f"metrics/{name}.json").read_text())
        answers = pd.read_csv(f"metrics/predictions/{name}.csv")
        confusion = pd.read_csv(f"metrics/confusion/{name}.csv", index_col="actual")
        per_class = pd.read_csv(f"metrics/per_class/{name}.csv", index_col="class")
        assert list(metrics) == [
            "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "log_loss", "photos",
            "balanced_accuracy", "distinct_photos",
        ]  # fmt: skip
        assert list(answers.columns[:3]) == ["photo", "actual", "predicted"]
        assert list(answers.columns[3:]) == ["cat", "dog", "עברית"]
        reliability = pd.read_csv(f"metrics/reliability/{name}.csv")
        right = (answers["actual"] == answers["predicted"]).sum()
        shown = (reliability["accuracy"] * reliability["photos"]).sum()
        assert shown == pytest.approx(right, abs=1e-3)
        assert metrics["photos"] == len(answers) == confusion.to_numpy().sum() == 12
        assert metrics["distinct_photos"] == 12
        recall = per_class["recall"].mean()
        assert metrics["balanced_accuracy"] == pytest.approx(recall, abs=1e-6)
        assert metrics["accuracy"] == pytest.approx(right / 12, abs=1e-6)
        assert np.trace(confusion) == right
        assert metrics["macro_f1"] == pytest.approx(per_class["f1"].mean(), abs=1e-6)
        probabilities = answers.iloc[:, 3:]
        assert (probabilities.idxmax(axis=1) == answers["predicted"]).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_predictions_keep_every_digit_of_a_network(trained):
    table = files.read_table("data/split.csv")
    validation = table[table["split"] == "validation"]
    written = np.random.default_rng(1).dirichlet(np.full(3, 0.05), 12).astype(np.float32)
    assert written.min() < 1e-7
    for name in NETWORKS:
        predictions.write(name, validation, np.unique(table["label"]), written)
        read = predictions.read(name, validation["photo"])
        np.testing.assert_array_equal(read.iloc[:, 3:].to_numpy(np.float32), written)


def test_the_terminal_shows_a_labelled_table(trained, capsys):
    evaluate.main()
    shown = capsys.readouterr().out
    assert "custom: " in shown
    assert "of 12 right, accuracy 0." in shown
    assert "actual \\ predicted" in shown
    for word in ("cat", "dog", "עברית", "precision", "recall", "f1"):
        assert word in shown


def test_the_interval_is_wilsons():
    # E. B. Wilson's interval for 21 of 30, as in the report that this project comes from.
    actual = np.zeros(30, int)
    predicted = np.repeat([0, 1], [21, 9])
    values = scores.score(actual, predicted, np.eye(2)[predicted] * 0.8 + 0.1, np.ones(30))
    assert values.accuracy == 0.7
    assert values.accuracy_low == pytest.approx(0.5212, abs=1e-4)
    assert values.accuracy_high == pytest.approx(0.8334, abs=1e-4)


def test_copies_of_the_same_photos_change_no_score():
    random = np.random.default_rng(0)
    actual, predicted = random.integers(0, 3, (2, 40))
    probabilities = random.dirichlet(np.ones(3), 40)
    alone = scores.score(actual, predicted, probabilities, np.ones(40))
    weights = weighting.weigh_photos(np.tile(np.arange(40), 3))
    thrice = scores.score(
        np.tile(actual, 3), np.tile(predicted, 3), np.tile(probabilities, (3, 1)), weights
    )
    assert thrice.photos == 120
    assert thrice._replace(photos=40) == pytest.approx(alone)
    assert thrice.counts == "120 photos, 40 different"
    assert alone.counts == "40 photos"


def test_a_group_counts_as_one_with_the_share_of_it_that_is_right():
    actual = np.zeros(5, int)
    predicted = np.array([0, 0, 0, 1, 1])  # of three individuals, with 2, 2 and 1 photos
    weights = weighting.weigh_photos(["a", "a", "b", "b", "c"])
    values = scores.score(actual, predicted, np.eye(2)[predicted] * 0.8 + 0.1, weights)
    assert values.accuracy == pytest.approx((1 + 0.5 + 0) / 3)
    # Wilson's equation: the ends are 1.96 of their own standard errors from the accuracy.
    for end in (values.accuracy_low, values.accuracy_high):
        assert abs(end - 0.5) == pytest.approx(1.959964 * np.sqrt(end * (1 - end) / 3))


def test_the_majority_class_is_said_where_classes_are_uneven(trained, capsys):
    evaluate.main()
    assert "majority" not in capsys.readouterr().out
    table = files.read_table("data/split.csv")
    table.loc[table["label"] == "dog", "split"] = "train"
    table.loc[[8], "split"] = "validation"
    files.write_table("data/split.csv", table)
    predict()
    evaluate.main()
    shown = capsys.readouterr().out
    assert "always guessing the majority class, cat: accuracy 0.444\n" in shown


def test_look_alikes_are_counted_once_and_sealed_photos_not_at_all(trained, capsys):
    table = files.read_table("data/split.csv")
    table.loc[table["photo"].isin(["cat/0.jpg", "cat/2.jpg", "cat/4.jpg"]), "group"] = "00"
    table.loc[table["photo"] == "dog/8.jpg", "split"] = "test"
    files.write_table("data/split.csv", table)
    predict()
    evaluate.main()
    metrics = json.loads(Path("metrics/custom.json").read_text())
    assert (metrics["photos"], metrics["distinct_photos"]) == (11, 9)
    assert "of 11 right (11 photos, 9 different), accuracy 0." in capsys.readouterr().out
    for path in Path("metrics").rglob("*"):
        assert path.is_dir() or "dog/8.jpg" not in path.read_text()


def test_every_score_is_that_of_scikit_learn_and_scipy():
    random = np.random.default_rng(0)
    for _ in range(300):
        photos, classes = random.integers(1, 60), random.integers(2, 8)
        labels = range(classes)
        actual = random.integers(0, classes, photos)
        # Up to certainty, right and wrong.
        odds = np.exp(random.normal(size=(photos, classes)) * random.choice([1, 5, 50]))
        probabilities = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
        predicted = probabilities.argmax(axis=1)
        interval = binomtest(int((actual == predicted).sum()), int(photos)).proportion_ci(
            method="wilson"
        )
        shared = {"labels": labels, "zero_division": 0}
        macro_f1 = metrics.f1_score(actual, predicted, average="macro", **shared)
        balanced = metrics.recall_score(
            actual, predicted, labels=np.unique(actual), average="macro", zero_division=0
        )
        found = scores.score(actual, predicted, probabilities, np.ones(photos))
        assert found._asdict() == {
            "accuracy": pytest.approx(metrics.accuracy_score(actual, predicted)),
            "accuracy_low": pytest.approx(interval.low, abs=1e-12),
            "accuracy_high": pytest.approx(interval.high),
            "macro_f1": pytest.approx(macro_f1),
            "log_loss": pytest.approx(metrics.log_loss(actual, probabilities, labels=labels)),
            "photos": photos,
            "balanced_accuracy": pytest.approx(balanced),
            "distinct_photos": photos,
        }
        np.testing.assert_array_equal(
            scores.count_confusions(actual, predicted, labels),
            metrics.confusion_matrix(actual, predicted, labels=labels),
        )
        np.testing.assert_allclose(
            scores.score_classes(actual, predicted, labels).T,
            metrics.precision_recall_fscore_support(actual, predicted, **shared),
        )


def test_reliability_sets_confidence_against_accuracy():
    # Two answers with 0.95, one of which is right, a certain one, and a right one with 0.5.
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [1, 0], [0.5, 0.5]])
    table = scores.measure_reliability(np.array([0, 1, 0, 0]), np.zeros(4, int), probabilities)
    assert table.to_numpy().tolist() == [
        pytest.approx([0.5, 1, 1]),
        pytest.approx([(0.95 + 0.95 + 1) / 3, 2 / 3, 3]),
    ]


def test_a_class_that_is_never_predicted_scores_zero_without_a_warning(recwarn):
    actual, predicted = np.array([0, 1, 2, 2]), np.array([0, 0, 2, 2])
    table = scores.score_classes(actual, predicted, ["a", "b", "c"])
    assert table.loc["b"].tolist() == [0, 0, 0, 1]
    assert scores.score(actual, predicted, np.eye(3)[predicted], np.ones(4)).macro_f1 < 1
    assert not recwarn.list


def test_photos_are_counted_in_whole_numbers_even_if_no_answer_is_right():
    table = scores.score_classes(np.array([0, 1]), np.array([1, 0]), ["a", "b"])
    assert table.to_csv().splitlines()[1] == "a,0.0,0.0,0.0,1"


def test_no_start_up_noise_reaches_the_terminal(trained):
    result = subprocess.run(
        [sys.executable, "-m", "stages.evaluate"],
        env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stderr == ""
    assert result.stdout.lstrip().startswith("custom: ")


def format_made_up(names, right=0.6):
    """What the terminal shows of a network that is right about some of ten photos of each class."""
    classes, random = np.array(names), np.random.default_rng(0)
    actual = np.arange(10 * len(classes)) % len(classes)
    other = (actual + random.integers(0, len(classes), len(actual))) % len(classes)
    predicted = np.where(random.random(len(actual)) < right, actual, other)
    values = scores.score(actual, predicted, np.eye(len(classes))[predicted], np.ones(len(actual)))
    confusion = scores.count_confusions(actual, predicted, classes)
    per_class = scores.score_classes(actual, predicted, classes)
    return summary.summarize("custom", values, confusion, per_class), confusion


NAMES = [f"species {number:03}" for number in range(200)]


@pytest.mark.parametrize(
    "names",
    [["cat", "dog"], NAMES[:8], NAMES[:9], NAMES[:22], NAMES, [n + 70 * "日" for n in NAMES]],
)
@pytest.mark.parametrize("right", [0, 0.6, 1])
def test_no_line_on_the_terminal_is_long_and_there_are_few(names, right):
    text, _ = format_made_up(names, right)
    assert max(map(len, text.splitlines())) <= 100
    assert len(text) < 20_000 / 3  # as there are three networks


def test_of_many_classes_the_worst_and_the_most_frequent_confusions_are_listed():
    text, confusion = format_made_up(NAMES[:22])
    assert "actual" not in text
    recall = pd.Series(np.diag(confusion) / 10, NAMES[:22])
    worst = re.findall(r"^(species \d+) +(0\.\d+)", text, re.MULTILINE)
    assert [float(value) for _, value in worst] == sorted(recall)[:5]
    assert all(recall[name] == float(value) for name, value in worst)
    mistakes = re.findall(r"^(species \d+) +(species \d+) +(\d+) of 10$", text, re.MULTILINE)
    assert len(mistakes) == 10
    assert all(confusion.loc[actual, taken] == int(count) for actual, taken, count in mistakes)
    off = confusion.to_numpy() * (1 - np.eye(22, dtype=int))
    assert [int(count) for *_, count in mistakes] == sorted(off.ravel())[::-1][:10]
    assert f"({off.sum() - sum(int(count) for *_, count in mistakes)} other mistakes)" in text
