"""The linear probe: what scikit-learn fits to the base's features, saved as a whole network."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from stages import augment, extract, prepare, probe, render, split
from stages.common import files, parameters
from stages.networks import bases, linear, loading
from stages.networks.backend import keras
from tests.helpers.project import ROOT, change_parameters

pytestmark = pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")

MODEL = Path("data/models/probe.keras")
FEATURES = Path("data/base/features.npy")
BALANCED = {"none": None, "balanced": "balanced"}  # class_weight in params.yaml: in scikit-learn


@pytest.fixture
def ready(before_training, tmp_path, monkeypatch):
    """A folder in which all stages before `probe` have run; a quarter of the labels is wrong."""
    folder = shutil.copytree(before_training, tmp_path / "work")
    monkeypatch.chdir(folder)
    table = files.read_table("data/split.csv")
    table.loc[::4, "label"] = np.roll(table["label"], 10)[::4]
    files.write_table("data/split.csv", table)
    return folder


def fit_saved():
    """Run the stage; return the bytes of the network that it saves."""
    probe.main()
    return MODEL.read_bytes()


def search(features, labels, groups, class_weight, scored="balanced"):
    """Return what scikit-learn's own search finds, where each photo is a group of its own."""
    order = np.argsort(groups)

    def score(model, inputs, actual):
        weights = compute_sample_weight(BALANCED[class_weight] and scored, actual)
        return -log_loss(actual, model.predict_proba(inputs), sample_weight=weights)

    model = LogisticRegression(class_weight=BALANCED[class_weight], max_iter=1000)
    found = GridSearchCV(
        make_pipeline(StandardScaler(with_std=False), model),
        {"logisticregression__C": linear.STRENGTHS},
        cv=StratifiedKFold(linear.FOLDS, shuffle=True, random_state=0),
        scoring=score,
    )
    return found.fit(features[order], labels[order])


def find_strength(features, labels, groups, class_weight="none"):
    """Return the strength that the probe chose: the one with which scikit-learn fits the same."""
    kernel, _ = linear.fit(features, labels, groups, class_weight, seed=0)
    centred = features - features.mean(axis=0, dtype=np.float64)
    found = []
    for strength in linear.STRENGTHS:
        model = LogisticRegression(
            C=strength, class_weight=BALANCED[class_weight], max_iter=1000
        ).fit(centred, labels)
        coefficients = model.coef_
        if len(coefficients) == 1:  # of two classes, scikit-learn has those of the second
            coefficients = np.concatenate([0 * coefficients, coefficients])
        if np.allclose(kernel.T, coefficients, atol=1e-3 * np.abs(coefficients).max()):
            found.append(strength)
    (strength,) = found
    return strength


def expect_probabilities():
    """Return scikit-learn's probabilities of all photos, from the pooled features in the files."""
    table = files.read_table("data/split.csv")
    train = (table["split"] == "train").to_numpy()
    pooled = np.load(FEATURES)[: len(table)].mean(axis=(1, 2))
    labels, groups = table["label"].to_numpy(), table["group"].to_numpy()
    found = search(pooled[train], labels[train], groups[train], parameters.read().class_weight)
    return found.predict_proba(pooled)


def predict():
    """Return the saved network's probabilities of all photos, from their pixels."""
    return loading.load(MODEL).predict(np.load("data/pixels.npy"), verbose=0)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("class_weight", BALANCED)
def test_the_saved_network_gives_the_probabilities_of_scikit_learn(ready, classes, class_weight):
    change_parameters(ready / "params.yaml", class_weight=class_weight)
    if classes == 2:
        table = files.read_table("data/split.csv")
        table.loc[table["label"] == "red", "label"] = "green"
        files.write_table("data/split.csv", table)
    fit_saved()
    expected = expect_probabilities()
    assert expected.shape == (30, classes)
    assert np.ptp(expected, axis=0).min() > 0.1
    np.testing.assert_allclose(predict(), expected, atol=1e-4)


def test_the_base_is_frozen_and_only_a_dense_layer_follows_its_pooled_features(ready):
    fit_saved()
    network = keras.saving.load_model(MODEL)
    assert [layer.name for layer in network.layers] == ["base", "pooling", "dense"]
    assert isinstance(network.layers[1], keras.layers.GlobalAveragePooling2D)
    assert [weight.shape for weight in network.trainable_weights] == [(1280, 3), (3,)]
    assert not network.compiled
    base = loading.load_base().get_weights()
    inside = network.get_layer("base").get_weights()
    assert all(np.array_equal(*pair) for pair in zip(base, inside, strict=True))


def test_a_second_run_gives_the_same_bytes_and_another_class_weight_others(ready):
    first = fit_saved()
    assert fit_saved() == first
    change_parameters(ready / "params.yaml", class_weight="balanced")
    table = files.read_table("data/split.csv")
    table.loc[table["split"] == "train", "label"] = ["blue"] * 12 + ["green"] * 7 + ["red"] * 5
    files.write_table("data/split.csv", table)
    balanced = fit_saved()
    change_parameters(ready / "params.yaml", class_weight="none")
    assert fit_saved() != balanced


@pytest.mark.parametrize("side", ["validation", "test"])
def test_no_photo_but_those_for_training_changes_a_weight(ready, side):
    table = files.read_table("data/split.csv")
    others = np.flatnonzero(table["split"] != "train")
    table.loc[others, "split"] = side
    files.write_table("data/split.csv", table)
    before = fit_saved()

    features = np.load(FEATURES)
    features[others] = np.random.default_rng(0).normal(size=features[others].shape)
    np.save(FEATURES, features)
    table.loc[others, "label"] = np.roll(table.loc[others, "label"], 1)
    table.loc[others, "group"] = "the same"
    files.write_table("data/split.csv", table)
    assert fit_saved() == before

    train = np.flatnonzero(table["split"] == "train")
    features[train[0]] += 1
    np.save(FEATURES, features)
    assert fit_saved() != before


