"""What all networks predict for new photos: the same as for those they were scored on."""

import csv
import hashlib
import io
import json
import shutil
import subprocess

import pandas as pd
import pytest

from stages.common.parameters import NETWORKS
from stages.results import revision
from tests.helpers.project import Project, change_parameters


def predict(project, *arguments):
    """Run the command; return its result, with what it prints as errors apart."""
    return subprocess.run(
        ["python", "-m", "predict", *map(str, arguments)],
        cwd=project.folder, env=project.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_probabilities_are_those_of_the_predictions(project):
    tables = {
        name: pd.read_csv(project.folder / f"metrics/predictions/{name}.csv", dtype={"photo": str})
        for name in NETWORKS
    }
    names = [f"data/colours/{name}" for name in tables["custom"]["photo"]]
    answers = lines(predict(project, "--format", "jsonl", *names))
    assert [answer["photo"] for answer in answers] == names
    for name, table in tables.items():
        for answer, (_, row) in zip(answers, table.iterrows(), strict=True):
            assert answer[name]["predicted"] == row["predicted"]
            found, expected = answer[name]["probabilities"], row.iloc[3:].to_dict()
            if name == "probe":  # its stage adds in another order than Keras
                assert found == pytest.approx(expected, abs=1e-5)
            else:
                assert found == {label: round(p, 6) for label, p in expected.items()}


def test_a_table_shows_the_answer_of_each_network(project):
    result = predict(project, "data/colours/red/000.jpg", "data/colours/blue", "--format", "table")
    assert result.returncode == 0
    heading, *rows, end = result.stdout.splitlines()
    assert heading.split() == ["custom", "transfer", "probe"]
    paths = [f"data/colours/{name}.jpg" for name in
             ["red/000", *(f"blue/{number:03}" for number in range(10))]]  # fmt: skip
    assert [row.split()[0] for row in rows] == paths
    for row in rows:
        assert set(row.split()[1::2]) <= {"red", "green", "blue"}
        assert all(round(1 / 3, 2) <= float(confidence) <= 1 for confidence in row.split()[2::2])
    same = sum(len(set(row.split()[1::2])) == 1 for row in rows)
    assert end == f"11 photos: the networks agree on {same}"


@pytest.mark.slow
def test_a_photo_that_is_named_twice_is_shown_twice(project):
    result = predict(project, "data/colours/red/000.jpg", "data/colours/red/000.jpg")
    _, first, second, end = result.stdout.splitlines()
    assert first == second
    assert end.startswith("2 photos: ")


@pytest.mark.slow
def test_csv_and_json_lines_say_the_same(project):
    folder = "data/colours/green"
    rows = list(csv.DictReader(io.StringIO(predict(project, folder, "--format", "csv").stdout)))
    answers = lines(predict(project, folder, "--format", "jsonl"))
    assert rows == [
        {
            "photo": answer["photo"],
            "network": name,
            "predicted": answer[name]["predicted"],
            "confidence": f"{answer[name]['confidence']:.6f}",
        }
        for answer in answers
        for name in NETWORKS
    ]
    for answer in answers:
        for name in NETWORKS:
            probabilities = answer[name]["probabilities"]
            assert answer[name]["confidence"] == max(probabilities.values())
            assert probabilities[answer[name]["predicted"]] == answer[name]["confidence"]


def test_a_bad_photo_is_named_and_the_others_are_answered(project, tmp_path):
    folder = tmp_path / "new"
    (folder / "deeper").mkdir(parents=True)
    for number in range(20):  # more than one batch
        shutil.copy(project.folder / "data/colours/red/000.jpg", folder / f"{number:02}.jpg")
    (folder / "10.jpg").write_bytes(b"no photo")
    (folder / "11 \x1b[31m.jpg").write_bytes(b"")
    shutil.move(folder / "19.jpg", folder / "deeper" / "19.png")
    (folder / "outside.jpg").symlink_to(project.folder / "data/colours/red/000.jpg")
    (folder / ".hidden.jpg").write_bytes(b"")
    (folder / "Thumbs.db").write_bytes(b"")
    result = predict(project, "--format", "jsonl", folder, "nothing.jpg")
    assert result.returncode == 1
    assert len(lines(result)) == 19
    assert lines(result)[-1]["photo"] == f"{folder}/deeper/19.png"
    assert "Traceback" not in result.stderr
    *_, bad, empty, link, none, end = result.stderr.splitlines()
    assert bad.startswith(f"{folder}/10.jpg: not an image (")
    assert empty == f"{folder}/11 \\x1b[31m.jpg: empty (0 bytes)"
    assert link == f"{folder}/outside.jpg: link (leads out of the folder of photos)"
    assert none == "nothing.jpg: unreadable (No such file or directory)"
    assert end == "predict: 4 of 23 photos cannot be used; they are listed above."


def test_with_bad_photos_only_there_is_no_table(project):
    result = predict(project, "params.yaml")
    assert result.returncode == 1
    assert result.stdout == ""


def test_a_folder_without_photos_is_named(project, tmp_path):
    result = predict(project, tmp_path, "data/colours")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"predict: {str(tmp_path)!r} has no photos; expected some in every folder.\n"
    )


