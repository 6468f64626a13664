"""Predict the classes of new photos with all networks: `python -m predict PHOTO_OR_FOLDER...`."""

import argparse
import csv
import io
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.common import files, parameters
from stages.common.parameters import NETWORKS
from stages.photos import finding, reading
from stages.photos.decoding import Levels, Photo, PhotoError
from stages.results import revision

Inference = Callable[[np.ndarray], np.ndarray]
Prediction = tuple[str, dict[str, np.ndarray]]  # path of a photo; each network's probabilities


class Group(NamedTuple):
    """Photos that were asked for together.

    Attributes:
        folder: the folder that they are in, and that no link may lead out of; `None` for
            photos that were named one by one.
        names: their paths, relative to the folder if there is one.
    """

    folder: str | None
    names: list[str]


def find_photos(paths: Iterable[str]) -> list[Group]:
    """Find the photos that the arguments of the command mean.

    Args:
        paths: of photos, and of folders; a folder stands for all photos in it.

    Raises:
        SystemExit: if a folder has no photos, or cannot be opened.
    """
    groups: list[Group] = []
    for is_folder, some in itertools.groupby(paths, os.path.isdir):
        if is_folder:
            groups += [Group(folder, finding.list_photos(folder)) for folder in some]
        else:
            groups.append(Group(None, list(some)))
    if empty := [group.folder for group in groups if not group.names]:
        raise SystemExit(f"predict: {empty[0]!r} has no photos; expected some in every folder.")
    return groups


def read_photos(
    groups: Iterable[Group], image_size: int, levels: Levels | None
) -> Iterator[tuple[str, Photo | PhotoError]]:
    """Read photos as the stage `prepare` does.

    Args:
        groups: the photos.
        image_size: side of the square that each is stretched to, pixels.
        levels: the range of pictures of 16 bits in training, if there were any.

    Yields:
        For each photo, in order, its path, and the photo or what is wrong with it.
    """
    for group in groups:
        results = reading.read(group.folder, group.names, image_size, levels=levels)
        for name, result in zip(group.names, results, strict=True):
            yield str(Path(group.folder or "", name)), result


def predict(
    photos: Iterable[tuple[str, Photo | PhotoError]],
    networks: dict[str, Inference],
    batch_size: int,
) -> Iterator[Prediction | tuple[str, PhotoError]]:
    """Predict the classes of photos, a batch at a time.

    Args:
        photos: the result of `read_photos`.
        networks: the trained networks by name.
        batch_size: number of photos in a batch.

    Yields:
        For each photo its path, and the probabilities `[classes]` of each network by name.
        For a file that cannot be used, its path, and what is wrong with it.
    """
    batch: list[tuple[str, Photo]] = []

    def run_batch() -> Iterator[Prediction]:
        pixels = np.stack([photo.pixels for _, photo in batch]).astype(np.float32)
        probabilities = [run(pixels) for run in networks.values()]
        for (path, _), *rows in zip(batch, *probabilities, strict=True):
            yield path, dict(zip(networks, rows, strict=True))
        batch.clear()

    for path, photo in photos:
        if isinstance(photo, PhotoError):
            yield path, photo
            continue
        for problem, detail in photo.notes:
            tqdm.write(f"{files.escape(path)}: {problem} ({detail})", sys.stderr)
        batch.append((path, photo))
        if len(batch) == batch_size:
            yield from run_batch()
    if batch:
        yield from run_batch()


def report_errors(
    predictions: Iterable[Prediction | tuple[str, PhotoError]], bad: list[str]
) -> Iterator[Prediction]:
    """Print what is wrong with a photo, and append its path to `bad`; yield the others."""
    for path, prediction in predictions:
        if isinstance(prediction, PhotoError):
            line = f"{files.escape(path)}: {prediction.problem} ({prediction.detail})"
            tqdm.write(line, sys.stderr)
            bad.append(path)
        else:
            yield path, prediction


def print_table(predictions: Iterable[Prediction], classes: np.ndarray) -> None:
    """Print a table: for each photo the answer of each network, and its probability."""
    paths, rows, same = [], [], 0
    for path, prediction in predictions:
        best = [row.argmax() for row in prediction.values()]
        paths.append(files.escape(path))
        rows.append(
            [
                f"{files.escape(classes[index])} {row[index]:.2f}"
                for index, row in zip(best, prediction.values(), strict=True)
            ]
        )
        same += len(set(best)) == 1
    if rows:
        table = pd.DataFrame(rows, paths, NETWORKS)
        with pd.option_context("display.unicode.east_asian_width", True):
            print(table.to_string())
        noun = "photo" if len(rows) == 1 else "photos"
        print(f"{len(rows)} {noun}: the networks agree on {same}")


def print_csv(predictions: Iterable[Prediction], classes: np.ndarray) -> None:
    """Print CSV, a row for each photo and network."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["photo", "network", "predicted", "confidence"])
    for path, prediction in predictions:
        for name, row in prediction.items():
            writer.writerow([path, name, classes[row.argmax()], f"{row.max():.6f}"])


def print_json_lines(predictions: Iterable[Prediction], classes: np.ndarray) -> None:
    """Print JSON, a line for each photo, with the probability of each class."""
    for path, prediction in predictions:
        line: dict[str, object] = {"photo": path}
        for name, row in prediction.items():
            rounded = [round(value, 6) for value in row.tolist()]
            line[name] = {
                "predicted": classes[row.argmax()],
                "confidence": max(rounded),
                "probabilities": dict(zip(classes, rounded, strict=True)),
            }
        print(json.dumps(line))


FORMATS = {"table": print_table, "csv": print_csv, "jsonl": print_json_lines}


def main() -> None:
    parser = argparse.ArgumentParser("python -m predict", description=__doc__)
    parser.add_argument("photos", nargs="+", metavar="PHOTO_OR_FOLDER")
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: %(default)s")
    args = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name need not be UTF-8
    params = parameters.read()
    classes = np.unique(files.read_table("data/split.csv")["label"])
    commits = revision.describe_networks()
    groups = find_photos(args.photos)
    photos = read_photos(groups, params.image_size, reading.read_levels())
    # Reading starts before TensorFlow does: forking beside its threads is not safe.
    first = next(photos)
    from stages.networks import loading
    from stages.networks.backend import INFERENCE_BATCH

    networks = {
        name: loading.load_trained(name, params.image_size, len(classes)) for name in NETWORKS
    }
    print(f"networks from commit: {commits}", file=sys.stderr)
    total = sum(len(group.names) for group in groups)
    # Lines that appear one by one in a terminal show the progress themselves.
    lines = args.format != "table" and sys.stdout.isatty()
    predictions = predict(itertools.chain([first], photos), networks, INFERENCE_BATCH)
    bar = tqdm(predictions, "photos", total, disable=lines or None)
    bad: list[str] = []
    FORMATS[args.format](report_errors(bar, bad), classes)
    if bad:
        sys.exit(f"predict: {len(bad)} of {total} photos cannot be used; they are listed above.")


if __name__ == "__main__":
    main()
