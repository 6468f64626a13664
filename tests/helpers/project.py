"""A copy of the project, in which real DVC and real Git run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stages.common import yaml_files

ROOT = Path(__file__).parent.parent.parent
RESULTS = ("dvc.lock", "data/split.csv")  # and all in metrics/, except for what no stage writes
FINAL = "metrics/final.json"


def change_parameters(path, **changes):
    """Change values of a params.yaml; `base__name` stands for the key `base.name`."""
    values = yaml_files.read(path)
    for key, value in changes.items():
        *sections, name = key.split("__")
        section = values
        for part in sections:
            section = section[part]
        section[name] = value
    Path(path).write_text(yaml_files.dump(values), encoding="utf-8")


class Project:
    """A folder with a copy of the project, under Git."""

    def __init__(self, folder):
        self.folder = Path(folder)

    @classmethod
    def copy(cls, folder):
        """Copy the project's files without its results, and start a Git repository."""
        project = cls(folder)
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.check_output(listing, cwd=ROOT, text=True).split("\0")
        for name in filter(None, names):
            own = (".gitignore", ".gitkeep", FINAL)
            kept = not name.startswith("metrics/") or name.endswith(own)
            # A file that Git still lists may have been removed.
            if kept and name not in RESULTS and (ROOT / name).exists():
                (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, project.folder / name)
        project.run("git", "init", "--quiet")
        return project

    @classmethod
    def copy_with_real_photos(cls, folder):
        """Copy the project, with the photos of `REAL_PHOTOS` and weights of `KERAS_HOME`.

        The base is MobileNetV2 with alpha 0.35; all else is as in params.yaml.

        Raises:
            SystemExit: if one of the environment variables is not set, or has no such file.
        """
        name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
        weights = Path(os.environ.get("KERAS_HOME", ""), "models", name).absolute()
        photos = Path(os.environ.get("REAL_PHOTOS", ""))
        if not ("REAL_PHOTOS" in os.environ and photos.is_dir() and weights.is_file()):
            raise SystemExit(
                "REAL_PHOTOS must be a folder of photos with a sub-folder per class, and "
                f"KERAS_HOME one with models/{name}; set both."
            )
        project = cls.copy(folder)
        shutil.copytree(photos, project.folder / "data" / "photos", copy_function=shutil.copyfile)
        change_parameters(
            project.folder / "params.yaml",
            photos="data/photos",
            base__name="MobileNetV2",
            base__options={"alpha": 0.35},
            base__weights=str(weights),
        )
        project.commit("Real photos")
        return project

    def commit(self, message):
        """Commit everything that Git does not ignore."""
        self.run("git", "add", "--all")
        author = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com"]
        self.run("git", *author, "commit", "--quiet", "--message", message)

    def environment(self):
        """Return this process's environment, with this Python's programs first on PATH."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**os.environ, "PATH": path}

    def run(self, *command, check=True):
        """Run a command with `environment`; return its result."""
        result = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if check and result.returncode:
            raise RuntimeError(
                f"{' '.join(command)} ended with {result.returncode}:\n{result.stdout}"
            )
        return result

    def stages_run_by(self, *command):
        """Run a DVC command; return the names of the stages that it ran, in order."""
        lines = self.run(*command).stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage")]

    def metrics(self, name):
        """Return what `metrics/NAME.json` holds."""
        return json.loads((self.folder / f"metrics/{name}.json").read_text())

    def results(self):
        """Return the bytes of dvc.lock and of everything under data/ and metrics/ by name."""
        paths = [self.folder / "dvc.lock"]
        for name in ("data", "metrics"):
            paths += [path for path in (self.folder / name).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}
