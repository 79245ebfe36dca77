"""A server on a real socket, in a thread of the tests."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tellapart.serve.loaded import Opener
from tellapart.serve.server import address_of, make_server, open_socket
from tellapart.serve.service import Settings, open_service
from tellapart.workflow.serve import open_served


@dataclass
class Running:
    """A server that runs.

    Attributes:
        url: Where, with a slash at its end.
        said: What its owner was told.
        client: Asks it.
    """

    url: str
    said: list[str]
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=60)


@contextmanager
def serving(
    models: Mapping[str, Path], settings: Settings | None = None, opener: Opener = open_served
) -> Iterator[Running]:
    """Serve bundles until the end of the block, then stop and answer what was accepted."""
    settings = settings or Settings()
    said: list[str] = []
    app = open_service(models, opener, settings, said.append)
    with open_socket("127.0.0.1", 0) as bound:
        server = make_server(app, settings.limits)
        bound.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        running = Running(address_of(bound), said)
        try:
            yield running
        finally:
            running.client.close()
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()
