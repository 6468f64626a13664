"""Edits of a photo that leave it the same photo, and kinds of pictures that look much alike."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from demo.drawing import picture
from demo.drawing.animals import ANIMALS

Edit = Callable[[Image.Image], Image.Image]


def keep(image: Image.Image) -> Image.Image:
    return image


def shrink(image: Image.Image, share: float) -> Image.Image:
    return image.resize([max(1, round(share * side)) for side in image.size])


def crop(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Cut shares of the width and height off the sides."""
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return image.crop([round(edge) for edge in box])


def crop_evenly(image: Image.Image, share: float) -> Image.Image:
    return crop(image, share, share, share, share)


def write_caption(image: Image.Image, share: float, appended: bool) -> Image.Image:
    """Lay a bar with white text over the lower part, or append it below."""
    width, height = image.size
    bar = round(share * height)
    whole = Image.new("RGB", (width, height + bar if appended else height))
    whole.paste(image)
    pen = ImageDraw.Draw(whole)
    pen.rectangle((0, whole.height - bar, width, whole.height), "black")
    pen.text((0.05 * width, whole.height - 0.8 * bar), "WHEN IT IS MONDAY", "white", size=bar / 2)
    return whole


def add_border(image: Image.Image, share: float) -> Image.Image:
    return ImageOps.expand(image, round(share * min(image.size)), "white")


def rotate(image: Image.Image, degrees: float) -> Image.Image:
    return image.rotate(degrees, Image.Resampling.BILINEAR)


def add_noise(image: Image.Image, deviation: float) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, deviation, (*image.size[::-1], 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def add_watermark(image: Image.Image) -> Image.Image:
    """Write a pale text right across the middle."""
    layer = Image.new("L", image.size)
    width, height = image.size
    ImageDraw.Draw(layer).text((0.08 * width, 0.42 * height), "© example.com", 130, size=width / 8)
    return Image.composite(Image.new("RGB", image.size, "white"), image, layer)


def bend(image: Image.Image, gamma: float) -> Image.Image:
    return image.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)


