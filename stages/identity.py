"""What decides a training beside its data and parameters: the code and the packages."""

import hashlib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = ("stages/backend.py", "stages/networks.py", "stages/training.py")
PACKAGES = ("keras", "numpy", "scikit-learn", "tensorflow")


def read(*more):
    """Read the versions of the packages, and a hash of the code.

    Args:
        more: modules to hash beside `CODE`, as paths relative to the project.

    Returns:
        A mapping with the version of each package, and as `code` a SHA-256.
    """
    code = hashlib.sha256()
    for name in (*CODE, *more):
        code.update((ROOT / name).read_bytes())
    return {name: version(name) for name in PACKAGES} | {"code": code.hexdigest()}
