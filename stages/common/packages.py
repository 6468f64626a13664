"""Packages that only some commands need."""

from importlib.util import find_spec


def require(command: str, *packages: str) -> None:
    """Check that packages are installed.

    Args:
        command: that needs them.
        packages: as they are imported.

    Raises:
        SystemExit: if one is not.
    """
    for package in packages:
        if find_spec(package) is None:
            raise SystemExit(
                f"{command}: {package} is not installed; expected the packages of "
                "requirements-app.txt. Install them: `pip install -r requirements-app.txt`."
            )
