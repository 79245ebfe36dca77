"""What a request brings: its body, read within limits, and the pictures in it."""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError
from starlette.requests import Request

from tellapart.errors import ImageError
from tellapart.predict.inputs import Item
from tellapart.serve.forms import NAME_LENGTH, split_form
from tellapart.serve.limits import COST_OF_NESTING, Limits, cost_of
from tellapart.serve.problems import Overloaded, Problem

RAW = ("application/octet-stream", "application/x-www-form-urlencoded")
"""What a body that is one picture may be called besides `image/…`; the second is what
`curl --data-binary` says where nobody says anything else."""

Content = TypeVar("Content", bound=BaseModel)


class EncodedPicture(BaseModel):
    """Is one picture in a JSON body.

    Attributes:
        name: What to call it in the answer.
        data: The bytes of its file in base64.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=NAME_LENGTH)] = ""
    data: str


class Pictures(BaseModel):
    """Is a JSON body that brings pictures.

    Attributes:
        images: At least one.
    """

    model_config = ConfigDict(extra="forbid")

    images: Annotated[list[EncodedPicture], Field(min_length=1), FailFast()]


class Intake:
    """Reads the bodies of requests, and knows how much of them all is in memory.

    Args:
        limits: How much may be.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits, self._held = limits, 0

    @contextmanager
    def open(self, request: Request) -> Iterator["Body"]:
        """Give out a request's body; what it takes of the memory is given back at the end.

        Raises:
            Problem: It says that it is too large (413), or there is no room for it (503).
        """
        body = Body(request, self._limits, self)
        try:
            yield body
        finally:
            self._held -= body.held_bytes

    def take(self, count: int) -> None:
        """Take so many bytes of the memory.

        Raises:
            Overloaded: The others hold too much.
        """
        if self._held + count > self._limits.held_bytes:
            raise Overloaded(f"{self._held:,} bytes of pictures are being answered.")
        self._held += count


class Body:
    """Is the body of one request.

    Args:
        request: Whose it is.
        limits: How large and how slow it may be.
        intake: Where its bytes are counted.

    Attributes:
        held_bytes: What it has taken of the memory: what it says that it has, at once, so that
            no body is read half way and then refused; or else what has come.

    Raises:
        Problem: It says that it is too large (413) or compressed (415), or there is no room for
            it (503).
    """

    def __init__(self, request: Request, limits: Limits, intake: Intake) -> None:
        self._request, self._limits, self._intake = request, limits, intake
        self.held_bytes = 0
        coding = request.headers.get("content-encoding", "identity")
        if coding.strip().lower() not in ("", "identity"):
            raise Problem(
                415,
                f"A body must come as it is. Received: Content-Encoding {coding[:100]}.",
                {"Accept-Encoding": "identity"},
            )
        declared = request.headers.get("content-length", "")
        if declared.isdecimal():
            if int(declared) > limits.body_bytes:
                raise self._too_large()
            self._hold(int(declared))

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """Yield it as it comes, and stop what is too large or too slow.

        Raises:
            Problem: It is too large (413) or too slow (408), or there is no room for it (503).
        """
        limits, come = self._limits, 0
        try:
            async with asyncio.timeout(limits.body_seconds):
                async for part in self._request.stream():
                    come += len(part)
                    if come > limits.body_bytes:
                        raise self._too_large()
                    self._hold(max(0, come - self.held_bytes))
                    yield part
        except TimeoutError:
            raise Problem(
                408,
                f"The body must be here within {limits.body_seconds:g} seconds.",
                {"Connection": "close"},
            ) from None

    def _hold(self, count: int) -> None:
        self._intake.take(count)
        self.held_bytes += count

    async def whole(self) -> bytes:
        """Return all of it.

        Raises:
            Problem: As `parts`.
        """
        return b"".join([part async for part in self.parts()])

    async def pictures(self) -> tuple[list[Item], bool]:
        """Return the pictures in it, and whether it is one picture as such.

        Raises:
            Problem: It has none of the forms that are known, or as `parts`.
        """
        kind = self._request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind or kind.startswith("image/") or kind in RAW:
            raw = await self.whole()
            if not raw:
                raise Problem(400, "The body must be a picture. Received: nothing.")
            return [Item("image", raw)], True
        if kind == "multipart/form-data":
            items = await self._form()
        elif kind == "application/json":
            # base64 has no such signs, names may
            most = self._limits.images * NAME_LENGTH * COST_OF_NESTING
            items = _items_of(await self.json(Pictures, most))
        else:
            raise Problem(
                415,
                "Content-Type must be image/*, application/octet-stream, multipart/form-data or "
                f"application/json. Received: {kind[:100]}.",
            )
        check_count(len(items), self._limits)
        return items, False

    async def json(self, shape: type[Content], most: int) -> Content:
        """Return a JSON body as a record.

        Reading it keeps Python's lock, so that a thread for it would not let the others go on.

        Args:
            shape: The record. Its lists must end at their first mistake: each mistake costs a
                hundred times what its text does.
            most: What reading it may cost, by `cost_of`.

        Raises:
            Problem: It is no such record (400), has too many values (413), or as `parts`.
        """
        raw = await self.whole()
        if cost_of(raw) > most:
            raise Problem(
                413,
                f"A JSON body must have at most {most:,} values, as lists, "
                f"objects and names count for {COST_OF_NESTING} of them. "
                "Fix: files of pictures, in base64 or as they are",
            )
        try:
            return shape.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the body"
            raise Problem(400, f"The JSON body is wrong at {where}: {first['msg']}.") from error

    async def _form(self) -> list[Item]:
        kind = self._request.headers["content-type"]
        files = split_form(kind, await self.whole(), self._limits.images)
        return [Item(name or f"image {n}", content) for n, (name, content) in enumerate(files)]

    def _too_large(self) -> Problem:
        return Problem(413, f"A body must have at most {self._limits.body_bytes:,} bytes.")


def check_count(count: int, limits: Limits) -> None:
    """Refuse no pictures, or too many.

    Raises:
        Problem: There are none (400), or too many (413).
    """
    if not 1 <= count <= limits.images:
        raise Problem(
            413 if count else 400,
            f"A request must bring 1 to {limits.images} pictures. Received: {count:,}.",
        )


def to_item(name: str, text: str) -> Item:
    """Return a picture whose file is written in base64, in one line or in several.

    What is no base64 becomes an item whose reading fails, so that the others are still answered.
    """
    try:
        content = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        return Item(
            name, ImageError(name, "not-base64", f"a file in JSON must be base64: {error}.")
        )
    return Item(name, content)


def _items_of(found: Pictures) -> list[Item]:
    return [
        to_item(picture.name or f"image {place}", picture.data)
        for place, picture in enumerate(found.images)
    ]
