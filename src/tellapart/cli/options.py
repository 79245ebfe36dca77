"""Options that several verbs have."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no remarks.")]
Backend = Annotated[
    str | None,
    typer.Option(help="Keras' backend: tensorflow, jax or torch. Default: KERAS_BACKEND."),
]
Trust = Annotated[
    bool,
    typer.Option("--trust", help="Build a network of its maker's own, which may run code."),
]
DataFolder = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR", help="Look for a known data set in this folder only."),
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A bundle: NAME.tellapart.")]
