"""Serve trained classifiers over HTTP until a signal asks for the end."""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tellapart._extras import load_extra
from tellapart.errors import UsageError
from tellapart.workflow.predict import open_model

if TYPE_CHECKING:
    from tellapart.predict.predictor import Predictor

HOST, PORT = "127.0.0.1", 8000

TOKEN = "TELLAPART_TOKEN"
"""The environment variable that is looked into where no token is given."""

_MODULES = ("fastapi", "httptools", "prometheus_client", "uvicorn")
_NAME = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)


def serve(
    models: str | Path | Iterable[str | Path],
    *,
    host: str = HOST,
    port: int = PORT,
    token: str | None = None,
    keep_unsure: str | Path | None = None,
    max_body: int | None = None,
    backend: str | None = None,
    trust: bool = False,
    quiet: bool = False,
) -> None:
    """Serve classifiers over HTTP, with a page, until SIGINT or SIGTERM; then answer the rest.

    A bundle that is replaced on disk is taken over without losing a request; one that is
    damaged, or does not answer as after its training, is refused.

    Args:
        models: Bundles, each as `PATH` or `NAME=PATH`. Without a name it is that of the file,
            or of the folder where the file is called `model.tellapart`. A file that is called
            as all of it is taken for a path.
        host: The address; one that other machines reach needs a token.
        port: 0 takes one that is free; the address is told.
        token: What requests must bring; TELLAPART_TOKEN from the environment by default.
        keep_unsure: A folder for pictures that a classifier is unsure about, and a file to
            label them in; off by default.
        max_body: Bytes of one request; 32 MiB by default.
        backend: "onnx", "tensorflow", "jax" or "torch"; by default ONNX Runtime for each bundle
            that carries its network for it, and Keras for the others.
        trust: Build networks of their makers' own, which may run code; not needed for ONNX.
        quiet: Say nothing but what goes wrong.

    Raises:
        UsageError: An argument is wrong, or the port is taken.
        BundleError: A bundle cannot be used, or does not answer as it did after training.
        MissingExtraError: The web framework is not installed.
    """
    for module in _MODULES:
        load_extra(module, "serve")
    from tellapart.serve import server
    from tellapart.serve.limits import Limits
    from tellapart.serve.service import Settings, open_service

    paths = name_models([models] if isinstance(models, str | Path) else models)
    given = token if token is not None else os.environ.get(TOKEN) or None
    limits = Limits(**_checked(max_body))
    _check_host(host)
    settings = Settings(
        limits=limits,
        rights=server.open_rights(host, given),
        keep_unsure=None if keep_unsure is None else Path(keep_unsure),
    )

    def opener(path: Path) -> "Predictor":
        return open_model(path, trust=trust, backend=backend)

    with server.open_socket(host, port) as bound:
        app = open_service(paths, opener, settings, _say)
        remark: Callable[[str], object] = (lambda _: None) if quiet else _say
        bound.listen()
        address = server.address_of(bound)
        remark(f"Serving {', '.join(paths)} at {address} (interface: {address}docs, stop: Ctrl-C)")
        server.run_server(server.make_server(app, limits), bound, remark)


def name_models(models: Iterable[str | Path]) -> dict[str, Path]:
    """Return bundles by the names that they are asked for by, in their order.

    Args:
        models: Each `PATH` or `NAME=PATH`; what exists as it was typed is a path.

    Raises:
        UsageError: There are none, two have one name, or a name has other than plain letters,
            digits, `.`, `-` and `_`, or begins with `.`.

    Example:
        >>> name_models(["runs/pets-1/model.tellapart", "b=other.tellapart"])
        {'pets-1': PosixPath('runs/pets-1/model.tellapart'), 'b': PosixPath('other.tellapart')}
    """
    found: dict[str, Path] = {}
    for model in models:
        name, sign, rest = str(model).partition("=")
        has_name = bool(sign) and _NAME.fullmatch(name) is not None and not _is_there(model)
        path = Path(rest if has_name else model)
        if not has_name:
            name = path.resolve().parent.name if path.name == "model.tellapart" else path.stem
        if not _NAME.fullmatch(name):
            raise UsageError(
                "A name must have 1 to 100 letters, digits, '-', '_' or, but not at its beginning, "
                f"'.'. Received: '{name}'. "
                f"Fix: NAME={path}"
            )
        if name in found:
            raise UsageError(
                f"Two classifiers must not have one name. Received: '{name}' for {found[name]} and "
                f"{path}. Fix: other-{name}={path}"
            )
        found[name] = path
    if not found:
        raise UsageError("Name a bundle to serve. Fix: tellapart serve model.tellapart")
    return found


def _is_there(model: str | Path) -> bool:
    return os.path.exists(model)  # noqa: PTH110 - a Path raises where a name is too long


def _check_host(host: str) -> None:
    """See that a host can be looked up at all, which Python does not say in one way."""
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise UsageError(
            f"`host` must be an address or a name of this machine. Received: {host}. "
            f"Fix: --host {HOST}"
        ) from error


def _checked(max_body: int | None) -> dict[str, int]:
    """Return the limit that was asked for, as an argument of `Limits`."""
    if max_body is None:
        return {}
    if max_body < 1:
        raise UsageError(f"`max_body` must be at least 1 byte. Received: {max_body}.")
    return {"body_bytes": max_body, "held_bytes": max(8 * max_body, 256 * 2**20)}


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # whoever listened is gone; the server goes on
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
