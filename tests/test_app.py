"""The page to try all networks, in a real browser: it answers as `predict` does."""

import json
import re
import urllib.request

import numpy as np
import psutil
import pytest
from PIL import Image

import app as app_module
from stages.common.parameters import NETWORKS
from tests.helpers.browser import chromium, running_app, running_browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no chromium on PATH"),
]

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
PHOTO = "data/colours/red/000.jpg"
CLASS = "(blue|green|red)"


@pytest.fixture(scope="module")
def app(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    with running_app(project.folder, TMPDIR=str(folder)) as app:
        yield app
    assert not list(project.folder.rglob("*.pyi"))  # which Gradio writes for classes
    assert app.process.returncode == 0
    assert "Traceback" not in app.process.stdout.read()
    photos = {".jpg", ".jpeg", ".png", ".webp"}  # TensorFlow leaves files of its own
    assert not [path for path in folder.rglob("*") if path.suffix in photos]


@pytest.fixture(scope="module")
def browser():
    with running_browser(*CAMERA) as browser:
        yield browser


@pytest.fixture
def page(app, browser):
    page = browser.new_page()
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(f"http://127.0.0.1:{app.port}/")
    page.wait_for_selector("#photo input[type=file]", state="attached")
    yield page
    hosts = {re.match(r"\w+:/*([^:/]*)", url)[1] for url in page.asked if url[:5] != "blob:"}
    assert hosts <= {"127.0.0.1", "data"}
    page.close()


def answers(page):
    """Wait for all networks; return what each answers: a mapping of classes to percentages."""
    found = {}
    for name in NETWORKS:
        page.wait_for_selector(f"#{name} >> text=/^{CLASS}: /")
        shown = page.inner_text(f"#{name}")
        found[name] = {label: int(share) for label, share in re.findall(r"(\w+)\n(\d+)%", shown)}
    return found


def test_it_listens_on_this_machine_alone(app):
    assert app.line == f"http://127.0.0.1:{app.port} shows the page; press Ctrl-C to stop\n"
    listening = [
        tuple(connection.laddr)
        for connection in psutil.Process(app.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", app.port)]


def test_all_networks_say_what_predict_says_and_show_where_they_looked(page, project):
    page.set_input_files("#photo input[type=file]", project.folder / PHOTO)
    found = answers(page)
    said = project.run("python", "-m", "predict", PHOTO, "--format", "jsonl").stdout
    said = json.loads(said.splitlines()[-1])
    for name in NETWORKS:
        expected = said[name]["probabilities"]
        assert set(found[name]) == {"blue", "green", "red"}
        for label, share in found[name].items():
            assert share == pytest.approx(100 * expected[label], abs=0.51)
        sentence = page.inner_text(f"#{name}").splitlines()[-1]
        share = said[name]["probabilities"][said[name]["predicted"]]
        assert sentence.startswith(f"{said[name]['predicted']}: {share:.0%}. ")
        pictures = page.locator(f"#{name} img:visible")
        if "Whatever part" in sentence:
            assert pictures.count() == 0
        else:
            assert pictures.evaluate("image => image.naturalWidth") == 32


def test_a_photo_can_be_taken_with_the_camera(page):
    page.click("[aria-label='Capture from camera']")
    page.click("[title='grant webcam access']")
    page.wait_for_function("document.querySelector('#photo video').videoWidth > 0")
    page.click("button[aria-label='capture photo']")
    assert set(answers(page)["custom"]) == {"blue", "green", "red"}


def test_what_is_not_a_photo_is_named_and_the_next_one_is_answered(page, project, tmp_path):
    (tmp_path / "letter.jpg").write_text("Dear Sir or Madam")
    page.set_input_files("#photo input[type=file]", tmp_path / "letter.jpg")
    page.wait_for_selector("text=not an image (none of BMP, GIF, JPEG, PNG, TIFF, WEBP)")
    page.click("[aria-label='Clear']")
    page.set_input_files("#photo input[type=file]", project.folder / PHOTO)
    assert set(answers(page)["custom"]) == {"blue", "green", "red"}


def test_a_photo_is_turned_as_its_exif_says(page, project, tmp_path):
    upright = Image.open(project.folder / PHOTO)
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.save(tmp_path / "turned.png", exif=exif)
    page.set_input_files("#photo input[type=file]", tmp_path / "turned.png")
    found = answers(page)
    result = project.run("python", "-m", "predict", tmp_path / "turned.png", "--format=jsonl")
    said = json.loads(result.stdout.splitlines()[-1])
    for name in NETWORKS:
        for label, share in found[name].items():
            assert share == pytest.approx(100 * said[name]["probabilities"][label], abs=0.51)


def test_a_request_reads_no_file_that_was_not_uploaded(project):
    photo = {"path": str(project.folder / PHOTO), "meta": {"_type": "gradio.FileData"}}
    body = {"data": [photo], "fn_index": 0, "session_hash": "other"}
    with running_app(project.folder) as app:
        address = f"http://127.0.0.1:{app.port}/gradio_api/queue"
        request = urllib.request.Request(
            f"{address}/join", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=30).close()
        with urllib.request.urlopen(f"{address}/data?session_hash=other", timeout=60) as stream:
            events = [json.loads(line[6:]) for line in stream if line.startswith(b"data: ")]
    (completed,) = (event for event in events if event["msg"] == "process_completed")
    assert not completed["success"]
    assert "InvalidPathError" in app.process.stdout.read()


def test_a_port_that_is_taken_is_a_mistake_in_one_line(app, project):
    result = project.run(
        "python", "-m", "app", "--no-browser", "--port", str(app.port), check=False
    )
    assert result.returncode == 1
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"app: cannot listen on 127.0.0.1:{app.port} (")
    assert line.endswith("Choose one with --port.")


def test_without_gradio_one_line_says_how_to_get_it(project):
    hidden = "import sys; sys.modules['gradio'] = None; import app; app.main()"
    result = project.run("python", "-c", hidden, check=False)
    assert result.returncode == 1
    assert result.stdout == (
        "app: gradio is not installed; expected the packages of requirements-app.txt. "
        "Install them: `pip install -r requirements-app.txt`.\n"
    )


def test_an_answer_that_nothing_changes_has_no_picture():
    classes = np.array(["cat", "dog"])
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    sure = app_module.classify(lambda batch: np.tile([0.9, 0.1], (len(batch), 1)), pixels, classes)
    assert sure.picture is None
    assert sure.sentence == "cat: 90%. Whatever part of the photo is covered, it stays as sure."

    def bright(batch):
        share = batch.mean(axis=(1, 2, 3)) / 255
        return np.stack([share, 1 - share], axis=1)

    unsure = app_module.classify(bright, np.full((32, 32, 3), 250, np.uint8), classes)
    assert unsure.picture.shape == (32, 32, 3)
    assert unsure.sentence == ("cat: 98%. With the part covered that glows most, 95% remain.")


def test_what_is_unlike_all_training_photos_is_said_to_be():
    random = np.random.default_rng(0)
    features = np.abs(random.normal([10, 10, 0, 0], 1, (120, 4))).astype(np.float32)
    neighbours = app_module.Neighbours(features, np.arange(100), np.arange(100, 120))
    assert not neighbours.is_far(np.float32([10, 10, 1, 1]))
    assert neighbours.is_far(np.float32([0, 1, 10, 10]))


@pytest.mark.parametrize(
    ("shares", "far", "expected"),
    [
        ([0.9, 0.1], False, ""),
        ([0.4, 0.3], False, "No network is sure: the highest probability is 40%. "),
        ([0.9, 0.1], True, "This photo resembles none of the training photos. "),
    ],
)
def test_doubts_are_told_with_what_the_networks_know(shares, far, expected):
    classes = np.array(["cat", "dog", "<b>"])
    answer = app_module.Answer(dict(zip(classes, shares, strict=False)), None, "")
    found = app_module.describe_doubts([answer, answer], far, classes)
    known = "These networks know only cat, dog and &lt;b&gt;."
    assert found == (expected + known if expected else "")
