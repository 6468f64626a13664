import json
from pathlib import Path

import pytest

from stages import select
from stages.common import files
from tests.helpers.project import change_parameters


@pytest.mark.parametrize("name", ["custom", "transfer", "probe"])
def test_the_chosen_networks_metrics_are_published(workspace, name):
    for other, accuracy in {"custom": 0.7, "transfer": 29 / 30, "probe": 28 / 30}.items():
        files.write_json(f"metrics/{other}.json", {"accuracy": accuracy, "photos": 30})
    change_parameters(workspace / "params.yaml", model=name)
    select.main()
    assert Path("metrics/model.json").read_bytes() == Path(f"metrics/{name}.json").read_bytes()
    assert json.loads(Path("metrics/model.json").read_text())["photos"] == 30
