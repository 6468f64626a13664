"""How many edited copies are recognized as such, and how many unlike pictures are merged.

`python -m bench.lookalikes [PHOTOS...]`, folders of different photos; `REAL_PHOTOS` by default.
Then the time and memory that 100,000 random pictures take.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from stages.photos import decoding, finding, lookalikes, reading
from tests.helpers.lookalikes import EDITS, PICTURES

IMAGE_SIZE = 160
UNLIKE = 100  # pictures of each kind
MANY, PAIRS = 100_000, 1_000  # random pictures, and how many of them are copies


def read(paths: Sequence[Path]) -> tuple[list[str], np.ndarray]:
    """Decode pictures; return their hashes, and their sketches."""
    results = list(reading.read(None, map(str, paths), IMAGE_SIZE))
    photos = [result for result in results if isinstance(result, decoding.Photo)]
    assert len(photos) == len(paths), results
    return [photo.sha256 for photo in photos], np.array([photo.sketch for photo in photos])


def measure_edits(folder: Path) -> Iterator[tuple[str, float]]:
    """Edit all photos of a folder; yield each edit, and the share that is recognized.

    The copies are looked for among all photos, and must be in the group of their original.
    """
    originals = [folder / name for name in finding.find(str(folder)).photos["photo"]]
    names, sketches = read(originals)
    with tempfile.TemporaryDirectory() as temporary:
        for edit, (change, quality) in EDITS.items():
            copies = []
            for number, original in enumerate(originals):
                copies.append(Path(temporary, f"{number:05}.jpg"))
                with Image.open(original) as image:
                    upright = ImageOps.exif_transpose(image).convert("RGB")
                    change(upright).save(copies[-1], quality=quality)
            more, edited = read(copies)
            groups = lookalikes.group_photos([*names, *more], np.concatenate([sketches, edited]))
            yield edit, float(np.mean(groups[: len(names)] == groups[len(names) :]))


def measure_unlike() -> Iterator[tuple[str, float, int]]:
    """Draw unlike pictures; yield their kind, the share that is merged, the largest group."""
    with tempfile.TemporaryDirectory() as temporary:
        for kind, draw in PICTURES.items():
            paths = []
            for number in range(UNLIKE):
                paths.append(Path(temporary, f"{number:05}.png"))
                draw(np.random.default_rng(number)).save(paths[-1])
            _, sizes = np.unique(lookalikes.group_photos(*read(paths)), return_counts=True)
            yield kind, float(sizes[sizes > 1].sum() / UNLIKE), int(sizes.max())


def measure_many() -> tuple[float, float, int]:
    """Group 100,000 random sketches, of which 1,000 are copies; return seconds, bytes, found."""
    rng = np.random.default_rng(0)
    sketches = np.zeros(MANY, decoding.SKETCH)
    for part in np.array_split(np.arange(MANY), 100):
        coarse = rng.normal(0, 1, (len(part), 12, 12))
        fine = rng.normal(0, 0.5, (len(part), 48, 48)) + coarse.repeat(4, axis=1).repeat(4, axis=2)
        sketches["grey"][part] = (128 + 40 * fine).clip(0, 255)
    sketches["chroma"] = 128
    noise = rng.normal(0, 4, (PAIRS, 48, 48))
    sketches["grey"][-PAIRS:] = (sketches["grey"][:PAIRS] + noise).clip(0, 255)
    names = [f"{number:06}" for number in range(MANY)]
    before, start = measure_memory(), time.perf_counter()
    groups = lookalikes.group_photos(names, sketches)
    seconds = time.perf_counter() - start
    return seconds, measure_memory() - before, int(np.sum(groups[:PAIRS] == groups[-PAIRS:]))


def measure_memory() -> int:
    """Return the most memory that this process has taken, bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    folders = [Path(name) for name in sys.argv[1:] or [os.environ["REAL_PHOTOS"]]]
    seconds, memory, found = measure_many()
    names = [folder.name for folder in folders]
    print(f"| edit | {' | '.join(f'recognized in {name}' for name in names)} |")
    print(f"| --- |{' --- |' * len(folders)}")
    for rows in zip(*map(measure_edits, folders), strict=True):
        print(f"| {rows[0][0]} | {' | '.join(f'{share:.1%}' for _, share in rows)} |", flush=True)
    print("\n| unlike pictures | merged | largest group |\n| --- | --- | --- |")
    for folder in folders:
        paths = [folder / name for name in finding.find(str(folder)).photos["photo"]]
        _, sizes = np.unique(lookalikes.group_photos(*read(paths)), return_counts=True)
        share = sizes[sizes > 1].sum() / len(paths)
        print(f"| the {len(paths)} photos of {folder.name} | {share:.1%} | {sizes.max()} |")
    for kind, share, largest in measure_unlike():
        print(f"| {UNLIKE} {kind} | {share:.1%} | {largest} |", flush=True)
    print(
        f"\n{MANY:,} random pictures: {seconds:.0f} s, {memory / 1e6:.0f} MB; {found} of {PAIRS:,} "
        "pairs found"
    )


if __name__ == "__main__":
    main()
