"""The page in a real browser: does it work, for everyone, and does it stay on this machine?"""

import shutil

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from stages import report
from tests.helpers.browser import chromium, running_browser
from tests.helpers.project import ROOT, change_parameters
from tests.helpers.results import write_results, write_study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no chromium on PATH"),
]

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
    "40 classes": ([f"species {i:02}" for i in range(40)], 0.5, 0.9, 400, "Use transfer"),
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
                if name == "a tie":
                    write_study({"epochs": 7})  # another setting than that of the comparison
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
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    if name == "10,000 photos":  # three hundred cards alike
        page.evaluate("document.querySelectorAll('.mistakes > li:nth-child(n+20)')"
                      ".forEach(item => item.remove())")  # fmt: skip
    result = Axe().run(page, options=options)
    assert result.violations_count == 0, result.generate_report()
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
    assert shown_after(page, "either") == everything

    page.get_by_role("combobox", name="Class").select_option("cat")
    cats = shown(page)
    assert 0 < cats < everything
    assert page.locator("output").inner_text() == f"{cats} of {everything} shown"
    truths = page.locator(".mistakes > li:visible > p > strong").all_inner_texts()
    assert set(truths) == {"cat"}
    assert page.faults == []


def test_filters_work_by_keyboard(opened):
    page = opened("a tie", 360)
    everything = shown(page)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "class":
            break
    page.keyboard.press("h")
    horses = shown(page)
    assert 0 < horses < everything
    page.keyboard.press("Tab")
    for label in ("both", "custom", "only custom"):
        page.keyboard.press("ArrowRight")
        assert page.get_by_label(label, exact=True).is_checked()
    assert shown(page) < horses


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
    page.emulate_media(media="print")
    assert shown(page) == everything
    assert not page.locator(".filters").is_visible()
    for part in (
        "h1",
        ".reason",
        ".notes",
        ".next-step",
        "section",
        "table",
        "svg[role=img]",
        "pre",
    ):
        assert all(each.is_visible() for each in page.locator(part).all()), part
    white = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(white) == "rgb(255, 255, 255)"