def test_altered_copies_of_the_photos_change_nothing(ready):
    probabilities, counts = [], []
    for value in ("none", "light"):
        change_parameters(ready / "params.yaml", augment=value)
        augment.main()
        keras.utils.clear_session()  # it numbers layers that have no names
        extract.main()
        counts.append(len(np.load(FEATURES)))
        probe.main()
        probabilities.append(predict())
    assert counts[0] == 30 < counts[1]
    np.testing.assert_array_equal(*probabilities)


def test_it_works_behind_the_base_of_the_demo(workspace):
    change_parameters(
        workspace / "params.yaml", photos="data/demo", base__name="demo", image_size=64,
        demo__photos_per_class=10,
    )  # fmt: skip
    (workspace / bases.DEMO_WEIGHTS).parent.mkdir(parents=True)
    shutil.copy(ROOT / bases.DEMO_WEIGHTS, workspace / bases.DEMO_WEIGHTS)
    for stage in (render, prepare, split, extract, probe):
        stage.main()
    expected = expect_probabilities()
    np.testing.assert_allclose(predict(), expected, atol=1e-4)
    table = files.read_table("data/split.csv")
    actual = np.unique(table["label"], return_inverse=True)[1]
    validation = (table["split"] == "validation").to_numpy()
    assert np.mean(expected.argmax(axis=1)[validation] == actual[validation]) > 1 / 3


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
def test_features_are_pooled_as_keras_does_and_those_of_copies_are_left_out(tmp_path, count):
    features = np.random.default_rng(0).normal(size=(2500, 2, 3, 4)).astype(np.float32)
    np.save(tmp_path / "features.npy", features)
    expected = np.asarray(keras.layers.GlobalAveragePooling2D()(features[:count]))
    found = linear.pool(files.read_array(tmp_path / "features.npy"), count)
    assert (found.shape, found.dtype) == ((count, 4), np.float32)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def make_photos(seed, counts=(40, 15, 10), channels=10, signal=0.7):
    """Features, labels and groups of photos in no order, hard to tell apart."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(range(len(counts)), counts))
    features = random.normal(size=(len(labels), channels))
    features[np.arange(len(labels)), labels] += signal
    return features.astype(np.float32), labels, random.permutation(len(labels))


@pytest.mark.parametrize(("counts", "seed"), [((45, 20), 1), ((45, 20), 2), ((40, 15, 10), 0)])
@pytest.mark.parametrize("class_weight", BALANCED)
def test_the_strength_is_that_of_scikit_learns_own_search(counts, seed, class_weight):
    photos = make_photos(seed, counts)
    expected = search(*photos, class_weight).best_params_["logisticregression__C"]
    assert find_strength(*photos, class_weight) == expected


@pytest.mark.parametrize(("counts", "seed"), [((45, 20), 1), ((40, 15, 10), 0)])
def test_classes_that_weigh_the_same_in_training_do_so_in_the_choice(counts, seed):
    photos = make_photos(seed, counts)
    other = search(*photos, "balanced", scored=None).best_params_["logisticregression__C"]
    assert find_strength(*photos, "balanced") != other


def test_look_alikes_are_in_one_fold_and_the_order_does_not_matter():
    labels = np.repeat([0, 1, 2], [30, 20, 10])
    groups = np.array([f"{row // 2:02}" for row in range(60)])
    order = np.random.default_rng(0).permutation(60)
    folds = list(linear.divide(labels[order], groups[order], 5, seed=0))
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(60))
    for (train, held_out), (_, same) in zip(
        folds, linear.divide(labels, groups, 5, seed=0), strict=True
    ):
        assert sorted([*train, *held_out]) == list(range(60))
        assert not set(groups[order][train]) & set(groups[order][held_out])
        assert np.bincount(labels[order][held_out]).tolist() == [6, 4, 2]
        assert set(groups[order][held_out]) == set(groups[same])
    other = next(linear.divide(labels, groups, 5, seed=1))[1]
    assert set(groups[other]) != set(groups[order][folds[0][1]])


def test_copies_of_a_photo_do_not_count_as_proof():
    """Noise with labels by lot: who learns it by heart knows the copies, but nothing else."""
    features, labels, groups = make_photos(0, (30, 30), channels=100, signal=0)
    copies = np.repeat(np.arange(60), 3)
    features, labels = features[copies], labels[copies]
    assert find_strength(features, labels, groups[copies]) == min(linear.STRENGTHS)
    assert find_strength(features, labels, np.arange(180)) == max(linear.STRENGTHS)


@pytest.mark.parametrize("copies", [1, 5])
def test_a_class_of_a_single_photo_leaves_nothing_to_choose(copies):
    features, labels, groups = make_photos(0, (20, 20), signal=0)
    assert find_strength(features, labels, groups) != 1
    features, labels, groups = make_photos(0, (20, 19 + copies), signal=0)
    few = np.flatnonzero(labels)[-copies:]
    labels[few], groups[few] = 2, groups[few[0]]
    assert find_strength(features, labels, groups) == 1


def test_a_class_of_look_alikes_of_another_class_leaves_nothing_to_choose():
    features, labels, groups = make_photos(0, (20, 20), signal=0)
    groups[labels == 1] = groups[labels == 0][0]
    assert find_strength(features, labels, groups) == 1


def test_a_class_of_two_photos_is_enough_to_choose():
    features, labels, groups = make_photos(0, (20, 2), signal=0)
    assert find_strength(features, labels, groups) != 1
