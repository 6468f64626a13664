"""Experiments, read from Git without checking anything out: what each changed, and gets right.

DVC keeps an experiment as a commit below refs/exps/, in a folder named after the commit that it
started from. Its own library loads the whole project of each one, which takes seconds.
"""

import hashlib
import io
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

from stages.common import yaml_files
from stages.common.parameters import NETWORKS

EXPERIMENT = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/(.+)")
WORKSPACE = "workspace"
SILENT = {"model"}  # parameters that change no network
EXPERIMENTS = ("experiment", "other experiment")  # kinds of what may have results, and
SHOWN = ("experiment", "workspace", "tip", "baseline")  # those that are shown unasked


class Photos(NamedTuple):
    """The validation photos of a split.

    Attributes:
        key: the same for the same photos with the same labels, whatever they are called.
        paths: `[n]`, of the photos, in the order of data/split.csv.
        groups: `int` `[n]`, number of the different photo that each is, from 0; the same for the
            same key.
        distinct: number of different photos.
    """

    key: str
    paths: list[str]
    groups: np.ndarray
    distinct: int


class Experiment(NamedTuple):
    """An experiment, a commit, or the workspace, with its results.

    Attributes:
        names: of all that have these results; the first is the one to show.
        params: the parameters by name, such as `base.name`.
        photos: that its networks are scored on.
        right: for each network, `float` `[photos.distinct]`: the share of each different photo
            that it gets right.
        hashes: for each network, the MD5 of its file.
    """

    names: list[str]
    params: dict[str, Any]
    photos: Photos
    right: dict[str, np.ndarray]
    hashes: dict[str, str]

    def identify(self, network: str) -> tuple[str, object]:
        """Return what tells a network apart: the hash of its file, or else its answers."""
        return network, self.hashes.get(network) or self.right[network].tobytes()


class Left(NamedTuple):
    """Experiments that cannot be shown.

    Attributes:
        names: of all for this reason.
        reason: why not.
        more: what shows more, in words; empty if nothing does.
    """

    names: list[str]
    reason: str
    more: str = ""


class Collection(NamedTuple):
    """What was collected.

    Attributes:
        experiments: each with results of its own.
        left: those that cannot be shown.
        looks: how many different networks were ever scored on the photos of a key, in the
            experiments and commits of this repository, whether asked for or not.
        params: the parameters of the current commit by name, which experiments change.
    """

    experiments: list[Experiment]
    left: list[Left]
    looks: dict[str, int]
    params: dict[str, Any]


class UnusableError(Exception):
    """What is wrong with the results of an experiment."""


