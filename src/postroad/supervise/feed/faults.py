"""What goes wrong in a rehearsal feed, and how often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from postroad.errors import Fault, UsageError

MOST_OF_A_KIND = 1000


@dataclass(frozen=True)
class Faults:
    """Shares of records and counts a day of planted faults; all are assumed, none is an estimate of the industry.

    ``weak_outlets`` skip checks ``weak_share`` of the time; ``leaks`` legs lose ``leak_share`` of what they carry, on
    top of ``base_loss`` everywhere; ``unknown_machines`` pieces are X-rayed by a machine not on the register and
    ``missing_departures`` pieces leave their first hub unseen; ``missed_scan`` is the share of scans never made though
    the piece went on.
    """

    no_real_name: float = 0.002
    not_opened: float = 0.003
    not_xrayed: float = 0.004
    weak_outlets: int = 2
    weak_share: float = 0.3
    late_checks: int = 20
    two_cities: int = 5
    closed_outlets: int = 1
    slow_machines: int = 1
    unknown_machines: int = 20
    missing_departures: int = 20
    leaks: int = 1
    leak_share: float = 0.01
    base_loss: float = 0.0002
    missed_scan: float = 0.002
    paper_waybill: float = 0.02
    repacked: float = 0.03
    wide_tape: float = 0.05
    plastic_bag: float = 0.01
    woven_bag: float = 0.02
    no_consent: float = 0.04
    label_exposed: float = 0.01
    malformed: float = 0.0005
    repeated: float = 0.001
    corrected: float = 0.001
    surges: int = 1

    @classmethod
    def none(cls) -> Faults:
        """Return a feed without any fault."""
        return cls(**dict.fromkeys(cls.__dataclass_fields__, 0))

    @classmethod
    def of(cls, told: Iterable[str], base: Faults | None = None) -> Faults:
        """Return faults of the sizes told as ``name=size``; the rest as in ``base``.

        ``UsageError`` names every size that cannot be read.
        """
        base = base or cls()
        sizes, wrong = base.as_dict(), []
        for text in told:
            name, _, size = text.partition("=")
            try:
                value = type(sizes[name])(size)
                if not 0 <= value <= (1 if isinstance(value, float) else MOST_OF_A_KIND):
                    raise ValueError
                sizes[name] = value
            except (KeyError, ValueError):
                wrong.append(Fault.of("ledger.no_such_fault", value=text, known=", ".join(sizes)))
        if wrong:
            raise UsageError(wrong)
        return cls(**sizes)

    def as_dict(self) -> dict[str, Any]:
        """Return the sizes as plain values."""
        return asdict(self)
