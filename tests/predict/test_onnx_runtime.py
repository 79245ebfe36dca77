"""A bundle that is run without Keras: the same answers, and nothing heavy loaded."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

import networks
from tellapart.__main__ import main
from tellapart.bundle import Bundle, open_bundle, write_bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError, ModelError, UsageError
from tellapart.export.twin import with_twin
from tellapart.models.catalogue import BUILDERS
from tellapart.predict.onnx_runtime import OnnxRuntime, open_onnx
from tellapart.predict.opening import open_predictor
from tellapart.predict.predictor import Predictor
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run

pytestmark = pytest.mark.core

SHIRT = Path(__file__).parent.parent.parent / "examples" / "pictures" / "shirt.png"
HEAVY = ("keras", "tensorflow", "jax", "torch", "onnx", "scipy", "sklearn", "matplotlib", "jinja2")

WITHOUT_KERAS = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name == "keras" else find(name, *rest)
"""


@pytest.fixture(scope="module")
def bundle(run: Run) -> Bundle:
    return open_bundle(run.path / "model.tellapart")


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_every_network_comes_to_the_verdicts_of_keras(name: str, fashion: Dataset) -> None:
    images = networks.images_for(fashion, networks.SPECS[name])
    network = networks.network_of(name)
    found = networks.bundle_of(name, network, networks.SPECS[name], images)
    twin = with_twin(found, network, pytest.fail)
    answers, verdicts = Predictor(twin, open_onnx(twin)).judge(images)
    wanted, right = Predictor(found, networks.runtime_of(network)).judge(images)
    assert verdicts is not None
    assert right is not None
    assert set(right.kinds) == {"label", "unsure", "unknown"}
    np.testing.assert_array_equal(verdicts.kinds, right.kinds)
    np.testing.assert_array_equal(verdicts.sets, right.sets)
    np.testing.assert_allclose(answers.probabilities, wanted.probabilities, atol=1e-5)
    assert answers.features is not None
    assert wanted.features is not None
    np.testing.assert_allclose(answers.features, wanted.features, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 3, 256, 257, 600])
def test_any_number_of_pictures_is_answered(bundle: Bundle, run: Run, count: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 28, 28, 1), np.uint8)
    runtime = open_onnx(bundle)
    found = runtime.answers(pixels)
    assert found.features is not None
    assert (found.probabilities.shape, found.features.shape) == ((count, 10), (count, 64))
    np.testing.assert_allclose(found.probabilities, run.model.probabilities(pixels), atol=1e-5)
    np.testing.assert_array_equal(runtime.probabilities(pixels), found.probabilities)


def test_a_run_writes_a_bundle_that_passes_its_golden_examples_without_keras(run: Run) -> None:
    predictor = open_predictor(run.path / "model.tellapart", backend="onnx")
    assert predictor.replay_golden().passed
    assert main(["doctor", str(run.path / "model.tellapart"), "--backend", "onnx"]) == 0


def test_where_both_are_installed_onnx_answers_and_the_network_is_plain_keras(run: Run) -> None:
    program = (
        "import sys, tellapart\nmodel = tellapart.open_model(sys.argv[1])\n"
        "print(model.runtime, model.predict(sys.argv[2]).label, 'keras' in sys.modules)\n"
        "import keras\nprint(isinstance(model.network, keras.Model))\n"
        "print(model.network.count_params(), model.network is model.network)"
    )
    out, _ = _ask(program, str(run.path / "model.tellapart"), str(SHIRT))
    label = run.model.predict(SHIRT).label
    assert out == [f"onnx {label} False", "True", f"{run.model.network.count_params()} True"]


