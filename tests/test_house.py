"""The house: where things are, and who imports whom."""

from itertools import combinations

import pytest

from stages.common import yaml_files
from tests.helpers.imports import find_imports, get_package
from tests.helpers.project import ROOT

FOLDERS = ("stages", "study", "demo", "experiments", "bench", "tests")
MODULES = [
    path.relative_to(ROOT).as_posix()
    for folder in (".", *(f"{name}/**" for name in FOLDERS))
    for path in ROOT.glob(f"{folder}/*.py")
]


def list_imports(package):
    """The packages that a package imports, itself left out; a room is a package, too."""
    modules = [path for path in MODULES if (path + "/").startswith(package + "/")]
    imported = {get_package(name) for path in modules for name in find_imports(path)}
    return {name for name in imported if not (name + "/").startswith(package + "/")}


def test_the_modules_are_found():
    assert {"layers.py", "stages/train.py", "demo/drawing/picture.py"} <= set(MODULES)
    assert "stages/common" in list_imports("stages/networks")


def test_no_two_packages_import_each_other():
    packages = sorted({get_package(path) for path in MODULES} | set(FOLDERS))
    for one, other in combinations(packages, 2):
        nested = one.startswith(other + "/") or other.startswith(one + "/")
        if nested:  # stages import rooms, and rooms no stages: below
            continue
        there = any((name + "/").startswith(other + "/") for name in list_imports(one))
        back = any((name + "/").startswith(one + "/") for name in list_imports(other))
        assert not (there and back), f"{one} and {other} import each other"


def test_stages_import_rooms_and_rooms_no_stages():
    for path in MODULES:
        if path.startswith("stages/") and get_package(path) != "stages":
            stages = {name for name in find_imports(path) if get_package(name) == "stages"}
            assert not stages, f"{path} imports {stages}"


def test_no_stage_imports_another_one():
    for path in MODULES:
        if get_package(path) in ("stages", "study"):
            assert get_package(path) not in {get_package(name) for name in find_imports(path)}


@pytest.mark.parametrize(
    ("pipeline", "folder"), [("dvc.yaml", "stages"), ("study/dvc.yaml", "study")]
)
def test_every_module_beside_the_rooms_is_a_stage_of_its_name(pipeline, folder):
    stages = yaml_files.read(ROOT / pipeline)["stages"]
    assert {path.stem for path in (ROOT / folder).glob("*.py")} == set(stages)
    for name, stage in stages.items():
        assert stage.get("do", stage)["cmd"].startswith(f"python -m {folder}.{name}")


def test_the_pipeline_is_a_table_of_contents():
    assert len((ROOT / "dvc.yaml").read_text(encoding="utf-8").splitlines()) <= 245
