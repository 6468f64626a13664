import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import report
from stages.common import files, parameters, yaml_files
from stages.page import mistakes, rendering
from stages.results import setting
from tests.helpers.project import ROOT, change_parameters
from tests.helpers.results import write_results, write_study

CLASSES = ["butterfly", "cat", "horse"]
HOSTILE = [
    "\"quotes\" & 'more'", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>",
    "naïve  ", "{{ 7 * 7 }}", "עברית שפה", "日本語の猫", "🦋",
]  # fmt: skip


class Texts(HTMLParser):
    """The texts and the start tags of a page."""

    def __init__(self, path="metrics/report.html"):
        super().__init__()
        self.texts, self.tags = [], []
        self.feed(Path(path).read_text(encoding="utf-8"))

    def handle_data(self, data):
        self.texts.append(data)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def shown_photos(page):
    """The names of the validation photos among the mistakes."""
    table = files.read_table("data/split.csv")
    known = set(table["photo"][table["split"] == "validation"])
    return [text for text in page.texts if text in known]


@pytest.fixture
def three_mistakes(workspace):
    """Of 30 photos, both networks get photo 3 wrong, only custom 4, only transfer 5."""
    actual = np.arange(30) % 3
    custom, transfer = actual.copy(), actual.copy()
    custom[[3, 4]] += 1
    transfer[[3, 5]] -= 2
    write_results({"custom": custom % 3, "transfer": transfer % 3}, CLASSES)


def test_every_mistake_is_shown_and_those_of_both_networks_first(three_mistakes):
    report.main()
    page = Texts()
    assert shown_photos(page) == [
        "butterfly/00033.jpg", "cat/00034.jpg", "horse/00035.jpg",
    ]  # fmt: skip
    items = [attributes for tag, attributes in page.tags if "data-wrong" in attributes]
    assert [item["data-wrong"] for item in items] == [
        "both custom transfer", "custom only-custom", "transfer only-transfer",
    ]  # fmt: skip
    assert [item["data-class"] for item in items] == ["0", "1", "2"]
    kinds = "that both networks get wrong: 1, only custom: 1, only transfer: 1."
    assert kinds in "".join(page.texts)


def test_the_most_confident_mistakes_come_first():
    predictions = {}
    for name, confidence in {"custom": (0.6, 0.9, 0.5), "transfer": (0.7, 0.8, 0.95)}.items():
        predictions[name] = pd.DataFrame(
            {
                "photo": list("xyz"),
                "actual": "a",
                "predicted": ["b", "b", "b" if name == "custom" else "a"],
                "a": [str(1 - value) for value in confidence],
                "b": [str(value) for value in confidence],
            }
        )
    table, counts = mistakes.choose_mistakes(predictions)
    assert table["photo"].tolist() == ["y", "x", "z"]
    assert table["custom_confidence"].tolist() == [0.9, 0.6, 0.5]
    assert counts == {"both": 2, "custom": 1, "transfer": 0}


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ((600, 0, 0), (300, 0, 0)),
        ((300, 0, 0), (300, 0, 0)),
        ((50, 400, 400), (50, 125, 125)),
        ((400, 20, 0), (280, 20, 0)),
        ((100, 100, 101), (100, 100, 100)),
    ],
)
def test_of_many_mistakes_the_same_number_of_each_kind_is_shown_if_possible(wrong, shown):
    both, custom, transfer = (np.repeat(np.arange(3) == kind, wrong) for kind in range(3))
    predictions = {
        name: pd.DataFrame(
            {
                "photo": [str(row) for row in range(sum(wrong))],
                "actual": "a",
                "predicted": np.where(mistaken | both, "b", "a"),
                "a": "0.2",
                "b": "0.8",
            }
        )
        for name, mistaken in {"custom": custom, "transfer": transfer}.items()
    }
    table, counts = mistakes.choose_mistakes(predictions)
    kinds = ("both", "custom", "transfer")
    assert tuple(counts[kind] for kind in kinds) == wrong
    assert tuple((table["wrong"] == kind).sum() for kind in kinds) == shown


