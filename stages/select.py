"""Copy the metrics of the chosen network, so that DVC can compare one with the other."""

from stages.common import files, parameters


def main() -> None:
    name = parameters.read().model
    files.write_json("metrics/model.json", files.read_json(f"metrics/{name}.json"))
    print(f"metrics/model.json: {name}")


if __name__ == "__main__":
    main()
