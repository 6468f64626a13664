"""Write a model card beside each saved network, in the form that model hubs read.

The form is that of Hugging Face: https://huggingface.co/docs/hub/model-cards
"""

import re
from pathlib import Path

import pandas as pd

from stages.common import files, parameters, yaml_files
from stages.common.parameters import NETWORKS, Parameters
from stages.results.records import Scores

WHAT = {
    "custom": "A convolutional network, trained from scratch",
    "transfer": "The layers of a custom network behind the pre-trained base {base}",
    "probe": "One linear layer on the pooled features of the pre-trained base {base}",
}

CARD = """\
---
{metadata}---

# {name}

{what}. It classifies photos into {count} classes.

## Scores

On {scores.counts} that it was not trained on:

{table}

| class | photos | recall |
| --- | --- | --- |
{classes}

## Data

{train} training photos of the folder {folder}; `data/split.csv` names them.

## Use

```python
import keras

network = keras.saving.load_model("{name}.keras")
probabilities = network.predict(pixels)
```

`pixels` is a `float32` array `[n, {side}, {side}, 3]` of RGB values from 0 to 255. Photos are
turned upright as EXIF says, and stretched to that square. The answer is `[n, {count}]`, in the
order of the classes above.

## Limits

- It knows only these classes, and names one of them for any picture.
- The scores are for photos like those it was trained on. Photos from other cameras, places or
  times may have a lower accuracy.
- Of a class with few photos above, little is known.
- It must not decide alone where a mistake can harm someone.
"""


def escape_markdown(name: str) -> str:
    """Return the name of a class or folder as plain text in Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>()#+.!|~&-])", r"\\\1", files.escape(name))


def write_card(name: str, params: Parameters, split: pd.DataFrame, per_class: pd.DataFrame) -> None:
    """Write the card of one network.

    Args:
        name: of the network.
        params: the `Parameters`.
        split: the photos, with the column `split`.
        per_class: of each class, with the columns `class`, `recall` and `photos`.
    """
    scores = Scores(**files.read_json(f"metrics/{name}.json"))
    folder = Path(params.photos).name
    what = WHAT[name].format(base=params.base.name)
    rows = {
        "accuracy": f"{scores.accuracy:.3f} (95% interval {scores.accuracy_low:.3f} to "
        f"{scores.accuracy_high:.3f})",
        "balanced accuracy": f"{scores.balanced_accuracy:.3f}",
        "macro F1": f"{scores.macro_f1:.3f}",
        "log loss": f"{scores.log_loss:.3f}",
    }
    result = {
        "task": {"type": "image-classification"},
        "dataset": {"name": folder, "type": "imagefolder"},
        "metrics": [
            {"type": "accuracy", "value": scores.accuracy},
            {"type": "f1", "name": "macro F1", "value": scores.macro_f1},
        ],
    }
    metadata = {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "keras"],
        "model-index": [{"name": name, "results": [result]}],
    }
    card = CARD.format(
        metadata=yaml_files.dump(metadata),
        name=name,
        what=what,
        count=len(per_class),
        scores=scores,
        table="| score | value |\n| --- | --- |\n"
        + "\n".join(f"| {score} | {value} |" for score, value in rows.items()),
        classes="\n".join(
            f"| {escape_markdown(each['class'])} | {each['photos']} | {each['recall']:.2f} |"
            for each in per_class.to_dict("records")
        ),
        train=f"{(split['split'] == 'train').sum():,}",
        folder=escape_markdown(folder),
        side=params.image_size,
    )
    with files.replacing(f"data/models/{name}.md") as temporary:
        temporary.write_text(card, encoding="utf-8")


def main() -> None:
    params = parameters.read()
    split = files.read_table("data/split.csv")
    for name in NETWORKS:
        per_class = files.read_table(f"metrics/per_class/{name}.csv")
        per_class = per_class.astype({"recall": float, "photos": int})
        write_card(name, params, split, per_class)
    print(f"data/models/: a model card for each of {', '.join(NETWORKS)}")


if __name__ == "__main__":
    main()
