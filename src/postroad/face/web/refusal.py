"""A request that is refused: the status to answer with and the faults, said in both languages."""

from __future__ import annotations

from typing import Any

from postroad.errors import Fault


class Refused(Exception):  # noqa: N818 - an answer, not a defect
    """The request is answered with a status and faults; ``after`` is the seconds to wait, where waiting helps."""

    def __init__(self, status: int, key: str, after: float | None = None, **facts: Any) -> None:
        self.status, self.after = status, after
        self.faults = [Fault.of(key, **facts)]
        super().__init__(key)
