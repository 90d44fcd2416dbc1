"""What a mode does to a day: the day simulated with and without it, on the same parcels and luck."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.evaluate.ready import opened, prepared
from postroad.results import Result, Stamp
from postroad.simulate.day.options import PEAK_DATE
from postroad.simulate.trial import Measure, Stretch, trial
from postroad.simulate.trial.runs import MEASURES, interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.evaluate.mode.service import Mode
    from postroad.network import Network
    from postroad.parallel import Work


def tried(
    name: str,
    mode: Mode,
    *,
    day: str = "peak",
    year: int = 2025,
    scenario: str = "base",
    levers: Sequence[str] = (),
    worlds: int = 4,
    scale: float = 0.01,
    seed: int = 0,
    work: Work | None = None,
) -> Result:
    """Return tables ``measures`` (without, with, paired change with its interval), ``staff``, ``reports``, ``rules``.

    ``day`` is a date or ``peak``; ``UsageError`` when the mode does not hold then. ``scale`` runs that share of the
    parcels with capacities cut alike. Staff are workers a shift at the hubs' plants.
    """
    on = dt.date(year, *PEAK_DATE) if day == "peak" else dt.date.fromisoformat(day)
    own = opened(name)[1].choose(levers)
    switch = mode.lever(on)
    pair = [prepared(name, bundle, on.year, scenario, on) for bundle in (own, (*own, switch))]
    stretch = Stretch.cut(day, 1)
    runs = [
        trial(network, wanted, stretches=stretch, worlds=worlds, seed=seed, scale=scale, work=work)
        for network, wanted in pair
    ]
    rows = []
    for measure in MEASURES:
        values = [Measure(measure).values(run["summary"])[1] for run in runs]
        mean, low, high = interval(values[1] - values[0], 0.95)
        rows.append({"measure": measure, "without": float(values[0].mean()), "with": float(values[1].mean()),
                     "change": mean, "low": low, "high": high, "worlds": worlds})  # fmt: skip
    begun = mode.begun(on)[0].year
    rules = [{"rule": r.cite, "name_zh": r.zh, "name_en": r.en, "first": r.valid_from, "last": r.valid_to,
              "values": str(dict(r.values))} for r in mode.raised(begun)]  # fmt: skip
    tables = {
        "measures": pl.DataFrame(rows),
        "staff": _staff(pair[0][0], pair[1][0]),
        "reports": mode.calendar(begun),
        "rules": pl.DataFrame(rules),
    }
    asked: dict[str, Any] = {"mode": mode.id, "day": on.isoformat(), "peak": day == "peak", "scenario": scenario,
                             "levers": list(levers), "worlds": worlds, "scale": scale}  # fmt: skip
    return Result(Stamp.now("mode", pair[1][0].fingerprint, asked, seed), tables)


def _staff(before: Network, after: Network) -> pl.DataFrame:
    """Workers a shift, pieces sorted an hour and docks of every hub whose plant the mode changes."""
    columns = ("staff", "sort_rate_pieces_h", "docks")
    both = before["hub_plants"].join(after["hub_plants"], on="plant_id", suffix="_with")
    moved = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_with")) for c in columns)
    return both.filter(moved).select("plant_id", "place_id", *(n for c in columns for n in (c, f"{c}_with")))
