"""The experiments on a terminal: a table as wide as it, and a few sentences."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.collecting import Left
from experiments.ranking import Block, describe_changes
from stages.common.files import escape
from stages.common.parameters import NETWORKS

MAX_NAMES = 2  # of one experiment
SIGNS = {True: "~", False: "<"}  # whether it could be as good as the best
LEGEND = (
    "~ could be as good as the best (*); < surely worse (p < 0.05, for the best network of each "
    "experiment, corrected for their number)"
)


def show(blocks: Sequence[Block], left: Sequence[Left], params: dict[str, Any], page: str) -> None:
    """Print all experiments.

    Args:
        blocks: what `ranking.rank` returns.
        left: experiments that cannot be shown.
        params: the parameters of the current commit by name.
        page: path of the page with the same.
    """
    console = Console(highlight=False, emoji=False, markup=False)
    if len(blocks) == 0:
        console.print("No experiment has results yet. `dvc exp run -S epochs=20` runs one.")
    for number, block in enumerate(blocks):
        if number:
            console.print("\nOther validation photos, or labels: not comparable with the above.")
        console.print(_tabulate(block, params))
        if len(block.rows) > 1:
            console.print(LEGEND)
        console.print(describe(block))
    if left:
        console.print("\nNot shown:")
    for names, reason, more in left:
        console.print(escape(f"- {', '.join(names)}: {reason} {more}".rstrip()))
    if blocks:
        console.print(f"Details: {page}")


def describe(block: Block) -> str:
    """Return what the best of a block is worth, and how many looks its photos have had."""
    choice, best = block.choice, block.rows[0]
    digits = 2 if block.photos < 200 else 3
    shown = best.accuracies[best.network]
    photos = "1 photo" if block.photos == 1 else f"{block.photos:,} photos"
    looks = (
        f"Networks of this repository scored on these {photos} so far: {block.looks:,}; each is a "
        "chance to look good by luck."
    )
    if block.networks == 1:
        low, high = choice.accuracy_low, choice.accuracy_high
        return f"One network: {shown:.3f} ({low:.{digits}f} to {high:.{digits}f}). {looks}"
    others = sum(row.may_equal_best for row in block.rows[1:])
    name = escape(best.experiment.names[0])
    equals = f" {_count(others, 'other experiment')} could be as good." if block.rows[1:] else ""
    return (
        f"Best of {block.networks:,} networks: {best.network} of {name}, {shown:.3f}; expect "
        f"{choice.accuracy:.{digits}f} ({choice.accuracy_low:.{digits}f} to "
        f"{choice.accuracy_high:.{digits}f}) on new photos.{equals} {looks}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number or 'No'} {noun}{'' if number == 1 else 's'}"


def _tabulate(block: Block, params: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="", padding=(0, 2, 0, 0))
    table.add_column("experiment", overflow="fold", ratio=2)
    table.add_column("changed", overflow="fold", ratio=3)
    for name in NETWORKS:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("p", justify="right", no_wrap=True)
    for row in block.rows:
        names = [escape(name) for name in row.experiment.names]
        more = f" +{len(names) - MAX_NAMES}" if len(names) > MAX_NAMES else ""
        cells = []
        for name in NETWORKS:
            value = f"{row.accuracies[name]:.3f}" if name in row.accuracies else "-"
            cells.append(Text(value, "bold" if row.is_best and name == row.network else ""))
        table.add_row(
            ", ".join(names[:MAX_NAMES]) + more,
            escape(describe_changes(row.experiment, params)) or "-",
            *cells,
            "*" if row.is_best else SIGNS[row.may_equal_best],
            "" if row.is_best else f"{row.p_value:.2g}",
        )
    return table
