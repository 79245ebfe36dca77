"""Keras' own generator of random numbers, which layers draw from that have none of theirs.

Keras has no public way to it, so this is the only file that names its inner modules.
"""

from typing import Any

from keras.src.backend.common import global_state
from keras.src.random import seed_generator


def shared_states() -> list[Any]:
    """Return the variable that says what is drawn next; none where nothing was drawn so far."""
    generator = global_state.get_global_attribute("global_seed_generator")
    return [] if generator is None else [generator.state]


def begin_to_share() -> None:
    """Make the generator, unless there is one."""
    seed_generator.global_seed_generator()
