"""The drawn animals of the README: `make sheet` draws them into docs/."""

import numpy as np
from PIL import Image

from bench.project import ROOT
from creatures import invented, picture
from creatures.animals import ANIMALS
from stages.render import SIZE

COLUMNS = 6


def save(name, requests):
    """Draw pictures, as large as those of the demo, into rows of one image, `docs/NAME.jpg`."""
    drawn = np.stack(list(picture.pictures(requests, SIZE)))
    rows = drawn.reshape(-1, COLUMNS, SIZE, SIZE, 3).swapaxes(1, 2)
    (ROOT / "docs").mkdir(exist_ok=True)
    image = Image.fromarray(rows.reshape(-1, COLUMNS * SIZE, 3))
    image.save(ROOT / "docs" / f"{name}.jpg", quality=88)


def main():
    save(
        "demo", [(animal, (0, number)) for animal in ANIMALS.values() for number in range(COLUMNS)]
    )
    save("species", [(animal, (0, 0)) for animal in invented.draw(2 * COLUMNS, seed=0)])


if __name__ == "__main__":
    main()
