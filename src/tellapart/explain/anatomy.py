"""A network taken apart: its layers in the order they run, and the last that sees space."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import keras

from tellapart.errors import ModelError
from tellapart.explain.geometry import Grid, grid_after, spread_evenly
from tellapart.models.logits import ends_in_softmax

Visit = Callable[[int, Any, Callable[[], Any], tuple[Any, ...]], Any]
"""Gets a step's place, its layer, what runs it, and its inputs; returns its output."""


@dataclass(frozen=True, eq=False)
class Step:
    """Is one layer, or operation, in the place where it runs.

    Attributes:
        operation: The Keras layer or operation.
        sources: The places of the steps whose outputs go in; -1 is the picture.
        shape: Of its output, without the batch; empty where there are several outputs.
        grid: Where the cells of a spatial output lie on the picture.
    """

    operation: Any
    sources: tuple[int, ...]
    shape: tuple[int, ...]
    grid: Grid | None

    @property
    def is_spatial(self) -> bool:
        """Return whether the output is rows and columns of channels."""
        return len(self.shape) == 3 and min(self.shape[:2]) > 1


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Is what a network consists of, as far as heat maps need it.

    Attributes:
        steps: Every layer, in the order in which they run, those of nested models too.
        target: The place of the last spatial layer, before the pooling that follows it.
        head: The last `Dense`, where nothing but global average pooling stands before it;
            class activation maps need it.
    """

    steps: tuple[Step, ...]
    target: int
    head: Any

    @property
    def cells(self) -> tuple[int, int, int]:
        """Return (height, width, channels) of the last spatial layer."""
        height, width, channels = self.steps[self.target].shape
        return height, width, channels

    @property
    def grid(self) -> Grid:
        """Return where the cells of the last spatial layer lie on the picture."""
        grid = self.steps[self.target].grid
        assert grid is not None  # spatial outputs have one
        return grid


def run_steps(network: keras.Model, pixels: Any, visit: Visit) -> Any:
    """Return a network's output, each of its layers run by `visit`, with `training=False`.

    Models within models are gone into, where they are sequential or functional; others are
    one step. Unlike a new `keras.Model` between two of its tensors, this leaves the network's
    layers as they are, and works for layers that were called several times.

    Args:
        network: Sequential or functional.
        pixels: `(n, height, width, channels)`, a tensor of the network's own type.
        visit: Is asked to run each step.
    """
    places = count()

    def run(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if type(operation).call is keras.Sequential.call:
            outputs = args[0]
            for layer in operation.layers:
                outputs = run(layer, outputs)
            return outputs
        if getattr(type(operation).call, "__qualname__", "") == "Functional.call":
            return operation._run_through_graph(
                args[0], operation_fn=lambda inner: partial(run, inner)
            )
        if "training" in inspect.signature(operation.call).parameters:
            kwargs["training"] = False
        return visit(next(places), operation, partial(operation, *args, **kwargs), args)

    return run(network, pixels)


def dissect(network: keras.Model, pixels: Any) -> Anatomy:
    """Return the anatomy of a network.

    Args:
        network: Sequential or functional; it is run once.
        pixels: `(1, height, width, channels)`, a tensor of the network's own type.

    Raises:
        ModelError: No layer has rows and columns.
    """
    steps: list[Step] = []
    places = {id(pixels): -1}
    shapes = {-1: (tuple(pixels.shape[1:]), Grid())}
    alive = []  # an id is a tensor's own only as long as the tensor lives

    def visit(place: int, operation: Any, call: Callable[[], Any], args: tuple[Any, ...]) -> Any:
        given = [places[id(x)] for x in keras.tree.flatten(args) if id(x) in places]
        output = call()
        alive.append(output)
        places[id(output)] = place  # which a layer that does nothing takes over from its source
        shape = tuple(output.shape[1:]) if hasattr(output, "shape") else ()
        grid = None
        if len(shape) == 3:
            known = [shapes[source] for source in given if source in shapes]
            before = known[0] if known else None
            grid = grid_after(operation, before, shape) or spread_evenly(
                shapes[-1][0][:2], shape[:2]
            )
            shapes[place] = (shape, grid)
        steps.append(Step(operation, tuple(given), shape, grid))
        return output

    run_steps(network, pixels, visit)
    target = _last_spatial(steps)
    return Anatomy(tuple(steps), target, _head_after(steps, target))


def ends_in_dense_softmax(anatomy: Anatomy) -> bool:
    """Return whether the last step is a `Dense` with softmax."""
    return ends_in_softmax(anatomy.steps[-1].operation)


def ends_in_plain_softmax(anatomy: Anatomy) -> bool:
    """Return whether the last step is a softmax and nothing else."""
    last = anatomy.steps[-1].operation
    is_activation = type(last) is keras.layers.Activation
    return type(last) is keras.layers.Softmax or (
        is_activation and last.activation is keras.activations.softmax
    )


def _last_spatial(steps: list[Step]) -> int:
    """Return the place of the last spatial step that is not mere pooling of another."""
    places = [place for place, step in enumerate(steps) if step.is_spatial]
    if not places:
        raise ModelError(
            "A heat map needs a network with a layer of rows and columns, such as Conv2D; this "
            "one has none. Fix: --method occlusion, which needs no layer at all."
        )
    target = places[-1]
    pools = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D, keras.layers.Dropout)
    while type(steps[target].operation) in pools and steps[target].sources:
        (source, *_) = steps[target].sources
        if source < 0 or not steps[source].is_spatial:
            break
        target = source
    return target


def _head_after(steps: list[Step], target: int) -> Any:
    """Return the last `Dense` if it gets the channels' means over all cells, else nothing."""
    tail = [
        step.operation
        for step in steps[target + 1 :]
        if not isinstance(step.operation, keras.layers.Dropout)
    ]
    softmax = tail and type(tail[-1]) in (keras.layers.Softmax, keras.layers.Activation)
    kinds = [type(operation) for operation in (tail[:-1] if softmax else tail)]
    if kinds == [keras.layers.GlobalAveragePooling2D, keras.layers.Dense]:
        return tail[1]
    return None
