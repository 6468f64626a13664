"""Print what has changed since a commit, as Markdown: `python .github/summary.py COMMIT`."""

import subprocess
import sys

import pandas as pd

NETWORKS = ("custom", "transfer")
MAX_CLASSES = 20  # of a matrix; of more, the most frequent confusions are listed
MAX_CONFUSIONS = 20


def diff_metrics(commit: str) -> str:
    """Return the table of metrics that differ from those of a commit."""
    paths = [f"metrics/{name}.json" for name in (*NETWORKS, "probe", "comparison")]
    command = ["dvc", "metrics", "diff", "--md", commit, "--targets", *paths]
    table = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    return table if len(table.splitlines()) > 2 else "No metric has changed."


def format_confusions(matrix: pd.DataFrame) -> str:
    """Return a confusion matrix; of many classes, a list of the most frequent confusions."""
    if len(matrix) <= MAX_CLASSES:
        return matrix.rename_axis("actual \\ predicted").to_markdown()
    counts = matrix.rename_axis(columns="predicted").stack().rename("photos").reset_index()
    wrong = counts[(counts["actual"] != counts["predicted"]) & (counts["photos"] > 0)]
    most = wrong.sort_values("photos", ascending=False, kind="stable")[:MAX_CONFUSIONS]
    return most.to_markdown(index=False)


def main() -> None:
    (commit,) = sys.argv[1:]
    print(f"## Custom or transfer?\n\n{diff_metrics(commit)}")
    for name in NETWORKS:
        matrix = pd.read_csv(f"metrics/confusion/{name}.csv", index_col="actual")
        print(f"\n### What {name} takes for what\n\n{format_confusions(matrix)}")


if __name__ == "__main__":
    main()
