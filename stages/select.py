"""Publish the metrics of the chosen network, so that DVC can diff one against the other."""

import json
from pathlib import Path

from stages import files, parameters


def main():
    name = parameters.read().model
    files.write_json("metrics/model.json", json.loads(Path(f"metrics/{name}.json").read_text()))
    print(f"metrics/model.json: {name}")


if __name__ == "__main__":
    main()
