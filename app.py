"""Try all networks in a browser, with a photo or the camera: `python -m app`."""

import argparse
import html
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from stages.common import files, packages, parameters
from stages.common.parameters import NETWORKS
from stages.page import occlusion
from stages.photos import decoding, reading
from stages.results import revision

MIN_LOSS = 0.01  # a loss of probability below it is not shown
MIN_SURE = 0.5  # a network is unsure if the probability of its answer is below
MAX_NEIGHBOURS = 2000  # training photos, and validation photos, that a photo is compared with
FAR = 0.99  # share of the validation photos that are nearer to a training photo
MIN_WIDTH = 220  # of a column of the page, pixels
TITLE = "Custom or transfer?"
INTRODUCTION = f"""\
# {TITLE}
Upload a photo, or take one. All three networks classify it, and show where they looked."""

Inference = Callable[[np.ndarray], np.ndarray]


class Answer(NamedTuple):
    """The answer of a network for a photo.

    Attributes:
        probabilities: of each class, by its name.
        picture: `uint8` `[image_size, image_size, 3]`, the photo with a glow where the
            network looked; `None` if covering parts of it changes nothing.
        sentence: both in words, as HTML.
    """

    probabilities: dict[str, float]
    picture: np.ndarray | None
    sentence: str


class Neighbours:
    """The training photos, to tell whether another photo resembles any of them.

    The distance of two photos is the cosine distance of the base's features, averaged over the
    photo. A photo is far from all if 99% of the validation photos are nearer to one.
    """

    def __init__(self, features: np.ndarray, train: np.ndarray, validation: np.ndarray):
        """Measure how far the validation photos are from the training photos.

        Args:
            features: `float32` `[n, channels]` of all photos.
            train, validation: `int` `[any]`, their rows.
        """
        self._known = _normalize(features[_thin(train)])
        nearest = self._measure(features[_thin(validation)])
        self._limit = float(np.quantile(nearest, FAR))

    def is_far(self, features: np.ndarray) -> bool:
        """Return whether a photo with these features `[channels]` resembles no training photo."""
        return bool(self._measure(features[None])[0] > self._limit)

    def _measure(self, features: np.ndarray) -> np.ndarray:
        return 1 - (_normalize(features) @ self._known.T).max(axis=1)


