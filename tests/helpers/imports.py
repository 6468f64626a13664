"""Which modules of the project import which."""

import ast
from functools import cache
from pathlib import Path

from tests.helpers.project import ROOT


@cache
def find_imports(path):
    """Return the paths of the project's modules that a module imports, at its top or deeper."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {f"{name.replace('.', '/')}.py" for name in names}
    return {name for name in found if (ROOT / name).is_file()}


@cache
def find_imported(path):
    """Return the paths of all modules that a module needs, itself included."""
    found, todo = {path}, [path]
    while todo:
        more = find_imports(todo.pop()) - found
        found |= more
        todo += more
    return found


def get_package(path):
    """Return the folder of a module, such as `stages/networks`; for one at the top, itself."""
    folder = Path(path).parent.as_posix()
    return path if folder == "." else folder
