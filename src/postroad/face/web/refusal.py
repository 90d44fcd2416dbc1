"""A request that is refused: the status to answer with and the faults, said in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postroad.errors import Fault, UsageError

if TYPE_CHECKING:
    from pydantic import ValidationError


class Refused(Exception):  # noqa: N818 - an answer, not a defect
    """The request is answered with a status and faults; ``after`` is the seconds to wait, where waiting helps."""

    def __init__(self, status: int, key: str, after: float | None = None, **facts: Any) -> None:
        self.status, self.after = status, after
        self.faults = [Fault.of(key, **facts)]
        super().__init__(key)


def misfit(wrong: ValidationError) -> UsageError:
    """Return the error that names every value of a body which cannot be used."""
    return UsageError(
        Fault.of("console.bad_value", column=".".join(map(str, e["loc"])), value=str(e["input"])[:80], detail=e["msg"])
        for e in wrong.errors()
    )
