"""The model card of an export: what its bundle knows about the classifier, as Markdown."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from tellapart._version import __version__
from tellapart.export.contract import FILE, KEY
from tellapart.export.int8 import EightBits
from tellapart.manifest import Manifest

NAME = "README.md"

_LIBRARIES: Mapping[str, str] = MappingProxyType(
    {
        "keras": "keras",
        "litert": "tflite",
        "onnx": "onnx",
        "openvino": "openvino",
        "saved_model": "tf-keras",
    }
)
"""What Hugging Face calls the library of each format."""

_RUNS: Mapping[str, str] = MappingProxyType(
    {
        "keras": """import keras
network = keras.saving.load_model({file}, compile=False)
found = network(image)  # a dictionary of outputs""",
        "litert": """from ai_edge_litert.interpreter import Interpreter
run = Interpreter(model_path={file}).get_signature_runner("serving_default")
found = run(image=image)""",
        "onnx": """import onnxruntime
session = onnxruntime.InferenceSession({file}, providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
found = dict(zip(names, session.run(names, {{"image": image}})))""",
        "openvino": """import openvino
model = openvino.Core().compile_model({file}, "CPU", {{"INFERENCE_PRECISION_HINT": "f32"}})
found = model({{"image": image}})""",
        "saved_model": """import tensorflow as tf
module = tf.saved_model.load({file})
found = module.signatures["serving_default"](image=tf.constant(image))
# for pictures of any height and width: module.signatures["any_size"]""",
    }
)

_HOMES: Mapping[str, str] = MappingProxyType(
    {
        "keras": "the file of the same name that ends in `.keras.json`",
        "litert": f"`{FILE}`, in the zip archive at the end of the file",
        "onnx": f"the metadata `{KEY}`",
        "openvino": f"the runtime information `{KEY}`",
        "saved_model": f"`{FILE}`",
    }
)
"""Where each format keeps the contract."""


_OF_32 = (
    "Of the network in 32 bits; this file computes in 8, and was compared with it on validation "
    "images only.\n\n"
)


def card_of(
    manifest: Manifest,
    form: str,
    file: str,
    *,
    any_size: bool = False,
    eight_bits: EightBits | None = None,
) -> str:
    """Return the card of one export, with the front matter that Hugging Face reads.

    It says what the manifest says; the licence is left to whoever publishes.

    Args:
        manifest: Of the bundle.
        form: The format's name.
        file: What the file is called.
        any_size: Whether it makes pictures fit by itself.
        eight_bits: What computing in 8 bits costs, where it does so.
    """
    of_32 = "" if eight_bits is None else _OF_32
    parts = (
        _front(manifest, form, is_scored=eight_bits is None),
        f"# {manifest.name}",
        _about(manifest),
        "## How well it does\n\n" + of_32 + _scores(manifest),
        "## When it does not answer\n\n" + of_32 + _rules(manifest),
        "## Limits\n\n" + _limits(manifest, eight_bits),
        "## How to run it\n\n" + _running(manifest, form, file, any_size=any_size),
    )
    return "\n\n".join(parts) + "\n"


def _front(manifest: Manifest, form: str, *, is_scored: bool) -> str:
    lines = [
        "---",
        "# license: say here under which licence you give it away",
        f"library_name: {_LIBRARIES[form]}",
        "pipeline_tag: image-classification",
        f"tags: [image-classification, tellapart, {form}]",
    ]
    if manifest.scores is not None and is_scored:
        lines += [
            "model-index:",
            f"  - name: {_quoted(manifest.name)}",
            "    results:",
            "      - task: {type: image-classification}",
            f"        dataset: {{name: {_quoted(manifest.data.name)}, "
            f"type: {_quoted(manifest.data.name)}, split: test}}",
            f"        metrics: [{{type: accuracy, value: {manifest.scores.accuracy:.6g}}}]",
        ]
    return "\n".join([*lines, "---"])


def _about(manifest: Manifest) -> str:
    samples = ", ".join(f"{count:,} {split}" for split, count in manifest.data.samples.items())
    network = manifest.architecture
    names = ", ".join(f"{place} {name}" for place, name in enumerate(manifest.class_names))
    return (
        f"An image classifier of {len(manifest.class_names)} classes, trained on "
        f"{manifest.data.name} ({samples} images) by tellapart on {manifest.created}. Network: "
        f"{network.name}, {network.parameters:,} parameters.\n\n"
        f"Classes, by their place in `probabilities`: {names}."
    )


def _scores(manifest: Manifest) -> str:
    scores = manifest.scores
    if scores is None:
        return "It was not scored on test images."
    return (
        "| score | value | 95% interval | images |\n|---|---|---|---|\n"
        f"| test accuracy | {scores.accuracy:.4f} | {scores.accuracy_low:.4f} to "
        f"{scores.accuracy_high:.4f} | {scores.samples:,} |\n"
        f"| test loss, before the temperature | {scores.loss:.4f} | | {scores.samples:,} |"
    )


def _rules(manifest: Manifest) -> str:
    rules = manifest.decisions
    if rules is None:
        return "It always answers: it has no rules for being unsure."
    said = [
        f"The rules were learnt from {rules.samples:,} validation images. `probabilities` are "
        f"calibrated (temperature {rules.temperature:.4g}, applied in the file)."
    ]
    row = None if rules.table is None else rules.table.row_for(rules.risk)
    if rules.table is None:
        said.append("- It is never called unsure: there were too few images to promise a risk.")
    elif row is None:
        said.append("- All is unsure: no share of the images can be answered as promised.")
    else:
        said.append(
            f"- **unsure** where the largest probability is below {rules.table.thresholds[row]:.6g}"
            f": so at most {100 * rules.risk:g}% of the labels that are given are wrong, with "
            "95% confidence, on pictures like the validation images."
        )
    if rules.novelty is None:
        said.append("- Nothing is called unknown.")
    else:
        said.append(
            f"- **unknown** where `novelty` is above {rules.novelty.threshold:.6g}: "
            f"{100 * rules.novelty.share:g}% of known pictures are, on average."
        )
    return "\n".join(said)


def _limits(manifest: Manifest, eight_bits: EightBits | None) -> str:
    said = f"- {eight_bits}\n"
    return ("" if eight_bits is None else said) + (
        f"- It knows these {len(manifest.class_names)} classes and no others, and pictures such "
        f"as those of {manifest.data.name}.\n"
        "- The scores hold for the test images of these data; for other pictures they are not "
        "known.\n"
        "- How much each class is worth, and what a wrong answer costs, is for its user to judge."
    )


def _running(manifest: Manifest, form: str, file: str, *, any_size: bool) -> str:
    image = manifest.image
    size = "any height, any width" if any_size else f"{image.height}, {image.width}"
    fit = "" if any_size else f", made to fit by {image.fit} with {image.interpolation} resampling"
    code = _RUNS[form].format(file=_quoted(file))
    return (
        f"`image` is uint8 `(n, {size}, {image.channels})`, 0–255, upright{fit}. "
        f"Outputs: `probabilities` `(n, {len(manifest.class_names)})` and, where the rules have "
        f"it, `novelty` `(n,)`. The whole contract is in {_HOMES[form]}.\n\n"
        f"```python\n{code}\n```\n\n"
        f"Written by tellapart {__version__}, which compared it with the trained classifier in a "
        "fresh process before keeping it."
    )


def _quoted(text: str) -> str:
    """Return a text as YAML reads it; a JSON string is one."""
    return json.dumps(text, ensure_ascii=False)
