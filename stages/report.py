"""Write the report page: the verdict, the scores, and the photos behind them."""

from collections.abc import Sequence

import pandas as pd

from stages.common import files, parameters, yaml_files
from stages.common.parameters import NETWORKS, RIVALS
from stages.page import charts, counts, facts, mistakes, pictures, rendering, study
from stages.results import (
    comparison,
    confusions,
    predictions,
    progress,
    setting,
    terminal,
    verdict,
    weighting,
)
from stages.results.records import PAIRS, Scores


def read_tables(kind: str, networks: Sequence[str] = NETWORKS) -> dict[str, pd.DataFrame]:
    """Read the table `metrics/KIND/NAME.csv` of each network, as text."""
    return {name: files.read_table(f"metrics/{kind}/{name}.csv") for name in networks}


def main() -> None:
    params = parameters.read()
    table = files.read_table("data/split.csv")
    split = table[table["split"] != "test"]  # the index is the row of the pixels
    sealed = table["photo"][table["split"] == "test"]
    pixels = files.read_array("data/pixels.npy")
    problems = files.read_table("metrics/photos.csv")
    problems = problems[~problems["photo"].isin(sealed)]
    base = files.read_json("metrics/base.json")
    metrics = {name: Scores(**files.read_json(f"metrics/{name}.json")) for name in NETWORKS}
    comparisons = comparison.from_json(files.read_json("metrics/comparison.json"))
    histories = {
        name: table.astype(float) for name, table in read_tables("history", RIVALS).items()
    }
    per_class = {name: table.set_index("class") for name, table in read_tables("per_class").items()}

    validation = split[split["split"] == "validation"]
    answers = {name: predictions.read(name, validation["photo"]) for name in NETWORKS}
    weights = weighting.weigh_photos(validation["group"])
    guess = weighting.guess_majority(validation["label"], weights)
    states = {name: progress.judge(history) for name, history in histories.items()}
    answer = verdict.judge(metrics, comparisons, guess)
    numbers = terminal.tabulate(metrics, comparisons, states)
    parts = study.read_study(setting.describe(params, split, base))
    if (many := parts.get("repeat")) and many.verdict and not many.outdated:
        answer = verdict.put_below(many.verdict, answer)
        numbers = numbers.rename_axis(columns="this split")
    answer = verdict.add_states(answer, states, params.epochs)
    wrong = mistakes.choose_mistakes(answers)
    images = pictures.read_pictures(
        params.photos, validation.loc[validation.index[wrong.table.index]], pixels
    )
    matrices = {
        name: table.set_index("actual").astype(int)
        for name, table in read_tables("confusion").items()
    }
    large_groups = counts.list_large_groups(split, problems)
    # `model` determines nothing on this page, but params.yaml must have it.
    commands = params.model_dump(exclude={"model"}) | {"model": "transfer"}

    page = rendering.render(
        rendering.FOLDER / "report.html",
        networks=NETWORKS,
        rivals=RIVALS,
        pairs=PAIRS,
        photos=params.photos,
        verdict=answer,
        facts=facts.list_facts(params, split, base, metrics["custom"]),
        warnings=facts.list_warnings(params, split, large_groups),
        scores=metrics,
        right={name: (each["actual"] == each["predicted"]).sum() for name, each in answers.items()},
        guess=guess,
        comparisons=comparisons,
        format_p_value=verdict.format_p_value,
        states=states,
        study=parts,
        charts=charts.plot_histories(histories),
        matrices=matrices,
        confusions=confusions.tabulate_confusions(matrices).to_dict("records"),
        worst_first=counts.order_by_recall(per_class),
        per_class=per_class,
        classes=matrices["custom"].columns.tolist(),
        mistakes=wrong.table.assign(image=list(images)).to_dict("records"),
        looks=pictures.read_overlays(),
        mistake_counts=wrong.counts,
        photo_counts=counts.count_photos(split, problems),
        large_groups=[
            group | {"images": [rendering.encode_jpeg(pixels[row]) for row in group["rows"]]}
            for group in large_groups
        ],
        problems=problems,
        max_problems=counts.MAX_PROBLEMS,
        base=base,
        parameters=yaml_files.dump(commands),
    )
    with files.replacing("metrics/report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(terminal.format_verdict(answer, numbers))
    print("Details: metrics/report.html")


if __name__ == "__main__":
    main()
