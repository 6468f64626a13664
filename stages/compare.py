"""Compare the two networks photo by photo: the gain, and whether it could be chance."""

from stages.common import files
from stages.common.parameters import NETWORKS
from stages.results import comparison, predictions


def main() -> None:
    split = files.read_table("data/split.csv")
    validation = split[split["split"] == "validation"]
    tables = predictions.read(validation["photo"], ["photo", "actual", "predicted"])
    custom, transfer = (
        (tables[name]["actual"] == tables[name]["predicted"]).to_numpy() for name in NETWORKS
    )
    found = comparison.compare(custom, transfer, validation["group"])
    files.write_json("metrics/comparison.json", found._asdict())

    print(
        f"transfer - custom: accuracy {found.accuracy_gain:+.3f} "
        f"(95% interval {found.accuracy_gain_low:+.3f} to {found.accuracy_gain_high:+.3f})"
    )
    if validation["group"].is_unique:
        ahead, test = "only transfer right: {} photos, only custom right: {}", "McNemar's exact"
    else:
        ahead, test = "transfer better on {} different photos, custom on {}", "sign"
    ahead = ahead.format(found.only_transfer_right, found.only_custom_right)
    print(f"{ahead}; p = {found.p_value:.2g} ({test} test)")


if __name__ == "__main__":
    main()
