"""The page, and the description of the interface for people."""

import hashlib
import html
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, Response

from tellapart.serve.problems import Problem

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "index.html": "text/html",
        "style.css": "text/css",
        "app.js": "text/javascript",
        "camera.js": "text/javascript",
        "icon.svg": "image/svg+xml",
    }
)
"""The files of the page; there are no others, whatever is asked for."""


def build_pages(app: FastAPI) -> APIRouter:
    """Return the endpoints of the page and of the description of the interface.

    Args:
        app: What is described.
    """
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return _file("index.html", request)

    @router.get("/page/{name}", include_in_schema=False)
    async def file(name: str, request: Request) -> Response:
        return _file(name, request)

    @router.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(describe(app.openapi()))

    return router


def describe(schema: Mapping[str, Any]) -> str:
    """Return an OpenAPI description as a page without script or anything from outside.

    Args:
        schema: The description.
    """
    parts = [
        f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>{_describe_one(operation)}"
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]
    title = html.escape(f"{schema['info']['title']} {schema['info']['version']}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="page/style.css">'
        '<link rel="icon" href="page/icon.svg"></head><body class="docs">'
        f"<header><h1>{title}</h1></header><main>"
        f"<p>{html.escape(schema['info']['description'])} The same for programs: "
        '<a href="openapi.json">openapi.json</a>. <a href="./">The page</a>.</p>'
        f"{''.join(parts)}</main></body></html>"
    )


def _describe_one(operation: Mapping[str, Any]) -> str:
    rows = [
        (f"<code>{html.escape(each['name'])}</code> ({each['in']})", each.get("description", ""))
        for each in operation.get("parameters", ())
    ]
    kinds = ", ".join(operation.get("requestBody", {}).get("content", ()))
    if kinds:
        rows.append(("body", kinds))
    rows += [(status, each["description"]) for status, each in operation["responses"].items()]
    lines = (f"<dt>{name}</dt><dd>{html.escape(words)}</dd>" for name, words in rows)
    return f"<p>{html.escape(operation['summary'])}.</p><dl>{''.join(lines)}</dl>"


def _file(name: str, request: Request) -> Response:
    if name not in _KINDS:
        raise Problem(404, "There is no such file.")
    content, tag = _read(name)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=_KINDS[name])


@cache
def _read(name: str) -> tuple[bytes, str]:
    content = (files("tellapart.serve") / "page" / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
