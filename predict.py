"""Say what both networks see on new photos: `python -m predict PHOTO_OR_FOLDER...`."""

import argparse
import csv
import itertools
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.common import files, parameters, revision
from stages.common.parameters import NETWORKS
from stages.photos import decoding, finding, reading


def find(arguments):
    """List the photos that are meant.

    Args:
        arguments: paths of photos and of folders, of which all photos are meant.

    Returns:
        A list of `(folder, names)`: names of photos relative to a folder that no link may
        lead out of, or paths and `None`.

    Raises:
        SystemExit: if a folder has no photos, or cannot be opened.
    """
    found = []
    for is_folder, group in itertools.groupby(arguments, os.path.isdir):
        if is_folder:
            found += [(folder, finding.below(folder)) for folder in group]
        else:
            found.append((None, list(group)))
    if empty := [folder for folder, names in found if not names]:
        raise SystemExit(f"predict: {empty[0]!r} has no photo; expected some in every folder.")
    return found


def read(found, image_size):
    """Read photos as `prepare` does.

    Args:
        found: what the function of that name returns.
        image_size: side of the square that each is stretched to, pixels.

    Yields:
        For each photo, in order, its path and a `Photo` or a `PhotoError`.
    """
    for folder, names in found:
        results = reading.read(folder, names, image_size)
        for name, result in zip(names, results, strict=True):
            yield str(Path(folder or "", name)), result


def predict(results, networks, batch_size):
    """Ask the networks about photos, a batch at a time.

    Args:
        results: what `read` yields.
        networks: for each name what `loading.load_trained` returns.
        batch_size: photos that are asked about together.

    Yields:
        For each photo that can be used its path, and the probabilities `[classes]` of each
        network by its name; for each other one its path, and the `PhotoError`.
    """
    batch = []

    def ask():
        pixels = np.stack([photo.pixels for _, photo in batch]).astype(np.float32)
        answers = [run(pixels) for run in networks.values()]
        for (path, _), *rows in zip(batch, *answers, strict=True):
            yield path, dict(zip(networks, rows, strict=True))
        batch.clear()

    for path, result in results:
        if isinstance(result, decoding.PhotoError):
            yield path, result
            continue
        batch.append((path, result))
        if len(batch) == batch_size:
            yield from ask()
    if batch:
        yield from ask()


def usable(answers, bad):
    """Pass on the answers; print why there is none for a photo, and put its path on a list."""
    for path, answer in answers:
        if isinstance(answer, decoding.PhotoError):
            tqdm.write(f"{files.escape(path)}: {answer.problem} ({answer.detail})", sys.stderr)
            bad.append(path)
        else:
            yield path, answer


def show(answers, classes):
    """Print a table of what each network sees, and how probable that is to it."""
    paths, rows, alike = [], [], 0
    for path, answer in answers:
        best = [row.argmax() for row in answer.values()]
        paths.append(files.escape(path))
        rows.append(
            [
                f"{files.escape(classes[index])} {row[index]:.2f}"
                for index, row in zip(best, answer.values(), strict=True)
            ]
        )
        alike += len(set(best)) == 1
    if rows:
        table = pd.DataFrame(rows, paths, NETWORKS)
        with pd.option_context("display.unicode.east_asian_width", True):
            print(table.to_string())
        print(f"{len(rows)} photos: the networks agree on {alike}")


def write_csv(answers, classes):
    """Print CSV, a row for each photo and network."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["photo", "network", "predicted", "confidence"])
    for path, answer in answers:
        for name, row in answer.items():
            writer.writerow([path, name, classes[row.argmax()], f"{row.max():.6f}"])


def write_json_lines(answers, classes):
    """Print JSON, a line for each photo, with the probability of each class."""
    for path, answer in answers:
        line = {"photo": path}
        for name, row in answer.items():
            rounded = [round(value, 6) for value in row.tolist()]
            line[name] = {
                "predicted": classes[row.argmax()],
                "confidence": max(rounded),
                "probabilities": dict(zip(classes, rounded, strict=True)),
            }
        print(json.dumps(line))


FORMATS = {"table": show, "csv": write_csv, "jsonl": write_json_lines}


def main():
    parser = argparse.ArgumentParser("python -m predict", description=__doc__)
    parser.add_argument("photos", nargs="+", metavar="PHOTO_OR_FOLDER")
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: %(default)s")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")  # a name may be none in UTF-8
    params = parameters.read()
    classes = np.unique(files.read_table("data/split.csv")["label"])
    made = revision.of_networks()
    found = find(options.photos)
    results = read(found, params.image_size)
    # Reading begins before TensorFlow does: to start processes beside its threads is not safe.
    first = next(results)
    from stages.networks import loading
    from stages.networks.backend import INFERENCE_BATCH

    both = {name: loading.load_trained(name, params.image_size, len(classes)) for name in NETWORKS}
    print(f"networks of revision: {made}", file=sys.stderr)
    total = sum(len(names) for _, names in found)
    lines = options.format != "table" and sys.stdout.isatty()  # which show the progress themselves
    answers = predict(itertools.chain([first], results), both, INFERENCE_BATCH)
    bar = tqdm(answers, "photos", total, disable=lines or None)
    bad = []
    FORMATS[options.format](usable(bar, bad), classes)
    if bad:
        sys.exit(f"predict: {len(bad)} of {total} photos cannot be used; they are named above.")


if __name__ == "__main__":
    main()
