"""Compare the two networks photo by photo: the gain, and whether it could be chance."""

from stages.common import files
from stages.common.parameters import NETWORKS
from stages.results import comparison


def main() -> None:
    right = []
    for name in NETWORKS:
        table = files.read_table(f"metrics/predictions/{name}.csv", ["actual", "predicted"])
        right.append((table["actual"] == table["predicted"]).to_numpy())
    found = comparison.compare(*right)
    files.write_json("metrics/comparison.json", found._asdict())

    print(
        f"transfer - custom: accuracy {found.accuracy_gain:+.3f} "
        f"(95% interval {found.accuracy_gain_low:+.3f} to {found.accuracy_gain_high:+.3f})"
    )
    print(
        f"only transfer right: {found.only_transfer_right} photos, only custom right: "
        f"{found.only_custom_right}; p = {found.p_value:.2g} (McNemar's exact test)"
    )


if __name__ == "__main__":
    main()
