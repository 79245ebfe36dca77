"""`tellapart predict`."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import remark, show, show_json, show_table, writing
from tellapart.errors import DataError, UsageError

if TYPE_CHECKING:
    from tellapart.predict.page import Page
    from tellapart.predict.prediction import Choice, Prediction


def predict(
    model: options.Model,
    images: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders, patterns like 'x/*.jpg', tables, archives, or - (stdin)."
        ),
    ],
    top: Annotated[int, typer.Option(help="How many classes to name.")] = 3,
    risk: Annotated[
        float | None, typer.Option(help="Accept this share of wrong labels, such as 0.01.")
    ] = None,
    always_answer: Annotated[
        bool, typer.Option("--always-answer", help="Give a label to every picture.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV to stdout.")] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PLACE",
            help="Write a folder of shards, which can be gone on with, or a .csv, .jsonl or "
            ".parquet file.",
        ),
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="Of the folder's shards: csv, jsonl or parquet.")
    ] = None,
    shard: Annotated[int | None, typer.Option(help="Pictures in a shard. Default: 10000.")] = None,
    column: options.Columns = None,
    root: options.Root = None,
    trust: options.Trust = False,
    backend: options.Runtime = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Name what pictures show, with probabilities, or say that this is unsure or unknown.

    A picture that cannot be read gets an error row; the others are answered, and the exit
    code is 3. With --output, any number of pictures is answered into files; the same command
    again goes on where it stopped.

    \b
    Examples:
      tellapart predict runs/fashion-mnist-1/model.tellapart shirt.png photos/ 'x/*.jpg'
      tellapart predict runs/pets-1/model.tellapart list.csv --root pets --column image=where
      tellapart predict runs/fashion-mnist-1/model.tellapart photos/ --risk 0.01
      tellapart predict runs/fashion-mnist-1/model.tellapart photos.zip --output answers
      cat shirt.png | tellapart predict runs/fashion-mnist-1/model.tellapart - --json
    """
    if json and as_csv:
        raise UsageError("Choose one of --json and --csv.")
    if output is not None and as_csv:
        raise UsageError("Choose one of --csv and --output. Fix: --output answers --format csv")
    if output is None and not (format is None and shard is None):
        raise UsageError("--format and --shard are for --output. Fix: --output answers")
    layout = options.to_layout(column, root, "", "")
    if output is None:
        from tellapart.predict.inputs import Inputs
        from tellapart.workflow.predict import NO_RULES, open_model

        given = Inputs(images, options.standard_input(images), layout)
        predictor = open_model(model, trust=trust, backend=backend)
        form = "json" if json else "csv" if as_csv else "table"
        pages = predictor.pages(given.stream(), top=top, always_answer=always_answer, risk=risk)
        if not (predictor.manifest.decisions or always_answer or quiet):
            remark(NO_RULES)
        failed, total = _show(_shown(pages, given.total, quiet), predictor.class_names, top, form)
    else:
        from tellapart.workflow.predict_all import predict_all

        summary = predict_all(
            model,
            images,
            output,
            format=format,
            shard=shard,
            top=top,
            risk=risk,
            always_answer=always_answer,
            layout=layout,
            trust=trust,
            backend=backend,
            quiet=quiet,
        )
        if json:
            show_json(summary)
        else:
            show(str(summary))
        failed, total = summary.verdicts["error"], summary.pictures
    if failed:
        raise DataError(f"Pictures that cannot be read: {failed:,} of {total:,}; see their rows.")


def _shown(pages: Iterable["Page"], total: int | None, quiet: bool) -> Iterator["Page"]:
    """Yield pages, and show how far the work is."""
    from tellapart.progress import open_progress

    with open_progress(quiet=quiet).task("predicting", total, "images") as task:
        for page in pages:
            yield page
            task.advance(len(page))


def _show(
    pages: Iterable["Page"], class_names: Sequence[str], top: int, form: str
) -> tuple[int, int]:
    """Write all answers to stdout; return how many pictures could not be read, and how many are."""
    if form == "csv":
        return _show_csv(pages, class_names, top)
    answers = [answer for page in pages for answer in page.predictions()]
    if form == "json":
        show_json(answers)
    else:
        _show_table(answers)
    return sum(answer.error is not None for answer in answers), len(answers)


def _show_table(answers: Sequence["Prediction"]) -> None:
    rows = [
        (
            answer.name,
            _verdict(answer),
            f"{answer.probability:.1%}" if answer.probability is not None else "",
            answer.error or _list(answer.choices[answer.verdict == "label" :]),
        )
        for answer in answers
    ]
    show_table(("image", "answer", "probability", "then"), rows, numbers=(2,))


def _verdict(answer: "Prediction") -> str:
    if answer.verdict == "label":
        return str(answer.label)
    if answer.verdict == "unsure":
        return f"unsure: {' or '.join(choice.label for choice in answer.set)}"
    return answer.verdict


def _list(choices: Sequence["Choice"]) -> str:
    return ", ".join(f"{choice.label} {choice.probability:.1%}" for choice in choices)


def _show_csv(pages: Iterable["Page"], class_names: Sequence[str], top: int) -> tuple[int, int]:
    from tellapart.predict.writers import CsvWriter

    with writing():
        writer = CsvWriter(sys.stdout.buffer, class_names, top)
    failed = total = 0
    for page in pages:
        with writing():
            writer.write(page)
        failed, total = failed + len(page.errors), total + len(page)
    return failed, total
