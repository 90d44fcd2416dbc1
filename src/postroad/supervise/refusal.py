"""What the public draw refuses, as sentences: the draw itself stands alone and knows no catalogue of messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from postroad.errors import Fault, UsageError
from postroad.supervise.draw import DrawError


def faults(wrong: DrawError) -> list[Fault]:
    """Return all that is wrong with a draw."""
    return [Fault.of("draw." + one.code, **one.facts) for one in (wrong, *wrong.also)]


@contextmanager
def told() -> Iterator[None]:
    """Turn a refusal of the draw into ``UsageError``."""
    try:
        yield
    except DrawError as wrong:
        raise UsageError(faults(wrong)) from None
