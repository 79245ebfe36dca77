"""A finished run, as Python sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart.errors import BundleError
from tellapart.evaluate.record import Evaluation, PairedComparison
from tellapart.figures import Picture
from tellapart.files import write_whole
from tellapart.interrupts import raise_if_heard
from tellapart.predict.predictor import Predictor
from tellapart.recipe import Recipe
from tellapart.train.history import History
from tellapart.train.runs import RunFolder
from tellapart.workflow.predict import open_model


class Gain(BaseModel):
    """Is what corrected labels brought: the run with them, B, against one without, A.

    Attributes:
        against: The folder of the run without.
        paired: The answers about the same test images; `None` where these are not the same.
        conclusion: Whether it is more than noise.
        notes: What must be known to believe it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    against: str
    paired: PairedComparison | None
    conclusion: str
    notes: tuple[str, ...] = ()

    @override
    def __str__(self) -> str:
        """Return it all in some sentences."""
        said = f"With the corrected labels (B) against {self.against} (A): {self.conclusion}"
        return " ".join((said, *self.notes))


@dataclass(frozen=True, eq=False)
class Run:
    """One execution of a recipe and what came of it.

    Attributes:
        path: Its folder.
        recipe: What decided it.
        history: Its epochs.
        evaluation: The scores on the test images.
    """

    path: Path
    recipe: Recipe
    history: History
    evaluation: Evaluation
    trust: bool = False

    @cached_property
    def model(self) -> Predictor:
        """Return the trained classifier, from its bundle; `model.network` is plain Keras."""
        return open_model(RunFolder(self.path).bundle_path, trust=self.trust)

    @cached_property
    def gain(self) -> Gain | None:
        """Return what corrected labels brought, where it was trained with some and compared.

        Raises:
            BundleError: The file that says it is damaged.
        """
        path = RunFolder(self.path).gain_path
        try:
            return Gain.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise BundleError(f"{path} is damaged: {error}") from error

    def show_curves(self) -> Picture:
        """Return accuracy and loss over the epochs, training against validation."""
        from tellapart.report.curves import draw_curves

        return draw_curves(self.history, validation_title(self.recipe))

    def show_confusion(self) -> Picture:
        """Return the confusion matrix on the test images."""
        from tellapart.report.confusion import draw_confusion

        return draw_confusion(self.evaluation)

    def show_reliability(self) -> Picture:
        """Return whether the classifier is as sure as it is right.

        Raises:
            BundleError: The run is of an older version, which did not measure that.
        """
        from tellapart.report.reliability import draw_reliability

        return draw_reliability(self._whole_evaluation())

    def show_risk_coverage(self) -> Picture:
        """Return how seldom it errs when it answers its surest images only.

        Raises:
            BundleError: The run is of an older version, which did not measure that.
        """
        from tellapart.report.risk_coverage import draw_risk_coverage

        return draw_risk_coverage(self._whole_evaluation())

    def show_roc(self) -> Picture:
        """Return how well each class is ranked before all others.

        Raises:
            BundleError: The run is of an older version, which did not measure that.
        """
        from tellapart.report.roc import draw_roc

        return draw_roc(self._whole_evaluation())

    def _whole_evaluation(self) -> Evaluation:
        """Return the evaluation if it is of this version.

        Raises:
            BundleError: It is of an older one.
        """
        if self.evaluation.is_older:
            raise BundleError(
                f"The run {self.path} is of an older version, which measured accuracy and loss "
                f"only. Score it anew: tellapart evaluate {self.path}/model.tellapart DATA"
            )
        return self.evaluation

    @override
    def __repr__(self) -> str:
        """Return what a person wants to see at a prompt."""
        return f"run {self.path} of recipe '{self.recipe.name}': {self.evaluation}"


def open_run(path: str | Path, *, trust: bool = False) -> Run:
    """Return a finished run from its folder.

    Args:
        path: A folder such as `runs/fashion-mnist-1`.
        trust: Build a network of its maker's own, which may run code.

    Raises:
        BundleError: This is no run, or it is not finished.
    """
    folder = RunFolder(Path(path))
    recipe = folder.recipe()
    try:
        evaluation = Evaluation.from_json(folder.evaluation_path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BundleError(
            f"The run {path} is not finished. Go on with: tellapart train --resume {path}"
        ) from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{folder.evaluation_path} is damaged: {error}") from error
    return Run(Path(path), recipe, folder.history(), evaluation, trust)


def save_pictures(run: Run) -> Mapping[str, bytes]:
    """Draw what there is to see of a run into its folder, and return it as PNG by file name.

    Raises:
        OutputError: The place cannot be written.
    """
    raise_if_heard()
    pictures = draw_pictures(run)
    for name, content in pictures.items():
        write_whole(RunFolder(run.path).plots / name, content)
    return pictures


def draw_pictures(run: Run) -> Mapping[str, bytes]:
    """Return what there is to see of a run, as PNG by file name; less of one that is older."""
    drawings = {"curves.png": run.show_curves, "confusion.png": run.show_confusion}
    if not run.evaluation.is_older:
        drawings |= {
            "reliability.png": run.show_reliability,
            "risk-coverage.png": run.show_risk_coverage,
            "roc.png": run.show_roc,
        }
    return {name: draw().to_png() for name, draw in drawings.items()}


def validation_title(recipe: Recipe) -> str:
    """Return what the validation curve is called."""
    return "validation (test images)" if recipe.data.validation == "test" else "validation"
