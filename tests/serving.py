"""A bundle to serve, and a server on a real socket, in a thread of the tests."""

import io
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from typing_extensions import override

from tellapart.bundle import open_bundle, write_bundle
from tellapart.data.dataset import Dataset
from tellapart.evaluate.decide import fit_decisions
from tellapart.evaluate.novelty import NEIGHBOUR, choose_references
from tellapart.predict.opening import open_predictor
from tellapart.sections import AnswersSection, ImageSpec
from tellapart.serve.limits import Limits
from tellapart.serve.loaded import Opener
from tellapart.serve.server import address_of, make_server, open_socket
from tellapart.serve.service import Settings, open_service
from tellapart.verdicts import measure_novelty
from tellapart.workflow.predict import open_model
from tellapart.workflow.profiling import profile_answers


@dataclass
class Running:
    """A server that runs.

    Attributes:
        url: Where, with a slash at its end.
        said: What its owner was told.
        client: Asks it.
    """

    url: str
    said: list[str]
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=60)


class Patient(httpx.HTTPTransport):
    """Comes again when the server is busy, as it is asked to; for a server with usual limits."""

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the first answer that is no 503, or the last after a minute."""
        end = time.monotonic() + 60
        while (response := super().handle_request(request)).status_code == 503:
            if time.monotonic() > end:
                break
            response.close()
            time.sleep(float(response.headers["retry-after"]))
        return response


@contextmanager
def serving(
    models: Mapping[str, Path], settings: Settings | None = None, opener: Opener = open_model
) -> Iterator[Running]:
    """Serve bundles until the end of the block, then stop and answer what was accepted.

    Where nobody says otherwise the event loop may be late by seconds: it shares this process with
    the tests' own work, and the machine with other tests, which is no load of the server's.
    """
    settings = settings or Settings()
    if settings.limits.late_seconds == Limits().late_seconds:
        settings = replace(settings, limits=replace(settings.limits, late_seconds=30.0))
    said: list[str] = []
    app = open_service(models, opener, settings, said.append)
    with open_socket("127.0.0.1", 0) as bound:
        server = make_server(app, settings.limits)
        bound.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        running = Running(address_of(bound), said)
        try:
            yield running
        finally:
            running.client.close()
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()


@contextmanager
def command(words: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `tellapart serve …` in a process of its own, on a free port; give out its address."""
    line = [sys.executable, "-m", "tellapart", "serve", *words, "--port", "0"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as found:
        assert found.stderr is not None
        said = next((text for text in found.stderr if text.startswith("Serving")), "")
        address = re.search(r"http://\S+/", said)
        try:
            assert address is not None, found.stderr.read()
            yield found, address[0]
        finally:
            found.kill()


def write_decided(source: Path, data: Dataset, path: Path) -> Path:
    """Write a bundle with rules and a profile, fitted on a data set's test images."""
    predictor, spec = open_predictor(source), ImageSpec()
    pixels = data.test.decode(spec).pixels
    answers, _ = predictor.judge(pixels)
    known, _ = predictor.judge(data.train.decode(spec).pixels)
    assert answers.features is not None
    assert known.features is not None
    references = choose_references(known.features)
    assert references is not None
    novelty = measure_novelty(answers.features, references, NEIGHBOUR)
    section = AnswersSection(risk=0.1)
    rules = fit_decisions(answers.probabilities, data.test.targets, novelty, section)
    profile = profile_answers(rules, answers.probabilities, novelty, pixels)
    return write_bundle(path, open_bundle(source).with_decisions(rules, references, profile))


def to_png(pixels: np.ndarray) -> bytes:
    """Return `(height, width, 1)` as a PNG file."""
    content = io.BytesIO()
    Image.fromarray(np.asarray(pixels)[..., 0]).save(content, "PNG")
    return content.getvalue()
