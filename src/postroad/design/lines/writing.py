"""A timetable as tables of the network: allocations, line-hauls, sort waves and hub plants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.design.lines.plants import plants
from postroad.design.lines.terms import SOURCE, SOURCE_TITLE
from postroad.design.lines.thinning import Ledger
from postroad.design.lines.vehicles import fleet, runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.design.lines.fluid import Clockwork, Poured
    from postroad.design.lines.work import Trunk
    from postroad.network import Network


def written(work: Trunk, clock: Clockwork, poured: Mapping[str, Poured]) -> Network:
    """Return the network with the tables of a timetable, sized by what the days pour through it."""
    places = {place: (work.layout.above[place], work.layout.tier.get(place)) for place in sorted(work.layout.above)}
    stamp = {"origin": "synthetic", "source": SOURCE}
    allocations = pl.DataFrame(
        [{"place_id": place, "hub_place_id": hub, "tier": tier, **stamp} for place, (hub, tier) in places.items()]
    )
    sources = work.network["sources"]
    if not sources.filter(source_id=SOURCE).height:
        own = {
            "source_id": SOURCE,
            "title": SOURCE_TITLE,
            "origin": "synthetic",
            "source": SOURCE,
            "licence": "own rule",
        }
        sources = pl.concat([sources, pl.DataFrame([own])], how="diagonal")
    return work.network.with_(
        sources=sources,
        allocations=allocations,
        line_hauls=runs(work, clock, poured, fleet(work.network)),
        sort_waves=_waves(clock),
        hub_plants=plants(work, clock, poured["peak"], Ledger(work, {})),
    )


def _waves(clock: Clockwork) -> pl.DataFrame:
    rows = []
    for k, node in enumerate(clock.nodes):
        span = range(int(clock.wave_first[k]), int(clock.wave_first[k + 1]))
        cuts = [round(float(clock.cutoff[w]), 1) for w in span]
        for n, w in enumerate(span):
            opens = cuts[n - 1] if n else 0.0
            until = cuts[n] + float(clock.release[w])
            rows.append({"place_id": node, "wave": n + 1, "open_min": opens, "cutoff_min": cuts[n],
                         "release_min": round(until, 1), "origin": "synthetic", "source": SOURCE})  # fmt: skip
    return pl.DataFrame(rows)