def commit(project, name):
    """Commit everything under that name; return the short hash."""
    project.commit(name)
    return project.run("git", "rev-parse", "--short", "HEAD").stdout.strip()


def find_commits(project):
    """The commit of each network, in words."""
    code = "from stages.results import revision; print(revision.describe_networks())"
    return project.run("python", "-c", code).stdout.strip()


def test_the_commit_is_the_one_that_brought_the_network(tmp_path, monkeypatch):
    project = Project(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in NETWORKS:
        path = tmp_path / f"data/models/{name}.keras"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    nothing = "custom not committed, transfer not committed, probe not committed"
    assert revision.describe_networks() == nothing  # there is no repository
    project.run("git", "init", "--quiet")
    assert revision.describe_networks() == nothing

    (tmp_path / ".gitignore").write_text("data")
    custom, transfer = (hashlib.md5(name).hexdigest() for name in (b"custom", b"transfer"))
    (tmp_path / "dvc.lock").write_text(f"outs: {custom}\n")
    first = commit(project, "Custom")
    (tmp_path / "dvc.lock").write_text(f"outs: {custom}\ndeps: {custom}\nouts: {transfer}\n")
    second = commit(project, "Transfer")
    assert revision.describe_networks() == f"custom {first}, transfer {second}, probe not committed"
    (tmp_path / "dvc.lock").write_text(f"outs: {custom}\n")
    commit(project, "Another transfer")
    assert (
        revision.describe_networks()
        == f"custom {first}, transfer not committed, probe not committed"
    )
    (tmp_path / "data/models/custom.keras").unlink()
    with pytest.raises(SystemExit, match=r"custom.keras: no such file; `dvc repro` runs"):
        revision.describe_networks()


@pytest.mark.slow
def test_the_commit_of_each_network_is_found_where_dvc_runs(project, tmp_path):
    project = Project(shutil.copytree(project.folder, tmp_path / "project", symlinks=True))
    project.run("git", "reset", "--quiet", "HEAD~1")  # the results are not committed
    nothing = "custom not committed, transfer not committed, probe not committed"
    assert find_commits(project) == nothing
    first = commit(project, "Results")
    assert find_commits(project) == f"custom {first}, transfer {first}, probe {first}"
    (project.folder / "notes.txt").write_text("Nothing to do with it")
    commit(project, "Notes")
    assert find_commits(project) == f"custom {first}, transfer {first}, probe {first}"

    shutil.copy(project.folder / "data/models/custom.keras", project.folder / "kept.keras")
    change_parameters(project.folder / "params.yaml", epochs=3)
    project.run("dvc", "repro", "train@transfer")
    assert find_commits(project) == f"custom {first}, transfer not committed, probe {first}"
    second = commit(project, "Transfer trained for longer")
    assert find_commits(project) == f"custom {first}, transfer {second}, probe {first}"

    project.run("dvc", "repro")
    third = commit(project, "And custom")
    # Not the probe: it is fitted without epochs.
    assert find_commits(project) == f"custom {third}, transfer {second}, probe {first}"
    shown = predict(project, "data/colours/red/000.jpg").stderr.splitlines()[0]
    assert shown == f"networks from commit: custom {third}, transfer {second}, probe {first}"
    shutil.copy(project.folder / "kept.keras", project.folder / "data/models/custom.keras")
    assert find_commits(project) == f"custom not committed, transfer {second}, probe {first}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "data/models/transfer.keras").unlink(),
         "data/models/transfer.keras: no such file; `dvc repro` runs the stages"),
        (lambda folder: change_parameters(folder / "params.yaml", image_size=64),
         "data/models/custom.keras: its input and output have the shapes [(None, 32, 32, 3), "),
    ],
)  # fmt: skip
def test_networks_that_are_not_there_or_do_not_fit_end_in_one_line(changing, change, message):
    change(changing.folder)
    result = predict(changing, "data/colours/red/000.jpg")
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(message)
