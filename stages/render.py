"""Draw the pictures of the demo, which the other stages then treat like anyone's photos."""

import io
import re
import shutil
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from demo.drawing import picture
from demo.drawing.animals import ANIMALS
from stages.common import files, parameters

SIZE = 160  # side of a picture, pixels
NOTE = "Drawn only if this folder is `photos` in params.yaml.\n"


def check_folder(folder: Path) -> None:
    """Check that a folder has no files but the pictures that this stage draws.

    Raises:
        SystemExit: if there is another one, which drawing would remove.
    """
    ours = re.compile(rf"({'|'.join(ANIMALS)})/drawing_\d{{3,}}\.jpg")
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.name[0] != "." and not ours.fullmatch(name):
            raise SystemExit(
                f"{path}: not a drawing of the demo, to which {folder} belongs. Move your photos "
                "to a folder of their own, and name it as `photos` in params.yaml."
            )


def draw_pictures(folder: Path, demo: parameters.Demo) -> None:
    """Draw pictures of every animal of the demo.

    Args:
        folder: a new folder, in which `butterfly/drawing_000.jpg` and so on are written.
        demo: `demo` of `params.yaml`.
    """
    names, requests = [], []
    for animal in ANIMALS.values():
        (folder / animal.name).mkdir()
        for count in range(demo.photos_per_class):
            names.append(f"{animal.name}/drawing_{count:03}.jpg")
            requests.append((animal, (demo.seed, count)))
    drawn = picture.draw_pictures(requests, SIZE)
    for name, pixels in zip(tqdm(names, "pictures", disable=None), drawn, strict=True):
        encoded = io.BytesIO()  # Pillow itself does not notice that a disk is full
        Image.fromarray(pixels).save(encoded, "JPEG", quality=92)
        (folder / name).write_bytes(encoded.getvalue())


def main() -> None:
    params = parameters.read()
    folder = Path(parameters.DEMO)
    check_folder(folder)
    is_demo = parameters.is_demo(params.photos)
    if not is_demo:
        from stages.photos import finding  # which takes a while to import

        finding.find(params.photos)  # a wrong folder is refused in this first stage already

    new, old = (folder.with_name(f".{folder.name}{suffix}") for suffix in ("", ".old"))
    with files.writing(folder):
        for left in filter(Path.exists, (new, old)):
            shutil.rmtree(left)
        new.mkdir(parents=True)
        try:
            if is_demo:
                draw_pictures(new, params.demo)
            else:  # DVC expects an output even so, and warns of an empty folder
                (new / ".empty").write_text(NOTE)
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        finally:
            for left in (new, old):
                shutil.rmtree(left, ignore_errors=True)

    if is_demo:
        print(f"{params.demo.photos_per_class} drawings each of {', '.join(ANIMALS)}")
    else:
        print(f"photos are in {params.photos}: nothing to draw")


if __name__ == "__main__":
    main()
