"""The command: its verbs, its options, and the way from errors to exit codes."""

import sys
from typing import Annotated

import typer

from tellapart._version import __version__
from tellapart.cli.cache import cache
from tellapart.cli.compare import compare
from tellapart.cli.console import flush, remark, show
from tellapart.cli.cross_validate import cross_validate
from tellapart.cli.diff import diff
from tellapart.cli.doctor import doctor
from tellapart.cli.evaluate import evaluate
from tellapart.cli.explain import explain
from tellapart.cli.export import export
from tellapart.cli.inspect import inspect
from tellapart.cli.learning_curve import learning_curve
from tellapart.cli.predict import predict
from tellapart.cli.recipes import recipes
from tellapart.cli.replay import replay
from tellapart.cli.report import report
from tellapart.cli.review import review
from tellapart.cli.serve import serve
from tellapart.cli.train import train
from tellapart.errors import Interrupted, TellapartError

INTERRUPTED = 130
"""The exit code after Ctrl-C."""

app = typer.Typer(
    name="tellapart",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for _verb in (
    *(inspect, review, train, cross_validate, evaluate, predict, explain),
    *(export, serve, report, learning_curve, doctor, replay, diff, compare),
):
    app.command()(_verb)
app.add_typer(recipes, name="recipes")
app.add_typer(cache, name="cache")


def _show_version(value: bool) -> None:
    if value:
        show(f"tellapart {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="And exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks. May stand anywhere in the line.")
    ] = False,
) -> None:
    """Image classification that people can trust: train, score, predict.

    \b
    Examples:
      tellapart inspect fashion-mnist
      tellapart train fashion-mnist --recipe guide
      tellapart predict runs/fashion-mnist-1/model.tellapart shirt.png
    """


def run(words: list[str]) -> int:
    """Run one command line, and return its exit code.

    A deliberate error becomes one message on stderr and the code of its class; any other
    one too, with the advice to look at its traceback with `--debug`.
    """
    debug = "--debug" in words
    try:
        try:
            app([word for word in words if word != "--debug"], prog_name="tellapart")
        finally:
            flush()
    except SystemExit as end:
        return _code_of(end)
    except TellapartError as error:
        if debug:
            raise
        remark(str(error) if isinstance(error, Interrupted) else f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        remark("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:
        if debug:
            raise
        remark(f"unexpected error: {type(error).__name__}: {error}")
        remark("This is a mistake in tellapart. Run the command again with --debug and report it.")
        return 1
    return 0


def _code_of(end: SystemExit) -> int:
    if end.code == INTERRUPTED:  # so Typer ends, with an empty line
        remark("Interrupted.")
    return end.code if isinstance(end.code, int) else int(end.code is not None)
