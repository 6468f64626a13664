"""Write one page for people to look at: the verdict, the scores, and the photos behind them."""

import base64
import hashlib
import io
import textwrap
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
from PIL import Image

from stages.common import files, parameters, yaml_files
from stages.common.parameters import NETWORKS
from stages.page import charts
from stages.results import setting, verdict

PAGE = Path(__file__).parent / "page"
MOST = 300  # mistakes that the page shows
MOST_PROBLEMS = 100  # findings of the audit that it shows
THUMBNAIL = 160  # largest side, pixels


def mistakes(predictions):
    """List the photos that a network has wrong, the most instructive first.

    These are the photos that both have wrong, then those that only one has wrong; among
    them, the answers that were wrong with the most confidence.

    Args:
        predictions: for each network, the table `metrics/predictions/NAME.csv` as text; both
            list the same photos.

    Returns:
        `(table, counts)`: a data frame with the columns `photo`, `actual`, `wrong` (`both`,
        `custom` or `transfer`), and for each network its answer, such as `custom`, and that
        answer's probability, such as `custom_confidence`; and the number of mistakes of each
        kind. Of more than 300, the table has 300, the same number of each kind if it can.
    """
    table = predictions["custom"][["photo", "actual"]].copy()
    surprise = np.zeros(len(table))
    for name in NETWORKS:
        confidence = predictions[name].iloc[:, 3:].astype(float).max(axis=1)
        table[name], table[f"{name}_confidence"] = predictions[name]["predicted"], confidence
        surprise = np.maximum(surprise, np.where(table[name] != table["actual"], confidence, 0))
    custom, transfer = (table[name] != table["actual"] for name in NETWORKS)
    table["wrong"] = np.select([custom & transfer, custom], ["both", "custom"], "transfer")
    table["surprise"] = surprise
    # "both" happens to come first in the alphabet.
    wrong = table[custom | transfer].sort_values(["wrong", "surprise"], ascending=[True, False])
    counts = {kind: int(np.sum(wrong["wrong"] == kind)) for kind in ("both", *NETWORKS)}
    rank = wrong.groupby("wrong").cumcount().sort_values(kind="stable")
    return wrong.loc[wrong.index.isin(rank.index[:MOST])], counts


def thumbnail(pixels):
    """Encode a photo for the page.

    Args:
        pixels: `uint8` array `[rows, columns, 3]`.

    Returns:
        A `data:` address of a JPEG image of at most 160 x 160 pixels.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=75)
    return "data:image/jpeg;base64," + base64.b64encode(encoded.getvalue()).decode()


def render(**values):
    """Fill the template `template.html`, in which every value is escaped but the page's own parts.

    Args:
        values: what the template shows.

    Returns:
        The page, which needs no other file and no network.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (PAGE / "script.js").read_text(encoding="utf-8")
    return environment.get_template("template.html").render(
        networks=NETWORKS,
        style=(PAGE / "style.css").read_text(encoding="utf-8"),
        script=script,
        # The browser runs this script and no other.
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **values,
    )


def read_study(setting):
    """Read what the study has found, as far as it has been run.

    Args:
        setting: what `setting.describe` returns for the comparison.

    Returns:
        A mapping with, for `repeat` and for `curve`, a mapping of `answer` (sentences),
        `outdated` (names of what was other when it ran) and `chart`; `repeat` also has
        `scores`, for each network and for `gain`.
    """
    study = {}
    for name, column, positions in (
        ("repeat", "split", np.asarray),
        ("curve", "photos_per_class", np.log2),
    ):
        if not Path(f"metrics/study/{name}.json").exists():
            continue
        result = files.read_json(f"metrics/study/{name}.json")
        table = files.read_table(f"metrics/study/plots/{name}/accuracy.csv")
        numbers = table.columns.drop("network")
        study[name] = {
            "answer": result["answer"],
            "outdated": [key for key in setting if result["setting"].get(key) != setting[key]],
            "chart": charts.bands(table.astype(dict.fromkeys(numbers, float)), column, positions),
        }
    if "repeat" in study:
        study["repeat"]["scores"] = {
            name: files.read_json(f"metrics/study/repeat/{name}.json")
            for name in ("majority", "probe", "custom", "transfer", "gain")
        }
    return study


def count_photos(table, problems):
    """Count the photos of each class, by what became of them.

    Args:
        table: data frame with the columns `label` and `split`.
        problems: what `metrics/photos.csv` holds.

    Returns:
        A data frame indexed by class, with `train`, `validation`, and of `problems` how many
        are `copies`, `look_alikes` and `left_out`.
    """
    kinds = {"duplicate": "copies", "near duplicate": "look_alikes"}
    found = problems["problem"].map(lambda problem: kinds.get(problem, "left_out"))
    counts = pd.crosstab(problems["label"], found)
    sides = pd.crosstab(table["label"], table["split"])
    columns = ["train", "validation", "copies", "look_alikes", "left_out"]
    return sides.join(counts).reindex(columns=columns).fillna(0).astype(int)


def _read_tables(kind):
    return {name: files.read_table(f"metrics/{kind}/{name}.csv") for name in NETWORKS}


def main():
    params = parameters.read()
    table = files.read_table("data/split.csv")
    pixels = files.read_array("data/pixels.npy")
    problems = files.read_table("metrics/photos.csv")
    metrics = {name: files.read_json(f"metrics/{name}.json") for name in (*NETWORKS, "comparison")}
    predictions = _read_tables("predictions")
    histories = {name: rows.astype(float) for name, rows in _read_tables("history").items()}

    validation = table["split"] == "validation"
    for name in NETWORKS:
        if predictions[name]["photo"].tolist() != table["photo"][validation].tolist():
            raise SystemExit(
                f"metrics/predictions/{name}.csv: not of the validation photos of data/split.csv, "
                "in their order; `dvc repro` brings both up to date."
            )
    rows = np.flatnonzero(validation)
    actual = predictions["custom"]["actual"]
    base = files.read_json("metrics/base.json")
    answer = verdict.judge(**metrics, guess=actual.value_counts().max() / len(actual))
    wrong, counts = mistakes(predictions)

    page = render(
        verdict=answer,
        metrics=metrics,
        right={name: verdict.count_right(metrics[name]) for name in NETWORKS},
        p_value=verdict.format_p_value(metrics["comparison"]),
        charts=charts.curves(histories),
        confusion=_read_tables("confusion"),
        per_class={
            name: rows.set_index("class") for name, rows in _read_tables("per_class").items()
        },
        classes=sorted(set(table["label"])),
        mistakes=[
            row._asdict() | {"image": thumbnail(pixels[rows[row.Index]])}
            for row in wrong.itertuples()
        ],
        counts=counts,
        labels=count_photos(table, problems),
        problems=problems,
        most_problems=MOST_PROBLEMS,
        base=base,
        study=read_study(setting.describe(params, table, base)),
        photos=params.photos,
        # `model` decides nothing on this page, but params.yaml has to have it.
        parameters=yaml_files.dump(params.model_dump(exclude={"model"}) | {"model": "transfer"}),
    )
    with files.replacing("metrics/report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(textwrap.fill(f"{answer.headline}. {answer.sentence}", 80))
    print("metrics/report.html shows it all")


if __name__ == "__main__":
    main()
