"""Draw pictures of random species: `python -m pretrain.draw --help`."""

import argparse
import shutil
from pathlib import Path

import numpy as np
from tqdm import tqdm

from creatures import invented, picture

DESTINATION = Path("data/pretrain/pictures.npy")


def main():
    parser = argparse.ArgumentParser(prog="python -m pretrain.draw", description=__doc__)
    for name, meaning in {
        "species": "how many, drawn at random",
        "pictures": "how many of each species",
        "size": "side of a picture, pixels",
        "seed": "of species and pictures",
    }.items():
        parser.add_argument(f"--{name}", type=int, required=True, help=meaning)
    options = parser.parse_args()

    # A checkpoint of a training on other pictures lies in the same folder.
    shutil.rmtree(DESTINATION.parent, ignore_errors=True)
    DESTINATION.parent.mkdir(parents=True)
    shape = (options.species, options.pictures, options.size, options.size, 3)
    array = np.lib.format.open_memmap(DESTINATION, "w+", np.uint8, shape)
    places = list(np.ndindex(shape[:2]))
    animals = invented.draw(options.species, options.seed)
    requests = [(animals[number], (options.seed, count)) for number, count in places]
    drawn = picture.pictures(requests, options.size)
    for place, pixels in zip(tqdm(places, "pictures", disable=None), drawn, strict=True):
        array[place] = pixels
    array.flush()

    print(f"{options.pictures} pictures each of {options.species} species")


if __name__ == "__main__":
    main()
