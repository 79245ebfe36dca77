"""The server under load: against the predictor in one process, unbatched, and LitServe.

The guide's network on real PNG pictures, and a photo network on JPEG files of 400×300, one a
request; the client is a process of its own on the same two cores, so with pictures that cost
next to nothing the requests are the work. Ways take turns; ratios are taken turn by turn, above
1 in our favour.
Figures are to be taken on a machine that does nothing else.
Usage: python benchmarks/serve_load.py [--seconds 8] [--rounds 3] [--connections 32]
           [--model model.tellapart] [--litserve PYTHON] [--soak 1800 [--soak-rate 100]]
LitServe is asked if the interpreter of an environment that has `litserve`, `onnxruntime` and
`pillow` is given; it gets the same network, batches as large, and decodes with Pillow.
"""

import argparse
import http.client
import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from batch import train, write_photos
from http_load import Load, run_closed, run_open, to_form
from PIL import Image
from processes import machine, summary

import tellapart
from tellapart.bundle import open_bundle
from tellapart.predict.predictor import Predictor
from tellapart.sections import ImageSpec
from tellapart.serve.limits import Limits
from tellapart.serve.server import address_of, make_server, open_socket, run_server
from tellapart.serve.service import Settings, open_service
from tellapart.workflow.predict import open_model

FORM = {"Content-Type": "multipart/form-data; boundary=pictures"}
LITSERVE = """
import io, sys, numpy, onnxruntime, litserve
from PIL import Image
class Api(litserve.LitAPI):
    def setup(self, device):
        self.session = onnxruntime.InferenceSession(sys.argv[1])
    def decode_request(self, request):
        picture = Image.open(io.BytesIO(request["request"].file.read())).convert("L")
        return numpy.asarray(picture, numpy.uint8)[:, :, None]
    def batch(self, inputs):
        return numpy.stack(inputs)
    def predict(self, pixels):
        return self.session.run(["probabilities"], {"image": pixels})[0]
    def unbatch(self, output):
        return list(output)
    def encode_response(self, row):
        return {"label": int(row.argmax()), "probability": float(row.max())}
if __name__ == "__main__":
    api = Api(max_batch_size=64, batch_timeout=0.002)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    port = int(sys.argv[2])
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="error")
"""


def _pictures() -> list[bytes]:
    """Return 1,000 real pictures as PNG files."""
    data = tellapart.load("fashion-mnist", quiet=True)
    found = []
    for pixels in data.test.take(np.arange(1000)).decode(ImageSpec()).pixels:
        content = io.BytesIO()
        Image.fromarray(np.asarray(pixels)[..., 0]).save(content, "PNG")
        found.append(content.getvalue())
    return found


def _train(output: str) -> Path:
    data = tellapart.load("fashion-mnist", quiet=True)
    run = tellapart.train(data, "guide-holdout", epochs=1, output=output, quiet=True)
    return run.path / "model.tellapart"


def _serve(path: Path, batch: int) -> None:
    """Be the server; its address is the first line."""
    limits = Limits(batch=batch)
    app = open_service({"model": path}, open_model, Settings(limits=limits), sys.stderr.write)
    with open_socket("127.0.0.1", 0) as bound:
        bound.listen()
        print(address_of(bound), flush=True)
        run_server(make_server(app, limits), bound, lambda _: None)


@contextmanager
def _process(command: Sequence[str], output: int) -> Iterator[subprocess.Popen[str]]:
    """Run a command, and end it with all processes that it began."""
    with subprocess.Popen(command, stdout=output, text=True, start_new_session=True) as found:
        try:
            yield found
        finally:
            os.killpg(found.pid, signal.SIGTERM)


@contextmanager
def _ours(path: Path, batch: int = 64) -> Iterator[str]:
    """Serve a bundle in a process of its own."""
    command = [sys.executable, __file__, "--serve", str(path), "--batch", str(batch)]
    with _process(command, subprocess.PIPE) as found:
        assert found.stdout is not None
        yield found.stdout.readline().strip()


@contextmanager
def _litserve(python: str, path: Path, folder: str) -> Iterator[str]:
    """Serve the bundle's network by LitServe, in a process of its own."""
    twin = open_bundle(path).twin
    assert twin is not None
    (Path(folder) / "network.onnx").write_bytes(twin)
    (Path(folder) / "lit.py").write_text(LITSERVE, "utf-8")
    with open_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    words = [python, str(Path(folder) / "lit.py"), str(Path(folder) / "network.onnx"), str(port)]
    with _process(words, subprocess.DEVNULL):  # a full pipe would stop it
        url = f"http://127.0.0.1:{port}/"
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}health", timeout=2)
            except OSError:
                time.sleep(0.5)
            else:
                break
        yield url


