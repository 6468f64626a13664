"""Write the report page: the verdict, the scores, and the photos behind them."""

import textwrap

import numpy as np
import pandas as pd

from stages.common import files, parameters, yaml_files
from stages.common.parameters import NETWORKS
from stages.page import charts, counts, mistakes, rendering, study
from stages.results import setting, verdict
from stages.results.records import Comparison, Scores


def read_tables(kind: str) -> dict[str, pd.DataFrame]:
    """Read the table `metrics/KIND/NAME.csv` of each network, as text."""
    return {name: files.read_table(f"metrics/{kind}/{name}.csv") for name in NETWORKS}


def check_predictions(predictions: dict[str, pd.DataFrame], photos: pd.Series) -> None:
    """Check that the predictions are about the validation photos.

    Args:
        predictions: for each network, the table `metrics/predictions/NAME.csv`.
        photos: paths of the validation photos, in the order of data/split.csv.

    Raises:
        SystemExit: if they are about other photos, or in another order.
    """
    for name, table in predictions.items():
        if table["photo"].tolist() != photos.tolist():
            raise SystemExit(
                f"metrics/predictions/{name}.csv: not about the validation photos of "
                "data/split.csv, in their order; `dvc repro` brings both up to date."
            )


def main() -> None:
    params = parameters.read()
    split = files.read_table("data/split.csv")
    pixels = files.read_array("data/pixels.npy")
    problems = files.read_table("metrics/photos.csv")
    base = files.read_json("metrics/base.json")
    scores = {name: Scores(**files.read_json(f"metrics/{name}.json")) for name in NETWORKS}
    comparison = Comparison(**files.read_json("metrics/comparison.json"))
    predictions = read_tables("predictions")
    histories = {name: table.astype(float) for name, table in read_tables("history").items()}
    per_class = {name: table.set_index("class") for name, table in read_tables("per_class").items()}

    validation = np.flatnonzero(split["split"] == "validation")
    check_predictions(predictions, split["photo"].iloc[validation])
    actual = predictions["custom"]["actual"]
    answer = verdict.judge(
        scores["custom"],
        scores["transfer"],
        comparison,
        majority_accuracy=actual.value_counts().max() / len(actual),
    )
    wrong = mistakes.choose_mistakes(predictions)
    thumbnails = [rendering.encode_thumbnail(pixels[row]) for row in validation[wrong.table.index]]
    # `model` determines nothing on this page, but params.yaml must have it.
    commands = params.model_dump(exclude={"model"}) | {"model": "transfer"}

    page = rendering.render(
        networks=NETWORKS,
        photos=params.photos,
        verdict=answer,
        scores=scores,
        right={name: verdict.count_right(scores[name]) for name in NETWORKS},
        comparison=comparison,
        p_value=verdict.format_p_value(comparison.p_value),
        study=study.read_study(setting.describe(params, split, base)),
        charts=charts.plot_histories(histories),
        confusion=read_tables("confusion"),
        per_class=per_class,
        classes=sorted(set(split["label"])),
        mistakes=wrong.table.assign(image=thumbnails).to_dict("records"),
        mistake_counts=wrong.counts,
        photo_counts=counts.count_photos(split, problems),
        problems=problems,
        max_problems=counts.MAX_PROBLEMS,
        base=base,
        parameters=yaml_files.dump(commands),
    )
    with files.replacing("metrics/report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(answer.headline)
    print(textwrap.fill(answer.explanation, 80))
    print("Details: metrics/report.html")


if __name__ == "__main__":
    main()
