"""Compare the two networks photo by photo: the gain, and whether it could be chance."""

from stages import files, scores


def main():
    right = {}
    for name in ("custom", "transfer"):
        table = files.read_table(f"metrics/predictions/{name}.csv", ["actual", "predicted"])
        right[name] = (table["actual"] == table["predicted"]).to_numpy()
    values = scores.compare(right["custom"], right["transfer"])
    files.write_json("metrics/comparison.json", values)

    print(
        f"transfer - custom: accuracy {values['accuracy_gain']:+.3f} "
        f"(95 % interval {values['accuracy_gain_low']:+.3f} to {values['accuracy_gain_high']:+.3f})"
    )
    print(
        f"only transfer right: {values['only_transfer_right']} photos, only custom right: "
        f"{values['only_custom_right']}; p = {values['p_value']:.2g} (exact McNemar test)"
    )


if __name__ == "__main__":
    main()
