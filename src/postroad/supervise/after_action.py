"""After a day: what was forecast held against what operators' records say happened (P20 P96).

The forecast is a saved run of the parcel engine, the truth the ledger. Where the two part by more than chance and a
margin, the review says how the script or the forecast of the next such day has to change. What single actions would
have done is known from the drill of that day on the twin only: no record says what would have happened without them.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import UsageError
from postroad.results import Result, Stamp
from postroad.supervise.ledger.intervals import stats

if TYPE_CHECKING:
    from postroad.simulate.day import Run
    from postroad.supervise.ledger import Ledger

MARGIN = 0.05
"""Differences below this share of the forecast change nothing; assumed."""
SERVICE_MARGIN = 0.02
WITHIN_H = (24, 48, 72)
LOOK_DAYS = 10
"""Deliveries are looked for up to so many days after the day."""


def after_action(
    ledger: Ledger, run: Run, day: dt.date, *, share: float = 1.0, drill: Result | None = None,
    as_of: dt.datetime | None = None,
) -> Result:  # fmt: skip
    """Return tables ``cities``, ``operators``, ``hours``, ``service``, ``changes`` and ``actions``.

    Pieces forecast are those of the whole day times ``share``, the part of all operators' parcels that the ledger
    holds. ``ratio`` is actual over forecast with a 95 % interval for a Poisson count (Garwood). ``UsageError`` when
    the run is of another day, or the ledger has nothing accepted on it.
    """
    if str(run.facts.get("first_day")) != day.isoformat():
        raise UsageError.of("after_action.other_day", value=str(run.facts.get("first_day")), day=day.isoformat())
    if not 0.0 < share <= 1.0:
        raise UsageError.of("after_action.share", value=share)
    seen, done = _records(ledger, day, as_of)
    if seen.is_empty():
        raise UsageError.of("after_action.nothing", day=day.isoformat())
    planned = _planned(run, day)
    factor = share / float(run.stamp.options["scale"])
    tables = {name: _beside(planned, seen, key, factor) for name, key in
              (("cities", "city_id"), ("operators", "operator_id"), ("hours", "hour"))}  # fmt: skip
    tables["service"] = _service(planned, done)
    tables["changes"] = _changes(tables)
    tables["actions"] = _actions(drill)
    asked: dict[str, Any] = {"day": day.isoformat(), "run": run.run_id, "share": share, "ledger": ledger.head.root,
                             "records": ledger.origin, "drill": drill.run_id if drill else None,
                             "as_of": as_of.isoformat() if as_of else None}  # fmt: skip
    return Result(Stamp.now("after_action", run.stamp.inputs, asked), tables, {"records": ledger.origin})


def _records(ledger: Ledger, day: dt.date, as_of: dt.datetime | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Acceptances of the day by city, operator and hour, and the hours each delivered piece of them took."""
    days = (day.isoformat(), (day + dt.timedelta(days=LOOK_DAYS)).isoformat())
    with ledger.query(days, as_of) as link:
        seen = link.frame(
            "SELECT o.city_id, a.operator_id, hour(a.accepted_at)::INTEGER AS hour, count(*)::BIGINT AS actual "
            "FROM acceptances a LEFT JOIN outlets o USING (outlet_id) WHERE a.accepted_at::DATE = $day::DATE "
            "GROUP BY ALL", day=day.isoformat(),
        )  # fmt: skip
        done = link.frame(
            "SELECT date_diff('second', a.accepted_at, d.at) / 3600.0 AS hours FROM acceptances a JOIN "
            "(SELECT operator_id, waybill, min(delivered_at) AS at FROM deliveries WHERE manner <> 'returned' "
            "GROUP BY ALL) d USING (operator_id, waybill) WHERE a.accepted_at::DATE = $day::DATE", day=day.isoformat(),
        )  # fmt: skip
    return seen, done


