"""All benchmarks in turn: one table of ratios, with the whole JSON documents beside it.

Each is a process of its own, with so few repeats that all end in under 20 minutes on two
cores; run one of them alone, with more, for figures to quote.
Usage: python benchmarks/all.py [--output benchmarks/results] [--only startup ...]
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from processes import measure
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
COMMANDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "startup": ("startup.py", "--repeats", "5"),
        "predict_speed": ("predict_speed.py", "--repeats", "5", "--trainings", "8"),
        "decode_speed": ("decode_speed.py", "--repeats", "3"),
        "loading": ("loading.py", "--images", "50000"),
        "check_speed": ("check_speed.py", "--files", "200"),
        "batch": ("batch.py", "--repeats", "3", "--images", "5000", "--photos", "600"),
        "serve_load": ("serve_load.py", "--rounds", "2", "--seconds", "4"),
        "checkpoint_cost": ("checkpoint_cost.py", "--repeats", "2"),
        "guide_vs_stock": ("guide_vs_stock.py", "--epochs", "2", "--repeats", "2"),
        "fast_vs_guide": ("fast_vs_guide.py", "--repeats", "1"),
    }
)
ROWS: tuple[tuple[str, str, str], ...] = (
    (
        "fast_vs_guide",
        "wall_seconds/times_faster",
        "whole script: the stock guide over recipe fast",
    ),
    ("fast_vs_guide", "test_accuracy/fast", "test accuracy of recipe fast"),
    ("fast_vs_guide", "test_accuracy/stock", "test accuracy of the stock guide"),
    (
        "guide_vs_stock",
        "figures/images_per_second/ratio to the fastest stock",
        "images/s in training: ours over the fastest stock fit",
    ),
    ("guide_vs_stock", "figures/share_of_peak", "share of the processor's peak"),
    (
        "guide_vs_stock",
        "figures/peak_megabytes/ratio to stock tensorflow",
        "peak memory: ours over stock",
    ),
    (
        "predict_speed",
        "one_image/times_faster/predict over stock predict",
        "one image: stock predict over ours",
    ),
    (
        "predict_speed",
        "batch/times_faster/probabilities over bare call",
        "a large batch: the backend's bare compiled call over ours",
    ),
    (
        "predict_speed",
        "batch/times_faster/probabilities over bare ONNX Runtime",
        "a large batch: ONNX Runtime run bare over ours",
    ),
    ("decode_speed", "worst_median_times_faster", "decoding JPEGs: a plain Pillow loop over ours"),
    ("loading", "loading/cores_busy/threads", "processors busy while files are decoded"),
    (
        "loading",
        "loading/times_faster_than_threads/next time, from the cache",
        "loading again, from the cache, over decoding",
    ),
    ("loading", "stall/stall", "share of a training step that gathering stalls"),
    ("check_speed", "seconds/all", "thirteen checks of 70,000 images, seconds"),
    (
        "batch",
        "28×28 PNG, the guide's network/throughput_ratio/wall over bare",
        "batches of small pictures: ours over ONNX Runtime run bare",
    ),
    (
        "batch",
        "400×300 JPEG, a photo network/throughput_ratio/wall over bare",
        "batches of photos: ours over ONNX Runtime run bare",
    ),
    ("serve_load", "photos/served_over/in_process", "serving photos: served over in-process"),
    ("serve_load", "throughput/served_over/unbatched", "small pictures: batched over unbatched"),
    ("serve_load", "half_load/milliseconds/p99", "99% of answers at half load, milliseconds"),
    (
        "serve_load",
        "overload/refusal_milliseconds/p95",
        "95% of refusals at three times what can be answered, milliseconds",
    ),
    ("checkpoint_cost", "figures/stall_share_at_default", "share of training that saving stalls"),
    ("startup", "seconds_over_bare/help", "--help, seconds over a bare interpreter"),
    ("startup", "seconds/answer", "one answer, from the start of the process to its end, seconds"),
)
"""Which benchmark, where in its document, and what it is."""


def _figure(document: Mapping[str, Any], path: str) -> str:
    """Return one figure of a document: the median with its range, or the number."""
    value: Any = document
    for key in path.split("/"):
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        return f"{value['median']:g} ({value['min']:g} to {value['max']:g})"
    return "–" if value is None else f"{value:g}"


def main() -> None:
    """Run them, write the documents, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE / "results")
    parser.add_argument("--only", nargs="*", choices=[*COMMANDS], default=[*COMMANDS])
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    documents: dict[str, Any] = {}
    failed: list[str] = []
    for name in options.only:
        sys.stderr.write(f"{name} …\n")
        script, *words = COMMANDS[name]
        log = options.output / f"{name}.log"
        try:
            with log.open("w", encoding="utf-8") as errors:
                found = measure([sys.executable, str(HERE / script), *words], errors=errors)
        except RuntimeError as error:
            failed.append(name)
            sys.stderr.write(f"{error}: see {log}\n")
            continue
        documents[name] = json.loads(found.output)
        (options.output / f"{name}.json").write_text(found.output, "utf-8")
        sys.stderr.write(f"{name}: {found.seconds:.0f} s\n")
    table = Table("what", "median (range)", "benchmark")
    for name, path, title in ROWS:
        if name in documents:
            table.add_row(title, _figure(documents[name], path), name)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
