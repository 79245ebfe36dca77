"""Bundles that are replaced while requests go on."""

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typing_extensions import override

from serving import Running, serving
from tellapart.bundle import Golden, open_bundle, write_bundle
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import Answers, Runtime, open_keras
from tellapart.serve.service import Settings

SETTINGS = Settings(poll_seconds=0.05)


def _wait_for(what: Callable[[], bool]) -> None:
    for _ in range(600):
        if what():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to pass within 30 seconds")


def _state(server: Running) -> dict[str, object]:
    found: dict[str, object] = server.client.get("readyz").json()["models"][0]
    return found


def _write_other(source: Path, path: Path) -> None:
    """Write the bundle with another name of its first class."""
    bundle = open_bundle(source)
    names = ("Tee", *bundle.manifest.class_names[1:])
    manifest = bundle.manifest.model_copy(update={"class_names": names})
    write_bundle(path, type(bundle)(manifest, bundle.weights, bundle.golden, bundle.references))


def test_a_replacement_is_taken_over_without_losing_a_request(
    served_bundle: Path, pictures: list[bytes], tmp_path: Path
) -> None:
    path = Path(shutil.copy(served_bundle, tmp_path / "clothes.tellapart"))
    with serving({"clothes": path}, SETTINGS) as running:
        before = _state(running)["version"]
        statuses: list[int] = []
        end = threading.Event()

        def ask() -> None:
            while not end.is_set():
                statuses.append(running.client.post("v1/predict", content=pictures[0]).status_code)

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for thread in asking:
            thread.start()
        _write_other(served_bundle, path)
        _wait_for(lambda: _state(running)["version"] != before)
        end.set()
        for thread in asking:
            thread.join()
        assert set(statuses) == {200}
        assert _state(running)["replacement"] == "taken-over"
        assert running.client.get("v1/models/clothes").json()["class_names"][0] == "Tee"
        metrics = running.client.get("metrics").text
        assert 'tellapart_reloads_total{model="clothes",outcome="taken-over"} 1.0' in metrics
    assert any("taken over" in line for line in running.said)


class Waiting(Runtime):
    """Executes a network, but lets pictures wait until it may go on."""

    def __init__(self, runtime: Runtime, may_go_on: threading.Event) -> None:
        self._runtime, self._may_go_on = runtime, may_go_on

    @override
    def answers(self, pixels: Any) -> Answers:
        self._may_go_on.wait(30)
        return self._runtime.answers(pixels)

    @override
    def probabilities(self, pixels: Any) -> np.ndarray:
        return self._runtime.probabilities(pixels)


def test_a_version_that_was_replaced_while_its_request_waited_is_not_there(
    served_bundle: Path, pictures: list[bytes], tmp_path: Path
) -> None:
    path = Path(shutil.copy(served_bundle, tmp_path / "clothes.tellapart"))
    may_go_on = threading.Event()

    def opener(path: Path) -> Predictor:
        bundle = open_bundle(path)
        return Predictor(bundle, Waiting(open_keras(bundle), may_go_on))

    with serving({"clothes": path}, SETTINGS, opener) as running, ThreadPoolExecutor(2) as threads:
        before = _state(running)["version"]
        first = threads.submit(running.client.post, "v1/predict", content=pictures[0])
        time.sleep(0.5)  # a thread of the server has it by now, and leaves no light one to others
        tensor = {"name": "image", "datatype": "UINT8", "shape": [1, 28, 28, 1], "data": [9] * 784}
        url = f"v2/models/clothes/versions/{before}/infer"
        last = threads.submit(running.client.post, url, json={"inputs": [tensor]})
        _wait_for(lambda: _state(running)["waiting"] == 1)
        _write_other(served_bundle, path)
        _wait_for(lambda: _state(running)["replacement"] == "taken-over")
        may_go_on.set()
        assert first.result().status_code == 200
        assert last.result().status_code == 404
        assert "only" in last.result().json()["error"]


def _damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def _lie(path: Path) -> None:
    """Make a sound bundle that does not answer as its golden examples say."""
    bundle = open_bundle(path)
    golden = Golden(bundle.golden.images, np.roll(bundle.golden.probabilities, 1, axis=1))
    write_bundle(path, type(bundle)(bundle.manifest, bundle.weights, golden, bundle.references))


@pytest.mark.parametrize("spoil", [_damage, _lie])
def test_a_bad_replacement_is_refused_and_the_old_bundle_goes_on(
    served_bundle: Path, pictures: list[bytes], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    path = Path(shutil.copy(served_bundle, tmp_path / "clothes.tellapart"))
    with serving({"clothes": path}, SETTINGS) as running:
        before = _state(running)["version"]
        spoil(path)
        _wait_for(lambda: _state(running)["replacement"] == "refused")
        assert _state(running)["version"] == before
        assert running.client.post("v1/predict", content=pictures[0]).status_code == 200
        metrics = running.client.get("metrics").text
        assert 'tellapart_reloads_total{model="clothes",outcome="refused"} 1.0' in metrics
        (said,) = running.said
        assert "clothes: the replaced bundle was refused" in said
        time.sleep(0.3)
        assert len(running.said) == 1  # once for each file, not each second
        _write_other(served_bundle, path)
        _wait_for(lambda: _state(running)["replacement"] == "taken-over")


def test_a_file_that_is_gone_changes_nothing(
    served_bundle: Path, pictures: list[bytes], tmp_path: Path
) -> None:
    path = Path(shutil.copy(served_bundle, tmp_path / "clothes.tellapart"))
    with serving({"clothes": path}, SETTINGS) as running:
        path.unlink()
        time.sleep(0.3)
        assert running.client.post("v1/predict", content=pictures[0]).status_code == 200
        assert running.said == []
