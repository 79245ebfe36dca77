"""The records of the Open Inference Protocol, version 2, and pictures in its tensors.

The protocol: https://github.com/kserve/open-inference-protocol. Names and shapes are its own.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tellapart.images.arrays import Pixels
from tellapart.predict.inputs import Item
from tellapart.sections import ImageSpec
from tellapart.serve.bodies import check_count, decode_base64
from tellapart.serve.limits import Limits
from tellapart.serve.problems import Problem
from tellapart.serve.served import Answered

INPUT = "image"
OUTPUTS = ("probabilities", "label", "verdict", "error")
"""`error` says of a picture that cannot be read why; its probabilities are all 0."""

MOST_DIMENSIONS = 8

Value = bool | str | float
Parameters = dict[str, Any]
Size = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


class RequestTensor(_Record):
    """Is one input of a request.

    Attributes:
        name: "image".
        shape: `[n, height, width, channels]` of pixels, `[n]` of encoded pictures.
        datatype: "UINT8" for pixels, 0–255; "BYTES" for files of pictures in base64.
        parameters: Are passed over.
        data: Nested or flat, row by row.
    """

    name: str
    shape: Annotated[list[Size], Field(max_length=MOST_DIMENSIONS)]
    datatype: str
    parameters: Parameters = {}
    data: list[Any]


class RequestedOutput(_Record):
    """Is the name of an output that is wanted.

    Attributes:
        name: One of `OUTPUTS`.
        parameters: Are passed over.
    """

    name: str
    parameters: Parameters = {}


class InferenceRequest(_Record):
    """Is the body of a request.

    Attributes:
        id: Comes back with the answer.
        parameters: Are passed over.
        inputs: One, the pictures.
        outputs: Which to return; all by default.
    """

    id: Annotated[str, Field(max_length=255)] | None = None
    parameters: Parameters = {}
    inputs: list[RequestTensor]
    outputs: list[RequestedOutput] = []


class ResponseTensor(_Record):
    """Is one output.

    Attributes:
        name: One of `OUTPUTS`.
        shape: `[n, classes]` of the probabilities, `[n]` of the others.
        datatype: "FP32" of the probabilities, "BYTES" of the others, which are text.
        data: Flat, row by row.
    """

    name: str
    shape: list[int]
    datatype: str
    data: list[float] | list[str]


class InferenceResponse(_Record):
    """Is the answer to a request.

    Attributes:
        model_name: Who answered.
        model_version: Of its bundle.
        id: As it was given.
        outputs: As they were asked for.
    """

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[ResponseTensor]


class TensorMetadata(_Record):
    """Is what a tensor is like; -1 stands for any number.

    Attributes:
        name: By which it is called.
        datatype: Of its elements.
        shape: Its sizes.
    """

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(_Record):
    """Is what a classifier takes and gives.

    Attributes:
        name: By which it is asked for.
        versions: The one that is there.
        platform: "tellapart".
        inputs: Two ways to bring pictures; a request takes one.
        outputs: What comes back.
    """

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ModelReady(_Record):
    """Is whether a classifier can be asked.

    Attributes:
        name: By which it is asked for.
        ready: Always true: one that cannot be asked is not served.
    """

    name: str
    ready: bool


class ServerMetadata(_Record):
    """Is what the server is.

    Attributes:
        name: "tellapart".
        version: Of tellapart.
        extensions: Of the protocol; there are none.
    """

    name: str
    version: str
    extensions: list[str]


def inputs_of(spec: ImageSpec) -> list[TensorMetadata]:
    """Return the two ways to bring pictures."""
    pixels = TensorMetadata(name=INPUT, datatype="UINT8", shape=[-1, *spec.shape])
    return [pixels, TensorMetadata(name=INPUT, datatype="BYTES", shape=[-1])]


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
        return [Item(f"image {n}", decode_base64(text)) for n, text in enumerate(_texts(tensor))]
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
    try:
        values = np.asarray(tensor.data)
    except (ValueError, OverflowError):
        values = np.empty(0)
    whole = values.dtype.kind in "iu" and values.size == np.prod(tensor.shape)
    if not whole or values.min() < 0 or values.max() > 255:
        raise Problem(
            400,
            f"`data` must be {np.prod(tensor.shape):,} whole numbers, 0 to 255, as `shape` says.",
        )
    return values.astype(np.uint8).reshape(tensor.shape)


def _texts(tensor: RequestTensor) -> list[str]:
    texts = [text for text in tensor.data if isinstance(text, str)]
    if len(tensor.shape) != 1 or [len(tensor.data), len(texts)] != tensor.shape * 2:
        raise Problem(
            400, "`data` must be files of pictures in base64, as many as `shape` says: [n]."
        )
    return texts
