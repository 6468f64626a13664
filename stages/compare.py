"""Compare the networks photo by photo: the gain, and whether it could be chance."""

from stages.common import files
from stages.common.parameters import NETWORKS
from stages.results import comparison, predictions
from stages.results.records import PAIRS


def main() -> None:
    split = files.read_table("data/split.csv")
    validation = split[split["split"] == "validation"]
    right = {}
    for name in NETWORKS:
        table = predictions.read(name, validation["photo"], ["photo", "actual", "predicted"])
        right[name] = (table["actual"] == table["predicted"]).to_numpy()
    found = {
        (first, second): comparison.compare(right[first], right[second], validation["group"])
        for first, second in PAIRS
    }
    files.write_json("metrics/comparison.json", comparison.to_json(found))

    if validation["group"].is_unique:
        ahead, test = "only {} right: {} photos, only {}: {}", "McNemar's exact"
    else:
        ahead, test = "{} better on {} different photos, {} on {}", "sign"
    for (first, second), values in found.items():
        print(
            f"{first} - {second}: accuracy {values.accuracy_gain:+.3f} "
            f"(95% interval {values.accuracy_gain_low:+.3f} to {values.accuracy_gain_high:+.3f})"
        )
        counts = ahead.format(first, values.first, second, values.second)
        print(f"  {counts}; p = {values.p_value:.2g} ({test} test)")


if __name__ == "__main__":
    main()
