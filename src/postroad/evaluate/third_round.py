"""A third round of couriers in towns, between the morning's and the afternoon's, as a repair of what comes too late.

What reaches a district after the first round leaves waits for the second, whose last pieces are handed over five hours
later: for much of it that is too late. A round between the two, with a feeder before it and a wave that closes just
before the feeder, is put into the network and the day is run again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.lines.mending import yuan
from postroad.design.lines.repair import with_wave
from postroad.design.lines.thinning import WAVE_MIN
from postroad.design.lines.timetable import assembled, routings
from postroad.simulate.day.rounds import CITY_OUT, THIRD_ROUND

if TYPE_CHECKING:
    from postroad.design.lines import Timetable

AT_MIN = sum(CITY_OUT) / len(CITY_OUT)
"""When it leaves: midway between the two."""
SOURCE = "repair"


def with_third_round(table: Timetable, at_min: float = AT_MIN) -> tuple[Timetable, float]:
    """Return the timetable with a third round and the feeders it needs, and what these add to the day's yuan.

    Couriers are paid by the piece, so that the round itself adds no pay. It is a parameter of the network, which a
    simulated day reads.
    """
    work, departures, waves = table.work, dict(table.departures), table.waves
    terms, doors = work.terms, dict(work.ends.doors)
    for place, held in sorted(work.ends.doors.items()):
        if not any(CITY_OUT[-1] in door.starts_min for door in held):
            continue
        doors[place] = tuple(replace(door, starts_min=tuple(sorted({*door.starts_min, at_min})))
                             if CITY_OUT[-1] in door.starts_min else door for door in held)  # fmt: skip
        for a, b in [arc for arc in table.departures if arc[1] == place and arc[0] in work.layout.tier]:
            before = terms.county_handling_min + work.ends.last_min + terms.margin_min
            long = work.roads.minutes(a, b)
            leaves = float(5.0 * ((at_min - before - long * work.ends.luck) // 5.0) % 1440.0)
            departures[a, b] = sorted({*departures[a, b], (leaves, long)})
            # Feeders that leave in the same half hour share a wave.
            shared = WAVE_MIN * ((leaves - terms.margin_min) // WAVE_MIN) + terms.margin_min
            waves = with_wave(replace(table, waves=waves), a, shared)
    row: dict[str, Any] = {"parameter": THIRD_ROUND, "value": at_min, "unit": "min", "confidence": "low",
                           "origin": "assumed", "source": SOURCE}  # fmt: skip
    known = table.work.network["parameters"].filter(pl.col("parameter") != THIRD_ROUND)
    parameters = pl.concat([known, pl.DataFrame([row])], how="diagonal_relaxed").select(known.columns)
    network = work.network.with_source({"source_id": SOURCE}, parameters=parameters)
    work = replace(work, network=network, known_ends=replace(work.ends, doors=doors))
    made = assembled(work, departures, waves, table.handling, table.program)
    made = replace(made, mends=table.mends, network=made.network.with_(routings=routings(work)))
    return made, yuan(made) - yuan(table)
