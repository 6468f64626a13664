"""What determines a training besides its data and parameters: the code and the packages."""

import hashlib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = (
    "layers.py",
    "stages/networks/backend.py",
    "stages/networks/building.py",
    "stages/networks/training.py",
)
PACKAGES = ("keras", "numpy", "scikit-learn", "tensorflow")


def read(*more: str) -> dict[str, str]:
    """Return the versions of the packages, and a hash of the code.

    Args:
        more: modules to hash besides `CODE`, as paths relative to the project.

    Returns:
        The version of each package, and as `code` a SHA-256, hexadecimal.
    """
    code = hashlib.sha256()
    for name in (*CODE, *more):
        code.update((ROOT / name).read_bytes())
    return {name: version(name) for name in PACKAGES} | {"code": code.hexdigest()}
