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

from stages.common import files, parameters
from stages.common.parameters import NETWORKS
from stages.page import occlusion
from stages.photos import decoding, reading
from stages.results import revision

MIN_LOSS = 0.01  # a loss of probability below it is not shown
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
            network looked.
        sentence: both in words, as HTML.
    """

    probabilities: dict[str, float]
    picture: np.ndarray
    sentence: str


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
    sentence = f"{classes[best]} has a probability of {probabilities[best]:.2f}. "
    if lost.max() < MIN_LOSS:
        sentence += "Covering parts of the photo does not lower it."
        lost = np.zeros_like(lost)
    else:
        sentence += f"Covering the parts that glow most lowers it by up to {lost.max():.2f}."
    by_class = dict(zip(classes.tolist(), probabilities.tolist(), strict=True))
    return Answer(by_class, occlusion.draw_overlay(pixels, lost), html.escape(sentence))


def build_page(
    gradio: ModuleType,
    networks: dict[str, Inference],
    classes: np.ndarray,
    image_size: int,
    commits: str,
    levels: decoding.Levels | None,
) -> Any:
    """Build the page.

    Args:
        gradio: the module.
        networks: the trained networks by name.
        classes: `str` `[classes]`, their names.
        image_size: side of the square that photos are stretched to, pixels.
        commits: of the networks, in words.
        levels: the range of pictures of 16 bits in training, if there were any.

    Returns:
        The `gradio.Blocks`.
    """

    def answer(upload: dict[str, Any] | None) -> Sequence[Any]:
        if upload is None:
            return [None] * 3 * len(networks)
        # Forking beside the threads of TensorFlow is not safe.
        spawn = multiprocessing.get_context("spawn")
        (photo,) = reading.read(None, [upload["path"]], image_size, spawn, levels)
        if isinstance(photo, decoding.PhotoError):
            raise gradio.Error(f"{photo.problem} ({photo.detail})", print_exception=False)
        for problem, detail in photo.notes:
            gradio.Warning(f"{problem} ({detail})")
        return [part for run in networks.values() for part in classify(run, photo.pixels, classes)]

    with gradio.Blocks(title=TITLE, analytics_enabled=False) as page:
        gradio.Markdown(INTRODUCTION)
        outputs = []
        with gradio.Row():
            photo = gradio.Image(label="photo", sources=["upload", "webcam"], elem_id="photo")
            for name in networks:
                with gradio.Column(elem_id=name):
                    outputs += [
                        gradio.Label(label=name, num_top_classes=5),
                        gradio.Image(
                            label=f"where {name} looked",
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
    params = parameters.read()
    classes = np.unique(files.read_table("data/split.csv")["label"])
    levels = reading.read_levels()
    from stages.networks import loading  # the processes that read photos do not need it

    networks = {
        name: loading.load_trained(name, params.image_size, len(classes)) for name in NETWORKS
    }
    commits = revision.describe_networks()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder  # holds the photos until this ends
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        try:
            import gradio
        except ImportError:
            sys.exit(
                "app: Gradio is not installed; expected the packages of requirements-app.txt. "
                "Install them: `pip install -r requirements-app.txt`."
            )
        page = build_page(gradio, networks, classes, params.image_size, commits, levels)
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
