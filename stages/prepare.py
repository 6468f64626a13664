"""Read every photo once: into a table, and an array of pixels that both networks see."""

import numpy as np

from stages import files, parameters, photos


def main():
    parameter = parameters.read()
    table = photos.find(parameter.photos)

    with files.replacing("data/pixels.npy") as temporary:
        shape = (len(table), parameter.image_size, parameter.image_size, 3)
        pixels = np.lib.format.open_memmap(temporary, "w+", np.uint8, shape)
        table["sha256"] = photos.read(parameter.photos, table["photo"], pixels)
        pixels.flush()
        photos.check_labels(table)
    files.write_table("data/photos.csv", table)

    classes = table["label"].value_counts(sort=False)
    counts = ", ".join(f"{count} {name}" for name, count in classes.items())
    print(f"{len(table)} photos of {len(classes)} classes: {counts}")


if __name__ == "__main__":
    main()
