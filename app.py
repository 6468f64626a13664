"""Try both networks on a page, with a photo or the camera: `python -m app`."""

import argparse
import html
import multiprocessing
import os
import sys
import tempfile

import numpy as np

from stages.common import files, parameters, revision
from stages.common.parameters import NETWORKS
from stages.networks import occlusion
from stages.photos import decoding, reading

NEGLIGIBLE = 0.01  # a loss of probability below it is not worth a glow
QUESTION = """\
# Custom or transfer?
Drop a photo here, or take one: both networks say what it is, and where they looked."""


def answer(run, pixels, classes):
    """Say what a network sees on a photo, and where.

    Args:
        run: what `networks.trained` returns.
        pixels: `uint8` array `[image_size, image_size, 3]`.
        classes: their names.

    Returns:
        `(probabilities, picture, sentence)`: a mapping of each class to its probability, the
        photo as a `uint8` array with a glow where the network looked, and that in HTML.
    """
    probabilities = run(pixels[None].astype(np.float32))[0]
    best = int(probabilities.argmax())
    lost = occlusion.losses(run, pixels, best)
    shown = f"{classes[best]} has a probability of {probabilities[best]:.2f}"
    if lost.max() < NEGLIGIBLE:
        sentence = f"{shown}, whatever part of the photo is covered."
        lost = np.zeros_like(lost)
    else:
        sentence = f"{shown}; it loses up to {lost.max():.2f} if what glows most is covered."
    table = dict(zip(classes.tolist(), probabilities.tolist(), strict=True))
    return table, occlusion.overlay(pixels, lost), html.escape(sentence)


def build(gradio, runs, classes, image_size, made):
    """Lay out the page.

    Args:
        gradio: the module.
        runs: for each network what `networks.trained` returns.
        classes: their names.
        image_size: side of the square that photos are stretched to, pixels.
        made: says which revision made the networks.

    Returns:
        The `gradio.Blocks`.
    """

    def ask(path):
        if path is None:
            return [None] * 3 * len(runs)
        # To fork beside the threads of TensorFlow is not safe.
        spawn = multiprocessing.get_context("spawn")
        (photo,) = reading.read(None, [path], image_size, spawn)
        if isinstance(photo, decoding.PhotoError):
            raise gradio.Error(f"{photo.problem} ({photo.detail})", print_exception=False)
        return [part for run in runs.values() for part in answer(run, photo.pixels, classes)]

    with gradio.Blocks(title="Custom or transfer?", analytics_enabled=False) as page:
        gradio.Markdown(QUESTION)
        outputs = []
        with gradio.Row():
            shown = gradio.Image(label="photo", sources=["upload", "webcam"], elem_id="photo")
            # The file as it is: photos are read here as everywhere else.
            shown.preprocess = lambda upload: upload and upload.path
            for name in runs:
                with gradio.Column(elem_id=name):
                    outputs += [
                        gradio.Label(label=name, num_top_classes=5),
                        gradio.Image(
                            label=f"where {name} looked", interactive=False,
                            buttons=["fullscreen", "download"],
                        ),
                        gradio.HTML(),
                    ]  # fmt: skip
        gradio.Markdown(f"Networks of revision: {made}")
        shown.change(ask, shown, outputs, api_visibility="private")
    return page


def main():
    parser = argparse.ArgumentParser("python -m app", description=__doc__)
    parser.add_argument(
        "--host", default="127.0.0.1",
        help="0.0.0.0 lets other machines use the page; default: %(default)s, this one alone",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=7860, help="default: %(default)s")
    parser.add_argument("--no-browser", action="store_true", help="do not open one")
    options = parser.parse_args()
    params = parameters.read()
    classes = np.unique(files.read_table("data/split.csv")["label"])
    from stages import networks  # which the processes that read photos need not load

    runs = {name: networks.trained(name, params.image_size, len(classes)) for name in NETWORKS}
    made = revision.of_networks()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder  # where photos are, until this ends
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        try:
            import gradio
        except ImportError:
            sys.exit(
                "app: Gradio is not installed; expected the packages of requirements-demo.txt. "
                "Install them: `pip install --no-deps -r requirements-demo.txt`."
            )
        page = build(gradio, runs, classes, params.image_size, made)
        # The fonts of other themes come from the internet.
        theme = gradio.themes.Base(font="system-ui", font_mono="monospace")
        try:
            page.launch(
                server_name=options.host, server_port=options.port, theme=theme, quiet=True,
                prevent_thread_lock=True, inbrowser=not options.no_browser, share=False,
                ssr_mode=False, max_file_size=decoding.BYTES, footer_links=[],
            )  # fmt: skip
        except OSError as error:
            sys.exit(
                f"app: {options.host}:{options.port} cannot be listened on ({error}); expected a "
                "port that is free. Choose one with --port."
            )
        print(f"http://{options.host}:{options.port} shows the page; Ctrl-C ends it", flush=True)
        page.block_thread()


if __name__ == "__main__":
    main()