def _planned(run: Run, day: dt.date) -> pl.DataFrame:
    """Simulated parcels accepted in the province on the day: city, operator, hour, hours to delivery, both ends in."""
    origin, destination = (pl.col(name).cast(pl.String) for name in ("origin_id", "destination_id"))
    inside = ~origin.str.starts_with("X-")
    return (
        run.parcels()
        .filter(inside, pl.col("day").cast(pl.String).is_in(["peak", day.isoformat()]))
        .select(
            origin.str.slice(0, 4).alias("city_id"),
            pl.col("operator_id").cast(pl.String),
            (pl.col("accepted_s") // 3600 % 24).alias("hour"),
            pl.when(~destination.str.starts_with("X-"), pl.col("delivered_s").is_not_null(),
                    pl.col("status").cast(pl.String) != "sent_back").then(pl.col("elapsed_s") / 3600).alias("hours"),
        )
        .collect()
    )  # fmt: skip


def _beside(planned: pl.DataFrame, seen: pl.DataFrame, key: str, factor: float) -> pl.DataFrame:
    """Forecast and actual pieces by a key, with their ratio and its interval."""
    forecast = planned.group_by(key).agg((pl.len() * factor).alias("forecast"))
    actual = seen.group_by(key).agg(pl.col("actual").sum())
    both = forecast.join(actual, on=key, how="full", coalesce=True).sort(key)
    both = both.with_columns(pl.col("forecast", "actual").fill_null(0))
    counts = both["actual"].to_numpy().astype(float)
    low, high = stats.chi2.ppf(0.025, 2 * counts) / 2, stats.chi2.ppf(0.975, 2 * counts + 2) / 2
    both = both.with_columns(low=pl.Series(low).fill_nan(0.0), high=pl.Series(high))
    known = pl.col("forecast") > 0
    return both.with_columns(
        ratio=pl.when(known).then(pl.col("actual") / pl.col("forecast")),
        low=pl.when(known).then(pl.col("low") / pl.col("forecast")),
        high=pl.when(known).then(pl.col("high") / pl.col("forecast")),
    )


def _service(planned: pl.DataFrame, done: pl.DataFrame) -> pl.DataFrame:
    """Of pieces delivered in the province: shares within 24, 48 and 72 hours, and the median hours."""
    rows = []
    both = (planned["hours"].drop_nulls(), done["hours"].drop_nulls())
    for limit in WITHIN_H:
        rows.append((f"within_{limit}_h", *(_mean(hours <= limit) for hours in both)))
    rows.append(("median_h", *(None if h.is_empty() else float(h.median()) for h in both)))  # type: ignore[arg-type]
    return pl.DataFrame(rows, schema={"measure": pl.String, "forecast": pl.Float64, "actual": pl.Float64}, orient="row")


def _mean(flags: pl.Series) -> float | None:
    return None if flags.is_empty() else float(flags.mean())  # type: ignore[arg-type]


def _changes(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """What the next script has to change: total, cities beside the total, the busiest hour, shares in time."""
    rows: list[tuple[str, str | None, float, float]] = []
    cities, hours = tables["cities"], tables["hours"]
    planned, actual = float(cities["forecast"].sum()), float(cities["actual"].sum())
    overall = actual / planned if planned else 0.0
    if planned and abs(overall - 1) > MARGIN:
        rows.append(("total", None, planned, actual))
    # A city stands out when it departs from the province's own departure, or one cause would be told many times.
    for row in cities.filter(pl.col("forecast") > 0).iter_rows(named=True):
        apart = not row["low"] <= overall <= row["high"] and overall > 0
        if apart and abs(row["ratio"] / overall - 1) > MARGIN:
            rows.append(("city", str(row["city_id"]), row["forecast"] * overall, float(row["actual"])))
    if hours["actual"].sum() and hours["forecast"].sum():
        busiest = [
            int(hours.sort(name, "hour", descending=[True, False])["hour"][0]) for name in ("forecast", "actual")
        ]
        if busiest[0] != busiest[1]:
            rows.append(("hour", None, float(busiest[0]), float(busiest[1])))
    for row in tables["service"].filter(pl.col("measure") != "median_h").drop_nulls().iter_rows(named=True):
        if abs(row["actual"] - row["forecast"]) > SERVICE_MARGIN:
            rows.append(("service", row["measure"], row["forecast"], row["actual"]))
    schema = {"change": pl.String, "what": pl.String, "forecast": pl.Float64, "actual": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _actions(drill: Result | None) -> pl.DataFrame:
    """The drill's actions in order of what they spared on the twin; empty without a drill."""
    columns = {"run": pl.String, "who": pl.String, "cost_yuan": pl.Float64, "spared_pieces": pl.Float64,
               "yuan_per_piece": pl.Float64}  # fmt: skip
    if drill is None:
        return pl.DataFrame(schema=columns)
    if drill.stamp.kind != "drill":
        raise UsageError.of("after_action.no_drill", value=drill.stamp.kind)
    return drill["grades"].filter(pl.col("run") != "struck").select(pl.col(n).cast(t) for n, t in columns.items())
