"""Training through Keras' own step: for networks that train their own way."""

from typing import Any

import keras
import numpy as np
from keras import ops
from typing_extensions import override

from tellapart.data.prepare import Part
from tellapart.errors import ModelError
from tellapart.models.optimizers import build_optimizer
from tellapart.train.engines.protocol import Block, Engine, Outcome, Settings

SCORE_BATCH = 256


class PlainEngine(Engine):
    """Trains by `train_on_batch`, so with the network's own loss and training step.

    Args:
        network: Built and compiled with accuracy as its metric.
        part: The samples to train on.
        settings: Whether to follow the block's learning rates; the rest is the network's.

    Raises:
        ModelError: The settings ask for what the network's own loss decides.
    """

    def __init__(self, network: keras.Model, part: Part, settings: Settings) -> None:
        mixup = settings.augmenter.section.mixup if settings.augmenter else 0.0
        for key, value in (("fit.label_smoothing", settings.smoothing), ("augment.mixup", mixup)):
            if value:
                raise ModelError(
                    f"`{key}` must be 0 for networks with a loss or a training step of their own. "
                    f"Received: {value:g}. Fix: --set {key}=0"
                )
        self._network, self._part, self._augmenter = network, part, settings.augmenter
        self._follows_rates = settings.follows_rates
        build_optimizer(network)

    @override
    def train(self, block: Block) -> Outcome:
        losses, correct = [], []
        for chosen, weights, rate, numbers, _ in zip(*block.columns(), strict=True):
            if self._follows_rates:
                self._network.optimizer.learning_rate = float(rate)
            kept = chosen[weights > 0]
            even = np.all(weights[weights > 0] == 1)
            self._network.reset_metrics()
            found = self._network.train_on_batch(
                self._pictures(kept, numbers[weights > 0]),
                self._part.targets[kept],
                sample_weight=None if even else weights[weights > 0],
                return_dict=True,
            )
            if not {"loss", "accuracy"} <= set(found):
                raise ModelError(
                    "A training step of one's own must return `loss` and `accuracy`, as those of "
                    f"the metrics that it updates. Received: {', '.join(found) or 'nothing'}. Fix: "
                    "return {m.name: m.result() for m in self.metrics}"
                )
            losses.append(float(found["loss"]))
            correct.append(float(found["accuracy"]) * len(kept))
        return Outcome(np.array(losses, np.float32), np.array(correct, np.float32))

    def _pictures(self, chosen: Any, numbers: Any) -> Any:
        pixels = self._part.pixels[chosen]
        if self._augmenter is None:
            return pixels
        given = ops.convert_to_tensor(pixels, "float32")
        changed = self._augmenter(given, None, ops.convert_to_tensor(numbers))
        return ops.convert_to_numpy(changed)

    @override
    def publish(self) -> None:
        pass  # Keras trains the network's own variables

    @override
    def score(self, part: Part) -> tuple[float, float]:
        is_array = isinstance(part.pixels, np.ndarray)
        given = (part.pixels, part.targets) if is_array else (_Batches(part),)
        found = self._network.evaluate(
            *given, batch_size=SCORE_BATCH if is_array else None, verbose=0, return_dict=True
        )
        return float(found["loss"]), float(found["accuracy"])


class _Batches(keras.utils.PyDataset):
    """Reads one batch of a part at a time.

    Args:
        part: Its pixels may be larger than memory.
    """

    def __init__(self, part: Part) -> None:
        super().__init__()
        self._part = part

    def __len__(self) -> int:
        return -(-len(self._part) // SCORE_BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        batch = slice(index * SCORE_BATCH, (index + 1) * SCORE_BATCH)
        return self._part.pixels[batch], self._part.targets[batch]
