"""Simulate choosing the best of many networks, to check what `experiments` says about it.

`python -m bench.choosing [REPEATS]`; 1,000 by default. Nothing is trained. Of 20 networks, all have
an accuracy of 0.80, or one has more; they find the same photos difficult.
"""

import sys
from collections.abc import Iterator

import numpy as np
from tqdm import tqdm

from experiments import choosing
from tests.helpers.simulated import ACCURACY, draw

PHOTOS, CORRELATIONS = (30, 60, 300), (0.3, 0.7)  # of whether two networks get a photo right
BETTER = (0.85, 0.9)  # accuracy of one of the networks


def simulate(photos: int, correlation: float, repeats: int) -> Iterator[str]:
    """Choose among equal networks, and with one that is better; yield the cells of a row."""
    random = np.random.default_rng((photos, round(10 * correlation)))
    shown, expected, covered, marked = [], [], [], []
    for _ in tqdm(range(repeats), f"{photos} photos", disable=None):
        right = draw(random, photos, correlation)
        choice = choosing.choose(right)
        shown.append(right[choice.best].mean())
        expected.append(choice.accuracy)
        covered.append(choice.accuracy_low <= ACCURACY <= choice.accuracy_high)
        marked.append((choice.p_values < choosing.LEVEL).any())
    yield f"{np.mean(shown):.3f}"
    yield f"{np.mean(expected):.3f}"
    yield f"{np.mean(covered):.3f}"
    yield f"{np.mean(marked):.3f}"
    for better in BETTER:
        found, others = [], []
        for _ in range(repeats):
            choice = choosing.choose(draw(random, photos, correlation, better))
            found.append(choice.best == 0)
            others.append((choice.p_values[1:] < choosing.LEVEL).mean() if found[-1] else 0)
        yield f"{np.mean(found):.2f}, {np.mean(others):.2f}"


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    titles = ["photos, correlation", "best shows", "expected", "interval covers", "one marked"]
    titles += [f"one has {better:.2f}: is the best, others marked" for better in BETTER]
    print(f"| {' | '.join(titles)} |")
    print("| --- " * len(titles) + "|")
    for photos in PHOTOS:
        for correlation in CORRELATIONS:
            cells = simulate(photos, correlation, repeats)
            print(f"| {photos}, {correlation} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
