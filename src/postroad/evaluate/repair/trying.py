"""Candidates tried: the same worlds without and with each, pair by pair, and the cheapest that mends."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.errors import UsageError
from postroad.evaluate.repair.candidates import Candidate, candidates
from postroad.evaluate.repair.changing import changed
from postroad.measure.promise import of_pairs
from postroad.parallel import Progress, Work, map_cases
from postroad.results import Result, Stamp
from postroad.simulate.trial import Case, Stretch
from postroad.simulate.trial.cases import frozen, opened, simulated
from postroad.simulate.trial.runs import interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from postroad.demand import Demand
    from postroad.network import Network

PAIR = ["promise_class", "from_place_id", "to_place_id"]
TRIALS = {
    **dict.fromkeys(("promise_class", "from_place_id", "to_place_id", "kind", "place_id", "to_id"), pl.String),
    **dict.fromkeys(("at_min", "yuan_day", "before_percent", "after_percent", "gain", "low", "high"), pl.Float64),
    "proposed": pl.Boolean, "mends": pl.Boolean, "yuan_point": pl.Float64, "best": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """A case of the search: a world of a network; ``keep`` returns the late parcels' ways as well."""

    case: Case
    keep: bool = False


def counted(tried: Tried) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return parcels and those on time of every promised pair, and the late parcels themselves where asked."""
    case = tried.case
    run = simulated(case, summary_only=False)
    facts = run.certificate_facts(case.seed, case.kind).collect()
    stops = run.parcels().select("stops", pl.col("^stop[1-8]_.*$")).collect()
    stops = stops.with_columns(pl.col("^stop.*_place_id$").cast(pl.String))
    wide = pl.concat([facts, stops], how="horizontal") if tried.keep else facts
    own = of_pairs(wide.lazy(), opened(case.inputs)).collect()
    told = own.group_by(PAIR).agg(pl.len().alias("parcels"), pl.col("on_time").sum()).sort(PAIR)
    return told.with_columns(world=pl.lit(case.seed)), own.filter(~pl.col("on_time")) if tried.keep else own.clear()


def mend(
    network: Network,
    demand: Demand,
    *,
    day: str,
    days: int = 1,
    worlds: int = 4,
    seed: int = 0,
    most: int = 10,
    kind: str = "ordinary",
    disruptions: Sequence[Any] = (),
    work: Work | None = None,
    **options: Any,
) -> Result:
    """Try repairs of the ``most`` failing pairs with the most late parcels; tables ``trials``, ``pairs``, ``classes``.

    Every candidate of any of them is put into the network and run on the same worlds, and told for all of them: the
    paired change of the share on time in points with its 95 % interval over worlds, and yuan a day. ``best`` marks the
    cheapest that mends, else the most points for its money among those whose interval lies above 0. Worlds alone make
    intervals: at least two. The search and the trial share no world.
    """
    if worlds < 2:
        raise UsageError.of("repair.few_worlds", value=worlds)
    chosen = {"warm_days": 2, **options}
    scale = float(chosen.get("scale", 1.0))
    work = work or Work()
    with tempfile.TemporaryDirectory() as scratch:
        ratio = float(demand.totals.known["ratio"])
        first = Case("", network.fingerprint, demand.year, demand.scenario, ratio, Stretch(day, days), seed,
                     tuple(sorted(chosen.items())), tuple(disruptions), kind)  # fmt: skip
        first = replace(first, inputs=frozen(network, Path(scratch)))
        searched = counted(Tried(replace(first, seed=seed + worlds), keep=True))
        failing = _failing(searched[0], network, most)
        asked = _asked(searched[1], failing, days * scale)
        ready = [(one, *made) for one in sorted({c for own in asked.values() for c in own})
                 if (made := changed(network, one)) is not None]  # fmt: skip
        inputs = [first, *(replace(first, inputs=frozen(net, Path(scratch)), fingerprint=net.fingerprint)
                           for _, net, _ in ready)]  # fmt: skip
        cases = [Tried(replace(one, seed=seed + w)) for one in inputs for w in range(worlds)]
        told = [table for table, _ in map_cases(counted, cases, work=work, key=lambda tried: tried.case.key)]
    runs = [pl.concat(told[k * worlds : (k + 1) * worlds]) for k in range(len(inputs))]
    prices = [(one, yuan) for one, _, yuan in ready]
    tables = {
        "trials": _compared(runs, prices, failing, PAIR, asked),
        "classes": _compared(runs, prices, failing.select("promise_class", "asked").unique(), PAIR[:1], {}),
        "pairs": failing,
    }
    stamp = Stamp.now("repairs", network.fingerprint, {
        **chosen, "day": day, "days": days, "worlds": worlds, "most": most, "kind": kind, "year": demand.year,
        "scenario": demand.scenario, "disruptions": [str(item) for item in disruptions]}, seed)  # fmt: skip
    if work.progress:
        work.progress(Progress(len(cases), len(cases)))
    return Result(stamp, tables, {"candidates": len(ready), "worlds": worlds})


def _failing(told: pl.DataFrame, network: Network, most: int) -> pl.DataFrame:
    """Pairs below the share asked for, those with the most late parcels first."""
    asked = network["promise_pairs"].select(*PAIR, asked=pl.col("share_percent").fill_null(100.0))
    share = 100 * pl.col("on_time") / pl.col("parcels")
    found = (
        told.join(asked, on=PAIR)
        .with_columns(late=pl.col("parcels") - pl.col("on_time"))
        .filter(share < pl.col("asked"))
    )
    return found.sort(["late", *PAIR], descending=[True, False, False, False]).head(most).select(*PAIR, "asked")


def _asked(late: pl.DataFrame, failing: pl.DataFrame, days: float) -> Mapping[tuple[Any, ...], list[Candidate]]:
    own = {pair: late.filter(pl.all_horizontal(pl.col(c) == v for c, v in zip(PAIR, pair, strict=True)))
           for pair in failing.select(PAIR).iter_rows()}  # fmt: skip
    return {pair: candidates(frame, days) for pair, frame in own.items()}


def _compared(
    runs: Sequence[pl.DataFrame], prices: Sequence[tuple[Candidate, float]], wanted: pl.DataFrame, by: list[str],
    asked: Mapping[tuple[Any, ...], list[Candidate]],
) -> pl.DataFrame:  # fmt: skip
    """One row for each pair (or class) and candidate: the paired change, its interval, its price, and the best."""
    rows: list[dict[str, Any]] = []
    sums = [run.group_by([*by, "world"]).agg(pl.col("parcels", "on_time").sum()).sort([*by, "world"]) for run in runs]
    for held in wanted.sort(by).iter_rows(named=True):
        key = {name: held[name] for name in by}
        shares = [_shares(table, key) for table in sums]
        own = [
            _row(one, yuan, shares[0], after, held["asked"])
            for (one, yuan), after in zip(prices, shares[1:], strict=True)
        ]
        told = [{**key, **row, "proposed": one in asked.get(tuple(key.values()), [one])}
                for row, (one, _) in zip(own, prices, strict=True)]  # fmt: skip
        best = _best(told)
        rows += [{**row, "best": row is best} for row in told]
    schema = {name: kind for name, kind in TRIALS.items() if name in by or name not in PAIR}
    return pl.DataFrame(rows, schema=schema)


def _shares(table: pl.DataFrame, key: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    own = table.filter(pl.all_horizontal(pl.col(name) == value for name, value in key.items())).sort("world")
    return (100 * own["on_time"] / own["parcels"]).to_numpy()


def _row(
    one: Candidate, yuan: float, before: np.ndarray[Any, Any], after: np.ndarray[Any, Any], asked: float
) -> dict[str, Any]:  # fmt: skip
    gain, low, high = interval(after - before, 0.95)
    share = float(after.mean())
    return {
        "kind": one.kind, "place_id": one.place_id, "to_id": one.to_id or None,
        "at_min": one.at_min if one.kind != "sorter" else None, "yuan_day": yuan,
        "before_percent": float(before.mean()), "after_percent": share, "gain": gain, "low": low, "high": high,
        "mends": share >= asked and low > 0, "yuan_point": yuan / gain if low > 0 else None,
    }  # fmt: skip


def _best(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The cheapest that mends; else the fewest yuan a point among those that surely help; ``None`` where none does."""
    helps = [row for row in rows if row["low"] > 0]
    mends = [row for row in helps if row["mends"]]
    if mends:
        return min(mends, key=lambda row: (row["yuan_day"], -row["gain"]))
    return min(helps, key=lambda row: (row["yuan_point"], -row["gain"])) if helps else None
