"""Draw the demo's pictures, so that they take the same road as anyone's photos."""

import re
import shutil
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from creatures import animals, picture
from stages import parameters

SIZE = 160  # side of a picture, pixels


def render(folder, parameter):
    """Draw pictures of every demo species.

    Args:
        folder: a new folder, which gets `butterfly/butterfly_000.jpg` and so on.
        parameter: the `Demo` of `params.yaml`.
    """
    names, requests = [], []
    for animal in animals.ANIMALS.values():
        (folder / animal.name).mkdir(parents=True)
        for count in range(parameter.photos_per_class):
            names.append(f"{animal.name}/{animal.name}_{count:03}.jpg")
            requests.append((animal, (parameter.seed, count)))
    drawn = picture.pictures(requests, SIZE)
    for name, pixels in zip(tqdm(names, "pictures", disable=None), drawn, strict=True):
        Image.fromarray(pixels).save(folder / name, quality=92)


def main():
    parameter = parameters.read()
    folder = Path(parameters.RENDERED)
    # DVC expects an output, even if there is nothing to draw.
    folder.mkdir(parents=True, exist_ok=True)
    if not parameters.is_rendered(parameter.photos):
        print(f"photos are in {parameter.photos}: no demo pictures needed")
        return

    ours = re.compile(rf"({'|'.join(animals.ANIMALS)})/\1_\d{{3,}}\.jpg")
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.name[0] != "." and not ours.fullmatch(name):
            raise SystemExit(
                f"{path}: not a demo picture; {folder} is replaced whenever the demo is drawn. "
                "Move your photos to a folder of their own, and name it as `photos` in params.yaml."
            )
    new = folder.with_name(f".{folder.name}")
    shutil.rmtree(new, ignore_errors=True)
    render(new, parameter.demo)
    shutil.rmtree(folder)
    new.rename(folder)

    print(f"{parameter.demo.photos_per_class} pictures each of {', '.join(animals.ANIMALS)}")


if __name__ == "__main__":
    main()