def test_the_doctor_asks_every_runtime_that_is_there(
    run: Run, bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", str(run.path / "model.tellapart")]) == 0
    assert "as after training by onnx and keras" in capsys.readouterr().out
    weights = {name: array + 0.1 for name, array in bundle.weights.items()}
    path = write_bundle(tmp_path / "torn.tellapart", replace(bundle, weights=weights))
    assert main(["doctor", str(path), "--backend", "onnx"]) == 0
    assert main(["doctor", str(path)]) == 4
    assert "by keras, a golden probability is off" in capsys.readouterr().err


def _ask(program: str, *words: str) -> tuple[list[str], str]:
    """Return what a fresh process puts out, line by line, and what it says beside."""
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.splitlines(), done.stderr


def test_one_answer_of_the_command_loads_nothing_heavy(run: Run) -> None:
    program = (
        "import sys\nfrom tellapart.__main__ import main\ncode = main(sys.argv[1:])\n"
        f"print('\\n', code, *(m for m in {HEAVY} if m in sys.modules))"
    )
    model = str(run.path / "model.tellapart")
    out, _ = _ask(program, "predict", model, str(SHIRT), "--backend", "onnx", "--json")
    [answer] = json.loads("\n".join(out[:-1]))
    assert out[-1].split() == ["0"]
    assert answer["choices"][0]["label"] == run.model.predict(SHIRT).label


def test_it_runs_by_itself_where_keras_is_not_installed(run: Run) -> None:
    program = (
        f"{WITHOUT_KERAS}\nimport tellapart\nmodel = tellapart.open_model(sys.argv[1])\n"
        "print(model.predict(sys.argv[2]).label, model.explain(sys.argv[2]).label)\n"
        "print('keras' in sys.modules)\n"
        "try:\n    model.network\nexcept Exception as error:\n    print(error)"
    )
    out, _ = _ask(program, str(run.path / "model.tellapart"), str(SHIRT))
    label = run.model.predict(SHIRT).label
    assert out[-3:] == [
        f"{label} {label}",
        "False",
        "Without Keras there is no keras.Model. Fix: backend='tensorflow'",
    ]


def test_without_keras_and_without_a_twin_the_message_names_what_is_missing(
    bundle: Bundle, tmp_path: Path
) -> None:
    path = write_bundle(tmp_path / "old.tellapart", replace(bundle, twin=None))
    program = f"{WITHOUT_KERAS}\nfrom tellapart.__main__ import main\nprint(main(sys.argv[1:]))"
    out, said = _ask(program, "predict", str(path), str(SHIRT))
    assert out == ["5"]
    assert "needs Keras and a backend" in said
    assert "pip install" in said


def test_a_bundle_without_a_twin_says_so_where_one_is_asked_for(
    bundle: Bundle, tmp_path: Path
) -> None:
    path = write_bundle(tmp_path / "old.tellapart", replace(bundle, twin=None))
    with pytest.raises(BundleError, match=r"has no network\.onnx.*train it again"):
        open_predictor(path, backend="onnx")


@pytest.mark.parametrize("damage", [b"", b"no ONNX", None])
def test_a_twin_that_cannot_be_run_is_a_damaged_bundle(
    bundle: Bundle, damage: bytes | None
) -> None:
    assert bundle.twin is not None
    content = bundle.twin[:1000] if damage is None else damage
    with pytest.raises(BundleError, match=r"network\.onnx in this bundle cannot be run"):
        open_onnx(replace(bundle, twin=content))


@pytest.mark.parametrize(
    "change",
    [{"class_names": ("a", "b")}, {"image": ImageSpec(height=32)}],
    ids=["classes", "pixels"],
)
def test_a_twin_of_another_network_is_refused(bundle: Bundle, change: dict[str, Any]) -> None:
    other = replace(bundle, manifest=bundle.manifest.model_copy(update=change))
    with pytest.raises(BundleError, match=r"must be for \(.*Received: \(28, 28, 1, 10\)"):
        open_onnx(other)


def test_a_graph_for_something_else_is_refused() -> None:
    from onnx import TensorProto, helper

    shape = ["n", 3]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "other",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    with pytest.raises(BundleError, match="take `image`.*Received: x and y"):
        OnnxRuntime(model.SerializeToString())


def test_keras_answers_where_it_has_a_graphics_card(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run.path / "model.tellapart"
    assert open_predictor(path).runtime == "onnx"
    there = SimpleNamespace(device="cuda:0")  # as a tensor says where a card is
    monkeypatch.setattr(keras.ops, "zeros", lambda _: there)
    assert open_predictor(path).runtime == "keras"


def test_without_tensorflow_an_explanation_asks_for_no_other_backend(run: Run) -> None:
    program = (
        "import sys\nsys.modules['tensorflow'] = None\nimport tellapart\n"
        "found = tellapart.explain(sys.argv[1], sys.argv[2])\n"
        "print(found.method, found.scores.agreement, 'keras' in sys.modules)"
    )
    out, said = _ask(program, str(run.path / "model.tellapart"), str(SHIRT))
    assert out == ["occlusion None False"]
    assert said == ""


def test_a_method_that_looks_into_layers_builds_the_network(run: Run) -> None:
    program = (
        "import sys, tellapart\nmodel = tellapart.open_model(sys.argv[1])\n"
        "found = model.explain(sys.argv[2], method='hires-cam')\n"
        "print(model.runtime, found.method, found.scores.agreement is not None)"
    )
    out, _ = _ask(program, str(run.path / "model.tellapart"), str(SHIRT))
    assert out == ["onnx hires-cam True"]


def test_one_that_was_opened_without_keras_stays_so(run: Run) -> None:
    predictor = open_predictor(run.path / "model.tellapart", backend="onnx")
    assert predictor.explain(SHIRT, check=False).method == "occlusion"
    with pytest.raises(ModelError, match="needs a Keras network"):
        predictor.explain(SHIRT, method="hires-cam")
    with pytest.raises(UsageError, match=r"no keras\.Model"):
        _ = predictor.network


def test_a_process_that_was_forked_answers_many_pictures(run: Run) -> None:
    program = (
        "import os, sys, numpy, tellapart\nmodel = tellapart.open_model(sys.argv[1])\n"
        "pixels = numpy.zeros((300, 28, 28, 1), numpy.uint8)\nmodel.probabilities(pixels)\n"
        "child = os.fork()\nif not child:\n"
        "    os._exit(0 if model.probabilities(pixels).shape == (300, 10) else 1)\n"
        "print(os.waitpid(child, 0)[1])"
    )
    out, _ = _ask(program, str(run.path / "model.tellapart"))
    assert out == ["0"]


def test_an_onnx_runtime_that_cannot_be_loaded_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('libwhat.so is missing')")
    program = (
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "from tellapart.__main__ import main\nprint(main(sys.argv[1:]))"
    )
    out, said = _ask(program, "predict", str(run.path / "model.tellapart"), str(SHIRT))
    assert out[-1] == "5"
    assert "onnxruntime is installed and cannot be loaded: libwhat.so is missing" in said