def _thin(rows: np.ndarray) -> np.ndarray:
    """Return at most `MAX_NEIGHBOURS` rows, evenly spread."""
    return rows[:: -(-len(rows) // MAX_NEIGHBOURS)]


def _normalize(features: np.ndarray) -> np.ndarray:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def classify(run: Inference, pixels: np.ndarray, classes: np.ndarray) -> Answer:
    """Classify a photo, and find where the network looks.

    Args:
        run: the trained network, as `loading.load_trained` returns it.
        pixels: `uint8` `[image_size, image_size, 3]`.
        classes: `str` `[classes]`, their names.
    """
    probabilities = run(pixels[None].astype(np.float32))[0]
    best = int(probabilities.argmax())
    lost = occlusion.measure_losses(run, pixels, best)
    sentence = f"{classes[best]}: {probabilities[best]:.0%}. "
    picture = None
    if lost.max() < MIN_LOSS:
        sentence += "Whatever part of the photo is covered, it stays as sure."
    else:
        picture = occlusion.draw_overlay(pixels, lost)
        rest = max(probabilities[best] - lost.max(), 0)
        sentence += f"With the part covered that glows most, {rest:.0%} remain."
    by_class = dict(zip(classes.tolist(), probabilities.tolist(), strict=True))
    return Answer(by_class, picture, html.escape(sentence))


def describe_doubts(answers: Sequence[Answer], far: bool, classes: np.ndarray) -> str:
    """Return why the answers may mean nothing, as HTML; an empty text if nothing speaks for it.

    Args:
        answers: of all networks.
        far: whether the photo resembles none of the training photos.
        classes: `str` `[classes]`, their names.
    """
    highest = max(max(answer.probabilities.values()) for answer in answers)
    reasons = []
    if far:
        reasons.append("This photo resembles none of the training photos.")
    if highest < MIN_SURE:
        reasons.append(f"No network is sure: the highest probability is {highest:.0%}.")
    if not reasons:
        return ""
    names = [*classes[:10], *(["others"] if len(classes) > 10 else [])]
    reasons.append(f"These networks know only {', '.join(names[:-1])} and {names[-1]}.")
    return html.escape(" ".join(reasons))


def build_page(
    gradio: ModuleType,
    networks: dict[str, Inference],
    classes: np.ndarray,
    image_size: int,
    commits: str,
    levels: decoding.Levels | None,
    is_far: Callable[[np.ndarray], bool],
) -> Any:
    """Build the page.

    Args:
        gradio: the module.
        networks: the trained networks by name.
        classes: `str` `[classes]`, their names.
        image_size: side of the square that photos are stretched to, pixels.
        commits: of the networks, in words.
        levels: the range of pictures of 16 bits in training, if there were any.
        is_far: tells whether a photo, `uint8` `[image_size, image_size, 3]`, resembles none of
            the training photos.

    Returns:
        The `gradio.Blocks`.
    """

    def show(answer: Answer) -> list[Any]:
        picture = gradio.update(value=answer.picture, visible=answer.picture is not None)
        return [answer.probabilities, picture, answer.sentence]

    def answer(upload: dict[str, Any] | None) -> Sequence[Any]:
        if upload is None:
            return ["", *[None] * 3 * len(networks)]
        # Forking beside the threads of TensorFlow is not safe.
        spawn = multiprocessing.get_context("spawn")
        (photo,) = reading.read(None, [upload["path"]], image_size, spawn, levels)
        if isinstance(photo, decoding.PhotoError):
            raise gradio.Error(f"{photo.problem} ({photo.detail})", print_exception=False)
        for problem, detail in photo.notes:
            gradio.Warning(f"{problem} ({detail})")
        answers = [classify(run, photo.pixels, classes) for run in networks.values()]
        doubts = describe_doubts(answers, is_far(photo.pixels), classes)
        return [doubts, *[part for each in answers for part in show(each)]]

    with gradio.Blocks(title=TITLE, analytics_enabled=False) as page:
        gradio.Markdown(INTRODUCTION)
        with gradio.Row():
            with gradio.Column(min_width=MIN_WIDTH):
                gradio.Markdown("### photo")
                photo = gradio.Image(
                    show_label=False, sources=["upload", "webcam"], elem_id="photo"
                )
                outputs = [gradio.HTML(elem_id="doubts")]
            for name in networks:
                with gradio.Column(elem_id=name, min_width=MIN_WIDTH):
                    gradio.Markdown(f"### {name}")
                    outputs += [
                        gradio.Label(show_label=False, num_top_classes=5),
                        gradio.Image(
                            show_label=False,
                            interactive=False,
                            buttons=["fullscreen", "download"],
                        ),
                        gradio.HTML(),
                    ]
        gradio.Markdown(f"Networks from commit: {commits}")
        # Without Gradio's preprocessing, the file is read as the photos of training were.
        photo.change(answer, photo, outputs, preprocess=False, api_visibility="private")
    return page


def main() -> None:
    parser = argparse.ArgumentParser("python -m app", description=__doc__)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 lets other machines in; default: %(default)s",
    )
    parser.add_argument("--port", type=int, default=7860, help="default: %(default)s")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    args = parser.parse_args()
    packages.require("app", "gradio")
    params = parameters.read()
    table = files.read_table("data/split.csv")
    classes = np.unique(table["label"])
    levels = reading.read_levels()
    from stages.networks import linear, loading  # the processes that read photos do not need them
    from stages.networks.backend import compile_inference

    networks = {
        name: loading.load_trained(name, params.image_size, len(classes)) for name in NETWORKS
    }
    neighbours = Neighbours(
        linear.pool(files.read_array(parameters.FEATURES), len(table)),
        *(np.flatnonzero(table["split"] == side) for side in ("train", "validation")),
    )
    base = compile_inference(loading.load_base())

    def is_far(pixels: np.ndarray) -> bool:
        return neighbours.is_far(base(pixels[None].astype(np.float32)).mean(axis=(1, 2))[0])

    commits = revision.describe_networks()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder  # holds the photos until this ends
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        import gradio

        page = build_page(gradio, networks, classes, params.image_size, commits, levels, is_far)
        # The fonts of Gradio's other themes come from the internet.
        theme = gradio.themes.Base(font="system-ui", font_mono="monospace")
        try:
            page.launch(
                server_name=args.host,
                server_port=args.port,
                theme=theme,
                quiet=True,
                prevent_thread_lock=True,
                inbrowser=not args.no_browser,
                share=False,
                ssr_mode=False,
                max_file_size=decoding.MAX_BYTES,
                footer_links=[],
            )
        except OSError as error:
            sys.exit(
                f"app: cannot listen on {args.host}:{args.port} ({error}); expected a free port. "
                "Choose one with --port."
            )
        print(f"http://{args.host}:{args.port} shows the page; press Ctrl-C to stop", flush=True)
        page.block_thread()


if __name__ == "__main__":
    main()
