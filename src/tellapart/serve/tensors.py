"""Pictures in the tensors of the Open Inference Protocol, and answers as such tensors."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tellapart.images.arrays import Pixels
from tellapart.predict.inputs import Item
from tellapart.sections import ImageSpec
from tellapart.serve.bodies import check_count, to_item
from tellapart.serve.limits import Limits
from tellapart.serve.problems import Problem
from tellapart.serve.protocol import (
    INPUT,
    OUTPUTS,
    InferenceRequest,
    RequestTensor,
    ResponseTensor,
    TensorMetadata,
)
from tellapart.serve.served import Answered


def inputs_of(spec: ImageSpec) -> list[TensorMetadata]:
    """Return the input that a request must bring: one, though `BYTES` will do for it as well."""
    return [TensorMetadata(name=INPUT, datatype="UINT8", shape=[-1, *spec.shape])]


def outputs_of(classes: int) -> list[TensorMetadata]:
    """Return what comes back."""
    texts = [TensorMetadata(name=name, datatype="BYTES", shape=[-1]) for name in OUTPUTS[1:]]
    return [TensorMetadata(name=OUTPUTS[0], datatype="FP32", shape=[-1, classes]), *texts]


def items_of(request: InferenceRequest, spec: ImageSpec, limits: Limits) -> list[Item]:
    """Return the pictures that a request brings.

    Raises:
        Problem: It brings none, too many, or another tensor.
    """
    if len(request.inputs) != 1 or request.inputs[0].name != INPUT:
        names = ", ".join(tensor.name for tensor in request.inputs)[:200]
        raise Problem(400, f"`inputs` must be one tensor named '{INPUT}'. Received: {names}.")
    tensor = request.inputs[0]
    check_count(tensor.shape[0] if tensor.shape else 0, limits)
    if tensor.datatype == "UINT8":
        return [Item(f"image {n}", picture) for n, picture in enumerate(_pixels(tensor, spec))]
    if tensor.datatype == "BYTES":
        return [to_item(f"image {n}", text) for n, text in enumerate(_texts(tensor))]
    raise Problem(400, f"`datatype` must be UINT8 or BYTES. Received: {tensor.datatype[:100]}.")


def wanted_outputs(request: InferenceRequest) -> tuple[str, ...]:
    """Return the names of the outputs that a request wants.

    Raises:
        Problem: There is no such output.
    """
    names = tuple(output.name for output in request.outputs) or OUTPUTS
    unknown = next((name for name in names if name not in OUTPUTS), None)
    if unknown is not None or len(set(names)) != len(names):
        raise Problem(
            400,
            f"`outputs` must be some of {', '.join(OUTPUTS)}, each once. "
            f"Received: {', '.join(names)[:200]}.",
        )
    return names


def to_tensors(
    answers: Sequence[Answered], class_names: Sequence[str], wanted: Sequence[str]
) -> list[ResponseTensor]:
    """Return answers as tensors; each names all classes, or none where there is an error."""
    count = len(answers)
    shares = np.zeros((count, len(class_names)), np.float32)
    places = {name: place for place, name in enumerate(class_names)}
    for row, answer in enumerate(answers):
        for choice in answer.prediction.choices:
            shares[row, places[choice.label]] = choice.probability
    predictions = [answer.prediction for answer in answers]
    texts = {
        "label": [prediction.label or "" for prediction in predictions],
        "verdict": [str(prediction.verdict) for prediction in predictions],
        "error": [prediction.error or "" for prediction in predictions],
    }
    return [
        ResponseTensor(name=name, shape=[count], datatype="BYTES", data=texts[name])
        if name in texts
        else ResponseTensor(
            name=name, shape=list(shares.shape), datatype="FP32", data=shares.ravel().tolist()
        )
        for name in wanted
    ]


def _pixels(tensor: RequestTensor, spec: ImageSpec) -> Pixels:
    """Return `(n, height, width, channels)`, uint8."""
    if tuple(tensor.shape[1:]) != spec.shape:
        raise Problem(
            400,
            f"`shape` must be [n, {', '.join(map(str, spec.shape))}]. Received: {tensor.shape}. "
            "Pictures of any size: datatype BYTES.",
        )
    count = math.prod(tensor.shape)
    try:
        values = _flat(tensor.data, len(tensor.shape))
        if len(values) != count or set(map(type, values)) != {int}:
            raise ValueError
        return np.frombuffer(bytes(values), np.uint8).reshape(tensor.shape)
    except (TypeError, ValueError):
        must = f"`data` must be {count:,} whole numbers, 0 to 255, as `shape` says."
        raise Problem(400, must) from None


def _flat(values: list[Any], depth: int) -> list[Any]:
    """Return what lists in lists hold, so many of them deep.

    NumPy is not asked: it makes all texts in a list as long as the longest of them.
    """
    for _ in range(depth - 1):
        if set(map(type, values)) != {list}:
            break
        values = list(itertools.chain.from_iterable(values))
    return values


def _texts(tensor: RequestTensor) -> list[str]:
    texts = [text for text in tensor.data if isinstance(text, str)]
    if len(tensor.shape) != 1 or [len(tensor.data), len(texts)] != tensor.shape * 2:
        raise Problem(
            400, "`data` must be files of pictures in base64, as many as `shape` says: [n]."
        )
    return texts
