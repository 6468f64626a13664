"""Experiments in the order of their best network, and what choosing the best of them is worth."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments import choosing
from experiments.collecting import WORKSPACE, Collection, Experiment
from stages.common.parameters import NETWORKS


class Row(NamedTuple):
    """An experiment among others that are scored on the same photos.

    Attributes:
        experiment: the `Experiment`.
        accuracies: of its networks, 0 to 1.
        network: its best one, of those to choose among.
        p_value: of that network being as good as the best of all.
        is_best: whether it is the best of all.
    """

    experiment: Experiment
    accuracies: dict[str, float]
    network: str
    p_value: float
    is_best: bool

    @property
    def may_equal_best(self) -> bool:
        """Return whether it is not surely worse than the best."""
        return self.p_value >= choosing.LEVEL


class Block(NamedTuple):
    """Experiments that are scored on the same photos, the best first.

    Attributes:
        rows: of the experiments.
        networks: number of different networks in them, to choose among.
        looks: number of those that were ever scored on these photos.
        photos: number of different photos.
        choice: the best network, and what it is worth.
    """

    rows: list[Row]
    networks: int
    looks: int
    photos: int
    choice: choosing.Choice


def rank(collection: Collection, networks: Sequence[str] = NETWORKS) -> list[Block]:
    """Rank experiments within blocks that share their validation photos.

    The block of the workspace is the first, or else that of the most experiments.

    Args:
        collection: of experiments; those without any of the networks are left out.
        networks: names of those to choose among.
    """
    blocks: dict[str, list[Experiment]] = {}
    for experiment in collection.experiments:
        if not experiment.right.keys().isdisjoint(networks):
            blocks.setdefault(experiment.photos.key, []).append(experiment)
    ordered = sorted(blocks.values(), key=lambda block: (not _has_workspace(block), -len(block)))
    return [_rank_block(block, networks, collection.looks) for block in ordered]


def describe_changes(experiment: Experiment, params: dict[str, Any]) -> str:
    """Return the parameters that differ from the current commit's, such as `epochs=20`."""
    keys = [
        key
        for key in {**params, **experiment.params}
        if experiment.params.get(key) != params.get(key)
    ]
    return " ".join(f"{key}={format_value(experiment.params.get(key))}" for key in keys)


def format_value(value: Any) -> str:
    """Return a value of a parameter as `dvc exp run -S` takes it, without spaces."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(format_value, value))}]"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _has_workspace(experiments: Sequence[Experiment]) -> bool:
    return any(WORKSPACE in experiment.names for experiment in experiments)


def _rank_block(
    experiments: Sequence[Experiment], names: Sequence[str], looks: dict[str, int]
) -> Block:
    # Experiments can share a network, such as the probe, and choosing it twice is one choice.
    networks: dict[object, np.ndarray] = {}
    for experiment in experiments:
        for name in _list_candidates(experiment, names):
            networks.setdefault(experiment.identify(name), experiment.right[name])
    choice = choosing.choose(np.array(list(networks.values())))
    p_values = dict(zip(networks, choice.p_values.tolist(), strict=True))
    best = list(networks)[choice.best]

    rows = []
    for experiment in experiments:
        accuracies = {name: float(right.mean()) for name, right in experiment.right.items()}
        candidates = _list_candidates(experiment, names)
        name = max(candidates, key=lambda each: accuracies[each])
        p_value = p_values[experiment.identify(name)]
        is_best = best in {experiment.identify(each) for each in candidates}
        rows.append(Row(experiment, accuracies, name, p_value, is_best))
    rows.sort(
        key=lambda row: (
            -row.accuracies[row.network],
            not row.is_best,
            not _has_workspace([row.experiment]),
            row.experiment.names,
        )
    )
    photos = experiments[0].photos
    return Block(rows, len(networks), looks[photos.key], photos.distinct, choice)


def _list_candidates(experiment: Experiment, names: Sequence[str]) -> list[str]:
    return [name for name in experiment.right if name in names]
