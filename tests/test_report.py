import base64
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from stages import report
from stages.common import files, parameters, yaml_files
from stages.common.parameters import NETWORKS, RIVALS
from stages.page import mistakes, rendering
from stages.results import progress, setting
from stages.results.records import PAIRS
from tests.helpers.project import ROOT, change_parameters
from tests.helpers.results import write_results, write_study

CLASSES = ["butterfly", "cat", "horse"]
HOSTILE = [
    "\"quotes\" & 'more'", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>",
    "naïve  ", "{{ 7 * 7 }}", "עברית שפה", "日本語の猫", "🦋",
]  # fmt: skip


class Texts(HTMLParser):
    """The texts and the start tags of a page, or of a part of it."""

    def __init__(self, content=None):
        super().__init__()
        self.texts, self.tags = [], []
        self.feed(read_page() if content is None else content)

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
    """Of 30 photos, all networks get photo 3 wrong, only custom 4, only transfer 5, the probe 6."""
    actual = np.arange(30) % 3
    custom, transfer, probe = actual.copy(), actual.copy(), actual.copy()
    custom[[3, 4]] += 1
    transfer[[3, 5]] -= 2
    probe[[3, 6, 7]] += 2
    write_results({"custom": custom % 3, "transfer": transfer % 3, "probe": probe % 3}, CLASSES)


def test_every_mistake_of_a_rival_is_shown_and_those_of_both_first(three_mistakes):
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
    kinds = "custom and transfer both get 1 wrong, only custom 1, only transfer 1."
    assert kinds in "".join(page.texts)


def test_each_mistake_has_the_answer_of_every_network(three_mistakes):
    report.main()
    cards = read_page().split('<ul class="photos mistakes"')[1].split("</ul>")[0].split("<li ")[1:]
    found = [
        re.findall(r'"unseen">(\w+)</span></dt><dd .*?><span role="img" aria-label="(.*?)"', card)
        for card in cards
    ]
    assert found == [
        [("custom", "wrong"), ("transfer", "wrong"), ("probe", "wrong")],
        [("custom", "wrong"), ("transfer", "right"), ("probe", "right")],
        [("custom", "right"), ("transfer", "wrong"), ("probe", "right")],
    ]


def test_the_most_confident_mistakes_of_the_rivals_come_first():
    predictions = {}
    confidences = {
        "custom": (0.6, 0.9, 0.5), "transfer": (0.7, 0.8, 0.95), "probe": (0.99, 0.6, 0.6)
    }  # fmt: skip
    for name, confidence in confidences.items():
        predictions[name] = pd.DataFrame(
            {
                "photo": list("xyz"),
                "actual": "a",
                "predicted": ["b", "b", "a" if name == "transfer" else "b"],
                "a": [str(1 - value) for value in confidence],
                "b": [str(value) for value in confidence],
            }
        )
    table, counts = mistakes.choose_mistakes(predictions)
    assert table["photo"].tolist() == ["y", "x", "z"]
    assert table["custom_confidence"].tolist() == [0.9, 0.6, 0.5]
    assert table["probe_confidence"].tolist() == [0.6, 0.99, 0.6]
    assert counts == {"both": 2, "custom": 1, "transfer": 0}


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ((600, 0, 0), (144, 0, 0)),
        ((144, 0, 0), (144, 0, 0)),
        ((44, 400, 400), (44, 50, 50)),
        ((400, 20, 0), (124, 20, 0)),
        ((48, 48, 49), (48, 48, 48)),
    ],
)
def test_of_many_mistakes_the_same_number_of_each_kind_is_shown_if_possible(wrong, shown):
    kinds = [*wrong, 500]  # the last are of the probe alone
    both, custom, transfer, _ = (np.repeat(np.arange(4) == kind, kinds) for kind in range(4))
    every = np.ones(sum(kinds), bool)
    predictions = {
        name: pd.DataFrame(
            {
                "photo": [str(row) for row in range(sum(kinds))],
                "actual": "a",
                "predicted": np.where(mistaken, "b", "a"),
                "a": "0.2",
                "b": "0.8",
            }
        )
        for name, mistaken in zip(NETWORKS, (both | custom, both | transfer, every), strict=True)
    }
    table, counts = mistakes.choose_mistakes(predictions)
    assert counts == dict(zip(("both", "custom", "transfer"), wrong, strict=True))
    assert tuple((table["wrong"] == kind).sum() for kind in counts) == shown


