"""What a result is about: the photos, the base, and the parameters that determine it."""

import hashlib

# The parameters that decide the result of a study, beside its own.
DECISIVE = {"augment", "batch_size", "epochs", "image_size", "layers", "learning_rate", "seed"}


def describe(params, table, base):
    """Say what a study is about, to tell whether it is about the same as a comparison.

    Args:
        params: the `Parameters`.
        table: data frame with the columns `label` and `sha256`.
        base: what `metrics/base.json` holds.

    Returns:
        A mapping that JSON can hold.
    """
    photos = hashlib.sha256("\n".join(table["label"] + "/" + table["sha256"]).encode())
    return params.model_dump(include=DECISIVE) | {
        "base": base | {"fine_tune": params.base.fine_tune},
        "photos": {"count": len(table), "sha256": photos.hexdigest()},
    }
