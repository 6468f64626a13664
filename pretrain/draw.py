"""Draw pictures of random species."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from creatures import invented, picture
from pretrain import options

PICTURES = Path("data/pretrain/pictures.npy")


def main():
    option = options.read(
        "python -m pretrain.draw",
        __doc__,
        species=(options.count, "how many, drawn at random"),
        pictures=(options.count, "how many of each species"),
        size=(options.count, "side of a picture, pixels"),
        seed=(int, "of species and pictures"),
    )

    PICTURES.parent.mkdir(parents=True, exist_ok=True)
    shape = (option.species, option.pictures, option.size, option.size, 3)
    array = np.lib.format.open_memmap(PICTURES, "w+", np.uint8, shape)
    places = list(np.ndindex(shape[:2]))
    animals = invented.draw(option.species, option.seed)
    requests = [(animals[number], (option.seed, count)) for number, count in places]
    drawn = picture.pictures(requests, option.size)
    for place, pixels in zip(tqdm(places, "pictures", disable=None), drawn, strict=True):
        array[place] = pixels
    array.flush()

    print(f"{option.pictures} pictures each of {option.species} species")


if __name__ == "__main__":
    main()