def test_a_thumbnail_is_of_the_photo_that_it_names(three_mistakes):
    pixels = np.load("data/pixels.npy")
    report.main()
    images = [attributes for tag, attributes in Texts().tags if tag == "img"]
    assert [image["src"] for image in images if "src" in image] == [
        rendering.encode_jpeg(pixels[row]) for row in (33, 34, 35)
    ]


def read_sides(page):
    """The width of each picture of the page, pixels."""
    urls = [attributes["src"] for tag, attributes in page.tags if "src" in attributes]
    contents = [base64.b64decode(url.removeprefix("data:image/jpeg;base64,")) for url in urls]
    return [Image.open(io.BytesIO(content)).width for content in contents]


def test_a_mistake_is_shown_from_its_photo_unless_the_file_is_another_one_now(three_mistakes):
    split = files.read_table("data/split.csv")
    for row in (33, 34):
        path = Path("photos", split.loc[row, "photo"])
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (600, 400), "red").save(path)
        if row == 33:
            split.loc[row, "sha256"] = files.sha256(path)
    files.write_table("data/split.csv", split)
    report.main()
    assert read_sides(Texts()) == [320, 32, 32]


def test_the_terminal_shows_the_verdict(three_mistakes, capsys):
    report.main()
    shown = capsys.readouterr().out
    headline, reason, *_, last = shown.splitlines()
    assert headline == "Too close to call"
    assert reason == "Transfer gets 28 of 30 right, your network 28 of 30; that does not settle it."
    assert last == "Details: metrics/report.html"
    for name, right in {"custom": 28, "transfer": 28, "probe": 27}.items():
        assert re.search(f"^{name} +{right} of 30 ", shown, re.MULTILINE)


def test_no_command_is_broken_on_the_terminal(three_mistakes, capsys):
    change_parameters(Path("params.yaml"), epochs=10**60)
    report.main()
    lines = capsys.readouterr().out.splitlines()
    command = f"`dvc exp run -S epochs={3 * 10**60}`"
    assert [line for line in lines if command in line]
    assert all(len(line) <= 80 or line.strip(".") == command for line in lines)
    assert all(line.count("`") % 2 == 0 for line in lines)


def test_the_answer_heads_the_page_with_its_reason_notes_and_next_step(three_mistakes):
    report.main()
    header = read_page().split("<header>")[1].split("</header>")[0]
    assert "<h1>Too close to call</h1>" in header
    reason = "Transfer gets 28 of 30 right, your network 28 of 30; that does not settle it."
    assert f'<p class="reason">{reason}</p>' in header
    below = read_page().split('aria-label="What to know">')[1].split("</ul>")[0]
    notes = re.findall("<li>(.*?)</li>", below)
    assert notes[0].startswith("Custom was still improving after 5 epochs: its training loss ")
    assert notes[-2].startswith("A linear layer on the base gets 27 of 30 right; ")
    assert notes[-1].startswith("The best of several runs looks better than it is: ")
    step = "Try more epochs: <code>dvc exp run -S epochs=6</code>."
    assert f'<p class="next-step">{step}</p>' in header
    assert "`" not in header


@pytest.mark.parametrize("name", HOSTILE)
def test_commands_become_code_and_everything_else_stays_text(name):
    html = rendering.mark_code(f"Guess {name}, `dvc repro`, {name}: `git log -S '<x>'`.")
    page = Texts(html)
    assert page.tags == [("code", {}), ("code", {})]
    assert page.texts == [f"Guess {name}, ", "dvc repro", f", {name}: ", "git log -S '<x>'", "."]


