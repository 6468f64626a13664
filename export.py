"""Export a network for other programs, and check it on the validation photos: `python -m export`.

It goes into exports/, which Git ignores, beside its classes and what it expects of photos.
"""

import argparse
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from stages.common import files, packages, parameters
from stages.common.parameters import NETWORKS

FOLDER = "exports"
MAX_DIFFERENCE = 1e-3  # between a probability of the export and that of Keras

NOTE = """\
Input: RGB pixels from 0 to 255, float32 [n, {side}, {side}, 3]. Photos are turned upright as EXIF
says, and stretched to a square of {side} x {side} pixels (in Pillow: BILINEAR).
Output: probabilities, float32 [n, {classes}], of the classes in the order of classes.txt.
"""

Inference = Callable[[np.ndarray], np.ndarray]


def load_onnx(path: Path) -> Inference:
    """Load a file for ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    name = session.get_inputs()[0].name
    return lambda batch: session.run(None, {name: batch})[0]


def load_litert(path: Path) -> Inference:
    """Load a file for LiteRT, the runtime of phones."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(batch: np.ndarray) -> np.ndarray:
        interpreter.resize_tensor_input(taken["index"], batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], batch)
        interpreter.invoke()
        return interpreter.get_tensor(given["index"])

    return run


def load_saved_model(path: Path) -> Inference:
    """Load a folder for TensorFlow Serving."""
    from stages.networks.backend import tf

    loaded = tf.saved_model.load(path)
    return lambda batch: loaded.serve(batch).numpy()


class Format(NamedTuple):
    """A format of networks, named as `keras.Model.export` names it.

    Attributes:
        load: loads a network from a path.
        ending: of its file; none if it is a folder.
        packages: that writing and loading it need.
    """

    load: Callable[[Path], Inference]
    ending: str
    packages: tuple[str, ...]


FORMATS = {
    "onnx": Format(load_onnx, ".onnx", ("tf2onnx", "onnxruntime")),
    "litert": Format(load_litert, ".tflite", ("ai_edge_litert",)),
    "tf_saved_model": Format(load_saved_model, "", ()),
}


def measure_difference(
    one: Inference, other: Inference, pixels: np.ndarray | files.Array, rows: np.ndarray
) -> float:
    """Return the largest difference between the probabilities of two networks.

    Args:
        one, other: from `float32` pixels `[n, side, side, 3]` to probabilities `[n, classes]`.
        pixels: `uint8` `[any, side, side, 3]`.
        rows: `int` `[any]`, of the photos to compare on, at least one.
    """
    largest = 0.0
    for some in tqdm(np.array_split(rows, -(-len(rows) // 16)), desc="photos", disable=None):
        batch = pixels[some].astype(np.float32)
        largest = max(largest, float(np.abs(one(batch) - other(batch)).max()))
    return largest


def export(name: str, form: str, side: int, classes: int, rows: np.ndarray) -> str:
    """Export one network, and check it.

    Args:
        name: of the network.
        form: a name of `FORMATS`.
        side: of the square input, pixels.
        classes: number of classes.
        rows: of the photos to check it on.

    Returns:
        What was found, a sentence.

    Raises:
        SystemExit: if the export gives other answers than Keras.
    """
    from stages.networks import loading

    run = loading.load_trained(name, side, classes)
    network = loading.load(f"data/models/{name}.keras")
    network(np.zeros((1, side, side, 3), np.float32))  # the export to ONNX needs a first call
    path = Path(FOLDER, name + FORMATS[form].ending)
    with files.replacing(path) as temporary:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of Keras, about NumPy
            network.export(temporary, format=form, verbose=False)
        difference = measure_difference(
            run, FORMATS[form].load(temporary), files.read_array("data/pixels.npy"), rows
        )
        if not difference <= MAX_DIFFERENCE:
            raise SystemExit(
                f"export: {path} would give other answers than Keras (probabilities differ by up "
                f"to {difference:.2g} on {len(rows)} photos; expected at most {MAX_DIFFERENCE}). "
                "Nothing was written; try another --format."
            )
    return f"{path}: the answers of Keras on {len(rows)} photos, within {difference:.1e}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m export", description=__doc__)
    parser.add_argument(
        "networks", nargs="*", metavar="NETWORK",
        help=f"{', '.join(NETWORKS)}; default: `model` of params.yaml",
    )  # fmt: skip
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="default: %(default)s")
    args = parser.parse_args(arguments)
    if unknown := set(args.networks) - set(NETWORKS):
        parser.error(f"{', '.join(sorted(unknown))}: expected some of {', '.join(NETWORKS)}")
    packages.require("export", *FORMATS[args.format].packages)
    params = parameters.read()
    table = files.read_table("data/split.csv")
    classes = np.unique(table["label"])
    rows = np.flatnonzero(table["split"] == "validation")
    side = params.image_size
    for name in args.networks or [params.model]:
        print(export(name, args.format, side, len(classes), rows))
    with files.replacing(f"{FOLDER}/classes.txt") as temporary:
        lines = "".join(f"{files.escape(name)}\n" for name in classes)
        temporary.write_text(lines, encoding="utf-8")
    with files.replacing(f"{FOLDER}/note.txt") as temporary:
        temporary.write_text(NOTE.format(side=side, classes=len(classes)), encoding="utf-8")
    print(f"{FOLDER}/classes.txt lists the classes, {FOLDER}/note.txt says what the input is")


if __name__ == "__main__":
    main()