def tint(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge(
        "RGB", (red.point(lambda v: min(255, 1.15 * v)), green, blue.point(lambda v: 0.8 * v))
    )


def mirror_and_crop(image: Image.Image) -> Image.Image:
    return crop_evenly(ImageOps.mirror(image), 0.04)


EDITS: dict[str, tuple[Edit, int]] = {  # and the quality of the JPEG that is saved
    "JPEG, quality 90": (keep, 90),
    "JPEG, quality 75": (keep, 75),
    "JPEG, quality 50": (keep, 50),
    "JPEG, quality 20": (keep, 20),
    "half the size": (partial(shrink, share=0.5), 90),
    "64 pixels high and wide": (lambda image: image.resize((64, 64)), 90),
    "20% lighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.2), 90),
    "30% darker": (lambda image: ImageEnhance.Brightness(image).enhance(0.7), 90),
    "gamma 0.6": (partial(bend, gamma=0.6), 90),
    "30% more contrast": (lambda image: ImageEnhance.Contrast(image).enhance(1.3), 90),
    "grey": (lambda image: image.convert("L").convert("RGB"), 90),
    "warmer colours": (tint, 90),
    "crop, 2% a side": (partial(crop_evenly, share=0.02), 90),
    "crop, 5% a side": (partial(crop_evenly, share=0.05), 90),
    "crop, 8% a side": (partial(crop_evenly, share=0.08), 90),
    "crop, 8% of one side": (partial(crop, left=0.08, top=0, right=0, bottom=0), 90),
    "crop, 5% of two sides": (partial(crop, left=0.05, top=0.05, right=0, bottom=0), 90),
    "mirrored": (ImageOps.mirror, 90),
    "mirrored, crop of 4% a side": (mirror_and_crop, 90),
    "caption laid over 12%": (partial(write_caption, share=0.12, appended=False), 90),
    "caption laid over 18%": (partial(write_caption, share=0.18, appended=False), 90),
    "caption of 12% appended": (partial(write_caption, share=0.12, appended=True), 90),
    "caption of 18% appended": (partial(write_caption, share=0.18, appended=True), 90),
    "white border of 5%": (partial(add_border, share=0.05), 90),
    "rotated by 1.5°": (partial(rotate, degrees=1.5), 90),
    "rotated by 3°": (partial(rotate, degrees=3), 90),
    "sharpened": (lambda image: image.filter(ImageFilter.UnsharpMask(3, 150)), 90),
    "blurred": (lambda image: image.filter(ImageFilter.GaussianBlur(min(image.size) / 100)), 90),
    "noise": (partial(add_noise, deviation=15), 90),
    "watermark": (add_watermark, 90),
}


def _plane(rng: np.random.Generator, size: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of pixels, from -1 to 1."""
    steps = np.linspace(-1, 1, size)
    return steps[:, None], steps[None]


def _image(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")


def draw_page(rng: np.random.Generator, words: str, dense: bool) -> Image.Image:
    """Draw a page of text: lines of various lengths, or all full."""
    page = Image.new("L", (400, 560), 255)
    pen = ImageDraw.Draw(page)
    for line in range(30):
        count = 18 if dense else rng.integers(6, 13)
        text = " ".join(rng.choice(words.split(), count))
        pen.text((30, 25 + 17 * line), text[:56] if dense else text, 20)
    return page.convert("RGB")


def draw_form(rng: np.random.Generator) -> Image.Image:
    """Draw one form, with other entries each time."""
    page = Image.new("L", (400, 560), 255)
    pen = ImageDraw.Draw(page)
    pen.text((30, 20), "APPLICATION", 0, size=24)
    for row in range(12):
        pen.text((30, 70 + 38 * row), f"Field {row}", 60)
        pen.rectangle((110, 62 + 38 * row, 370, 90 + 38 * row), None, 60)
        text = " ".join(
            rng.choice(["Anna", "Berg", "17", "Rome", "1984", "no", "yes", "Street", "left"], 4)
        )
        pen.text((118, 70 + 38 * row), text[: rng.integers(4, 24)], 0)
    return page.convert("RGB")


def draw_product(rng: np.random.Generator) -> Image.Image:
    """Draw a bottle, box, ball or cup in the middle of white."""
    image = Image.new("RGB", (300, 300), "white")
    pen = ImageDraw.Draw(image)
    colour, label = (tuple(int(v) for v in rng.integers(30, 220, 3)) for _ in range(2))
    width, height = rng.integers(30, 90), rng.integers(70, 130)
    box = (150 - width, 150 - height, 150 + width, 150 + height)
    kind = rng.integers(4)
    if kind == 0:
        pen.rounded_rectangle(box, 20, colour)
        pen.rectangle((150 - width // 3, 120 - height, 150 + width // 3, 155 - height), colour)
    elif kind == 1:
        pen.rectangle(box, colour)
    elif kind == 2:
        pen.ellipse((150 - height, 150 - height, 150 + height, 150 + height), colour)
    else:
        pen.rounded_rectangle(box, 30, colour)
        pen.arc((150 + width - 20, 110, 190 + width, 200), 270, 90, colour, 12)
    top = int(rng.integers(110, 160))
    pen.rectangle((155 - width, top, 145 + width, top + int(rng.integers(20, 60))), label)
    pen.text((160 - width, top + 5), "".join(rng.choice(list("ABCDEFG"), 6)), "black", size=16)
    return image.filter(ImageFilter.GaussianBlur(1))


def draw_xray(rng: np.random.Generator) -> Image.Image:
    """Draw a chest: two dark lungs, ribs, spine and heart, all soft."""
    y, x = _plane(rng)
    draw = rng.normal
    body = 190 * np.exp(-((np.abs(x) / (0.9 + draw(0, 0.03))) ** 6) - (np.abs(y) / 1.1) ** 8)
    grey = body.copy()
    for side in (-1, 1):
        centre, middle = side * (0.42 + draw(0, 0.02)), -0.05 + draw(0, 0.03)
        wide, high = 0.3 + draw(0, 0.02), 0.62 + draw(0, 0.04)
        lung = np.exp(-((((x - centre) / wide) ** 2 + ((y - middle) / high) ** 2) ** 2))
        ribs = np.sin(14 * (y + 0.5 * (np.abs(x) + draw(0, 0.03)) ** 2) + draw(0, 0.4))
        grey -= lung * (95 + draw(0, 8) - (12 + draw(0, 2)) * ribs)
    grey += (45 + draw(0, 6)) * np.exp(-((x / 0.09) ** 2))
    heart = ((x - 0.12 - draw(0, 0.02)) / 0.28) ** 2 + ((y - 0.25 - draw(0, 0.03)) / 0.3) ** 2
    grey += (70 + draw(0, 8)) * np.exp(-(heart**2)) + draw(0, 2, (160, 160))
    return _image(grey)


def draw_sky(rng: np.random.Generator) -> Image.Image:
    """Draw a gradient from top to bottom, a little tilted, with the grain of a camera."""
    y, x = _plane(rng)
    slope, tilt = rng.uniform(20, 60), rng.uniform(-15, 15)
    return _image(rng.uniform(110, 170) - slope * y - tilt * x + rng.normal(0, 2, (160, 160)))


def draw_cloud(rng: np.random.Generator, size: float) -> np.ndarray:
    """Draw soft noise of mean 0 and deviation 1."""
    noise = Image.fromarray(rng.normal(0, 1, (160, 160)).astype(np.float32))
    grey = np.asarray(noise.resize([round(160 / size)] * 2).resize((160, 160)))
    return (grey - grey.mean()) / grey.std()


def draw_cloudy_sky(rng: np.random.Generator) -> Image.Image:
    y, _ = _plane(rng)
    return _image(150 - 50 * y + 15 * draw_cloud(rng, 20) + rng.normal(0, 2, (160, 160)))


def draw_portrait(rng: np.random.Generator) -> Image.Image:
    """Draw a face before a grey wall, as passport photos show it."""
    image = Image.new("L", (240, 300), int(rng.integers(180, 220)))
    pen = ImageDraw.Draw(image)
    skin, hair = int(rng.integers(120, 190)), int(rng.integers(20, 110))
    wide, high, top = rng.integers(55, 70), rng.integers(75, 90), rng.integers(10, 40)
    pen.ellipse((120 - wide - 10, 130 - high - top, 120 + wide + 10, 160 + 2 * top), hair)
    pen.rounded_rectangle((120 - 100, 240, 220, 340), 40, int(rng.integers(20, 230)))
    pen.rectangle((100, 190, 140, 250), skin - 10)
    pen.ellipse((120 - wide, 140 - high, 120 + wide, 140 + high), skin)
    apart, eyes = rng.integers(22, 30), int(rng.integers(115, 132))
    for x in (120 - apart, 120 + apart):
        pen.ellipse((x - 9, eyes - 5, x + 9, eyes + 5), 240)
        pen.ellipse((x - 4, eyes - 4, x + 4, eyes + 4), int(rng.integers(10, 90)))
        pen.line((x - 12, eyes - 14, x + 12, eyes - 14 + int(rng.integers(-4, 5))), hair, 4)
    mouth = int(rng.integers(180, 195))
    pen.line((120, eyes + 5, 120 + int(rng.integers(-6, 7)), mouth - 22), skin - 30, 3)
    pen.ellipse((120 - 20, mouth, 140, mouth + int(rng.integers(4, 12))), 90)
    return image.filter(ImageFilter.GaussianBlur(1)).convert("RGB")


def draw_stars(rng: np.random.Generator) -> Image.Image:
    """Draw stars of various brightness, and the noise of a dark picture."""
    sky = np.zeros((80, 80))
    sky[tuple(rng.integers(0, 80, (2, 150)))] = rng.uniform(30, 255, 150)
    return _image(np.kron(sky, np.ones((2, 2))) + 5 + rng.normal(0, 2, (160, 160)))


def draw_chart(rng: np.random.Generator) -> Image.Image:
    """Draw a line that wanders, between axes."""
    image = Image.new("L", (320, 240), 255)
    pen = ImageDraw.Draw(image)
    pen.line([(30, 10), (30, 215), (310, 215)], 0, 2)
    heights = 110 + np.cumsum(rng.normal(0, 8, 56))
    pen.line([(30 + 5 * step, float(y)) for step, y in enumerate(heights.clip(12, 212))], 60, 2)
    return image.convert("RGB")


def draw_digit(rng: np.random.Generator) -> Image.Image:
    """Draw a grey digit on black, as in MNIST."""
    image = Image.new("L", (112, 112))
    place = tuple(float(v) for v in rng.uniform(18, 44, 2) - (0, 10))
    ImageDraw.Draw(image).text(place, str(rng.integers(10)), 255, size=float(rng.uniform(60, 85)))
    return image.rotate(rng.uniform(-15, 15)).filter(ImageFilter.GaussianBlur(2)).convert("RGB")


def draw_cells(rng: np.random.Generator) -> Image.Image:
    """Draw dark round cells on a bright ground, as a microscope shows them."""
    image = Image.new("L", (256, 256), 215)
    pen = ImageDraw.Draw(image)
    for x, y in rng.uniform(0, 256, (60, 2)):
        radius = rng.uniform(8, 14)
        pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius), int(rng.integers(110, 190)), 100
        )
    return image.filter(ImageFilter.GaussianBlur(1)).convert("RGB")


def draw_plain(rng: np.random.Generator, noise: float) -> Image.Image:
    colour = rng.integers(20, 236, 3)
    return Image.fromarray(
        (colour + rng.normal(0, noise, (160, 160, 3))).round().clip(0, 255).astype(np.uint8)
    )


def draw_animal(rng: np.random.Generator) -> Image.Image:
    """Draw an animal of the demo."""
    animal = list(ANIMALS.values())[rng.integers(len(ANIMALS))]
    return Image.fromarray(picture.draw_picture(animal, (9, int(rng.integers(2**31))), 160))


ENGLISH = "the of and to in that was his"
PICTURES: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "pages of text": partial(draw_page, words=ENGLISH, dense=False),
    "pages of text, full lines": partial(draw_page, words=ENGLISH, dense=True),
    "one form, other entries": draw_form,
    "plain colours": partial(draw_plain, noise=0),
    "plain colours with noise": partial(draw_plain, noise=6),
    "products on white": draw_product,
    "drawn animals (the demo's)": draw_animal,
    "chests in X-rays": draw_xray,
    "clear skies": draw_sky,
    "cloudy skies": draw_cloudy_sky,
    "faces before a wall": draw_portrait,
    "stars at night": draw_stars,
    "line charts": draw_chart,
    "digits on black": draw_digit,
    "cells in a microscope": draw_cells,
}
