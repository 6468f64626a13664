"""The page in a browser: its picture for the README, drawn by `make page`.

It needs Chromium (Debian's package `chromium`), and shows metrics/report.html as it is.
"""

import io
import os
import shutil
import time
from contextlib import contextmanager

from PIL import Image
from playwright.sync_api import sync_playwright

from bench.project import ROOT

WIDTH = 900  # of the window, pixels


def chromium():
    """Return the path of Chromium, or `None` where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def running_browser():
    """Start a headless Chromium.

    Yields:
        Playwright's browser.
    """
    arguments = ["--disable-background-networking"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        browser.close()


def seconds_to_open(path):
    """Open a page; return the time until all of it is loaded."""
    with running_browser() as browser:
        page = browser.new_page()
        start = time.perf_counter()
        page.goto(path.as_uri(), wait_until="load")
        return time.perf_counter() - start


def main():
    with running_browser() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
        page.goto((ROOT / "metrics/report.html").as_uri())
        whole = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        middle = page.locator("#mistakes").bounding_box()["y"]
    # The page is long: its second half stands beside the first.
    halves = [whole.crop((0, 0, WIDTH, middle)), whole.crop((0, middle, WIDTH, whole.height))]
    picture = Image.new("RGB", (2 * WIDTH, max(half.height for half in halves)), "white")
    for number, half in enumerate(halves):
        picture.paste(half, (number * WIDTH, 0))
    picture.quantize(256).save(ROOT / "docs/report.png", optimize=True)


if __name__ == "__main__":
    main()
