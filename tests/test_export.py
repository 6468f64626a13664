"""The export that the documentation shows: every format gives the probabilities of Keras."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from tests.helpers.project import ROOT

pytestmark = pytest.mark.slow

PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
BLOCKS = [
    block
    for page in PAGES
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
]


@pytest.fixture(scope="module", params=["custom", "transfer", "probe"])
def exported(request, project, tmp_path_factory):
    """The path, without its ending, of what the documented code has exported."""
    folder = tmp_path_factory.mktemp("export")
    shutil.copytree(project.folder / "data/models", folder / "data/models")
    (code,) = (block for block in BLOCKS if ".export(" in block)
    code = code.replace("transfer", request.param)
    result = subprocess.run(
        ["python", "-c", code], cwd=folder, env=project.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    return folder / request.param


@pytest.fixture(scope="module")
def pixels(project):
    return np.load(project.folder / "data/pixels.npy")[:5].astype(np.float32)


@pytest.fixture
def expected(exported, pixels):
    from stages.networks import loading

    return loading.load(exported.parent / f"data/models/{exported.name}.keras").predict(pixels)


def test_saved_model(exported, pixels, expected):
    from stages.networks.backend import tf

    loaded = tf.saved_model.load(exported)
    np.testing.assert_allclose(loaded.serve(pixels), expected, atol=1e-4)


def test_onnx(exported, pixels, expected):
    import onnxruntime

    session = onnxruntime.InferenceSession(exported.with_suffix(".onnx"))
    (taken,) = session.get_inputs()
    (found,) = session.run(None, {taken.name: pixels})
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_litert(exported, pixels, expected):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(exported.with_suffix(".tflite")))
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(taken["index"], pixels.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(taken["index"], pixels)
    interpreter.invoke()
    np.testing.assert_allclose(interpreter.get_tensor(given["index"]), expected, atol=1e-4)
