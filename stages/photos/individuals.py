"""Individuals: photos of one animal, patient, plate, video or place are not independent."""

import pandas as pd

# Captures what comes before the last number in the name of a file.
STEM = r"([^/]*[^/\d])\d+[^/\d]*$"
MIN_SHARE = 0.5  # of the photos, in folders or with stems that others share, to suspect individuals
MIN_INDIVIDUALS = 3  # of a class, likewise: `cat001` to `cat050` share one stem


def name_individuals(photos: pd.DataFrame, groups: str) -> pd.Series:
    """Name the individual that each photo shows.

    Args:
        photos: what `finding.find` returns.
        groups: `none`, where only a table of labels names individuals; `folders`, where each
            sub-folder of a class is an individual; or a regular expression with one group,
            which captures the individual in the path of a photo.

    Returns:
        The names, `str` `[n]`: the same name in two classes is the same individual. Empty
        where a photo stands for itself.

    Raises:
        SystemExit: if both `groups` and a table name individuals, or `groups` names none.
    """
    if groups == "none":
        return photos.get("group", pd.Series("", photos.index))
    if "group" in photos:
        raise SystemExit(
            f"params.yaml: groups is {groups!r}, but the table of labels has a column group; "
            "expected one of them. Set groups to none, or remove the column."
        )
    if groups == "folders":
        names, lacking = photos["folder"], "no class folder has sub-folders"
    else:
        names = photos["photo"].str.extract(groups, expand=False).fillna("")
        lacking = f"no path matches, such as {photos['photo'].iloc[0]!r}"
    if not names.any():
        raise SystemExit(
            f"params.yaml: groups is {groups!r}, but {lacking}; expected it to tell individuals "
            "apart. Correct it, or set it to none."
        )
    return names


def join_groups(groups: pd.Series, individuals: pd.Series) -> pd.Series:
    """Join groups of look-alikes that show one individual.

    Args:
        groups: `str` `[n]`, the same for photos that look alike.
        individuals: what `name_individuals` returns for the same photos.

    Returns:
        `str` `[n]`, the same for photos that look alike or show one individual, or that others
        connect in such steps: the smallest name of the joined groups.
    """
    named = individuals != ""
    if not named.any():
        return groups
    joined = groups
    while True:  # each turn passes the smallest name on; a few connect everything
        before = joined
        joined = joined.where(~named, joined.groupby(individuals).transform("min"))
        joined = joined.groupby(groups).transform("min")
        if joined.equals(before):
            return joined


def suspect_individuals(photos: pd.DataFrame) -> str | None:
    """Return a line that says why photos may show the same individuals, and what to set then.

    Args:
        photos: what `finding.find` returns.

    Returns:
        The line; nothing if neither folders nor names look like that.
    """
    stems = photos["photo"].str.extract(STEM, expand=False).fillna("")
    for names, groups, shown in (
        (photos["folder"], "folders", "stand in sub-folders of their class"),
        (stems, f"'{STEM}'", "have names that differ in a running number only"),
    ):
        keys = [photos["label"], names]
        shared = (names != "") & (photos.groupby(keys)["photo"].transform("size") > 1)
        each = names[shared].groupby(photos["label"][shared]).nunique()
        if shared.mean() >= MIN_SHARE and each.mean() >= MIN_INDIVIDUALS:
            example = photos["photo"][shared].iloc[0]
            return (
                f"{shared.sum()} photos {shown}, such as {example}: if those show the same "
                f"individual (patient, plate, video, place), set groups: {groups} in params.yaml"
            )
    return None
