"""README and docs: their length, their links, and their commands, run as typed."""

import re
import shutil

import pytest
import yaml
from conftest import COLOURS, draw_photos

from stages.common import yaml_files
from tests.helpers.project import ROOT, Project, change_parameters

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

# These commands are not run here, each for its reason.
NOT_RUN = {
    "make run": "installs 2.5 GB from a registry; test_demo.py runs the pipeline that it runs",
    "make test": "runs this test",
    "make test-all": "runs this test",
    "make check": "CI runs it, before the tests",
    "source .venv/bin/activate": "the environment of the tests is active",
    "pip install -r requirements-app.txt": "installs from a registry",
    "pip install 'dvc[s3]'": "installs from a registry",
    "python -m app": "runs until it is stopped; test_app.py opens its page",
    "python -m dask scheduler": "runs until it is stopped; test_study.py starts one",
    "python -m dask worker tcp://HOST:8786 --nworkers -1 --nthreads 1": "likewise",
    "dvc exp run -S study/params.yaml:study.scheduler=tcp://HOST:8786 dvc.yaml study/dvc.yaml": (
        "likewise"
    ),
    "dvc exp run -S base.name=EfficientNetB0": "downloads weights; test_bases.py builds it",
    "dvc exp run -S base.weights=random": "test_demo.py runs it",
    "dvc queue start": "downloads weights; test_pipeline.py runs a queue",
    "dvc queue logs longer": "likewise",
    "python -m final": "needs sealed photos; test_final.py has some",
    "dvc exp run -S groups=folders": "needs individuals; test_individuals.py has some",
    "dvc exp run -S \"groups='(patient\\d+)'\"": "likewise",
    "dvc import https://github.com/OWNER/REPOSITORY path/to/animals --rev COMMIT "
    "-o data/animals": "needs a repository; test_pipeline.py imports from a local one",
    "make animals": "needs a network; test_animals.py fetches from local repositories",
    "dvc remote add bucket s3://my-bucket": "needs a bucket; test_remote.py uses a folder",
    "dvc import-url remote://bucket/animals data/animals": "likewise",
    "dvc update data/animals.dvc": "likewise",
    "dvc remote add --default storage s3://my-bucket/dvc": "likewise",
    'git commit --all --message "Where the files are"': "likewise",
    "dvc push": "likewise",
    "git clone URL project && cd project && dvc pull": "likewise",
    "dvc artifacts get URL transfer": "likewise",
    "dvc repro --force demo/pretrain/dvc.yaml": "takes 13 minutes; test_pretrain.py trains less",
    "dvc repro --force --single-item demo/pretrain/dvc.yaml:train": "likewise",
}
EXIT_CODES = {  # where it is not 0
    "python -m predict data/demo/cat/drawing_000.jpg data/demo/horse/drawing_00{5,6}.jpg "
    "README.md": 1,
}


def list_commands(block):
    """The commands of a console block, without their comments."""
    lines = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return [re.sub(r"\s+# .*", "", line) for line in lines]


def slugs(text):
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_is_short():
    assert len(PAGES["README.md"].split()) <= 1800


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if not link.startswith("https://"):
            name, _, anchor = link.partition("#")
            path = (ROOT / page).parent / name if name else ROOT / page
            assert path.exists(), link
            if anchor:
                target = path.resolve().relative_to(ROOT).as_posix()
                assert anchor in slugs(PAGES[target]), link


def test_every_page_is_in_the_readme():
    for page in PAGES.keys() - {"README.md"}:
        assert f"]({page})" in PAGES["README.md"]


def test_what_is_not_run_is_still_in_a_page():
    blocks = [block for text in PAGES.values() for _, block in BLOCK.findall(text)]
    assert NOT_RUN.keys() | EXIT_CODES.keys() <= {
        command for block in blocks for command in list_commands(block)
    }


@pytest.fixture(scope="module")
def after_make_run(tmp_path_factory):
    """A committed project in which the demo has run, with few small drawings."""
    project = Project.copy(tmp_path_factory.mktemp("docs"))
    change_parameters(
        project.folder / "params.yaml", image_size=32, epochs=2, layers__filters=[4, 4],
        demo__photos_per_class=10,
    )  # fmt: skip
    change_parameters(
        project.folder / "study/params.yaml",
        study__folds=2, study__repeats=1, study__photos_per_class=[4],
    )  # fmt: skip
    project.run("git", "config", "user.name", "Nobody")
    project.run("git", "config", "user.email", "nobody@example.com")
    project.commit("The project")
    project.run("dvc", "repro")
    project.commit("Results of the demo")
    return project


@pytest.fixture(scope="module")
def keras_home(tmp_path_factory):
    """A `KERAS_HOME` with random weights in place of those that Keras downloads."""
    from stages.networks.backend import keras

    home = tmp_path_factory.mktemp("keras")
    (home / "models").mkdir()
    base = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    base.save(home / "models" / name)
    return home


@pytest.fixture
def reader(after_make_run, keras_home, random_weights, tmp_path, monkeypatch):
    """A copy of the project of somebody who has read up to there, with photos of their own."""
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    project = Project(shutil.copytree(after_make_run.folder, tmp_path / "project", symlinks=True))
    classes = dict(zip(("butterfly", "cat", "horse"), COLOURS.values(), strict=True))
    draw_photos(project.folder / "data/animals", classes=classes)
    (project.folder / "data/weights").mkdir()
    shutil.copy(random_weights, project.folder / "data/weights/mobilenet.h5")
    return project


def type_in(project, block):
    """Run the commands of a console block in a shell; return what they print."""
    printed = ""
    for command in list_commands(block):
        if command not in NOT_RUN:
            result = project.run("bash", "-c", command, check=False)
            assert result.returncode == EXIT_CODES.get(command, 0), f"{command}\n{result.stdout}"
            printed += result.stdout
    return printed


@pytest.mark.slow
def test_the_readme_leads_to_ones_own_photos_and_network_and_back(reader):
    """All of README in its order: commands, and what it puts into params.yaml and layers.py."""
    printed = ""
    for language, block in BLOCK.findall(PAGES["README.md"]):
        if language == "console":
            printed += type_in(reader, block)
        elif language == "yaml":
            values = yaml_files.read(reader.folder / "params.yaml")
            new = yaml.safe_load(block)
            new["base"] = values["base"] | new.get("base", {})
            (reader.folder / "params.yaml").write_text(yaml_files.dump(values | new))
        elif language == "python":
            (reader.folder / "layers.py").write_text(block)
    assert printed.count("Running stage 'report'") == 3  # photos, network, experiment
    assert "metrics/custom.json" in printed

    committed = reader.run("git", "log", "--all", "--name-only", "--format=").stdout.split()
    assert "data/animals.dvc" in committed
    assert not [name for name in committed if name.startswith(("data/animals/", "data/base/"))]
    assert reader.run("git", "status", "--porcelain").stdout == ""
    assert "up to date" in reader.run("dvc", "status", "dvc.yaml").stdout
    assert yaml_files.read(reader.folder / "params.yaml")["epochs"] == 2
    assert reader.metrics("custom") != reader.metrics("transfer")


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted(PAGES.keys() - {"README.md"}))
def test_the_commands_of_a_page_run_as_typed(reader, page):
    if "troubleshooting" in page:  # photos that were committed before DVC kept them
        reader.commit("Photos")
    for language, block in BLOCK.findall(PAGES[page]):
        if language == "console":
            type_in(reader, block)