def test_a_thumbnail_is_of_the_photo_that_it_names(three_mistakes):
    pixels = np.load("data/pixels.npy")
    report.main()
    images = [attributes for tag, attributes in Texts().tags if tag == "img"]
    assert [image["src"] for image in images] == [
        rendering.encode_thumbnail(pixels[row]) for row in (33, 34, 35)
    ]


def test_the_terminal_shows_the_verdict(three_mistakes, capsys):
    report.main()
    shown = capsys.readouterr().out
    headline, *explanation, last = shown.splitlines()
    assert headline == "Too close to call"
    assert " ".join(explanation).startswith("Of 30 validation photos, custom gets 28 right")
    assert "metrics/report.html" in last
    assert max(map(len, shown.splitlines())) <= 80


def test_names_are_shown_as_text_and_run_nothing(workspace):
    actual = np.arange(40) % len(HOSTILE)
    wrong = (actual + 1) % len(HOSTILE)
    write_results({"custom": wrong, "transfer": actual}, HOSTILE)
    change_parameters(workspace / "params.yaml", photos="data/<b>\"photos\" & 'more'</b>")
    report.main()
    page = Texts()
    for name in HOSTILE:
        assert name in page.texts
    assert "data/<b>\"photos\" & 'more'</b>" in page.texts
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 1
    assert "b" not in tags
    assert len(shown_photos(page)) == 40
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]


def test_many_mistakes_make_a_page_of_bounded_size_that_says_how_many_more_there_are(workspace):
    random = np.random.default_rng(0)
    actual = np.arange(2_000) % 3
    answers = {name: (actual + (random.random(2_000) < 0.3)) % 3 for name in ("custom", "transfer")}
    write_results(answers, CLASSES, image_size=160)
    report.main()
    assert Path("metrics/report.html").stat().st_size < 10e6  # of noise, which JPEG cannot shrink
    page = Texts()
    assert len(shown_photos(page)) == mistakes.MAX_MISTAKES
    wrong = np.sum((answers["custom"] != actual) | (answers["transfer"] != actual))
    others = f"300 of them; the other {wrong - 300} are in metrics/predictions."
    assert others in "".join(page.texts)


def test_the_page_of_150_photos_is_small_even_if_all_of_135_are_wrong(workspace):
    wrong = (np.arange(135) + 1) % 3
    write_results({"custom": wrong, "transfer": wrong}, CLASSES, image_size=160)
    report.main()
    assert Path("metrics/report.html").stat().st_size < 3e6
    assert len(shown_photos(Texts())) == 135


def test_the_photos_of_each_side_and_their_problems_are_counted(three_mistakes):
    report.main()
    text = Path("metrics/report.html").read_text()
    for row in (
        "butterfly</bdi></th><td>10</td><td>10</td><td>1</td><td>0</td><td>0<",
        "cat</bdi></th><td>10</td><td>10</td><td>0</td><td>1</td><td>0<",
        "horse</bdi></th><td>10</td><td>10</td><td>0</td><td>0</td><td>1<",
        "all</th><td>30</td><td>30</td><td>1</td><td>1</td><td>1<",
    ):
        assert row in text


def test_look_alikes_count_as_one_and_the_page_says_so(three_mistakes):
    table = files.read_table("data/split.csv")
    table.loc[30:32, "group"] = table.loc[30, "group"]
    files.write_table("data/split.csv", table)
    for name in ("custom", "transfer"):
        values = json.loads(Path(f"metrics/{name}.json").read_text()) | {"distinct_photos": 28}
        files.write_json(f"metrics/{name}.json", values)
    report.main()
    page = read_page()
    assert "28 of 30, 28 different</td>" in page
    assert "Of 30 validation photos (28 different), custom gets 93% right" in page
    assert "count as one, with the share of them that is right." in page
    assert "sign test)" in page


def test_the_majority_class_is_on_the_page_where_classes_are_uneven(three_mistakes):
    report.main()
    assert "majority class" not in read_page()
    table = files.read_table("data/split.csv")
    table.loc[[30, 31], "group"] = "same"  # so there are 10 cats, and 9 and a half of the others
    files.write_table("data/split.csv", table)
    report.main()
    assert "majority class</th><td>0.345</td>" in read_page()