def test_names_are_shown_as_text_and_run_nothing(workspace):
    actual = np.arange(41) % len(HOSTILE)
    wrong = (actual + 1) % len(HOSTILE)
    classes = HOSTILE[1:] + HOSTILE[:1]  # the first one is the majority class
    write_results({"custom": wrong, "transfer": actual}, classes)
    change_parameters(workspace / "params.yaml", photos="data/<b>\"photos\" & 'more'</b>")
    report.main()
    page = Texts()
    for name in HOSTILE:
        assert name in page.texts
    assert "data/<b>\"photos\" & 'more'</b>" in page.texts
    guess = f"Always guessing {HOSTILE[1]}, the majority class, gives an accuracy of 0.15"
    assert [text for text in page.texts if text.startswith(guess)]
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 1
    assert "b" not in tags
    assert len(shown_photos(page)) == 41
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]


def test_many_mistakes_make_a_page_of_bounded_size_that_says_how_many_more_there_are(workspace):
    random = np.random.default_rng(0)
    actual = np.arange(2_000) % 3
    answers = {name: (actual + (random.random(2_000) < 0.3)) % 3 for name in ("custom", "transfer")}
    write_results(answers, CLASSES, image_size=160)
    report.main()
    assert Path("metrics/report.html").stat().st_size < 12e6  # of noise, which JPEG cannot shrink
    page = Texts()
    assert len(shown_photos(page)) == mistakes.MAX_MISTAKES
    wrong = np.sum((answers["custom"] != actual) | (answers["transfer"] != actual))
    others = f"144 of these; the other {wrong - 144} are in metrics/predictions."
    assert others in "".join(page.texts)


def test_the_page_of_150_photos_is_small_even_if_all_of_135_are_wrong(workspace):
    wrong = (np.arange(135) + 1) % 3
    write_results({"custom": wrong, "transfer": wrong}, CLASSES, image_size=160)
    report.main()
    assert Path("metrics/report.html").stat().st_size < 5e6
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


