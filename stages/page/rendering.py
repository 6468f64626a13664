"""Filling the page's template."""

import base64
import hashlib
import io
import re
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup, escape
from PIL import Image

FOLDER = Path(__file__).parent
THUMBNAIL_SIZE = 160  # largest side, pixels


def encode_jpeg(pixels: np.ndarray, size: int = THUMBNAIL_SIZE) -> str:
    """Return a photo as a `data:` URL of a JPEG.

    Args:
        pixels: RGB `uint8` `[rows, columns, 3]`.
        size: largest side; a larger photo is scaled down, pixels.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((size, size))
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=75)
    return "data:image/jpeg;base64," + base64.b64encode(encoded.getvalue()).decode()


def mark_code(text: str) -> Markup:
    """Return a text as HTML: escaped, and what stands between backticks as `<code>`."""
    return Markup(re.sub("`(.+?)`", r"<code>\1</code>", str(escape(text))))


def render(template: Path, **values: Any) -> str:
    """Fill a template of a page.

    Args:
        template: extends `layout.html`; the script beside it, of the same name but `.js`, goes
            into the page, after that of all pages.
        values: the variables of the template; each is escaped where it is shown.

    Returns:
        HTML that needs no other file and no network.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, FOLDER]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = mark_code
    scripts = (FOLDER / "sorting.js", template.with_suffix(".js"))
    script = "\n".join(path.read_text(encoding="utf-8") for path in scripts)
    return environment.get_template(template.name).render(
        style=(FOLDER / "style.css").read_text(encoding="utf-8"),
        script=script,
        # The browser runs this script and no other.
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **values,
    )
