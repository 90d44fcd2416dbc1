"""A file gone over once for its extents of whole lines, and an extent read again a helping at a time.

A helping lies near the processor from the reading to the last look at it: larger ones come from memory each time.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.errors import DataError
from postroad.supervise.ledger import bytewise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

HELPING = 1 << 20
_LINE = 10
_LOOK = 1 << 12
_ROOM = threading.local()


@dataclass(frozen=True)
class Extent:
    """Where so many whole lines stand in a file."""

    begin: int
    size: int
    lines: int


def extents(
    path: Path, most: int, skip: int = 0, heard: Callable[[memoryview], None] | None = None
) -> Iterator[Extent]:
    """Yield extents that end with a line, of this many bytes and seldom many more; ``heard`` gets all of the file.

    The first so many bytes are in none.
    """
    begin, at, lines, ended = skip, 0, 0, True
    room = np.empty(min(HELPING, most), np.uint8)
    into = memoryview(room.data)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(into):
            if heard:
                heard(into[:size])
            data = room[min(size, max(0, skip - at)) : size]
            at += size
            if not len(data):
                continue
            lines += int(bytewise.newlines(data))
            ended = data[-1] == _LINE
            if at - begin >= most and (cut := _cut(data)):
                end = at - len(data) + cut
                yield Extent(begin, end - begin, lines)
                begin, lines = end, 0
    if at > begin:
        yield Extent(begin, at - begin, lines + (not ended))


def helpings(path: Path, extent: Extent, size: int = HELPING) -> Iterator[NDArray[np.uint8]]:
    """Yield whole lines of an extent, some at a time, each to be done with before the next.

    ``DataError`` when the file has become shorter meanwhile.
    """
    room = _room(size)
    held, left = 0, extent.size
    with path.open("rb", buffering=0) as file:
        file.seek(extent.begin)
        while left:
            if held == len(room):
                room = np.concatenate([room, np.empty(len(room), np.uint8)])
            read = file.readinto(memoryview(room.data)[held : min(len(room), held + left)])
            if not read:
                raise DataError.of("ledger.cannot_read", path=str(path), detail=f"{left} bytes < {extent.size}")
            held, left = held + read, left - read
            cut = _cut(room[:held]) if left else held
            if cut:
                yield room[:cut]
                room[: held - cut] = room[cut:held].copy()
                held -= cut


def _room(size: int) -> NDArray[np.uint8]:
    """Room of a thread, the same for one extent after another."""
    room: NDArray[np.uint8] | None = getattr(_ROOM, "room", None)
    if room is None or len(room) != size:
        room = _ROOM.room = np.empty(size, np.uint8)
    return room


def _cut(data: NDArray[np.uint8]) -> int:
    """Where the last whole line ends; 0 when none does."""
    for end in range(len(data), 0, -_LOOK):
        found = np.flatnonzero(data[max(0, end - _LOOK) : end] == _LINE)
        if len(found):
            return max(0, end - _LOOK) + int(found[-1]) + 1
    return 0
