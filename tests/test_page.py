"""The page in a real browser: does it work, for everyone, and does it stay on this machine?"""

import shutil

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from stages import report
from stages.common import files, parameters
from stages.results import setting
from tests.helpers.browser import chromium, running_browser
from tests.helpers.project import ROOT, change_parameters
from tests.helpers.results import write_results, write_study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no chromium on PATH"),
]

# The greatest height of a page in a window that is 1280 or 390 pixels wide.
HEIGHTS = {"22 classes": {1280: 6_000, 390: 12_000}, "200 classes": {1280: 20_000, 390: 20_000}}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

ANIMALS = ["butterfly", "cat", "horse"]
HOSTILE = [
    "\"quotes\" & 'more'", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>",
    "a name so long that nobody would choose it, but somebody does", "x" * 80, "עברית שפה", "🦋",
]  # fmt: skip
# Classes, how often custom and transfer are right, photos, the verdict.
PAGES = {
    "everything right": (ANIMALS, 1, 1, 30, "Both get everything right"),
    "everything wrong": (ANIMALS, 0, 0, 30, "Neither beats a guess"),
    "one network perfect": (ANIMALS, 0.7, 1, 30, "Use transfer"),
    "a tie": (ANIMALS, 0.75, 0.75, 32, "Too close to call"),
    "2 classes": (["cat", "dog"], 0.95, 0.7, 60, "Use custom"),
    "12 classes": ([f"species {i:02}" for i in range(12)], 0.5, 0.9, 120, "Use transfer"),
    "22 classes": ([f"species {i:02}" for i in range(22)], 0.3, 0.8, 220, "Use transfer"),
    "200 classes": ([f"species {i:03}" for i in range(200)], 0.3, 0.7, 1000, "Use transfer"),
    "hostile names": (HOSTILE, 0.4, 0.9, 70, "Use transfer"),
    "10,000 photos": (ANIMALS, 0.7, 0.9, 10_000, "Use transfer"),
}


@pytest.fixture(scope="module")
def browser():
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    """Return a function that makes the page of that name, and returns its path."""
    made = {}

    def make(name):
        if name not in made:
            classes, custom, transfer, count, _ = PAGES[name]
            folder = tmp_path_factory.mktemp("page")
            shutil.copy(ROOT / "params.yaml", folder)
            change_parameters(folder / "params.yaml", photos="photos", base__name="MobileNetV2")
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                write_results(
                    {"custom": answers(classes, custom, count, 0),
                     "transfer": answers(classes, transfer, count, 2)},
                    classes,
                )  # fmt: skip
                if name == "one network perfect":
                    random = np.random.default_rng(0)
                    overlays = random.integers(0, 256, (2, 3, 32, 32, 3), np.uint8)
                    np.save("data/occlusions.npy", overlays)
                if name == "a tie":
                    write_study({"epochs": 7})  # another setting than that of the comparison
                if name == "22 classes":
                    table = files.read_table("data/split.csv")
                    base = files.read_json("metrics/base.json")
                    write_study(setting.describe(parameters.read(), table, base))
                report.main()
            made[name] = folder / "metrics/report.html"
        return made[name]

    return make


def answers(classes, share, count, first):
    """Answers of which a share is right; the wrong ones stand together, from `first` on."""
    actual = np.arange(count) % len(classes)
    rows = (first + np.arange(round(count * (1 - share)))) % count
    actual[rows] = (actual[rows] + 1) % len(classes)
    return actual


