"""What a run's classifier says of each test image: written at its end, or asked for anew."""

import io
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.data.prepare import Part, fingerprint_of
from tellapart.data.samples import Indices
from tellapart.errors import BundleError
from tellapart.evaluate.answered import AnswersScore
from tellapart.evaluate.answers import score_answers
from tellapart.files import write_whole
from tellapart.predict.opening import open_predictor
from tellapart.predict.predictor import Predictor
from tellapart.train.runs import RunFolder
from tellapart.workflow.run_data import data_of_run

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError)
"""What reading a damaged `.npz` file raises."""


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of one classifier about its test images.

    Attributes:
        targets: `(n,)`, int64: the true classes' numbers.
        probabilities: `(n, classes)`, float32.
        fingerprint: SHA-256 over class names, targets and pixels of the test images.
        novelty: `(n,)`, float32: how unlike the training images each is; `None` where that is
            not measured. It is not written.
    """

    targets: Indices
    probabilities: NDArray[np.float32]
    fingerprint: str
    novelty: NDArray[np.float32] | None = None

    @property
    def right(self) -> NDArray[np.bool_]:
        """Return which images are answered rightly."""
        return np.asarray(self.probabilities.argmax(axis=1) == self.targets, np.bool_)


def ask_about(test: Part, class_names: tuple[str, ...], predictor: Predictor) -> Answers:
    """Return a classifier's answers about test images that fit already."""
    fingerprint = fingerprint_of(class_names, [test])
    found, verdicts = predictor.judge(test.pixels)
    novelty = None if verdicts is None else verdicts.novelty
    return Answers(test.targets, found.probabilities, fingerprint, novelty)


def score_of_answers(predictor: Predictor, answers: Answers) -> AnswersScore | None:
    """Return what a classifier's rules come to on its test images; `None` if it has none."""
    decisions = predictor.manifest.decisions
    if decisions is None:
        return None
    return score_answers(decisions, answers.targets, answers.probabilities, answers.novelty)


def write_answers(folder: RunFolder, answers: Answers) -> None:
    """Write the answers into the run's folder, whole or not at all.

    Raises:
        OutputError: The place cannot be written.
    """
    content = io.BytesIO()
    np.savez(
        content,
        targets=answers.targets,
        probabilities=answers.probabilities,
        fingerprint=np.array(answers.fingerprint),
    )
    write_whole(folder.predictions_path, content.getvalue())


def read_answers(folder: RunFolder) -> Answers | None:
    """Return the answers in a run's folder, or `None` where an older run wrote none.

    Raises:
        BundleError: The file is damaged.
    """
    try:
        raw = io.BytesIO(folder.predictions_path.read_bytes())
        with np.load(raw, allow_pickle=False) as arrays:
            found = Answers(arrays["targets"], arrays["probabilities"], str(arrays["fingerprint"]))
        if found.probabilities.shape[:1] != found.targets.shape or found.probabilities.ndim != 2:
            raise ValueError("its arrays do not fit each other")
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        raise BundleError(f"{folder.predictions_path} is damaged: {error}.") from error
    return found


def recompute_answers(
    folder: RunFolder, *, trust: bool = False, backend: str | None = None, quiet: bool = False
) -> Answers:
    """Return the answers of a run that wrote none, from its bundle and its data.

    Raises:
        DataError: The data are in nobody's reach, or are no longer the run's.
        BundleError: The bundle cannot be used.
        TrustError: Keras answers, the network is its maker's own, and `trust` is false.
    """
    predictor = open_predictor(folder.bundle_path, trust=trust, backend=backend)
    found = data_of_run(folder, quiet=quiet)
    return ask_about(found.test, found.class_names, predictor)
