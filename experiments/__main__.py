"""Rank experiments, and say what the best is worth: `python -m experiments`."""

import argparse
import io
import sys

from experiments import collecting, page, ranking, table
from experiments.queue import list_queue
from stages.common.parameters import NETWORKS


def main() -> None:
    parser = argparse.ArgumentParser("python -m experiments", description=__doc__)
    parser.add_argument("-A", "--all-commits", action="store_true", help="of all commits")
    parser.add_argument("--rev", action="append", metavar="COMMIT", help="default: HEAD")
    parser.add_argument("-n", "--num", type=int, default=1, help="of commits, backwards from --rev")
    parser.add_argument(
        "--network", choices=NETWORKS, action="append", help="to choose among; default: all"
    )
    args = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    found = collecting.collect(args.rev or ["HEAD"], args.num, args.all_commits)
    blocks = ranking.rank(found, args.network or NETWORKS)
    left = [*found.left, *list_queue()]
    if blocks:
        page.write(blocks, left, found.params)
    table.show(blocks, left, found.params, page.PAGE)


if __name__ == "__main__":
    main()
