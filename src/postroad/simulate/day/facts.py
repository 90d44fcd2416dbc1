"""The facts of a run: parcels streamed to Parquet block by block, and the tables that sum them up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow
import pyarrow.parquet

from postroad.errors import Stopped
from postroad.parallel import Progress
from postroad.simulate.day import arrays as a
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.judging import judge, stages
from postroad.simulate.day.places import CUSTOMS
from postroad.simulate.day.plants import DAY_MIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.simulate.day.world import Setting

STATUSES = ("at_outlet", "at_facility", "on_line", "on_round", "at_door", "at_station", "in_locker", "outside",
            "abroad", "sent_back", "at_office")  # fmt: skip
"""Where a parcel is at the end; the last seven are delivered (``sent_back``: to its sender)."""
REASONS = ("none", "dock", "sorter", "full", "road", "not_home", "locker_full", "closed", "customs", "timetable",
           "filling", "storage")  # fmt: skip
STAGES = ("origin", "transport", "destination", "delivery")
ROWS = 400_000
pa: Any = pyarrow


@dataclass(frozen=True)
class Part:
    """Judged parcels ``first`` onward, as arrays."""

    span: slice
    status: NDArray[np.int8]
    flow: NDArray[np.int8]
    elapsed: NDArray[np.int64]
    late: NDArray[np.int64]
    reason: NDArray[np.int8]
    place: NDArray[np.int32]
    stage: NDArray[np.int32]


class Judge:
    """Judges the parcels of a run block by block, against the promises of their products."""

    def __init__(self, network: Network, made: Setting) -> None:
        self.made = made
        products = {
            row[0]: row[1:] for row in network["products"].select("product_id", "promise_h", "flow_class").iter_rows()
        }
        names = made.batch.products
        promise = [products.get(name, (None, ""))[0] for name in names]
        self.promise = np.array([np.inf if h is None else h * 3.6e6 for h in promise])
        self.flows = sorted({flow or "other" for _, flow in products.values()} | {"inbound"})
        flow = [self.flows.index(products[name][1]) if name in products else 0 for name in names]
        self.flow = np.array(flow, np.int8)
        spots = made.spots
        self.outside_leaf = spots.outside[spots.unit_node[spots.unit_of_leaf]] > 0
        cities: dict[str, int] = {}

        def number(name: str) -> int:
            return cities.setdefault(name if name.startswith("X-") else name[:4], len(cities))

        self.node_city = np.array([number(name.removesuffix(CUSTOMS)) for name in spots.nodes], np.int32)
        self.leaf_city = np.array([number(spots.units[u]) for u in spots.unit_of_leaf], np.int32)

    @property
    def measured(self) -> slice:
        """The parcels of the measured days; those of warm days are left out."""
        first = self.made.batch.day_first
        return slice(int(first[self.made.horizon.warm]), int(first[-1]))

    def parts(self) -> Iterator[Part]:
        """Yield the measured parcels, block by block."""
        whole = self.measured
        for at in range(whole.start, whole.stop, ROWS):
            yield self.part(slice(at, min(at + ROWS, whole.stop)))

    def part(self, span: slice) -> Part:
        """Return some parcels, judged."""
        batch, parcels, end = self.made.batch, self.made.world.parcels, self.made.end_ms
        state, accepted = parcels.state[span], batch.accepted[span]
        promise = np.minimum(self.promise[batch.product[span]], 2.0**62).astype(np.int64)
        elapsed, late, reason, place = judge(state, accepted, promise, end)
        origin, destination = batch.origin[span], batch.destination[span]
        stage = stages(state, parcels.visit[span], accepted, self.leaf_city[origin], self.leaf_city[destination],
                       self.node_city, end)  # fmt: skip
        status = state[:, a.STATUS].astype(np.int8)
        status[(status >= a.AT_DOOR) & (state[:, a.DONE] > end)] = a.ON_ROUND
        flow = np.where(self.outside_leaf[origin], self.flows.index("inbound"), self.flow[batch.product[span]])
        return Part(span, status, flow.astype(np.int8), elapsed, late, reason, place, stage)


def write_parcels(
    folder: Path, judged: Judge, progress: Callable[[Progress], None] | None, stop: Callable[[], bool] | None
) -> None:
    """Write one row per measured parcel into ``folder/parcels/*.parquet``; ``Stopped`` when asked."""
    (folder / "parcels").mkdir()
    total = judged.measured.stop - judged.measured.start
    writer, written = None, None
    # One thread writes a block while the next is made; the writer lets go of the interpreter.
    with ThreadPoolExecutor(1) as hand:
        try:
            for part in judged.parts():
                table = rows(judged, part)
                writer = writer or pa.parquet.ParquetWriter(
                    folder / "parcels" / "parcels.parquet", table.schema, compression="zstd", compression_level=1
                )
                if written:
                    written.result()
                written = hand.submit(writer.write_table, table)
                done = part.span.stop - judged.measured.start
                if stop and stop():
                    raise Stopped.of("errors.stopped", done=done, total=total)
                if progress:
                    progress(Progress(3 * total + done, 4 * total))
            if written:
                written.result()
        finally:
            hand.shutdown()
            if writer:
                writer.close()


def rows(judged: Judge, part: Part) -> Any:
    """Return parcels as a table; moments are seconds after midnight of the first measured day."""
    made, batch, parcels = judged.made, judged.made.batch, judged.made.world.parcels
    state, span, spots = parcels.state[part.span], part.span, made.spots
    begin = int(made.horizon.warm * DAY_MIN * MINUTE_MS)
    leaves, nodes = pa.array(spots.leaves), pa.array([name.removesuffix(CUSTOMS) for name in spots.nodes])
    delivered = part.status >= a.AT_DOOR
    day = np.searchsorted(batch.day_first, np.arange(span.start, span.stop), "right") - 1 - made.horizon.warm
    columns = {
        "parcel": pa.array(batch.number[span] & 0xFFFFFFFF),
        "day": _named(day, pa.array(made.horizon.names)),
        "origin_id": _named(batch.origin[span], leaves),
        "destination_id": _named(batch.destination[span], leaves),
        "product_id": _named(batch.product[span], pa.array(batch.products)),
        "operator_id": _named(batch.operator[span], pa.array(batch.operators)),
        "flow_class": _named(part.flow, pa.array(judged.flows)),
        "accepted_s": _moment(batch.accepted[span], begin),
        "collected_s": _moment(parcels.collected[span], begin),
        "out_s": _moment(state[:, a.OUT], begin),
        "delivered_s": _moment(np.where(delivered, state[:, a.DONE], -1), begin),
        "status": _named(part.status, pa.array(STATUSES)),
        "at_place_id": _at(made, state, part.status),
        "attempts": pa.array((state[:, a.TRIES] & 15).astype(np.int8)),
        "locker_refusals": pa.array((state[:, a.TRIES] >> 4).astype(np.int8)),
        "elapsed_s": pa.array((part.elapsed // 1000).astype(np.int32)),
        "late_s": pa.array((part.late // 1000).astype(np.int32)),
        "reason": _named(part.reason, pa.array(REASONS)),
        "reason_place_id": _named(part.place, nodes),
        "queue_s": pa.array(state[:, a.QUEUED] // 1000),
        "left_over_s": pa.array(state[:, a.LEFT] // 1000),
        "left_over_times": pa.array(state[:, a.PASSED].astype(np.int16)),
        "road_delay_s": pa.array(state[:, a.ROAD] // 1000),
        "stops": pa.array(state[:, a.VISITED].astype(np.int8)),
    }
    for k, name in enumerate(STAGES):
        columns[f"{name}_stage_s"] = pa.array(part.stage[:, k], mask=part.stage[:, k] < 0)
    for k in range(a.VISITS):
        visit = parcels.visit[span, k]
        columns[f"stop{k + 1}_place_id"] = _named(visit[:, 0], nodes)
        for c, name in ((1, "arrive"), (2, "ready"), (3, "depart")):
            columns[f"stop{k + 1}_{name}_s"] = _moment(visit[:, c], begin)
    return pa.table(columns)


def _named(codes: NDArray[Any], names: Any) -> Any:
    """Codes as names; a negative code is empty."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=codes < 0), names)


def _moment(ms: NDArray[Any], begin: int) -> Any:
    return pa.array((ms.astype(np.int64) - begin) // 1000, pa.int32(), mask=(ms < 0) | (ms >= a.NEVER))


def _at(made: Setting, state: NDArray[np.int32], status: NDArray[np.int8]) -> Any:
    """The place a parcel is at, or on its way to."""
    spots, lanes = made.spots, made.world.lanes
    names = [*spots.leaves, *(name.removesuffix(CUSTOMS) for name in spots.nodes)]
    where, base = state[:, a.WHERE], len(spots.leaves)
    node = base + where
    line = base + lanes.target[np.minimum(where, len(lanes.target) - 1)] if len(lanes.target) else node
    at_node = (status == a.AT_NODE) | (status == a.OUTSIDE) | (status == a.ABROAD) | (status == a.AT_OFFICE)
    code = np.where(at_node, node, np.where(status == a.ON_LINE, line, where))
    round_ = status == a.ON_ROUND
    code = np.where(round_, np.where(state[:, a.STATUS] == a.OUTSIDE, node, state[:, a.LEAF]), code)
    back = (state[:, a.STATUS] == a.SENT_BACK) & _now_outside(made, state)
    return _named(np.where(back, node, code), pa.array(names))


def _now_outside(made: Setting, state: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which parcels are now for a place outside, where the engine keeps the node and not the leaf."""
    spots = made.spots
    return np.asarray(spots.outside[spots.unit_node[spots.unit_of_leaf[state[:, a.LEAF]]]] > 0)


def as_frame(judged: Judge) -> pl.DataFrame:
    """Return all measured parcels as one table, for runs small enough to hold."""
    parts = [rows(judged, part) for part in judged.parts()]
    return pl.DataFrame(pl.from_arrow(pa.concat_tables(parts).combine_chunks()))
