"""`tellapart predict`."""

import csv
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import remark, show_json, show_table
from tellapart.errors import DataError, UsageError

if TYPE_CHECKING:
    from tellapart.predict.prediction import Choice, Prediction


def predict(
    model: options.Model,
    images: Annotated[
        list[str],
        typer.Argument(help="Pictures, folders, patterns like 'x/*.jpg', tables, or - (stdin)."),
    ],
    top: Annotated[int, typer.Option(help="How many classes to name.")] = 3,
    risk: Annotated[
        float | None, typer.Option(help="Accept this share of wrong labels, such as 0.01.")
    ] = None,
    always_answer: Annotated[
        bool, typer.Option("--always-answer", help="Give a label to every picture.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV to stdout.")] = False,
    column: options.Columns = None,
    root: options.Root = None,
    trust: options.Trust = False,
    backend: options.Runtime = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Name what pictures show, with probabilities, or say that this is unsure or unknown.

    A picture that cannot be read gets an error row; the others are answered, and the exit
    code is 3.

    \b
    Examples:
      tellapart predict runs/fashion-mnist-1/model.tellapart shirt.png photos/ 'x/*.jpg'
      tellapart predict runs/pets-1/model.tellapart list.csv --root pets --column image=where
      tellapart predict runs/fashion-mnist-1/model.tellapart photos/ --risk 0.01
      cat shirt.png | tellapart predict runs/fashion-mnist-1/model.tellapart - --json
    """
    from tellapart.predict.inputs import expand_paths
    from tellapart.progress import open_progress
    from tellapart.workflow.predict import open_model

    if json and as_csv:
        raise UsageError("Choose one of --json and --csv.")
    layout = options.to_layout(column, root, "", "")
    items = expand_paths(images, sys.stdin.buffer.read() if "-" in images else None, layout)
    predictor = open_model(model, trust=trust, backend=backend)
    if predictor.manifest.decisions is None and not (always_answer or quiet):
        remark("This classifier has no rules for it, so it is never unsure and answers always.")
    answers: list[Prediction] = []
    with open_progress(quiet=quiet).task("predicting", len(items), "images") as task:
        for answer in predictor.predict_items(
            items, top=top, always_answer=always_answer, risk=risk
        ):
            answers.append(answer)
            task.advance()
    if json:
        show_json(answers)
    elif as_csv:
        _show_csv(answers, top)
    else:
        _show_table(answers)
    failed = sum(answer.error is not None for answer in answers)
    if failed:
        raise DataError(
            f"Pictures that cannot be read: {failed:,} of {len(answers):,}; see their rows."
        )


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


def _show_csv(answers: Sequence["Prediction"], top: int) -> None:
    width = max((len(answer.choices) for answer in answers), default=top)
    heads = ["label", "probability"]
    for place in range(2, width + 1):
        heads += [f"label_{place}", f"probability_{place}"]
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["image", *heads, "verdict", "set", "novelty", "error"])
    for answer in answers:
        cells = [cell for c in answer.choices for cell in (c.label, f"{c.probability:.6f}")]
        blanks = [""] * (len(heads) - len(cells))
        novelty = "" if answer.novelty is None else f"{answer.novelty:.6f}"
        named = "|".join(choice.label for choice in answer.set)
        ending = [answer.verdict, named, novelty, answer.error or ""]
        table.writerow([answer.name, *cells, *blanks, *ending])
