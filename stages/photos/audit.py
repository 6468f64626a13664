"""The audit of a folder of photos: which are used, and what is wrong with the others."""

from typing import NamedTuple

import pandas as pd

from stages.common import files
from stages.common.parameters import Parameters


class Audit(NamedTuple):
    """The photos that were found in a folder.

    Attributes:
        used: data frame of the photos that can be used: `photo`, `label`, `sha256`, and
            `group`, the same for photos that look the same.
        problems: data frame of those that cannot be used, of duplicates and of photos with
            two labels: `photo`, `label`, `problem` and `detail`, sorted by `photo`.
    """

    used: pd.DataFrame
    problems: pd.DataFrame

    @property
    def unusable(self) -> pd.Series:
        """Return for each row of `problems` whether its photo cannot be used."""
        return ~self.problems["photo"].isin(self.used["photo"])


def check(audit: Audit, found: pd.DataFrame, params: Parameters) -> None:
    """Check that the photos that can be used are enough, and have one label each.

    Args:
        audit: the `Audit`.
        found: what `finding.find` returns.
        params: `on_bad_photo` and `photos` are used.

    Raises:
        SystemExit: if a photo has two labels, or cannot be used and `on_bad_photo` is
            `fail`; all such photos are listed. Or if a class has none that can be used.
    """
    two_labels = audit.problems["problem"] == "two labels"
    wrong = two_labels | audit.unusable if params.on_bad_photo == "fail" else two_labels
    if wrong.any():
        lines = [
            f"  {files.escape(str(row.photo))}: {row.problem} ({files.escape(str(row.detail))})"
            for row in audit.problems[wrong].itertuples()
        ]
        advice = "Repair or remove them"
        if (wrong & audit.unusable).any():
            advice += ", or set on_bad_photo to skip in params.yaml"
        if two_labels.any():
            advice += "; keep only one copy of a photo with two labels"
        heading = f"photos: {wrong.sum()} of {len(found)} in {params.photos!r} cannot be used:"
        raise SystemExit("\n".join([heading, *lines, f"{advice}."]))
    if lost := sorted(set(found["label"]) - set(audit.used["label"])):
        raise SystemExit(
            f"photos: no photo of class {lost[0]!r} can be used; expected at least one of each "
            "class. Repair them, or remove the folder."
        )


def summarize(audit: Audit) -> str:
    """Return how many photos there are of each class, and how many have each problem."""
    classes = audit.used["label"].value_counts(sort=False)
    counts = ", ".join(f"{count} {files.escape(str(name))}" for name, count in classes.items())
    lines = [f"{len(audit.used)} photos of {len(classes)} classes: {counts}"]
    for what, rows in (("left out", audit.unusable), ("used", ~audit.unusable)):
        counts = ", ".join(
            f"{count} {problem}"
            for problem, count in audit.problems["problem"][rows].value_counts(sort=False).items()
        )
        if counts:
            lines.append(f"{what}: {counts}")
    if len(audit.problems):
        lines.append("metrics/photos.csv lists them")
    return "\n".join(lines)
