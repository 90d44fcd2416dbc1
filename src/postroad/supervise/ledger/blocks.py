"""Blocks of a file that end at the end of a line, read into room that serves one block after another.

New room comes from the system page by page, cleared, which takes longer than reading a file that lies in its cache.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from numpy.typing import NDArray

WORTH_KEEPING = 1 << 20
_LINE = 10
_LOOK = 1 << 16
_FREE: deque[NDArray[np.uint8]] = deque(maxlen=6)


def read(path: Path, size: int, skip: int = 0) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yield blocks of about this size: the room, and how much of it the block takes. Give the room back after use."""
    rest = np.empty(0, np.uint8)
    with path.open("rb", buffering=0) as file:
        file.seek(skip)
        left = os.fstat(file.fileno()).st_size - skip
        ended = False
        while not ended:
            # One byte more than there should be, so that the end shows at once.
            most = len(rest) + min(size, max(left, 0)) + 1
            room = _room(most, size + 1)
            held, ended = _filled(file, room[:most], rest)
            while not ended and not _cut(room[:held]):
                most *= 2
                longer = _room(most, most)
                held, ended = _filled(file, longer[:most], room[:held])
                give_back(room)
                room = longer
            cut = held if ended else _cut(room[:held])
            left -= held - len(rest)
            rest = room[cut:held].copy()
            if cut:
                yield room, cut


def _filled(file: FileIO, room: NDArray[np.uint8], before: NDArray[np.uint8]) -> tuple[int, bool]:
    """Fill a room from its beginning; return how much it holds and whether the file has ended."""
    held = len(before)
    room[:held] = before
    into = memoryview(room.data)
    while held < len(room):
        more = file.readinto(into[held:])
        if not more:
            return held, True
        held += more
    return held, False


def _cut(data: NDArray[np.uint8]) -> int:
    """Where the last whole line ends; 0 when none does."""
    for end in range(len(data), 0, -_LOOK):
        found = np.flatnonzero(data[max(0, end - _LOOK) : end] == _LINE)
        if len(found):
            return max(0, end - _LOOK) + int(found[-1]) + 1
    return 0


def _room(size: int, usual: int) -> NDArray[np.uint8]:
    """Room for a block of a size; of the usual size where it is worth keeping, so that it serves any other."""
    if size < WORTH_KEEPING:
        return np.empty(size, np.uint8)
    for _ in range(len(_FREE)):
        try:
            room = _FREE.popleft()
        except IndexError:  # another thread was quicker
            break
        if len(room) >= size:
            return room
        _FREE.append(room)
    return np.empty(max(size, usual), np.uint8)


def give_back(room: NDArray[np.uint8]) -> None:
    """Let a room serve another block; nobody may look at what it held."""
    if len(room) >= WORTH_KEEPING:
        _FREE.append(room)


def forget() -> None:
    """Leave the rooms to the system."""
    _FREE.clear()
