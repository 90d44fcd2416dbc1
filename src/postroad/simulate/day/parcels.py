"""The parcels of every day of a horizon as arrays, each ready at its outlet or, outside, at the start of its line."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.demand.parcels import Block
from postroad.errors import DataError, Fault, Stopped
from postroad.parallel import Progress
from postroad.simulate.chance import key
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.plants import DAY_MIN
from postroad.simulate.day.starting import ready_outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.simulate.day.options import Horizon, Options

NUMBERS_A_DAY = 1 << 32
"""Parcel ``k`` of day ``d`` (days counted from year 1) has number ``d * 2^32 + k``, whatever else is simulated."""


@dataclass(frozen=True)
class Given:
    """Parcels of one's own: a table with origin_id, destination_id, product_id, operator_id, accept_min and ``day``.

    ``day`` names the day as a run does (``peak`` or a date); a table without it serves every day. Rows are taken in
    order of their minute.
    """

    table: pl.DataFrame
    network: Network
    year: int = 2020

    def _of(self, day: str) -> pl.DataFrame:
        rows = self.table.filter(pl.col("day") == day) if "day" in self.table.columns else self.table
        return rows.sort("accept_min", maintain_order=True)

    def pieces(self, day: str) -> int:
        """Return how many parcels a day has."""
        return self._of(day).height

    def parcels(self, day: str, seed: int = 0, pieces: int | None = None, workers: int = 1) -> Iterator[Block]:  # noqa: ARG002
        """Yield the parcels of a day in one block."""
        rows = self._of(day)
        rows = rows if pieces is None else rows.head(pieces)
        names = {"place_ids": pl.concat([self.table["origin_id"], self.table["destination_id"]]).unique().sort(),
                 "product_ids": self.network["products"].sort("product_id")["product_id"],
                 "operator_ids": self.network["operators"].sort("operator_id")["operator_id"]}  # fmt: skip
        codes = [rows[column].cast(pl.Enum(names[kind])).to_physical().to_numpy() for column, kind in (
            ("origin_id", "place_ids"), ("destination_id", "place_ids"), ("product_id", "product_ids"),
            ("operator_id", "operator_ids"))]  # fmt: skip
        none = np.zeros(rows.height, np.uint32)
        yield Block(0, codes[0].astype(np.int32), codes[1].astype(np.int32), codes[2].astype(np.uint8),
                    codes[3].astype(np.uint8), rows["accept_min"].to_numpy().astype(np.uint16), none, none,
                    _Names(**names))  # type: ignore[arg-type]  # fmt: skip


@dataclass(frozen=True)
class _Names:
    place_ids: pl.Series
    product_ids: pl.Series
    operator_ids: pl.Series


@dataclass(frozen=True)
class Batch:
    """All parcels of a horizon in order of number: leaves, product, operator, acceptance (ms), and day."""

    leaves: tuple[str, ...]
    products: tuple[str, ...]
    operators: tuple[str, ...]
    origin: NDArray[np.int32]
    destination: NDArray[np.int32]
    product: NDArray[np.uint8]
    operator: NDArray[np.uint8]
    accepted: NDArray[np.int32]
    number: NDArray[np.int64]
    day_first: NDArray[np.int64]
    """Parcels of day ``d`` of the horizon are ``day_first[d]:day_first[d + 1]``."""
    usual: NDArray[np.float64] | None = None
    """Pieces each leaf gets on a usual day; not known of parcels of one's own."""


SURVEY = 400_000
"""Parcels drawn to learn how the pieces of a usual day lie on the leaves."""


def _usual(demand: Any, first: str, drawer: Any) -> NDArray[np.float64] | None:
    """Return the pieces each leaf gets on a mean day of the demand's year, from a draw that every run shares."""
    demand = getattr(demand, "usual", demand)
    flows = getattr(demand, "flows", None)
    if flows is None:
        return None
    found = np.zeros(len(drawer.place_ids))
    for block in demand.parcels(first, 0, pieces=SURVEY, workers=2):
        codes = block.destination
        same = block.drawer is drawer
        found += np.bincount(codes if same else _recode(block.drawer.place_ids, drawer.place_ids)[codes],
                             minlength=found.size)  # fmt: skip
    days = 366 if calendar.isleap(demand.year) else 365
    return found / SURVEY * float(flows["pieces"].sum()) / days


def batch(
    demand: Any, horizon: Horizon, options: Options, seed: int, progress: Callable[[Progress], None] | None,
    stop: Callable[[], bool] | None,
) -> Batch:  # fmt: skip
    """Draw the parcels of every day that brings any; ``Stopped`` when asked."""
    days = [*(horizon.date(d).isoformat() for d in range(horizon.warm)), *horizon.names]
    days = [day if day == "peak" or int(day[:4]) == demand.year else horizon.names[0] for day in days]
    counts = [max(1, round(demand.pieces(day) * options.scale)) for day in days]
    total, at = sum(counts), 0
    first = np.concatenate([[0], np.cumsum(counts), np.full(horizon.tail, sum(counts))]).astype(np.int64)
    columns: list[NDArray[Any]] = [
        np.empty(total, kind) for kind in (np.int32, np.int32, np.uint8, np.uint8, np.int32, np.int64)
    ]
    drawers: list[Any] = []
    codes_of: dict[int, NDArray[np.int32]] = {}
    for d, (day, count) in enumerate(zip(days, counts, strict=True)):
        begin = int(d * DAY_MIN)
        base = horizon.date(d).toordinal() * NUMBERS_A_DAY - at
        for block in demand.parcels(day, seed, pieces=count, workers=2):
            span = slice(at, at + len(block))
            if not any(block.drawer is held for held in drawers):
                drawers.append(block.drawer)
                codes_of[id(block.drawer)] = _recode(block.drawer.place_ids, drawers[0].place_ids)
            same = block.drawer is drawers[0]
            for k, codes in enumerate((block.origin, block.destination)):
                columns[k][span] = codes if same else codes_of[id(block.drawer)][codes]
            columns[2][span], columns[3][span] = block.product, block.operator
            columns[4][span] = (block.accept_min.astype(np.int32) + begin) * MINUTE_MS
            columns[5][span] = np.arange(at + base, at + base + len(block))
            at += len(block)
            if stop and stop():
                raise Stopped.of("errors.stopped", done=at, total=total)
            if progress:
                progress(Progress(at, 4 * total))
    names = drawers[0]
    leaves, products, operators = (tuple(held) for held in (names.place_ids, names.product_ids, names.operator_ids))
    usual = _usual(demand, days[0], names)
    return Batch(leaves, products, operators, *columns, day_first=first, usual=usual)  # type: ignore[misc]


def _recode(other: pl.Series, same: pl.Series) -> NDArray[np.int32]:
    """Return the code in the first drawing's places for each code of another drawing's."""
    number = {name: k for k, name in enumerate(same)}
    if lost := [name for name in other if name not in number]:
        raise DataError(Fault.of("simulate.leaf_unknown", table="places", value=name) for name in lost)
    return np.array([number[name] for name in other], np.int32)


def ready(made: Batch, outside: NDArray[np.bool_], options: Options, seed: int) -> NDArray[np.int64]:
    """Return when each parcel is ready to be collected, or to board where it starts outside the province."""
    inside = round(options.outlet_min * MINUTE_MS)
    mean = options.origin_outside_h * 60 * MINUTE_MS
    luck = np.uint64(key(seed, "outside"))
    return np.asarray(ready_outside(made.accepted, outside[made.origin], made.number, inside, mean, luck), np.int64)
