"""The audit of a folder of photos: which are used, and what is wrong with the others."""

from typing import NamedTuple

import pandas as pd

from stages.common import files
from stages.common.parameters import SIDES, Parameters
from stages.photos import individuals, lookalikes

COLUMNS = ["photo", "label", "problem", "detail"]  # of the list of problems
TWO_LABELS = "two labels"  # the problem of photos that stand in two classes
MAX_WIDTH = 100  # of the line that lists the classes, characters
UNLISTED = "no label"  # the problem of photos that a table of labels does not name


class Audit(NamedTuple):
    """The photos that were found in a folder.

    Attributes:
        used: data frame of the photos that can be used: `photo`, `label`, `individual` (empty
            if a photo stands for itself), `sha256`, `group` (the same for photos that look the
            same, or show the same individual), and `split` if it is given.
        problems: data frame of those that cannot be used, and of others to know about, with
            `COLUMNS`, sorted by `photo`.
    """

    used: pd.DataFrame
    problems: pd.DataFrame

    @property
    def unusable(self) -> pd.Series:
        """Return for each row of `problems` whether its photo cannot be used."""
        return ~self.problems["photo"].isin(self.used["photo"])


def complete(audit: Audit, unlisted: list[str]) -> Audit:
    """Join the groups that show one individual, and leave out what is on two sides.

    Args:
        audit: the `Audit` of the photos that were read; its groups are those of look-alikes.
        unlisted: photos that a table of labels does not name.

    Returns:
        The `Audit` with these photos among its problems. Of a group that is on two sides of a
        given split, the photos for training are left out; for validation, if the other side
        is the test set.
    """
    groups = individuals.join_groups(audit.used["group"], audit.used["individual"])
    used, problems = audit.used.assign(group=groups), audit.problems
    if "split" in used:
        overlaps = list_overlaps(used, audit.used["group"])
        out = problems["photo"].isin(overlaps["photo"]) & (problems["problem"] != TWO_LABELS)
        problems = pd.concat([problems[~out], overlaps])
        used = used[~used["photo"].isin(overlaps["photo"])]
    nameless = [(photo, "", UNLISTED, "not in the table of labels") for photo in unlisted]
    problems = pd.concat([problems, pd.DataFrame(nameless, columns=COLUMNS)])
    return Audit(used, problems.sort_values("photo", ignore_index=True, kind="stable"))


def list_overlaps(used: pd.DataFrame, lookalikes: pd.Series) -> pd.DataFrame:
    """List the photos of a given split whose group is on a later side as well.

    Args:
        used: as in `Audit`.
        lookalikes: the same for those of them that look the same.

    Returns:
        A data frame with `COLUMNS`: the problem is `two sides`, and the detail names a photo of
        the other side.
    """
    sides = used["split"].map(SIDES.index)
    mixed = sides.groupby(used["group"]).transform("nunique") > 1
    table = used.assign(side=sides, alike=lookalikes)[mixed]
    rows = []
    for _, group in table.groupby("group", sort=False):
        last = group["side"].max()
        others = group[group["side"] == last]
        for row in group[group["side"] < last].itertuples():
            same, alike = others["sha256"] == row.sha256, others["alike"] == row.alike
            if same.any():
                words, other = "the same photo as", others[same].iloc[0]
            elif alike.any():
                words, other = "looks like", others[alike].iloc[0]
            else:
                words, other = "the same individual as", others.iloc[0]
            detail = f"{words} {other['photo']} of the {other['split']} photos"
            rows.append((row.photo, row.label, "two sides", detail))
    return pd.DataFrame(rows, columns=COLUMNS)


def check(audit: Audit, found: pd.DataFrame, params: Parameters) -> None:
    """Check that the photos that can be used are enough, and have one label and one side each.

    Args:
        audit: the `Audit`.
        found: data frame of all photos with labels: `photo`, `label`, and `split` if given.
        params: `on_bad_photo` and `photos` are used.

    Raises:
        SystemExit: if a photo has two labels, or is on two sides or cannot be used and
            `on_bad_photo` is `fail`; all such photos are listed. Or if a class has none that
            can be used, on a side of a given split.
    """
    two_labels = audit.problems["problem"] == TWO_LABELS
    bad = audit.unusable & (audit.problems["problem"] != UNLISTED)
    wrong = two_labels | bad if params.on_bad_photo == "fail" else two_labels
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
    keys = [key for key in ("label", "split") if key in audit.used]
    left = set(audit.used[keys].itertuples(index=False, name=None))
    if lost := sorted(set(found[keys].itertuples(index=False, name=None)) - left):
        label, *side = lost[0]
        kind = f"{side[0]} photo" if side else "photo"
        raise SystemExit(
            f"photos: no {kind} of class {label!r} can be used; expected at least one of each "
            "class. Repair them, or remove the folder."
        )


def summarize(audit: Audit) -> str:
    """Return how many photos there are of each class, of individuals, and with problems."""
    classes = audit.used["label"].value_counts(sort=False)
    counts = ", ".join(f"{count} {files.escape(str(name))}" for name, count in classes.items())
    heading = f"{len(audit.used)} photos of {len(classes)} classes: "
    if len(heading + counts) > MAX_WIDTH:
        fewest, most = classes.min(), classes.max()
        counts = f"{fewest} of each" if fewest == most else f"{fewest} to {most} of each"
    lines = [heading + counts]
    named = audit.used[audit.used["individual"] != ""]
    if len(named):
        each = named.groupby("individual")["label"].nunique()
        several = f", {(each > 1).sum()} of them in several classes" if each.max() > 1 else ""
        lines.append(f"individuals: {len(each)} on {len(named)} photos{several}")
    for what, rows in (("left out", audit.unusable), ("used", ~audit.unusable)):
        counts = ", ".join(
            f"{count} {problem}"
            for problem, count in audit.problems["problem"][rows].value_counts(sort=False).items()
        )
        if counts:
            lines.append(f"{what}: {counts}")
    if len(audit.problems):
        lines.append("metrics/photos.csv lists them")
    for row in audit.problems[audit.problems["problem"] == lookalikes.MANY].itertuples():
        lines.append(
            f"{row.detail} {files.escape(str(row.label))} look like "
            f"{files.escape(str(row.photo))} and count as one: see metrics/report.html"
        )
    return "\n".join(lines)
