"""The pictures of README and docs: `make pictures`.

They show the drawn animals and, in Chromium, metrics/report.html and the page of `app`.
"""

import io
from collections.abc import Iterable

import numpy as np
from PIL import Image

from demo.drawing import invented, picture
from demo.drawing.anatomy import Species
from demo.drawing.animals import ANIMALS
from stages.render import SIZE
from tests.helpers.browser import running_app, running_browser
from tests.helpers.project import ROOT

WIDTH = 900  # of the window, pixels
COLUMNS = 6


def save_drawings(name: str, requests: Iterable[tuple[Species, tuple[int, int]]]) -> None:
    """Draw pictures as large as those of the demo, in rows of one image, `docs/NAME.jpg`."""
    drawn = np.stack(list(picture.draw_pictures(requests, SIZE)))
    rows = drawn.reshape(-1, COLUMNS, SIZE, SIZE, 3).swapaxes(1, 2)
    (ROOT / "docs").mkdir(exist_ok=True)
    image = Image.fromarray(rows.reshape(-1, COLUMNS * SIZE, 3))
    image.save(ROOT / "docs" / f"{name}.jpg", quality=88)


def draw_animals() -> None:
    """Draw the animals of the demo, and invented species."""
    requests = [(animal, (0, number)) for animal in ANIMALS.values() for number in range(COLUMNS)]
    save_drawings("demo", requests)
    species = invented.draw_species(2 * COLUMNS, seed=0)
    save_drawings("species", [(animal, (0, 0)) for animal in species])


def take_app() -> Image.Image:
    """Return a picture of the page of `app`, with a drawing on it."""
    with running_app(ROOT) as app, running_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 650}, color_scheme="light")
        page.goto(f"http://127.0.0.1:{app.port}/")
        page.set_input_files("#photo input[type=file]", ROOT / "data/demo/cat/drawing_000.jpg")
        page.wait_for_selector("#probe >> text=/^cat: /")
        page.wait_for_load_state("networkidle")
        return Image.open(io.BytesIO(page.screenshot()))


def main() -> None:
    draw_animals()
    take_app().quantize(256).save(ROOT / "docs" / "app.png", optimize=True)
    with running_browser() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
        page.goto((ROOT / "metrics/report.html").as_uri())
        whole = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        middle = page.locator("#mistakes").bounding_box()["y"]
    # The page is long: put its second half beside the first.
    halves = [whole.crop((0, 0, WIDTH, middle)), whole.crop((0, middle, WIDTH, whole.height))]
    both = Image.new("RGB", (2 * WIDTH, max(half.height for half in halves)), "white")
    for number, half in enumerate(halves):
        both.paste(half, (number * WIDTH, 0))
    both.quantize(256).save(ROOT / "docs/report.png", optimize=True)


if __name__ == "__main__":
    main()
