"""One block of parcels into operators' records: what each facility would have written on the way."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.randomness import generator
from postroad.supervise.feed.world import CLOSES_MIN, OPENS_MIN
from postroad.supervise.identity import resident_marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from postroad.demand.parcels import Block
    from postroad.supervise.feed.faults import Faults
    from postroad.supervise.feed.world import World

HOUR = 3600
STAGES = 11
LEAVES = 4
"""The stage at which a piece leaves its first hub for the second."""
NOWHERE = -1
SPANS = ((0.4, 2.5), (0.3, 2.0), (0.5, 1.5), (0.5, 1.0), (1.5, 5.0), (0.5, 1.0), (0.5, 2.5), (0.4, 2.5), (0.2, 2.0),
         (0.5, 6.0))  # fmt: skip
"""Fewest and most hours from each stage to the next; assumed."""
PEOPLE_OF_TOWN = 3000
HANDED_OVER = 0.3
RETURNED = 0.01
SURGE_H = 18
"""The hour in which most is accepted, once the day is fitted into opening hours."""
S10_WEIGHTS = np.array([8, 6, 4, 2, 3, 5, 9, 7])


@dataclass(frozen=True)
class Day:
    """What a block of one day needs to know beside its parcels."""

    world: World
    faults: Faults
    day: dt.date
    number: int
    seed: int
    last: bool


@dataclass
class Journey:
    """A block's parcels on their way: the facility at each end, the time of every stage, and who was where.

    ``unseen`` are those whose departure from the first hub is never scanned, though they were seen there and behind.
    """

    waybill: pl.Series
    operator: NDArray[np.int64]
    final: NDArray[np.int64]
    sent: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    two: NDArray[np.bool_]
    outlet_from: NDArray[np.int64]
    hub_1: NDArray[np.int64]
    hub_2: NDArray[np.int64]
    outlet_to: NDArray[np.int64]
    abroad_from: NDArray[np.int64]
    abroad_to: NDArray[np.int64]
    at: NDArray[np.int64]
    gone_after: NDArray[np.int64]
    town: NDArray[np.int64]
    leaked: int = 0
    unseen: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))


def journey(block: Block, held: Day, draw: np.random.Generator) -> Journey:
    """Return the ways of a block's parcels, with losses already decided."""
    world, n = held.world, len(block)
    origin, destination = block.origin.astype(np.int64), block.destination.astype(np.int64)
    operator = block.operator.astype(np.int64)
    sent, kept = ~world.outside[origin], ~world.outside[destination]
    gateway = np.full(n, world.gateway)
    first = np.where(sent, world.prefecture[origin], gateway)
    second = np.where(kept, world.prefecture[destination], gateway)
    hub_1, hub_2 = world.hub(operator, first), world.hub(operator, second)
    handed = kept & world.rural[destination] & (draw.random(n) < HANDED_OVER)
    final = np.where(handed, world.post, operator)
    start = np.datetime64(held.day, "s").astype(np.int64)
    minute = OPENS_MIN + block.accept_min.astype(np.int64) * (CLOSES_MIN - OPENS_MIN) // 1440
    at = np.empty((STAGES, n), np.int64)
    at[0] = start + minute * 60 + draw.integers(0, 60, n)
    two = hub_1 != hub_2
    for stage, (low, high) in enumerate(SPANS):
        span = (draw.uniform(low, high, n) * HOUR).astype(np.int64)
        at[stage + 1] = at[stage] + np.where((stage in (3, 4, 5)) & ~two, 0, span)
    town = world.town[origin]
    town = _surged(held, town, world.prefecture[origin], operator, minute, sent)
    outlet_from = np.where(sent, world.outlet(operator, town), NOWHERE)
    made = Journey(
        _waybills(block, held), operator, final, sent, kept, two, outlet_from, hub_1, hub_2,
        np.where(kept, world.outlet(final, world.town[destination]), NOWHERE),
        np.where(sent, NOWHERE, world.beyond[origin]), np.where(kept, NOWHERE, world.beyond[destination]),
        at, np.full(n, STAGES), town,
    )  # fmt: skip
    _lose(made, held, draw)
    able = two & (made.gone_after > LEAVES)
    made.unseen = some(
        drawn(held.seed, held.day, block.first, "departures"), able, held.faults.missing_departures, n, n
    )
    return made


