"""The records of the Open Inference Protocol, version 2, as they go over the wire.

The protocol: https://github.com/kserve/open-inference-protocol. Names and shapes are its own.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field

INPUT = "image"
OUTPUTS = ("probabilities", "label", "verdict", "error")
"""`error` says of a picture that cannot be read why; its probabilities are all 0."""

MOST_DIMENSIONS = 8

Parameters = dict[str, Any]
Size = Annotated[int, Field(ge=0, lt=2**64)]


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
    shape: Annotated[list[Size], Field(max_length=MOST_DIMENSIONS), FailFast()]
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
    inputs: Annotated[list[RequestTensor], FailFast()]
    outputs: Annotated[list[RequestedOutput], FailFast()] = []


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
        inputs: The one that is required, as pixels; files of pictures will do as well.
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


class ServerHealth(_Record):
    """Is whether the server can be asked.

    Attributes:
        live: Always true, or it would not answer.
        ready: Always true: it takes no connection before its classifiers are loaded.
    """

    live: bool = True
    ready: bool = True


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
