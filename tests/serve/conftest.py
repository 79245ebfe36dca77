"""What the server's tests share: a bundle with rules and a profile, pictures, a running server."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serve.serving import Running, serving
from tellapart.bundle import open_bundle, write_bundle
from tellapart.data.dataset import Dataset
from tellapart.evaluate.decide import fit_decisions
from tellapart.evaluate.novelty import NEIGHBOUR, choose_references
from tellapart.predict.predictor import open_predictor
from tellapart.sections import AnswersSection, ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.verdicts import measure_novelty
from tellapart.workflow.profiling import profile_answers
from tellapart.workflow.runs import Run


@pytest.fixture(scope="session")
def bundle_path(
    run: Run, slice_of_fashion: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a bundle that may be unsure, fitted on the slice's 200 test images."""
    source = RunFolder(run.path).bundle_path
    predictor, spec = open_predictor(source), ImageSpec()
    pixels = slice_of_fashion.test.decode(spec).pixels
    answers, _ = predictor.judge(pixels)
    known, _ = predictor.judge(slice_of_fashion.train.decode(spec).pixels)
    assert answers.features is not None
    assert known.features is not None
    references = choose_references(known.features)
    assert references is not None
    novelty = measure_novelty(answers.features, references, NEIGHBOUR)
    targets = slice_of_fashion.test.targets
    rules = fit_decisions(answers.probabilities, targets, novelty, AnswersSection(risk=0.1))
    profile = profile_answers(rules, answers.probabilities, novelty, pixels)
    decided = open_bundle(source).with_decisions(rules, references, profile)
    return write_bundle(tmp_path_factory.mktemp("served") / "clothes.tellapart", decided)


@pytest.fixture(scope="session")
def files(fashion: Dataset) -> list[bytes]:
    """Return 200 real pictures as PNG files, of which no rule has heard."""
    found = []
    for picture in fashion.test.take(np.arange(300, 500)).decode(ImageSpec()).pixels:
        content = io.BytesIO()
        Image.fromarray(np.asarray(picture)[..., 0]).save(content, "PNG")
        found.append(content.getvalue())
    return found


@pytest.fixture(scope="session")
def running(bundle_path: Path) -> Iterator[Running]:
    """Return a server with everything as usual; do not overload it."""
    with serving({"clothes": bundle_path}) as found:
        yield found
