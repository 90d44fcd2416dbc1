"""Run a drill: the calm day, the struck day, each action alone and all together, on the same parcels and luck."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import Stopped
from postroad.parallel import Progress
from postroad.results import Result, Stamp
from postroad.simulate.day import Run, simulate_day
from postroad.simulate.drill.acting import WithRelief, acted
from postroad.simulate.drill.grading import Grade, backlog, grade, relief_by_hour

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.network import Network
    from postroad.simulate.drill.script import Action, Script

CALM, STRUCK, ALL = "calm", "struck", "all"


def drill(
    network: Network,
    demand: Any,
    made: Script,
    *,
    seed: int = 0,
    scale: float = 0.02,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Result:
    """Return a drill's ``grades`` (a row for the struck day and each action, ranked), ``timeline`` and ``relief``.

    The calm day has neither events nor relief. ``scale`` runs that share of the parcels with capacities cut alike; the
    same script and seed give the same grades. ``Stopped`` when asked, between runs or inside one.
    """
    plans: list[tuple[str, Action | None]] = [(STRUCK, None), *((action.id, action) for action in made.actions)]
    if len(made.actions) > 1:
        plans.append((ALL, together(made.actions)))
    day = made.date(demand.year)
    total = 1 + len(plans)

    def run(net: Network, events: Any, what: Any) -> Run:
        if stop and stop():
            raise Stopped.of("errors.stopped", done=0, total=total)
        return simulate_day(net, what, day=day, days=made.days, seed=seed, disruptions=list(events) or None,
                            weather=made.weather, scale=scale, stop=stop)  # fmt: skip

    calm = run(network, (), demand)
    loaded = WithRelief.of(demand, network, made.relief, day, scale) if made.relief else demand
    grades: list[dict[str, Any]] = []
    lines = [backlog(calm, scale).with_columns(run=pl.lit(CALM))]
    relief = []
    for done, (name, action) in enumerate(plans, 1):
        if progress:
            progress(Progress(done, total, name))
        events = (*made.events, *(action.diversions if action else ()))
        struck = run(acted(network, action) if action else network, events, loaded)
        told: Grade = grade(struck, calm, made, scale)
        cost = action.cost_yuan if action else 0.0
        grades.append({"run": name, "who": action.who if action else "", "cost_yuan": cost, **dataclasses.asdict(told)})
        lines.append(backlog(struck, scale).with_columns(run=pl.lit(name)))
        relief.append(relief_by_hour(struck, made).with_columns(run=pl.lit(name)))
    if progress:
        progress(Progress(total, total))
    options = {"script": dataclasses.asdict(made), "scale": scale, "year": demand.year}
    stamp = Stamp.now("drill", network.fingerprint, options, seed)
    tables = {"grades": _ranked(grades), "timeline": pl.concat(lines), "relief": pl.concat(relief)}
    return Result(stamp, tables, {"script": made.id, "parcels": calm.facts["parcels"]})


def together(actions: tuple[Action, ...]) -> Action:
    """Return all actions as one; where two change one plant or cut-off, the factors multiply and the minutes add."""
    plants: dict[str, float] = {}
    cutoffs: dict[str, float] = {}
    buses: dict[str, list[float]] = {}
    waves = {place: wave for action in actions for place, wave in action.waves.items()}
    for action in actions:
        for place, factor in action.plants.items():
            plants[place] = plants.get(place, 1.0) * factor
        for place, minutes in action.cutoffs.items():
            cutoffs[place] = cutoffs.get(place, 0.0) + minutes
        for place, times in action.buses.items():
            buses[place] = sorted({*buses.get(place, []), *times})
    return dataclasses.replace(
        actions[0], id=ALL, zh="全部措施", en="All actions", who="; ".join(dict.fromkeys(a.who for a in actions)),
        cost_yuan=sum(a.cost_yuan for a in actions), diversions=tuple(e for a in actions for e in a.diversions),
        trips=tuple(t for a in actions for t in a.trips), plants=plants, cutoffs=cutoffs, waves=waves, buses=buses,
        bus_pieces=max(a.bus_pieces for a in actions),
    )  # fmt: skip


def _ranked(grades: list[dict[str, Any]]) -> pl.DataFrame:
    """Actions by parcels spared, most first, with yuan for each; the struck day itself stands on top."""
    table = pl.DataFrame(grades, infer_schema_length=None)
    struck = float(table["late_pieces"][0])
    spared = struck - pl.col("late_pieces")
    table = table.with_columns(
        spared.alias("spared_pieces"),
        pl.when(spared > 0).then(pl.col("cost_yuan") / spared).alias("yuan_per_piece"),
    )
    first = pl.when(pl.col("run") == STRUCK).then(0).otherwise(1)
    return table.sort([first, -pl.col("spared_pieces"), pl.col("run")], maintain_order=True)