class Reader:
    """Reads files of commits, or of the workspace, through one Git process; a context manager."""

    def __enter__(self) -> "Reader":
        """Start Git."""
        self._git = subprocess.Popen(
            ["git", "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._photos: dict[bytes, Photos] = {}
        self._right: dict[tuple[bytes, str], np.ndarray] = {}
        return self

    def __exit__(self, *error: object) -> None:
        """End Git."""
        self._git.communicate()

    def read(self, revision: str, path: str) -> bytes | None:
        """Return the content of a file, or `None` if there is none.

        Args:
            revision: of a commit, or `workspace`.
            path: relative to this folder.
        """
        if revision == WORKSPACE:
            return Path(path).read_bytes() if Path(path).is_file() else None
        assert self._git.stdin is not None
        assert self._git.stdout is not None
        self._git.stdin.write(f"{revision}:./{path}\n".encode())
        self._git.stdin.flush()
        header = self._git.stdout.readline()
        if not re.fullmatch(rb"[0-9a-f]+ blob \d+\n", header):
            return None
        content = self._git.stdout.read(int(header.split()[2]))
        self._git.stdout.read(1)  # the line's end
        return content

    def read_experiment(self, name: str, revision: str) -> Experiment | None:
        """Read an experiment, or return `None` if it has no results at all.

        Args:
            name: to show.
            revision: of its commit, or `workspace`.

        Raises:
            UnusableError: if its results are damaged, incomplete, or of an older run.
        """
        answers = {
            network: self.read(revision, f"metrics/predictions/{network}.csv")
            for network in NETWORKS
        }
        if not any(answers.values()):
            return None
        split, lock, params = (
            self.read(revision, path) for path in ("data/split.csv", "dvc.lock", "params.yaml")
        )
        if split is None or lock is None or params is None:
            raise UnusableError("data/split.csv, dvc.lock or params.yaml is missing")
        asked = _parse_yaml(params, "params.yaml")
        ran = _parse_yaml(lock, "dvc.lock")
        photos = self._parse_split(split)
        layers = self.read(revision, "layers.py") or b""
        contents = {"data/split.csv": split, "layers.py": layers}
        try:
            outs, difference = _list_outs(ran), find_older(asked, ran, contents)
        except (AttributeError, KeyError, TypeError):
            raise UnusableError("dvc.lock is damaged; expected it as DVC writes it") from None
        if difference:
            raise UnusableError(f"its scores are of an older run: {difference}")
        return Experiment(
            names=[name],
            params=_list_params(asked),
            photos=photos,
            right={
                network: self._parse_answers(content, network, photos)
                for network, content in answers.items()
                if content is not None
            },
            hashes={each: outs.get(f"data/models/{each}.keras", "") for each in NETWORKS},
        )

    def read_params(self, revision: str) -> dict[str, Any]:
        """Return the parameters of a commit by name; none if it has no valid params.yaml."""
        content = self.read(revision, "params.yaml")
        try:
            return _list_params(_parse_yaml(content or b"", "params.yaml"))
        except UnusableError:
            return {}

    def _parse_split(self, content: bytes) -> Photos:
        digest = _hash(content)
        if digest not in self._photos:
            table = _parse_table(content, "data/split.csv", _SPLIT_COLUMNS)
            self._photos[digest] = number_photos(table[table["split"] == "validation"])
        return self._photos[digest]

    def _parse_answers(self, content: bytes, network: str, photos: Photos) -> np.ndarray:
        key = _hash(content), photos.key
        if key not in self._right:
            path = f"metrics/predictions/{network}.csv"
            table = _parse_table(content, path, ["photo", "actual", "predicted"])
            if table["photo"].tolist() != photos.paths:
                raise UnusableError(f"{path} is not about the validation photos of data/split.csv")
            right = (table["actual"] == table["predicted"]).to_numpy()
            sizes = np.bincount(photos.groups, minlength=photos.distinct)
            self._right[key] = np.bincount(photos.groups, right, photos.distinct) / sizes
        return self._right[key]


_SPLIT_COLUMNS = ["photo", "label", "split", "sha256", "group"]


def number_photos(table: pd.DataFrame) -> Photos:
    """Count the different photos, and number them whatever their paths and order.

    Args:
        table: the rows of data/split.csv for the validation photos.
    """
    if table.empty:
        raise UnusableError("data/split.csv has no validation photos")
    # What a group is called depends on paths; its first content does not.
    first = table.groupby("group")["sha256"].transform("min")
    _, groups = np.unique(first, return_inverse=True)
    lines = sorted(table["sha256"] + "/" + table["label"] + "/" + first)
    return Photos(
        key=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        paths=table["photo"].tolist(),
        groups=groups,
        distinct=int(groups.max()) + 1,
    )


def collect(
    revisions: Sequence[str] = ("HEAD",), number: int = 1, all_commits: bool = False
) -> Collection:
    """Collect experiments, the workspace, and commits with results.

    Args:
        revisions: experiments that started from these commits are asked for.
        number: of commits, backwards from each of them; below 0, all.
        all_commits: all experiments and all commits are asked for instead.

    Raises:
        SystemExit: if this is not a Git repository with a commit, or it has no such revision.
    """
    found: dict[tuple[object, ...], Experiment] = {}
    networks: dict[str, set[object]] = {}
    left = []
    sources = list(_list_sources(revisions, number))
    with Reader() as reader:
        for name, revision, kind in sources:
            asked = all_commits or kind in SHOWN
            try:
                experiment = reader.read_experiment(name, revision)
                reason = "it has no results" if kind in EXPERIMENTS else ""
            except UnusableError as error:
                experiment, reason = None, str(error)
            if experiment is None:
                if reason and asked:
                    left.append(Left([name], reason))
                continue
            identity = tuple(experiment.identify(each) for each in experiment.right)
            networks.setdefault(experiment.photos.key, set()).update(identity)
            if asked:
                key = (experiment.photos.key, *identity)
                found.setdefault(key, experiment._replace(names=[])).names.append(name)
        params = reader.read_params("HEAD")
    looks = {key: len(each) for key, each in networks.items()}
    return Collection(list(found.values()), left, looks, params)


def find_older(asked: Any, ran: Any, contents: dict[str, bytes]) -> str:
    """Return what has changed since the results were computed.

    Args:
        asked: the content of params.yaml.
        ran: that of dvc.lock.
        contents: those of other files that stages have read, by path.

    Returns:
        Such as `epochs is 20 in params.yaml, but 10 in dvc.lock`; empty if all parameters and
        files are the same, and each stage has read what the others wrote.
    """
    hashes = {path: _hash(content).hex() for path, content in contents.items()}
    expected = _list_outs(ran) | hashes
    for stage, entry in ran.get("stages", {}).items():
        for key, used in (entry.get("params") or {}).get("params.yaml", {}).items():
            value: Any = asked
            for part in key.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value != used:
                return f"{key} is {value} in params.yaml, but {used} in dvc.lock"
        for dep in entry.get("deps") or []:
            if expected.get(dep["path"], dep.get("md5")) != dep.get("md5"):
                return f"{dep['path']} has changed since {stage} ran"
    return ""


def run_git(*arguments: str) -> str:
    """Return what Git prints.

    Raises:
        SystemExit: if it fails, or is not installed.
    """
    try:
        result = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise SystemExit("git: not found on PATH; it keeps the experiments. Install it.") from None
    if result.returncode:
        reason = " ".join(result.stderr.decode(errors="replace").split())
        raise SystemExit(
            f"experiments: Git cannot tell ({reason}); expected a repository with a commit. "
            "Run this in the folder of dvc.yaml of a clone."
        )
    return result.stdout.decode()


def _list_sources(revisions: Sequence[str], number: int) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the revision and the kind of all that may have results."""
    limit = [] if number < 0 else [f"--max-count={number}"]
    baselines = [
        commit
        for revision in revisions
        for commit in run_git("rev-list", "--first-parent", *limit, revision, "--").split()
    ]
    lines = run_git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    refs = [line.split(" ", 1) for line in lines]
    for commit, ref in refs:
        if match := EXPERIMENT.fullmatch(ref):
            baseline, name = match[1] + match[2], match[3]
            yield name, commit, "experiment" if baseline in baselines else "other experiment"
    yield WORKSPACE, WORKSPACE, "workspace"
    for commit, ref in refs:
        if ref.startswith(("refs/heads/", "refs/tags/")):
            yield ref.split("/", 2)[2], commit, "tip"
    named = {commit for commit, _ in refs}
    for commit in run_git("rev-list", "--exclude=refs/exps/*", "--all").split():
        if commit not in named:
            yield commit[:7], commit, "baseline" if commit in baselines else "other commit"


def _hash(content: bytes) -> bytes:
    """Return the hash that DVC has for a file."""
    return hashlib.md5(content, usedforsecurity=False).digest()


def _list_outs(lock: Any) -> dict[str, str]:
    """Return the MD5 of all outputs in a dvc.lock by path."""
    stages = lock.get("stages", {}).values()
    return {out["path"]: out.get("md5", "") for stage in stages for out in stage.get("outs") or []}


def _list_params(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the parameters that matter to the networks by names such as `base.name`."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            flat |= _list_params(value, f"{prefix}{key}.")
        elif prefix or key not in SILENT:
            flat[f"{prefix}{key}"] = value
    return flat


def _parse_yaml(content: bytes, path: str) -> Any:
    try:
        values = yaml_files.parse(content.decode())
    except (UnicodeDecodeError, yaml.YAMLError):
        values = None
    if not isinstance(values, dict):
        raise UnusableError(f"{path} is not valid YAML")
    return values


def _parse_table(content: bytes, path: str, columns: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(
            io.BytesIO(content),
            usecols=columns,
            dtype=str,
            keep_default_na=False,
            lineterminator="\n",
        )
    except (ValueError, UnicodeDecodeError):
        listed = ", ".join(columns)
        raise UnusableError(f"{path} is damaged; expected the columns {listed}") from None
