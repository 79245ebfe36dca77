"""How many heat maps mean something: each method on test images, and on random weights.

Usage: python benchmarks/explain_worth.py MODEL.tellapart [--images 40]
"""

import argparse
import json
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

import tellapart
from tellapart.explain.explainer import METHODS, Explainer
from tellapart.explain.explanation import Explanation
from tellapart.images.showing import open_shown
from tellapart.models.catalogue import build_network
from tellapart.predict.runtimes import KerasRuntime


def explained(
    model: tellapart.Predictor, network: Any, pixels: Any, method: str
) -> Iterator[Explanation]:
    """Yield the explanation of each picture by a network of the model's kind."""
    manifest = model.manifest
    runtime = KerasRuntime(network, manifest.architecture.output)
    explainer = Explainer(
        runtime.probabilities,
        manifest.class_names,
        manifest.image,
        network,
        "probabilities",
    )
    for number, picture in enumerate(pixels):
        name = f"picture {number}"
        yield explainer.explain(name, picture, open_shown(picture, name), method=method)


def summed(found: list[Explanation]) -> dict[str, float]:
    """Return what the scores of many maps come to."""
    scores = [one.scores for one in found if one.scores is not None]
    agreements = [one.agreement for one in scores if one.agreement is not None]
    return {
        "mean_something": round(float(np.mean([one.is_meaningful for one in scores])), 3),
        "beat_all_random_orders": round(float(np.mean([one.p_value <= 0.05 for one in scores])), 3),
        "median_gain": round(float(np.median([one.gain for one in scores])), 3),
        "median_agreement": round(float(np.median(agreements)), 3),
    }


def main() -> None:
    """Explain with both networks by every method and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--images", type=int, default=40)
    options = parser.parse_args()
    model = tellapart.open_model(options.model)
    manifest = model.manifest
    test = tellapart.load(manifest.name, quiet=True).test
    pixels = test.take(np.arange(options.images)).decode(manifest.image).pixels
    keras.utils.set_random_seed(0)
    fresh = build_network(manifest.architecture.name, manifest.image, len(manifest.class_names))
    for layer in fresh.layers:
        if isinstance(layer, keras.layers.Conv2D):  # some begin with patterns
            layer.kernel.assign(layer.kernel_initializer(layer.kernel.shape))
    methods = [name for name in METHODS if name != "cam" or "resnet" in manifest.architecture.name]
    answer = {
        name: {
            method: summed(list(explained(model, network, pixels, method))) for method in methods
        }
        for name, network in {"trained": model.network, "random weights": fresh}.items()
    }
    print(json.dumps({"network": manifest.architecture.name, **answer}, indent=2))


if __name__ == "__main__":
    main()
