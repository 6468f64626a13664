from pathlib import Path

import pytest
from ruamel.yaml import YAML  # which DVC reads with

from stages.common import parameters, yaml_files
from tests.helpers.project import ROOT, change_parameters


def test_the_defaults_are_those_of_the_contract():
    read = parameters.read(ROOT / "params.yaml")
    assert (read.epochs, read.batch_size, read.learning_rate) == (10, 5, 0.001)
    assert (read.image_size, read.validation_fraction, read.seed) == (160, 0.2, 0)
    assert (read.photos, read.base.name) == ("data/demo", "demo")
    assert (read.demo.seed, read.demo.photos_per_class) == (0, 50)
    assert (read.base.weights, read.base.options, read.model) == ("imagenet", {}, "transfer")
    assert (read.augment, read.base.fine_tune) == ("none", 0)
    assert (read.groups, read.test_fraction, read.class_weight) == ("none", 0, "none")
    assert read.schedule == "cosine"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("epochs", -1, "epochs is -1; expected greater than or equal to 1"),
        ("epochs", 2.5, "epochs is 2.5; expected a valid integer"),
        ("batch_size", "five", "batch_size is 'five'; expected a valid integer"),
        ("validation_fraction", 0, "validation_fraction is 0; expected greater than 0"),
        ("validation_fraction", 1, "validation_fraction is 1; expected less than 1"),
        ("learning_rate", float("nan"), "learning_rate is nan; expected a finite number"),
        ("seed", -3, "seed is -3; expected greater than or equal to 0"),
        ("image_size", 8, "image_size is 8; expected greater than or equal to 32"),
        ("layers", [32, 64], "layers is [32, 64]; expected a valid dictionary"),
        ("epoch", 20, "epoch is not a parameter; expected one of photos, on_bad_photo,"),
        ("base__name", "", "base.name is ''; expected"),
        ("base__options", {"pooling": "max"}, "expected options other than pooling"),
        ("base__options", {"ResNet50": {"pooling": "max"}}, "expected options other than pooling"),
        ("base__options", {"ResNet50": {}, "alpha": 1}, "expected options of one base, or such as"),
        ("base__options", {"ResNet50": 1}, "expected options of one base, or such as"),
        ("demo__photos_per_class", 0, "demo.photos_per_class is 0; expected greater than or equal"),
        ("demo__photos", 5, "demo.photos is not a parameter; expected one of seed, photos_per_"),
        ("model", "both", "model is 'both'; expected 'custom', 'transfer' or 'probe'"),
        ("schedule", "linear", "schedule is 'linear'; expected 'constant' or 'cosine'"),
        ("schedule", None, "schedule is None; expected 'constant' or 'cosine'"),
        ("augment", "heavy", "augment is 'heavy'; expected 'none' or 'light'"),
        ("base__fine_tune", -1, "base.fine_tune is -1; expected greater than or equal to 0"),
        ("on_bad_photo", "warn", "on_bad_photo is 'warn'; expected 'fail' or 'skip'"),
        ("groups", "(a)(b)", "groups is '(a)(b)'; expected none, folders, or a regular expression"),
        ("groups", "(a", "or a regular expression (missing ), unterminated subpattern"),
        ("test_fraction", 1, "test_fraction is 1; expected less than 1"),
        ("class_weight", "auto", "class_weight is 'auto'; expected 'none' or 'balanced'"),
        (
            "photos",
            "~/x",
            f"photos is '~/x'; expected {str(Path.home() / 'x')!r}, because DVC does",
        ),
        ("photos", "data", "photos is 'data'; expected a folder that no results are written to"),
        ("photos", ".", "photos is '.'; expected a folder that no results are written to"),
        ("photos", "data/models/x", "expected a folder that no results are written to"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(workspace, key, value, message):
    change_parameters(workspace / "params.yaml", **{key: value})
    with pytest.raises(SystemExit) as error:
        parameters.read()
    assert str(error.value).startswith("params.yaml: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_demo_base_is_refused_for_photos_with_the_line_that_helps(workspace):
    change_parameters(workspace / "params.yaml", photos="photos", base__name="demo")
    with pytest.raises(SystemExit) as error:
        parameters.read()
    assert "base.name is 'demo', but photos is 'photos'" in str(error.value)
    assert "`dvc exp run -S base.name=MobileNetV2`" in str(error.value)
    assert "\n" not in str(error.value)


def test_every_wrong_value_is_named_at_once(workspace):
    change_parameters(workspace / "params.yaml", epochs=0, batch_size=0)
    with pytest.raises(SystemExit, match=r"epochs is 0.*; batch_size is 0"):
        parameters.read()


@pytest.mark.parametrize(
    "text", ["epochs: [", "epochs: 1\nepochs: 2\n", "", "- a list\n", "epochs: !!int ten\n"]
)
def test_a_file_that_is_no_mapping_ends_in_one_line(workspace, text):
    (workspace / "params.yaml").write_text(text)
    with pytest.raises(SystemExit, match=r"^params\.yaml: [^\n]+$"):
        parameters.read()


def test_a_missing_key_is_named(workspace):
    lines = (workspace / "params.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith("seed")]
    (workspace / "params.yaml").write_text("\n".join(kept))
    with pytest.raises(SystemExit, match="seed is missing"):
        parameters.read()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.5E+3", 1500.0),
        (".5", 0.5),
        ("-3", -3),
        ("0.001", 0.001),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("010", 10),
        ("1_000", 1000),
        ("'1e-4'", "1e-4"),
        ("true", True),
        ("null", None),
        ("", None),
    ],
)
def test_values_are_those_of_yaml_1_2_as_dvc_reads_it(workspace, text, value):
    path = workspace / "params.yaml"
    before = path.read_text()
    assert "  options: {}" in before
    path.write_text(before.replace("options: {}", f"options:\n    alpha: {text}"))
    read = parameters.read().base.options["alpha"]
    assert read == value
    assert type(read) is type(value)
    # What is written is read again as the same.
    path.write_text(yaml_files.dump({"alpha": value}))
    assert yaml_files.read(path) == {"alpha": value}
    assert YAML(typ="safe").load(path) == {"alpha": value}  # as DVC reads it


def test_a_learning_rate_in_scientific_notation_is_a_number(workspace):
    text = (workspace / "params.yaml").read_text()
    assert "learning_rate: 0.001" in text
    (workspace / "params.yaml").write_text(text.replace("rate: 0.001", "rate: 1e-4"))
    assert parameters.read().learning_rate == 1e-4


def test_a_part_of_the_file_may_stand_for_another_one(workspace):
    (workspace / "merged.yaml").write_text("a: &a {b: 1}\nc: {<<: *a, d: 2}\n")
    assert yaml_files.read("merged.yaml")["c"] == {"b": 1, "d": 2}