def test_look_alikes_count_as_one_and_page_and_terminal_say_so(three_mistakes, capsys):
    table = files.read_table("data/split.csv")
    table.loc[30:32, "group"] = table.loc[30, "group"]
    files.write_table("data/split.csv", table)
    for name in NETWORKS:
        values = json.loads(Path(f"metrics/{name}.json").read_text()) | {"distinct_photos": 28}
        files.write_json(f"metrics/{name}.json", values)
    report.main()
    page = read_page()
    assert "28 of 30, 28 different</td>" in page
    assert re.search("^custom +26.1 of 28 +0.93 ", capsys.readouterr().out, re.MULTILINE)
    assert "your network 93.3%, of 28 different photos; that does not settle it." in page
    assert "count together as one photo, by the share of them that is right." in page
    headings = ["First is better on", "Second is better on", "Sign test"]
    assert headings in [row[3:] for row in table_rows(page)]
    assert "the p-value is that of the sign test" in page


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
    assert [name for name in scores if name in NETWORKS] == list(NETWORKS)
    for column, name in enumerate(NETWORKS):
        values = json.loads(Path(f"metrics/{name}.json").read_text())
        low, high = values["accuracy_low"], values["accuracy_high"]
        right = "27 of 30" if name == "probe" else "28 of 30"
        assert scores[name] == [
            name, f"{values['accuracy']:.3f}", "", f"{low:.3f} to {high:.3f}", right,
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


def test_the_gain_of_every_pair_is_on_the_page(three_mistakes):
    report.main()
    values = files.read_json("metrics/comparison.json")
    rows = table_rows(read_page().split('<h2 id="gains">')[1].split("</table>")[0])
    assert len(rows) == 1 + len(PAIRS)
    counts = {("transfer", "custom"): (1, 1), ("transfer", "probe"): (2, 1),
              ("probe", "custom"): (1, 2)}  # fmt: skip
    for row, (pair, prefix) in zip(rows[1:], PAIRS.items(), strict=True):
        gain, low, high = (values[f"{prefix}accuracy_gain{end}"] for end in ("", "_low", "_high"))
        first, second = counts[pair]
        assert row == [
            "{} &minus;&nbsp;{}".format(*pair), f"{gain:+.3f}", f"{low:+.3f} to {high:+.3f}",
            str(first), str(second), "p = 1",
        ]  # fmt: skip


def test_the_page_says_that_the_probe_is_no_rival_and_that_the_best_of_many_is_too_good(
    three_mistakes,
):
    report.main()
    scores = read_page().split('id="scores"')[1].split('id="curves"')[0]
    assert "The probe is the reference, not a rival" in scores
    assert "shows an accuracy of 0.91 where the truth is 0.80" in scores
    assert "<code>python -m experiments</code>" in scores
    assert "<code>test_fraction</code>" in scores


def test_the_state_of_each_training_is_below_its_charts(three_mistakes):
    report.main()
    section = read_page().split('id="curves"')[1].split("</section>")[0]
    shown = [
        re.sub("<.*?>", "", item) for item in re.findall('<li class=".*?">(.*?)</li>', section)
    ]
    found = {
        name: progress.judge(files.read_table(f"metrics/history/{name}.csv").astype(float))
        for name in RIVALS
    }
    assert shown == [f"{name}: {each.state}: {each.reason}." for name, each in found.items()]
    assert found["custom"].state == "still improving"
    assert found["transfer"].state == "converged"
    assert 'class="probe' not in section


def test_a_class_without_validation_photos_has_no_recall(three_mistakes):
    for name in NETWORKS:
        path = f"metrics/per_class/{name}.csv"
        table = files.read_table(path)
        table.loc[1, ["recall", "photos"]] = ["0.000000", "0"]
        files.write_table(path, table)
    report.main()
    page = Path("metrics/report.html").read_text(encoding="utf-8")
    assert ["cat", "0", "none", "none", "none"] in table_rows(page)


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
    assert section.count("<figure ") == 1
    assert present in section


@pytest.mark.parametrize(
    ("changed", "outdated"),
    [({}, None), ({"epochs": 3}, "epochs"), ({"layers.py": "of other code"}, "layers.py")],
)
def test_the_study_is_on_the_page_which_says_if_it_is_outdated(
    three_mistakes, changed, outdated, capsys
):
    write_study(describe_setting() | changed)
    report.main()
    numbers = capsys.readouterr().out.split("\n\n")[1]
    assert numbers.startswith(" " if outdated else "this split ")  # below the study's answer
    page = read_page()
    section = page.split('id="study"')[1].split("</section>")[0]
    shown = {row[0]: row for row in table_rows(section)}
    for row, name, form in [
        ("majority class", "majority", ".3f"),
        *((network, network, ".3f") for network in NETWORKS),
        *(
            ("{} &minus;&nbsp;{}".format(*pair), f"{prefix}gain", "+.3f")
            for pair, prefix in PAIRS.items()
        ),
    ]:
        values = files.read_json(f"metrics/study/repeat/{name}.json")
        mean, low, high = (format(values[f"accuracy{end}"], form) for end in ("", "_low", "_high"))
        assert (shown[row][1], shown[row][3]) == (mean, f"{low} to {high}")
    texts = Texts().texts
    assert files.read_json("metrics/study/curve.json")["answer"] in texts
    found = files.read_json("metrics/study/repeat.json")["verdict"]
    assert found["headline"] == "Use transfer"
    above = page.split("<header>")[1].split("</header>")[0]
    if outdated:
        assert "<h1>Too close to call</h1>" in above
        assert [text for text in texts if text.startswith(f"Use transfer. {found['reason']}")]
    else:
        assert "<h1>Use transfer</h1>" in above
        assert f'<p class="reason">{found["reason"]}</p>' in above
        assert "<li>On this split alone: Too close to call. " in page
    assert section.count('<path class="probe band"') == 1
    assert ("out of date" in section) == bool(outdated)
    assert outdated is None or f"computed: {outdated}." in section