def _photos(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Return what serving photos comes to, one a request."""
    write_photos(folder / "photos", 300)
    photos = [path.read_bytes() for path in sorted((folder / "photos").iterdir())]
    sides = {"image.height": 128, "image.width": 128, "image.channels": 3}
    model = train(folder, "photos", sides, 64)
    predictor = open_model(model)
    with _ours(model) as url:
        return _compare(
            {
                "served": lambda: _rate(
                    run_closed(f"{url}v1/predict", photos, asked.connections, asked.seconds)
                ),
                "in_process": lambda: _in_process(predictor, photos, asked.seconds, 32),
            },
            asked.rounds,
        )


def _in_process(
    predictor: Predictor, pictures: list[bytes], seconds: float, most: int = 64, calls: int = 2
) -> float:
    """Return pictures a second, in calls of so many pictures, so many calls at once."""
    began, done = time.perf_counter(), 0
    parts = [pictures[first : first + most] for first in range(0, len(pictures), most)]
    with ThreadPoolExecutor(calls) as threads:
        while time.perf_counter() < began + seconds:
            done += sum(map(len, threads.map(predictor.predict, parts)))
    return done / (time.perf_counter() - began)


def _overload(url: str, bodies: Sequence[bytes], rate: float, seconds: float) -> dict[str, Any]:
    """Return how eight clients fare, one request each 50 ms, while a flood comes from elsewhere."""
    flood = multiprocessing.get_context("spawn").Process(
        target=run_open, args=(url, bodies, rate, seconds + 6)
    )
    flood.start()
    time.sleep(4)  # it has to load Python first
    load, until = Load(seconds), time.perf_counter() + seconds

    def probe(number: int) -> None:
        where = urlsplit(url)
        while time.perf_counter() < until:
            connection = http.client.HTTPConnection(where.netloc, timeout=120)
            began = time.perf_counter()
            connection.request("POST", where.path, body=bodies[number], headers=FORM)
            answer = connection.getresponse()
            answer.read()
            taken = time.perf_counter() - began
            load.latencies.setdefault(answer.status, []).append(taken)
            connection.close()
            time.sleep(0.05)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(probe, range(8)))
    flood.terminate()
    flood.join()
    return {"rate": round(rate, 1), **load.figures()}


def _rate(load: Load) -> float:
    return len(load.latencies.get(200, ())) / load.seconds


def _compare(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, Any]:
    """Return pictures a second by each way, turn by turn, and ours over the others."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
    ours = found["served"]
    ratios = {
        name: summary([own / other for own, other in zip(ours, values, strict=True)])
        for name, values in found.items()
        if name != "served"
    }
    rates = {name: summary(values) for name, values in found.items()}
    return {"pictures_per_second": rates, "served_over": ratios}


def _soak(url: str, bodies: list[bytes], rate: float, seconds: float) -> dict[str, Any]:
    """Return what a long, half load comes to, with the server's memory once a minute."""
    megabytes: list[float] = []
    end = threading.Event()

    def watch() -> None:
        while not end.wait(min(60.0, seconds / 10)):
            text = urllib.request.urlopen(f"{url}metrics").read().decode()
            lines = (line.split() for line in text.splitlines())
            held = next(line[1] for line in lines if line[0] == "process_resident_memory_bytes")
            megabytes.append(round(float(held) / 1e6, 1))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        load = run_open(f"{url}v1/predict", bodies, rate, seconds)
    finally:
        end.set()
        watcher.join()
    return {"rate": round(rate, 1), **load.figures(), "megabytes": megabytes}


def _only_soak(path: Path, asked: argparse.Namespace) -> dict[str, Any]:
    with _ours(path) as url:
        return {"soak": _soak(url, _pictures(), asked.soak_rate, asked.soak)}


def _measure(path: Path, asked: argparse.Namespace, folder: str) -> dict[str, Any]:
    pictures, seconds, connections = _pictures(), asked.seconds, asked.connections
    predictor = open_model(path)
    with _ours(path) as url, _ours(path, batch=1) as slow:
        ways: dict[str, Callable[[], float]] = {
            "served": lambda: _rate(run_closed(f"{url}v1/predict", pictures, connections, seconds)),
            "in_process": lambda: _in_process(predictor, pictures, seconds),
            "in_process_one_a_call": lambda: _in_process(
                predictor, pictures, seconds, 1, connections
            ),
            "unbatched": lambda: _rate(
                run_closed(f"{slow}v1/predict", pictures, connections, seconds)
            ),
        }
        if asked.litserve is None:
            throughput = _compare(ways, asked.rounds)
        else:
            with _litserve(asked.litserve, path, folder) as other:
                forms = [
                    to_form([picture]).replace(b'name="images"', b'name="request"')
                    for picture in pictures
                ]
                ways["litserve"] = lambda: _rate(
                    run_closed(f"{other}predict", forms, connections, seconds)
                )
                throughput = _compare(ways, asked.rounds)
        half = throughput["pictures_per_second"]["served"]["median"] / 2
        forms = [to_form(pictures[first : first + 16]) for first in range(0, 960, 16)]
        several = run_closed(f"{url}v1/predict", forms, 8, seconds)
        found = {
            "throughput": throughput,
            "half_load": run_open(f"{url}v1/predict", pictures, half, seconds).figures(),
            "sixteen_a_request": several.figures(16),
        }
        rate = 3 * len(several.latencies[200]) / several.seconds
        found["overload"] = _overload(f"{url}v1/predict", forms, rate, seconds)
        if asked.soak:
            found["soak"] = _soak(url, pictures, half, asked.soak)
    return found


def main() -> None:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--litserve")
    parser.add_argument("--soak", type=float, default=0.0)
    parser.add_argument("--soak-rate", type=float, help="Only soak, with so many a second.")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=64, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        _serve(asked.serve, asked.batch)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = asked.model or _train(folder)
        found: dict[str, Any] = {"machine": machine()}
        if asked.soak_rate:
            found |= _only_soak(path, asked)
        else:
            found |= _measure(path, asked, folder)
            found["photos"] = _photos(Path(folder), asked)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
