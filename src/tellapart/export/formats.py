"""What each format is called, where its files end, and what runs them, in a process of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart._extras import require_extra

MAIN, ANY_SIZE = "serving_default", "any_size"
"""The entries of a file that has several: for pictures of the network's size, and of any."""

OUTPUTS = ("probabilities", "logits", "features", "novelty")
"""The names of all outputs that a file may have."""

Answers = dict[str, NDArray[np.float32]]
Answer = Callable[[NDArray[np.uint8]], Answers]
"""Pixels `(n, height, width, channels)` to outputs by name."""


@dataclass(frozen=True)
class Format:
    """Is one format that a bundle can be exported to.

    Attributes:
        suffix: What its files end in; of a SavedModel, which is a folder, by custom.
        runtime: The package that runs it.
        extra: The extra of tellapart that brings the runtime.
        open: Opens a file in that runtime.
        writers: The packages that it is written with, each with the extra that brings it.
        beside: What else belongs to a file `{stem}` plus suffix.
        any_size_entry: The name of a second entry, which makes pictures of any size fit.
    """

    suffix: str
    runtime: str
    extra: str
    open: Callable[[Path], Answer]
    writers: tuple[tuple[str, str], ...] = ()
    beside: tuple[str, ...] = ()
    any_size_entry: str | None = None

    def check_installed(self) -> None:
        """See that it can be written and run here.

        Raises:
            MissingExtraError: A package for it is not installed.
        """
        for package, extra in ((self.runtime, self.extra), *self.writers):
            require_extra(package, extra)

    def files(self, path: Path) -> list[Path]:
        """Return all that belongs to a file of the format, itself last."""
        others = [path.with_name(name.format(stem=path.stem)) for name in self.beside]
        return [*others, path]


def open_onnx(path: Path) -> Answer:
    """Return an ONNX file in ONNX Runtime, on the processor."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def answer(pixels: NDArray[np.uint8]) -> Answers:
        return dict(zip(names, session.run(names, {"image": pixels}), strict=True))

    return answer


def open_openvino(path: Path) -> Answer:
    """Return an OpenVINO file in OpenVINO, in 32-bit numbers."""
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    model = core.compile_model(core.read_model(str(path)), "CPU", settings)

    def answer(pixels: NDArray[np.uint8]) -> Answers:
        found = model({"image": pixels})
        names = {output: (set(OUTPUTS) & output.names).pop() for output in model.outputs}
        return {name: np.asarray(found[output]) for output, name in names.items()}

    return answer


def open_saved_model(path: Path) -> Answer:
    """Return a SavedModel in TensorFlow, by the signature for the pictures' size."""
    import tensorflow as tf

    signatures = tf.saved_model.load(str(path)).signatures
    own = signatures[MAIN].structured_input_signature[1]["image"].shape

    def answer(pixels: NDArray[np.uint8]) -> Answers:
        entry = MAIN if own.is_compatible_with(pixels.shape) else ANY_SIZE
        found = signatures[entry](image=tf.constant(pixels))
        return {name: tensor.numpy() for name, tensor in found.items()}

    return answer


def open_litert(path: Path) -> Answer:
    """Return a LiteRT (TensorFlow Lite) file in its interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    run = interpreter.get_signature_runner("serving_default")

    def answer(pixels: NDArray[np.uint8]) -> Answers:
        return {name: np.asarray(value) for name, value in run(image=pixels).items()}

    return answer


def open_keras_file(path: Path) -> Answer:
    """Return a `.keras` file as Keras loads it."""
    import keras

    network = keras.saving.load_model(path, compile=False)

    def answer(pixels: NDArray[np.uint8]) -> Answers:
        found: Any = network(pixels, training=False)
        values = found.items() if isinstance(found, dict) else [("probabilities", found)]
        return {name: keras.ops.convert_to_numpy(value) for name, value in values}

    return answer


_BY_ONNX = (("onnx", "onnx"),)
_BY_TENSORFLOW = (("tensorflow", "tensorflow-cpu"),)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "keras": Format(
            *(".keras", "keras", "tensorflow-cpu", open_keras_file),
            beside=("{stem}.keras.json",),
        ),
        "litert": Format(".tflite", "ai_edge_litert", "litert", open_litert, _BY_TENSORFLOW),
        "onnx": Format(".onnx", "onnxruntime", "onnx", open_onnx, _BY_ONNX),
        "openvino": Format(
            *(".xml", "openvino", "openvino", open_openvino, _BY_ONNX), beside=("{stem}.bin",)
        ),
        "saved_model": Format(
            *(".saved_model", "tensorflow", "tensorflow-cpu", open_saved_model),
            any_size_entry=ANY_SIZE,
        ),
    }
)
