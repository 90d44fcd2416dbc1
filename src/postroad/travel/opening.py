"""When a point is open: its own hours where the sites table gives them, else those assumed for its kind (P66)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import UsageError
from postroad.travel.doorstep import USABLE
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.network import Network

WEEK = "1234567"


@dataclass(frozen=True)
class Moment:
    """A weekday (1 is Monday) and a minute after midnight."""

    weekday: int
    minute: float

    @classmethod
    def of(cls, text: str) -> Moment:
        """Read ``6 18:30`` or ``18:30``, which means a Monday; ``UsageError`` when it is neither."""
        day, _, clock = text.strip().rpartition(" ")
        hour, _, minute = clock.partition(":")
        numbers = [part.strip() for part in (day or "1", hour, minute or "0")]
        if not all(part.isdecimal() for part in numbers):
            raise UsageError.of("access.bad_moment", value=text)
        weekday, hours, minutes = map(int, numbers)
        if not (1 <= weekday <= 7 and hours * 60 + minutes <= 1440 and minutes < 60):
            raise UsageError.of("access.bad_moment", value=text)
        return cls(weekday, 60.0 * hours + minutes)


def opening(network: Network, points: pl.DataFrame) -> pl.DataFrame:
    """Return the points with ``opens_min``, ``closes_min`` and ``open_days`` filled, and whether they are assumed.

    A week's days are taken from Monday on. ``DataError`` names every parameter that is missing.
    """
    kinds = [kind for kind in USABLE if kind in set(points["kind"])]
    held = parameters(network, [f"{what}_{kind}" for kind in kinds for what in ("opens", "closes", "days")])
    usual = pl.DataFrame(
        [
            {
                "kind": kind,
                "usual_opens": 60.0 * held[f"opens_{kind}"][0],
                "usual_closes": 60.0 * held[f"closes_{kind}"][0],
                "usual_days": WEEK[: round(held[f"days_{kind}"][0])],
            }
            for kind in kinds
        ],
        schema={"kind": pl.String, "usual_opens": pl.Float64, "usual_closes": pl.Float64, "usual_days": pl.String},
    )
    missing = pl.any_horizontal(pl.col("opens_min", "closes_min", "open_days").is_null())
    return (
        points.with_columns(pl.col("kind").cast(pl.String), hours_assumed=missing)
        .join(usual, on="kind", how="left", maintain_order="left")
        .with_columns(
            opens_min=pl.col("opens_min").fill_null(pl.col("usual_opens")).fill_null(0.0),
            closes_min=pl.col("closes_min").fill_null(pl.col("usual_closes")).fill_null(1440.0),
            open_days=pl.col("open_days").fill_null(pl.col("usual_days")).fill_null(WEEK),
        )
        .drop("usual_opens", "usual_closes", "usual_days")
    )


def open_at(points: pl.DataFrame, moment: Moment) -> pl.DataFrame:
    """Return the points that are open at a moment; ``points`` come from ``opening``."""
    return points.filter(
        pl.col("open_days").str.contains(str(moment.weekday), literal=True),
        pl.col("opens_min") <= moment.minute,
        pl.col("closes_min") > moment.minute,
    )
