"""Image classification with Keras 3 that people can trust.

The public names below are resolved on first use, so importing tellapart loads no Keras.

Example:
    >>> import tellapart
    >>> data = tellapart.load("fashion-mnist")
    >>> print(data.test.labels[0])
    Ankle boot
"""

import importlib
import sys
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tellapart._version import __version__

if TYPE_CHECKING:
    from tellapart.data.dataset import Dataset
    from tellapart.data.layout import Layout
    from tellapart.data.samples import Samples
    from tellapart.errors import TellapartError
    from tellapart.evaluate.record import Evaluation
    from tellapart.explain.explanation import Explanation
    from tellapart.predict.prediction import Prediction
    from tellapart.predict.predictor import Predictor
    from tellapart.recipe import Recipe, load_recipe, recipe_names
    from tellapart.train.history import History
    from tellapart.workflow.batch_summary import BatchSummary
    from tellapart.workflow.build import build
    from tellapart.workflow.cache import cache, clear_cache
    from tellapart.workflow.compare import Comparison, compare
    from tellapart.workflow.cross_validate import CrossValidation, cross_validate
    from tellapart.workflow.diff import RunDiff, diff
    from tellapart.workflow.evaluate import evaluate
    from tellapart.workflow.explain import explain
    from tellapart.workflow.export import Exported, export
    from tellapart.workflow.foreign import evaluate_predictions
    from tellapart.workflow.inspect import inspect, load
    from tellapart.workflow.learning_curve import LearningCurveRuns, learning_curve
    from tellapart.workflow.predict import doctor, open_model, predict
    from tellapart.workflow.predict_all import predict_all
    from tellapart.workflow.replay import Replay, replay
    from tellapart.workflow.report import report
    from tellapart.workflow.review import Review, review
    from tellapart.workflow.runs import Run, open_run
    from tellapart.workflow.serve import serve
    from tellapart.workflow.train import train

__all__ = [
    "BatchSummary",
    "Comparison",
    "CrossValidation",
    "Dataset",
    "Evaluation",
    "Explanation",
    "Exported",
    "History",
    "Layout",
    "LearningCurveRuns",
    "Prediction",
    "Predictor",
    "Recipe",
    "Replay",
    "Review",
    "Run",
    "RunDiff",
    "Samples",
    "TellapartError",
    "__version__",
    "build",
    "cache",
    "clear_cache",
    "compare",
    "cross_validate",
    "diff",
    "doctor",
    "evaluate",
    "evaluate_predictions",
    "explain",
    "export",
    "inspect",
    "learning_curve",
    "load",
    "load_recipe",
    "open_model",
    "open_run",
    "predict",
    "predict_all",
    "recipe_names",
    "replay",
    "report",
    "review",
    "serve",
    "train",
]

_HOMES = MappingProxyType(
    {
        "BatchSummary": "workflow.batch_summary",
        "Comparison": "workflow.compare",
        "CrossValidation": "workflow.cross_validate",
        "Dataset": "data.dataset",
        "Evaluation": "evaluate.record",
        "Explanation": "explain.explanation",
        "Exported": "workflow.export",
        "History": "train.history",
        "Layout": "data.layout",
        "LearningCurveRuns": "workflow.learning_curve",
        "Prediction": "predict.prediction",
        "Predictor": "predict.predictor",
        "Recipe": "recipe",
        "Replay": "workflow.replay",
        "Review": "workflow.review",
        "Run": "workflow.runs",
        "RunDiff": "workflow.diff",
        "Samples": "data.samples",
        "TellapartError": "errors",
        "build": "workflow.build",
        "cache": "workflow.cache",
        "clear_cache": "workflow.cache",
        "compare": "workflow.compare",
        "cross_validate": "workflow.cross_validate",
        "diff": "workflow.diff",
        "doctor": "workflow.predict",
        "evaluate": "workflow.evaluate",
        "evaluate_predictions": "workflow.foreign",
        "explain": "workflow.explain",
        "export": "workflow.export",
        "inspect": "workflow.inspect",
        "learning_curve": "workflow.learning_curve",
        "load": "workflow.inspect",
        "load_recipe": "recipe",
        "open_model": "workflow.predict",
        "open_run": "workflow.runs",
        "predict": "workflow.predict",
        "predict_all": "workflow.predict_all",
        "recipe_names": "recipe",
        "replay": "workflow.replay",
        "report": "workflow.report",
        "review": "workflow.review",
        "serve": "workflow.serve",
        "train": "workflow.train",
    }
)
"""Where each public name lives."""


class _Package(ModuleType):
    """Keeps a public function from being covered by the room of the same name.

    Importing `tellapart.train.fit` makes Python set the attribute `train` of this package
    to the room; `tellapart.train(...)` must stay the function. See decision 001.
    """

    @override
    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    """Return a public name from where it lives, and remember it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tellapart' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"tellapart.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)


sys.modules[__name__].__class__ = _Package
