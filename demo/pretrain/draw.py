"""Draw pictures of random species for the demo base to train on."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from demo.drawing import invented, picture
from demo.pretrain import parameters

PICTURES = Path("data/pretrain/pictures.npy")


def main() -> None:
    params = parameters.read().draw

    PICTURES.parent.mkdir(parents=True, exist_ok=True)
    shape = (params.species, params.pictures, params.size, params.size, 3)
    array = np.lib.format.open_memmap(PICTURES, "w+", np.uint8, shape)
    places = list(np.ndindex(shape[:2]))
    animals = invented.draw_species(params.species, params.seed)
    requests = [(animals[number], (params.seed, count)) for number, count in places]
    drawn = picture.draw_pictures(requests, params.size)
    for place, pixels in zip(tqdm(places, "pictures", disable=None), drawn, strict=True):
        array[place] = pixels
    array.flush()

    print(f"{params.pictures} pictures each of {params.species} species")


if __name__ == "__main__":
    main()
