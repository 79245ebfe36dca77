"""A short soak: thousands of pictures from several clients, no error, and no growth of memory.

The long one is `benchmarks/serve_load.py --soak 1800`.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from serving import Patient, command

CLIENTS = 4
GROWTH_BYTES = 12 * 2**20
"""Of 5,100 pictures after the first round; two and a half kilobytes kept of each are too much."""


def _resident_bytes(url: str) -> float:
    lines = (line.split() for line in httpx.get(f"{url}metrics").text.splitlines())
    return next(float(line[1]) for line in lines if line[0] == "process_resident_memory_bytes")


def test_thousands_of_pictures_bring_no_error_and_no_growth(
    served_bundle: Path, pictures: list[bytes]
) -> None:
    forms = [
        [
            ("images", (f"{n}.png", picture))
            for n, picture in enumerate(pictures[first : first + 50])
        ]
        for first in range(0, 200, 50)
    ]
    with command([str(served_bundle)]) as (_, url), ThreadPoolExecutor(CLIENTS) as threads:

        def ask(number: int) -> int:
            with httpx.Client(base_url=url, timeout=60, transport=Patient()) as client:
                one = client.post("v1/predict", content=pictures[number % 200])
                bad = client.post("v1/predict", content=b"\x89PNG\r\n\x1a\nno more")
                several = client.post("v1/predict", files=forms[number % 4])
            assert (one.status_code, bad.status_code, several.status_code) == (200, 422, 200)
            assert not any(answer["error"] for answer in several.json()["predictions"])
            return len(several.json()["predictions"]) + 1

        assert sum(threads.map(ask, range(40))) == 40 * 51
        before = _resident_bytes(url)
        assert sum(threads.map(ask, range(100))) == 100 * 51
        assert _resident_bytes(url) - before < GROWTH_BYTES
