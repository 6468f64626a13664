"""Networks that were never trained: which photos they get right is drawn at random."""

import numpy as np

NETWORKS, ACCURACY = 20, 0.8


def draw(
    random: np.random.Generator, photos: int, correlation: float, better: float = ACCURACY
) -> np.ndarray:
    """Draw which photos the networks get right, `float` `[networks, photos]`.

    The chance that a network gets a photo right follows a beta distribution over the photos, so
    that the answers of two networks have the correlation wanted.

    Args:
        random: generator of random numbers.
        photos: number of photos.
        correlation: between 0 and 1.
        better: accuracy of the first network; the others have 0.8.
    """
    strength = 1 / correlation - 1
    chance = random.beta(ACCURACY * strength, (1 - ACCURACY) * strength, photos)
    chances = np.tile(chance, (NETWORKS, 1))
    chances[0] += (1 - chance) * (better - ACCURACY) / (1 - ACCURACY)
    return (random.random(chances.shape) < chances).astype(float)