def _surged(
    held: Day, town: NDArray[np.int64], prefecture: NDArray[np.int64], operator: NDArray[np.int64],
    minute: NDArray[np.int64], sent: NDArray[np.bool_],
) -> NDArray[np.int64]:  # fmt: skip
    """On the last day, the busiest hour of a prefecture's pieces of an operator all comes to one outlet."""
    if not held.last:
        return town
    names = held.world.outlets["outlet_id"].to_list()
    for outlet in held.world.planted["surges"]:
        who, where = divmod(names.index(outlet), held.world.towns)
        home = int(held.world.prefecture[np.flatnonzero(held.world.town == where)[0]])
        town = np.where(sent & (prefecture == home) & (operator == who) & (minute // 60 == SURGE_H), where, town)
    return town


def _lose(made: Journey, held: Day, draw: np.random.Generator) -> None:
    """Decide after which stage a piece is seen no more; nothing is lost where nothing is carried."""
    n = len(made.operator)
    lost = draw.random(n) < held.faults.base_loss
    made.gone_after[lost] = draw.integers(0, STAGES - 1, int(lost.sum()))
    names = held.world.names
    for leg in held.world.planted["leaks"]:
        one, two = (int((names == end).arg_max() or 0) for end in leg.split(">"))
        on_it = made.two & (made.hub_1 == one) & (made.hub_2 == two)
        leaked = on_it & (draw.random(n) < held.faults.leak_share)
        made.gone_after[leaked] = LEAVES
        made.leaked += int(leaked.sum())


def _waybills(block: Block, held: Day) -> pl.Series:
    number = held.number * 100_000_000 + block.first + np.arange(len(block), dtype=np.int64)
    domestic = held.world.operators.gather(block.operator) + pl.Series(number).cast(pl.String).str.zfill(12)
    products = block.drawer.product_ids
    abroad = products.is_in(["INTL", "HMT"]).to_numpy()[block.product] & ~held.world.outside[block.origin]
    rows = np.flatnonzero(abroad)
    if not rows.size:
        return domestic
    digits = (number[rows, None] % 100_000_000) // 10 ** np.arange(7, -1, -1) % 10
    check = 11 - digits @ S10_WEIGHTS % 11
    check = np.where(check == 10, 0, np.where(check == 11, 5, check))
    letters = chr(65 + held.number // 26 % 26) + chr(65 + held.number % 26)
    texts = pl.Series(number[rows] % 100_000_000).cast(pl.String).str.zfill(8) + pl.Series(check).cast(pl.String)
    return domestic.scatter(rows, pl.select(pl.lit(letters) + texts + "CN").to_series())


def scans(made: Journey, held: Day, draw: np.random.Generator) -> pl.DataFrame:
    """Return the scans of a block's parcels, with some never made."""
    frames = [frame for frame in _stages(made, held, draw) if frame.height]
    return pl.concat(frames)


def _stages(made: Journey, held: Day, draw: np.random.Generator) -> Iterator[pl.DataFrame]:
    last = np.where(made.two, made.hub_2, made.hub_1)
    came = np.where(made.sent, made.outlet_from, made.abroad_from)
    to = np.where(made.kept, made.outlet_to, made.abroad_to)
    none = np.full(len(came), NOWHERE)
    steps = (
        (1, "EMK", made.sent, made.outlet_from, made.hub_1, made.operator),
        (2, "EMJ", made.sent, made.hub_1, came, made.operator),
        (2, "EMD", ~made.sent, made.hub_1, came, made.operator),
        (2, "EDD", made.sent, made.hub_1, none, made.operator),
        (3, "EDE", np.ones(len(came), bool), made.hub_1, none, made.operator),
        (4, "EMK", made.two, made.hub_1, made.hub_2, made.operator),
        (5, "EMJ", made.two, made.hub_2, made.hub_1, made.operator),
        (6, "EDE", made.two, made.hub_2, none, made.operator),
        (7, "EMF", made.kept, last, to, made.operator),
        (7, "EMC", ~made.kept, last, to, made.operator),
        (8, "EMG", made.kept, made.outlet_to, last, made.final),
        (9, "EDG", made.kept, made.outlet_to, none, made.final),
    )
    names = held.world.names
    for stage, event, who, facility, other, operator in steps:
        # The first record of a piece that comes from outside is always made: without it nobody knows of the piece.
        missed = draw.random(len(who)) < (0 if event == "EMD" else held.faults.missed_scan)
        if stage in (LEAVES - 1, LEAVES, LEAVES + 1):
            missed = np.where(made.unseen, stage == LEAVES, missed)
        rows = np.flatnonzero(who & (made.gone_after >= stage) & ~missed)
        ends = other[rows]
        yield pl.DataFrame({
            "waybill": made.waybill.gather(rows), "operator_id": held.world.operators.gather(operator[rows]),
            "facility_id": names.gather(facility[rows]), "event": pl.Series([event]).new_from_index(0, len(rows)),
            "at": made.at[stage][rows],
            "other_id": names.gather(np.maximum(ends, 0)) if (ends >= 0).all() else pl.Series([None], dtype=pl.String)
            .new_from_index(0, len(rows)),
        })  # fmt: skip


def deliveries(made: Journey, held: Day, draw: np.random.Generator) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the deliveries of a block's parcels, and what was planted in them."""
    rows = np.flatnonzero(made.kept & (made.gone_after >= STAGES - 1))
    n = len(rows)
    manner = np.array(["hand", "locker", "station", "returned"])[
        np.searchsorted(np.cumsum([0.35, 0.25, 0.4 - RETURNED]), draw.random(n))
    ]
    put = (manner == "locker") | (manner == "station")
    without = put & (draw.random(n) < held.faults.no_consent)
    frame = pl.DataFrame({
        "waybill": made.waybill.gather(rows), "operator_id": held.world.operators.gather(made.final[rows]),
        "outlet_id": held.world.names.gather(made.outlet_to[rows]), "at": made.at[STAGES - 1][rows],
        "manner": manner, "consent": pl.Series(np.where(put, ~without, True)),
    })  # fmt: skip
    return frame, {"no_consent": int(without.sum())}


def documents(people: NDArray[np.int64]) -> pl.Series:
    """Return a resident's number for each person: an area that does not exist, a date and a running number."""
    days = np.datetime64("1940-01-01") + (people // 1000 % 25_000).astype("timedelta64[D]")
    dates = pl.Series(days).dt.strftime("%Y%m%d").to_list()
    heads = [f"999{p // 25_000_000:03d}{d}{p % 1000:03d}" for p, d in zip(people.tolist(), dates, strict=True)]
    signs = np.frombuffer("".join(heads).encode(), np.uint8).reshape(-1, 17)
    marks = resident_marks(signs)
    whole = np.column_stack([signs, marks])
    return pl.Series(whole.tobytes().decode()[k : k + 18] for k in range(0, whole.size, 18))


def drawn(seed: int, day: dt.date, block: int, apart: str = "") -> np.random.Generator:
    """Return the random numbers of one block of a day; those drawn apart leave the others as they are."""
    return generator(seed, f"feed/{day.isoformat()}{apart and '/' + apart}", block)


def some(draw: np.random.Generator, able: NDArray[np.bool_], count: int, size: int, parcels: int) -> NDArray[np.bool_]:
    """A few rows of a block; a count of a day is shared out by the block's part of 65,536 parcels, at least one."""
    mask = np.zeros(size, bool)
    rows = np.flatnonzero(able)
    wanted = min(len(rows), max(1, round(count * parcels / 65_536))) if count else 0
    if wanted:
        mask[draw.choice(rows, wanted, replace=False)] = True
    return mask
