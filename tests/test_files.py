import json
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from bench.project import ROOT
from stages import files, networks
from stages.backend import keras


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    old = tmp_path / "table.csv"
    old.write_text("old")
    with pytest.raises(OSError, match="disk full"), files.replacing(old) as new:  # noqa: PT012
        new.write_text("half of the new")
        raise OSError("disk full")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert old.read_text() == "old"


@pytest.mark.parametrize("read", [files.read_table, files.read_array, networks.load])
def test_a_missing_output_of_an_earlier_stage_is_named(read):
    with pytest.raises(SystemExit, match="no/such: no such file; `dvc repro` runs the stages"):
        read("no/such")


def test_names_come_back_from_a_table_as_they_were(tmp_path):
    names = ["1", "01", "NA", "null", "1e5", "a, b", 'say "cheese"', "🦋", "a\rb", "a\nb", ""]
    files.write_table(tmp_path / "table.csv", pd.DataFrame({"label": names}))
    assert files.read_table(tmp_path / "table.csv")["label"].tolist() == names


SAVE = """
import sys
from stages import files, networks, parameters
from stages.backend import keras
padding = [object() for _ in range(int(sys.argv[2]))]
keras.utils.set_random_seed(0)
layers = networks.shared_layers(parameters.Layers(filters=[4], dropout=0.5), 3, seed=0)
files.save_network(networks.custom(32, layers), sys.argv[1])
"""


def test_a_saved_network_has_the_same_bytes_in_every_process_and_still_loads(tmp_path):
    paths = [tmp_path / "first.keras", tmp_path / "second.keras"]
    for path, padding in zip(paths, ("0", "100000"), strict=True):
        subprocess.run([sys.executable, "-c", SAVE, path, padding], cwd=ROOT, check=True)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert json.loads(archive.read("metadata.json"))["date_saved"].startswith("1980-01-01")

    loaded, again = (keras.saving.load_model(path) for path in paths)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3))
    assert np.array_equal(loaded.predict(pixels, verbose=0), again.predict(pixels, verbose=0))
    assert not loaded.compiled
