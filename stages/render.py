"""Draw the demo's pictures, so that they take the same road as anyone's photos."""

import io
import re
import shutil
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from demo.drawing import animals, picture
from stages.common import files, parameters

SIZE = 160  # side of a picture, pixels


def render(folder, demo):
    """Draw pictures of every demo species.

    Args:
        folder: a new folder, which gets `butterfly/drawing_000.jpg` and so on.
        demo: the `Demo` of `params.yaml`.
    """
    names, requests = [], []
    for animal in animals.ANIMALS.values():
        (folder / animal.name).mkdir(parents=True)
        for count in range(demo.photos_per_class):
            names.append(f"{animal.name}/drawing_{count:03}.jpg")
            requests.append((animal, (demo.seed, count)))
    drawn = picture.pictures(requests, SIZE)
    for name, pixels in zip(tqdm(names, "pictures", disable=None), drawn, strict=True):
        encoded = io.BytesIO()  # Pillow itself does not notice that a disk is full
        Image.fromarray(pixels).save(encoded, "JPEG", quality=92)
        (folder / name).write_bytes(encoded.getvalue())


def fill(folder, params):
    """Draw the pictures into a new folder, if they are the photos; else leave a note there."""
    if parameters.is_demo(params.photos):
        render(folder, params.demo)
        names = ", ".join(animals.ANIMALS)
        print(f"{params.demo.photos_per_class} drawings each of {names}")
    else:
        # DVC expects an output even so, and warns of an empty folder.
        (folder / ".empty").write_text("Drawn only if this folder is `photos` in params.yaml.\n")
        print(f"photos are in {params.photos}: nothing to draw")


def main():
    params = parameters.read()
    folder = Path(parameters.DEMO)
    ours = re.compile(rf"({'|'.join(animals.ANIMALS)})/drawing_\d{{3,}}\.jpg")
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.name[0] != "." and not ours.fullmatch(name):
            raise SystemExit(
                f"{path}: not a drawing of the demo, to which {folder} belongs. Move your photos "
                "to a folder of their own, and name it as `photos` in params.yaml."
            )

    new, old = (folder.with_name(f".{folder.name}{suffix}") for suffix in ("", ".old"))
    with files.writing(folder):
        for left in filter(Path.exists, (new, old)):
            shutil.rmtree(left)
        new.mkdir(parents=True)
        try:
            fill(new, params)
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        finally:
            for left in (new, old):
                shutil.rmtree(left, ignore_errors=True)


if __name__ == "__main__":
    main()