def test_a_large_group_of_look_alikes_is_shown_for_a_person_to_judge(three_mistakes):
    table = files.read_table("data/split.csv")
    cats = table.index[(table["label"] == "cat") & (table["split"] == "train")][:4]
    table.loc[cats, "group"] = "same"
    files.write_table("data/split.csv", table)
    row = [table["photo"][cats[0]], "cat", "many look-alikes", "4 of 20 photos of this class"]
    columns = ["photo", "label", "problem", "detail"]
    files.write_table("metrics/photos.csv", pd.DataFrame([row], columns=columns))
    report.main()
    page = read_page()
    assert "Look-alikes of <bdi>cat</bdi></h3>" in page
    assert page.count('alt="One of the look-alikes"') == 4
    assert "cat</bdi></th><td>10</td><td>10</td><td>0</td><td>0</td><td>0<" in page  # none left out


def test_sealed_photos_are_not_on_the_page(three_mistakes):
    table = files.read_table("data/split.csv")
    table.loc[:8, "split"] = "test"
    files.write_table("data/split.csv", table)
    report.main()
    page = read_page()
    assert not [photo for photo in table["photo"][:9] if f"{photo}<" in page]
    assert "all</th><td>21</td><td>30</td>" in page


def test_up_to_a_hundred_problems_are_listed(three_mistakes):
    rows = [(f"cat/{name}", "cat", "not an image", name) for name in [*HOSTILE, *range(150)]]
    columns = ["photo", "label", "problem", "detail"]
    files.write_table("metrics/photos.csv", pd.DataFrame(rows, columns=columns))
    report.main()
    page = Texts()
    assert all(f"cat/{name}" in page.texts for name in HOSTILE)
    assert page.texts.count("not an image") == 100
    assert "These are the first 100 of 158 problems" in "".join(page.texts)


def test_without_problems_none_is_listed(three_mistakes):
    empty = files.read_table("metrics/photos.csv")[:0]
    files.write_table("metrics/photos.csv", empty)
    report.main()
    assert "Problems" not in Texts().texts


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"photos": 'data/it\'s "my" фото, $HOME #1: {all}', "learning_rate": 1e-5},
        {"photos": "true", "layers__filters": [8], "base__options": {"alpha": 0.35, "name": "a b"}},
    ],
)
def test_the_commands_set_every_parameter(three_mistakes, changes):
    path = Path("params.yaml")
    change_parameters(path, model="custom", **changes)
    before = yaml_files.read(path)
    report.main()
    path.write_text("something: else")
    commands = next(text for text in Texts().texts if text.startswith("cat > params.yaml"))
    subprocess.run(["bash", "-c", commands.removesuffix("dvc repro")], check=True)
    assert yaml_files.read(path) == before | {"model": "transfer"}
    parameters.read(path)


