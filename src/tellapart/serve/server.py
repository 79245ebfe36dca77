"""A running server: its socket, who may ask it, and its end."""

import asyncio
import gc
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from tellapart.data.threads import one_product_at_once
from tellapart.errors import UsageError
from tellapart.serve.connections import Connection, connections_within
from tellapart.serve.gate import Rights
from tellapart.serve.limits import Limits

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

SHORTEST_TOKEN = 16

GRACE_SECONDS = 0.3
"""How long a server that is to stop still takes connections and requests."""

SWITCH_SECONDS = 0.0005
"""How long a thread that answers may keep the others from Python. With Python's own 5 ms the
thread that reads requests and refuses them would wait so long after each thing it sends."""


def open_rights(host: str, token: str | None) -> Rights:
    """Return who may ask a server at an address.

    Args:
        host: The address; one that other machines reach needs a token.
        token: What requests must bring.

    Raises:
        UsageError: There is no token where one is needed, or it is easy to guess.

    Example:
        >>> open_rights("127.0.0.1", None).hosts == LOOPBACK
        True
    """
    if token is None:
        if not _is_loopback(host):
            raise UsageError(
                f"A server that other machines reach needs a token. Received: --host {host}. "
                "Fix: export TELLAPART_TOKEN=$(openssl rand -hex 16)"
            )
        return Rights(hosts=LOOPBACK | {f"[{host}]" if ":" in host else host.lower()})
    if len(token) < SHORTEST_TOKEN or not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError(
            f"A token must have at least {SHORTEST_TOKEN} plain characters and no space. "
            f"Received: {len(token)} characters. "
            "Fix: export TELLAPART_TOKEN=$(openssl rand -hex 16)"
        )
    return Rights(token)


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound, so that the port is taken before anything is loaded.

    Args:
        host: A name or an address of this machine.
        port: 0 takes one that is free.

    Raises:
        UsageError: The port is taken, or the address is not this machine's.
    """
    with ExitStack() as undo:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            found = undo.enter_context(socket.socket(family, kind, protocol))
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(address)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"Cannot serve at {host}, port {port}: {getattr(error, 'strerror', 0) or error}. "
                "Fix: another --port, or --port 0 for one that is free"
            ) from error
        undo.pop_all()
    return found


def address_of(bound: socket.socket) -> str:
    """Return where a browser finds the server."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class Server(uvicorn.Server):
    """Is a server that hears a signal, reads what is on its way already, and then stops.

    Without that moment a request that was sent, but not read, when the signal came would be
    lost with its connection. A second Ctrl-C stops at once.

    Args:
        config: What uvicorn is told.
        seconds: How long the last requests may take; what is not answered by then is ended.

    Attributes:
        ended: How many requests were ended without an answer.
    """

    _heard = False

    def __init__(self, config: uvicorn.Config, seconds: float) -> None:
        super().__init__(config)
        self._seconds, self.ended = seconds, 0

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._heard:
            super().handle_exit(sig, frame)
            return
        self._heard = True
        threading.Timer(GRACE_SECONDS, super().handle_exit, (sig, None)).start()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        end = asyncio.get_running_loop().call_later(self._seconds, self._end_all)
        await super().shutdown(sockets)
        end.cancel()

    def _end_all(self) -> None:
        """Hang up on all, which ends their requests without a word, as uvicorn does not."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection):
                self.ended += connection.end()


def make_server(app: ASGIApp, limits: Limits) -> Server:
    """Return a server of an application, which has not begun.

    It ends when `should_exit` is set: it takes no new connection then, and answers what it took.

    Args:
        app: What `build_app` returns.
        limits: How large and slow the heads of requests may be, and how long the last may take.
    """
    longest = limits.body_seconds + limits.answer_seconds + 1
    return Server(
        uvicorn.Config(
            app,
            http=connections_within(limits),
            ws="none",
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            timeout_graceful_shutdown=int(longest) + 5,  # for what does not end when it is told to
        ),
        longest,
    )


def run_server(server: Server, bound: socket.socket, say: Callable[[str], object]) -> None:
    """Serve until SIGINT or SIGTERM, answer what was accepted, and return.

    Args:
        server: What `make_server` returns.
        bound: What `open_socket` returns.
        say: Is told how it ended.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    is_main = threading.current_thread() is threading.main_thread()  # only it hears signals
    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = {number: signal.signal(number, stop) for number in numbers}
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    # What is loaded now stays. Going through it for garbage would stop all threads for up to a
    # tenth of a second, some times a minute; doing so once, now, would delay the first answer.
    gc.freeze()
    try:
        with one_product_at_once():  # for good, instead of in each batch
            server.run(sockets=[bound])  # at its end it raises what it caught again: `stop`
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)
        for number, handler in before.items():
            signal.signal(number, handler)
    if server.force_exit:
        say("Stopped at once; requests that were under way have no answer.")
    elif server.ended:
        say(f"Stopped; ended without an answer, since they took too long: {server.ended} requests.")
    else:
        say("Stopped; every request that was accepted is answered.")


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
