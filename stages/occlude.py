"""Find where the networks look in the first mistakes of the page, if `occlusions` asks for it."""

import numpy as np
from tqdm import tqdm

from stages.common import files, parameters
from stages.common.parameters import NETWORKS


def main() -> None:
    params = parameters.read()
    side = params.image_size
    shape = (len(NETWORKS), side, side, 3)
    with files.appending("data/occlusions.npy", np.uint8, shape) as rows:
        if not params.occlusions:
            print("occlusions is 0: the page does not show where the networks look")
            return

        # These take seconds to import, and are seldom needed.
        from stages.networks import loading
        from stages.page import mistakes, occlusion
        from stages.results import predictions

        split = files.read_table("data/split.csv")
        validation = split[split["split"] == "validation"]
        answers = {name: predictions.read(name, validation["photo"]) for name in NETWORKS}
        first = mistakes.choose_mistakes(answers).table.head(params.occlusions)
        pixels = files.read_array("data/pixels.npy")
        classes = answers["custom"].columns[3:].tolist()
        networks = {name: loading.load_trained(name, side, len(classes)) for name in NETWORKS}
        shown = zip(validation.index[first.index], first.to_dict("records"), strict=True)
        for row, mistake in tqdm(shown, total=len(first), disable=None):
            photo = pixels[row]
            overlays = []
            for name, run in networks.items():
                lost = occlusion.measure_losses(run, photo, classes.index(mistake[name]))
                overlays.append(occlusion.draw_overlay(photo, lost))
            rows.append(np.stack(overlays)[None])

    print(f"where {len(NETWORKS)} networks look in {len(first)} photos")


if __name__ == "__main__":
    main()