@pytest.fixture
def opened(browser, page_of):
    """Return a function that opens a page and notes what goes wrong on it in `page.faults`."""
    contexts = []

    def open_page(name, width=1280, **settings):
        context = browser.new_context(viewport={"width": width, "height": 800}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("dialog", lambda dialog: page.faults.append(dialog.message))
        page.on(
            "request",
            lambda request: (
                page.faults.append(request.url)
                if not request.url.startswith(("file:", "data:"))
                else None
            ),
        )
        page.goto(page_of(name).as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def check_accessibility(page):
    result = Axe().run(page, options=RULES)
    assert result.violations_count == 0, result.generate_report()


def shown(page):
    return page.locator(".mistakes > li:visible").count()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_works_for_everyone(opened, name, width, scheme):
    page = opened(name, width, color_scheme=scheme)
    assert page.locator("h1").inner_text() == PAGES[name][-1]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    broken = "[...document.images].filter(image => !image.complete || !image.naturalWidth).length"
    assert page.evaluate(broken) == 0
    # Axe would look at each of thousands of cells that are alike.
    page.evaluate("document.querySelectorAll('tr:nth-child(n+30), tr > :nth-child(n+30)')"
                  ".forEach(each => each.remove())")  # fmt: skip
    check_accessibility(page)
    assert page.faults == []


def shown_after(page, label):
    page.get_by_label(label, exact=True).click()
    return shown(page)


def test_filters_work_by_mouse(opened):
    page = opened("a tie")
    everything = shown(page)
    both, custom, transfer, only_custom, only_transfer = (
        shown_after(page, label)
        for label in ("both", "custom", "transfer", "only custom", "only transfer")
    )
    assert min(both, only_custom, only_transfer) > 0
    assert both + only_custom + only_transfer == everything
    assert both + only_custom == custom
    assert both + only_transfer == transfer
    assert shown_after(page, "either") == everything <= 24

    page.get_by_role("combobox", name="Class").select_option("cat")
    cats = shown(page)
    assert 0 < cats < everything
    assert page.locator(".filters output").inner_text() == f"{cats} of {cats} shown"
    truths = page.locator(".mistakes > li:visible > p > strong").all_inner_texts()
    assert set(truths) == {"cat"}
    assert page.faults == []


def test_filters_work_by_keyboard(opened):
    page = opened("a tie", 360)
    everything = shown(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "class":
            break
    page.keyboard.press("h")
    horses = shown(page)
    assert 0 < horses < everything
    page.keyboard.press("Tab")  # to the class that it was taken for
    page.keyboard.press("Tab")
    for label in ("both", "custom", "only custom"):
        page.keyboard.press("ArrowRight")
        assert page.get_by_label(label, exact=True).is_checked()
    assert shown(page) < horses


@pytest.mark.parametrize("name", HEIGHTS)
def test_a_page_of_many_classes_is_not_endless(opened, name):
    for width, height in HEIGHTS[name].items():
        page = opened(name, width)
        assert page.evaluate("document.documentElement.scrollHeight") <= height


def test_more_mistakes_come_on_demand(opened):
    page = opened("22 classes")
    assert shown(page) == 24
    page.get_by_role("button", name="Show more").press("Enter")
    assert shown(page) == 48
    assert page.evaluate("document.activeElement.closest('li') !== null")
    while page.get_by_role("button", name="Show more").is_visible():
        page.get_by_role("button", name="Show more").click()
    assert shown(page) == page.locator(".mistakes > li").count()


def test_a_confusion_leads_to_its_photos(opened):
    page = opened("12 classes")
    row = page.locator(".confusions tbody tr").first
    actual, predicted, *counts, _ = row.locator("th, td").all_inner_texts()
    row.get_by_role("link").press("Enter")
    assert 0 < shown(page) <= sum(int(count.split(" of ")[0]) for count in counts)
    for photo in page.locator(".mistakes > li:visible").all():
        assert photo.locator("p > strong").inner_text() == actual
        assert f"✗ {predicted}" in photo.locator("dl").text_content()


def test_classes_can_be_sorted_by_recall(opened):
    page = opened("a tie")
    column = page.locator(".recall tbody tr td:nth-child(4)")
    page.locator(".recall").get_by_role("button", name="transfer").click()
    found = [float(text) for text in column.all_inner_texts()]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_unfolded_and_with_a_photo_open_it_works_for_everyone_too(opened, width, scheme):
    page = opened("12 classes", width, color_scheme=scheme)
    page.get_by_text("Confusion matrices").press("Enter")
    assert page.locator(".matrix:visible").count() == 3
    check_accessibility(page)
    page.locator(".mistakes button").first.press("Enter")
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.faults == []


def test_a_photo_opens_large_with_all_probabilities_and_the_keys_turn_pages(opened):
    page = opened("a tie")
    first, second = page.locator(".mistakes > li").all()[:2]
    viewer = page.locator(".viewer")
    first.get_by_role("button").press("Enter")
    assert viewer.is_visible()

    def check(card):
        assert viewer.locator(".note").inner_text() == card.locator(".note").inner_text()
        rows = [row.split() for row in viewer.locator("tbody tr").all_inner_texts()]
        assert sorted(row[0] for row in rows) == ANIMALS
        for column, answer in enumerate(card.locator("dd").all_inner_texts(), 1):
            _, predicted, confidence = answer.split()
            assert [row[column] for row in rows if row[0] == predicted] == [confidence]
            assert sum(float(row[column]) for row in rows) == pytest.approx(1, abs=0.02)

    check(first)
    page.keyboard.press("ArrowRight")
    check(second)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    check(page.locator(".mistakes > li").last)
    page.keyboard.press("Escape")
    assert not viewer.is_visible()
    # The focus is on the photo that was open last.
    page.wait_for_function("document.activeElement.closest('li')?.nextElementSibling === null")
    first.get_by_role("button").click()
    viewer.get_by_role("button", name="Next photo").click()
    check(second)
    viewer.get_by_role("button", name="Close").click()
    assert not viewer.is_visible()


def test_a_key_shows_where_the_networks_look(opened):
    page = opened("one network perfect")
    looked = page.locator(".viewer .looked")
    page.locator(".mistakes button").first.click()
    page.keyboard.press("w")
    assert looked.locator("img").count() == 3
    assert looked.is_visible()
    check_accessibility(page)
    page.keyboard.press("ArrowRight")
    assert looked.is_visible()
    page.keyboard.press("ArrowRight")  # only of the first two is it known
    assert not looked.is_visible()
    page.keyboard.press("w")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("w")
    assert not looked.is_visible()
    assert page.locator(".large > img").is_visible()


def test_charts_tell_their_values_under_the_pointer_and_to_the_arrow_keys(opened):
    page = opened("a tie")
    figure = page.locator("figure.chart", has_text="Accuracy after each epoch")
    chart, output = figure.get_by_role("slider"), figure.locator("output")
    last = output.inner_text()
    assert last.startswith("Epoch 5: custom 0.")
    chart.scroll_into_view_if_needed()
    place = chart.bounding_box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + 20)
    assert output.inner_text().startswith("Epoch 3: custom 0.")
    chart.press("End")
    assert output.inner_text() == last == chart.get_attribute("aria-valuetext")
    chart.press("ArrowLeft")
    assert output.inner_text().startswith("Epoch 4: custom 0.")
    chart.press("Home")
    chart.press("ArrowLeft")
    assert output.inner_text().startswith("Epoch 1: custom 0.")


def test_names_are_text_in_the_browser_too(opened):
    page = opened("hostile names")
    for name in HOSTILE:
        assert page.get_by_role("rowheader", name=name, exact=True).count() == 5
    assert page.locator("script").count() == 1
    assert page.faults == []


def test_no_other_script_could_run(opened):
    page = opened("a tie")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    page.wait_for_timeout(200)
    assert any("Content Security Policy" in fault for fault in page.faults)
    assert "1" not in page.faults


def test_without_a_script_all_is_there(opened):
    page = opened("a tie", java_script_enabled=False)
    assert shown(page) == page.locator(".mistakes > li").count() > 0
    assert not page.locator(".filters").is_visible()


def test_paper_shows_everything_even_what_a_filter_hides(opened):
    page = opened("a tie", color_scheme="dark")
    everything = shown(page)
    assert 0 < shown_after(page, "both") < everything
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert shown(page) == everything
    assert not page.locator(".filters").is_visible()
    assert not page.locator("nav").is_visible()
    for part in (
        "h1",
        ".reason",
        ".notes",
        ".next-step",
        "section",
        "table:not(.viewer table)",
        "svg[role=img]",
        "details *",
    ):
        assert all(each.is_visible() for each in page.locator(part).all()), part
    white = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(white) == "rgb(255, 255, 255)"


def test_paper_shows_what_is_folded(opened):
    page = opened("12 classes")
    assert page.locator(".matrix:visible").count() == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".matrix:visible").count() == 3


def test_paper_says_where_matrices_are_that_it_is_too_small_for(opened):
    page = opened("200 classes")
    assert not page.locator(".paper").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(".matrix:visible").count() == 0
    assert "metrics/confusion has them" in page.locator(".paper").inner_text()
