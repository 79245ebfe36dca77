"""Where the compiled steps find their samples: all in one tensor, or a block at a time."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.data.prepare import Part
from tellapart.train.engines.protocol import STEPS, Block, Picks, Settings

ToDevice = Callable[[NDArray[Any]], Any]


@dataclass(frozen=True, eq=False)
class Supply:
    """Is what the steps of one block gather their samples from.

    Attributes:
        pixels: `(n, height, width, channels)`, uint8, where the backend wants it.
        targets: `(n,)`, class numbers.
        block: The block, its samples numbered by their places in these two.
    """

    pixels: Any
    targets: Any
    block: Block


class Feed(Protocol):
    """Gives the compiled steps of a block their samples."""

    def take(self, block: Block) -> Supply:
        """Return what a block needs."""


class Resident(Feed):
    """Holds all samples in one tensor; nothing is to be done for a block.

    Args:
        part: The samples to train on.
        to_device: From an array to a tensor.
    """

    def __init__(self, part: Part, to_device: ToDevice) -> None:
        self._pixels = to_device(np.asarray(part.pixels))
        self._targets = to_device(part.targets)

    @override
    def take(self, block: Block) -> Supply:
        return Supply(self._pixels, self._targets, block)


class Streamed(Feed):
    """Gathers the samples of each block on the host, those of the next one meanwhile.

    All blocks have one shape, for which the steps are compiled once. The steps are the
    same as from one tensor, to the last bit: a sample's pixels do not depend on its place.

    Args:
        part: The samples to train on; its pixels may be larger than memory.
        to_device: From an array to a tensor.
        mixes: Whether samples are mixed with partners, which are gathered too then.
    """

    def __init__(self, part: Part, to_device: ToDevice, *, mixes: bool) -> None:
        self._part, self._to_device, self._mixes = part, to_device, mixes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gather")
        self._ahead: tuple[Picks, Future[tuple[Any, Any]]] | None = None

    @override
    def take(self, block: Block) -> Supply:
        picks = Picks(block.chosen, block.partners)
        if self._ahead is not None and self._ahead[0].equals(picks):
            pixels, targets = self._ahead[1].result()
        else:
            pixels, targets = self._gather(picks)
        self._ahead = None
        if block.following is not None:
            following = block.following
            self._ahead = (following, self._thread.submit(self._gather, following))
        places = np.arange(block.chosen.size, dtype=np.int32).reshape(block.chosen.shape)
        partners = places + STEPS * block.chosen.shape[1] if self._mixes else 0 * places
        renumbered = replace(block, chosen=places, partners=partners)
        return Supply(self._to_device(pixels), self._to_device(targets), renumbered)

    def _gather(self, picks: Picks) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return pixels and targets of a block's samples, and behind them the partners'."""
        room = STEPS * picks.chosen.shape[1]
        wanted = [picks.chosen, picks.partners] if self._mixes else [picks.chosen]
        pixels = np.zeros((room * len(wanted), *self._part.pixels.shape[1:]), np.uint8)
        targets = np.zeros(room * len(wanted), self._part.targets.dtype)
        for first, samples in zip((0, room), wanted, strict=False):
            places = slice(first, first + samples.size)
            pixels[places] = self._part.pixels[samples.ravel()]
            targets[places] = self._part.targets[samples.ravel()]
        return pixels, targets


def open_feed(part: Part, settings: Settings, to_device: ToDevice) -> Feed:
    """Return the way to samples that fits their size.

    Args:
        part: The samples to train on.
        settings: How many bytes may lie in one tensor; whether samples are mixed.
        to_device: From an array to a tensor.
    """
    if part.pixels.nbytes <= settings.most_resident:
        return Resident(part, to_device)
    augmenter = settings.augmenter
    return Streamed(part, to_device, mixes=augmenter is not None and augmenter.mixes)