def test_the_stage_needs_no_tensorflow(three_mistakes):
    code = (
        "import sys; from stages import report; report.main(); print('tensorflow' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.splitlines()[-1] == "False"
    assert result.stderr == ""


@pytest.mark.parametrize(
    "name", ["data/split.csv", "metrics/base.json", "metrics/predictions/transfer.csv"]
)
def test_a_missing_file_ends_in_one_line_and_leaves_the_old_page(three_mistakes, name):
    page = Path("metrics/report.html")
    page.write_text("old")
    Path(name).unlink()
    with pytest.raises(SystemExit, match=f"{name}: no such file; `dvc repro` runs the stages"):
        report.main()
    assert page.read_text() == "old"


def swap_sides():
    table = files.read_table("data/split.csv")
    table["split"] = table["split"].map({"train": "validation", "validation": "train"})
    files.write_table("data/split.csv", table)


def turn_round():
    path = "metrics/predictions/transfer.csv"
    files.write_table(path, files.read_table(path)[::-1])


@pytest.mark.parametrize(("change", "name"), [(swap_sides, "custom"), (turn_round, "transfer")])
def test_predictions_that_do_not_belong_to_the_split_are_refused(three_mistakes, change, name):
    change()
    with pytest.raises(SystemExit, match=f"predictions/{name}.csv: not about the validation"):
        report.main()
    assert not Path("metrics/report.html").exists()


def table_rows(section):
    """The texts of the cells of each row of each table in a part of the page."""
    return [
        [re.sub("<.*?>", "", cell).strip() for cell in re.findall("<t[hd].*?>(.*?)</t[hd]>", row)]
        for row in re.findall("<tr.*?>(.*?)</tr>", section, re.DOTALL)
    ]


def test_the_numbers_of_the_page_are_those_of_the_files(three_mistakes):
    report.main()
    page = Path("metrics/report.html").read_text(encoding="utf-8")
    sections = {part.split('"')[0]: part for part in page.split('<section aria-labelledby="')}
    matrices = sections["confusion"].split("<caption")
    scores = {row[0]: row for row in table_rows(sections["scores"])}
    recall = {row[0]: row for row in table_rows(sections["recall"])}
    for column, name in enumerate(("custom", "transfer")):
        values = json.loads(Path(f"metrics/{name}.json").read_text())
        low, high = values["accuracy_low"], values["accuracy_high"]
        assert scores[name] == [
            name, f"{values['accuracy']:.3f}", "", f"{low:.3f} to {high:.3f}", "28 of 30",
            f"{values['balanced_accuracy']:.3f}", f"{values['macro_f1']:.3f}",
            f"{values['log_loss']:.3f}",
        ]  # fmt: skip
        confusion = files.read_table(f"metrics/confusion/{name}.csv")
        shown = table_rows(matrices[column + 1])
        assert shown[0] == ["", *confusion["actual"]]
        assert shown[1:] == confusion.to_numpy().tolist()
        for _, row in files.read_table(f"metrics/per_class/{name}.csv").iterrows():
            shown = recall[row["class"]]
            assert shown[1] == row["photos"]
            assert shown[2 + column] == f"{float(row['recall']):.2f}"


def test_a_class_without_validation_photos_has_no_recall(three_mistakes):
    for name in ("custom", "transfer"):
        path = f"metrics/per_class/{name}.csv"
        table = files.read_table(path)
        table.loc[1, ["recall", "photos"]] = ["0.000000", "0"]
        files.write_table(path, table)
    report.main()
    page = Path("metrics/report.html").read_text(encoding="utf-8")
    assert ["cat", "0", "none", "none"] in table_rows(page)


def read_page():
    return Path("metrics/report.html").read_text(encoding="utf-8")


def describe_setting():
    split, base = files.read_table("data/split.csv"), files.read_json("metrics/base.json")
    return setting.describe(parameters.read(), split, base)


def test_without_a_study_the_page_has_no_section_for_one(three_mistakes):
    report.main()
    assert 'id="study"' not in read_page()


@pytest.mark.parametrize(
    ("missing", "present"),
    [("repeat", "Accuracy by number of training photos"), ("curve", "Accuracy on each split")],
)
def test_one_part_of_the_study_is_shown_without_the_other(three_mistakes, missing, present):
    write_study(describe_setting())
    Path(f"metrics/study/{missing}.json").unlink()
    report.main()
    section = read_page().split('id="study"')[1].split("</section>")[0]
    assert section.count("<figure>") == 1
    assert present in section


@pytest.mark.parametrize(
    ("changed", "outdated"),
    [({}, None), ({"epochs": 3}, "epochs"), ({"layers.py": "of other code"}, "layers.py")],
)
def test_the_study_is_on_the_page_which_says_if_it_is_outdated(three_mistakes, changed, outdated):
    write_study(describe_setting() | changed)
    report.main()
    page = read_page()
    section = page.split('id="study"')[1].split("</section>")[0]
    shown = {row[0]: row for row in table_rows(section)}
    gain = files.read_json("metrics/study/repeat/gain.json")
    assert shown["gain"][1] == f"{gain['accuracy']:+.3f}"
    low, high = gain["accuracy_low"], gain["accuracy_high"]
    assert shown["gain"][3] == f"{low:+.3f} to {high:+.3f}"
    for name in ("repeat", "curve"):
        assert files.read_json(f"metrics/study/{name}.json")["answer"] in Texts().texts
    assert ("out of date" in section) == bool(outdated)
    assert outdated is None or f"computed: {outdated}." in section
