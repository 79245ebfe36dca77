"""A request that offers to speak another protocol is read like one that does not."""

from collections.abc import Callable
from typing import Any

import httptools


class Unmoved:
    """Is a parser that reads a request which offers another protocol as it stands.

    httptools takes the end of such a head for the end of the request, whatever body it has. A
    server that speaks no other protocol ignores the offer (RFC 9110, 7.8), so the head is read
    once more without it.

    Args:
        protocol: Is told what is read.
        head: Gives the head that was read last, without the offer.
    """

    def __init__(self, protocol: object, head: Callable[[], bytes]) -> None:
        self._protocol, self._head = protocol, head
        self._parser = self._begin()

    def feed_data(self, data: bytes) -> None:
        """Read what came.

        Raises:
            HttpParserError: It is no request.
            HttpParserUpgrade: It asks for a connection to elsewhere (CONNECT).
        """
        rest = memoryview(data)
        while rest:
            try:
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as offer:
                if not self.is_offered():
                    raise
                rest, head = rest[offer.args[0] :], self._head()
                self._parser = self._begin()  # the old one is done where the head says "close"
                self._parser.feed_data(head)
            else:
                return

    def is_offered(self) -> bool:
        """Return whether what was read last is a head with an offer, which is to be read again."""
        return self._parser.should_upgrade() and self._parser.get_method() != b"CONNECT"

    def _begin(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self._protocol)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        return parser

    def __getattr__(self, name: str) -> Any:
        """Return whatever else a parser has."""
        return getattr(self._parser, name)
