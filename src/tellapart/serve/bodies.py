"""What pictures a request brings, in each of the forms it may come in."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from tellapart.predict.inputs import Item
from tellapart.serve.limits import Limits
from tellapart.serve.problems import Problem

NAME_LENGTH = 255


class EncodedPicture(BaseModel):
    """Is one picture in a JSON body.

    Attributes:
        name: What to call it in the answer.
        data: The bytes of its file in base64.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=NAME_LENGTH)] = ""
    data: str


class JsonBody(BaseModel):
    """Is a JSON body."""

    model_config = ConfigDict(extra="forbid")

    images: Annotated[list[EncodedPicture], Field(min_length=1)]


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return a request's body.

    Raises:
        Problem: It is too large (413) or too slow (408).
    """
    parts = [part async for part in limited(request, limits)]
    return b"".join(parts)


async def limited(request: Request, limits: Limits) -> AsyncIterator[bytes]:
    """Yield a request's body as it comes, and stop what is too large or too slow.

    Raises:
        Problem: It is too large (413) or too slow (408).
    """
    count = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for part in request.stream():
                count += len(part)
                if count > limits.body_bytes:
                    raise _too_large(limits)
                yield part
    except TimeoutError:
        raise Problem(
            408, f"The body must be here within {limits.body_seconds:g} seconds."
        ) from None


async def read_pictures(request: Request, limits: Limits) -> tuple[list[Item], bool]:
    """Return the pictures of a request, and whether it brought just one, as its whole body.

    Raises:
        Problem: The body is none of the forms that are known, too large or too slow.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.body_bytes:
        raise _too_large(limits)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        items = await _from_form(request, limits)
    elif kind == "application/json":
        items = _from_json(await read_body(request, limits))
    elif not kind or kind.startswith("image/") or kind in _RAW:
        body = await read_body(request, limits)
        if not body:
            raise Problem(400, "The body must hold a picture. Received: nothing.")
        return [Item("image", body)], True
    else:
        raise Problem(
            415,
            "Content-Type must be image/*, application/octet-stream, multipart/form-data or "
            f"application/json. Received: {kind[:100]}.",
        )
    if not 1 <= len(items) <= limits.images:
        raise Problem(
            413 if items else 400,
            f"A request must bring 1 to {limits.images} pictures. Received: {len(items):,}.",
        )
    return items, False


_RAW = ("application/octet-stream", "application/x-www-form-urlencoded")
"""What `curl --data-binary` says where nobody says anything else."""


async def _from_form(request: Request, limits: Limits) -> list[Item]:
    from starlette.formparsers import MultiPartParser

    if "boundary=" not in request.headers.get("content-type", ""):
        raise Problem(400, "multipart/form-data must come with a boundary.")
    parser = MultiPartParser(
        request.headers, limited(request, limits), max_files=limits.images + 1, max_fields=0
    )
    parser.spool_max_size = limits.body_bytes + 1  # pictures are never written to disk
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Problem(400, f"The form cannot be read: {error.message}") from error
    try:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        return [
            Item((file.filename or f"image {place}")[:NAME_LENGTH], await file.read())
            for place, file in enumerate(files)
        ]
    finally:
        await form.close()


def _from_json(body: bytes) -> list[Item]:
    try:
        found = JsonBody.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Problem(
            400,
            f'The body must read {{"images": [{{"name": "…", "data": "BASE64"}}]}}. {where}: '
            f"{first['msg']}.",
        ) from error
    try:
        return [
            Item(picture.name or f"image {place}", base64.b64decode(picture.data, validate=True))
            for place, picture in enumerate(found.images)
        ]
    except (binascii.Error, ValueError) as error:
        raise Problem(400, f"`data` must be base64: {error}.") from error


def _too_large(limits: Limits) -> Problem:
    return Problem(413, f"A body must have at most {limits.body_bytes:,} bytes.")
