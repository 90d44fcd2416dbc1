"""Alerts: outlets, days and hours whose acceptances depart from what is expected, and the record of the alarm.

What is expected of an outlet in an hour is its own median day, times the hour's share, times the weekday's factor;
counts are negative binomial around it, with a spread taken from the history's absolute deviations. Many cells are
tested at once, so the false-discovery rate is held (Benjamini and Hochberg). An alert's outcome goes into the log.

The whole day of an outlet is a cell too, with a spread of days of its own: an outlet silent all day, or a little busy
in every hour, stands out in no single hour. A day whose alert an hour of it explains is not told twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.errors import UsageError
from postroad.language import Text
from postroad.supervise.ledger import rulebook
from postroad.supervise.ledger.asking import frame_of
from postroad.supervise.ledger.intervals import interval, stats
from postroad.supervise.ledger.leak import discoveries
from postroad.supervise.ledger.store import Ledger

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTCOMES = ("hit", "false")
CONFIDENCE = 0.99
MAD_TO_SD = 1.4826
LEAST_MEAN = 0.02
WHOLE_DAY = -1
"""Stands for the hour of an alert on a whole day."""
COLUMNS = ("alert_id", "outlet_id", "operator_id", "day", "hour", "seen", "expected", "low", "high", "chance",
           "direction")  # fmt: skip


@dataclass(frozen=True)
class Alerts:
    """``found``: alert_id, outlet_id, operator_id, day, hour, seen, expected, low, high, chance, direction.

    ``spread`` is that of hours, ``day_spread`` that of days; ``tested`` counts hours and whole days.
    """

    found: pl.DataFrame
    tested: int
    history_days: int
    spread: float
    day_spread: float
    origin: str

    def reason(self, row: dict[str, Any]) -> Text:
        """Return why a row is an alert."""
        facts = {k: row[k] for k in ("outlet_id", "day", "hour", "seen", "low", "high")}
        kind = f"ledger.alert_{row['direction']}" + ("_day" if row["hour"] == WHOLE_DAY else "")
        expected = row["expected"]
        return Text.of(kind, expected=round(expected, 1) if expected >= 1 else f"{expected:.2g}", **facts)


def alerts(ledger: Ledger, day: dt.date, as_of: dt.datetime | None = None) -> Alerts:
    """Return the alerts of a day, judged against the days before it.

    ``UsageError`` when the history is shorter than the rules ask for.
    """
    held = rulebook.rules()["alert"].values
    counts = _counts(ledger, day, as_of)
    past = counts.filter(pl.col("day") < day)
    days = past["day"].n_unique()
    if days < held["fewest_days"]:
        raise UsageError.of("ledger.short_history", value=days, fewest=held["fewest_days"])
    expected, spread, day_spread = expectation(past, day)
    now = counts.filter(pl.col("day") == day).select("outlet_id", "hour", "seen")
    cells = expected.join(now, on=["outlet_id", "hour"], how="full", coalesce=True).with_columns(
        pl.col("seen").fill_null(0), pl.col("mean").fill_null(LEAST_MEAN)
    )
    whole = cells.group_by("outlet_id").agg(pl.col("mean", "seen").sum())
    whole = whole.with_columns(pl.lit(WHOLE_DAY, cells["hour"].dtype).alias("hour"))
    cells = pl.concat([cells, whole.select(cells.columns)]).sort("outlet_id", "hour")
    owners = counts.unique("outlet_id").select("outlet_id", "operator_id")
    cells = cells.join(owners, on="outlet_id", how="left", maintain_order="left")
    return _judged(cells, day, days, (spread, day_spread), held["false_discovery"], ledger)


def _counts(ledger: Ledger, day: dt.date, as_of: dt.datetime | None) -> pl.DataFrame:
    first = day - dt.timedelta(days=365)
    with ledger.query((first.isoformat(), day.isoformat()), as_of) as link:
        return frame_of(
            link,
            "SELECT outlet_id, min(operator_id) AS operator_id, accepted_at::DATE AS day, "
            "hour(accepted_at)::INTEGER AS hour, count(*) AS seen FROM acceptances GROUP BY outlet_id, day, hour",
        )


def expectation(past: pl.DataFrame, day: dt.date) -> tuple[pl.DataFrame, float, float]:
    """Return the expected count of every outlet and hour on a day (outlet_id, hour, mean), and the spreads.

    ``past`` has outlet_id, day, hour, seen; hours in which nothing came are left out of it and count as none. The
    spreads are the squared coefficients of variation beyond chance, of hours and of days.
    """
    daily = past.group_by("outlet_id", "day").agg(pl.col("seen").sum())
    frame = past["day"].unique().sort().to_frame()
    whole = frame.join(past.select("outlet_id").unique(), how="cross").join(daily, on=["day", "outlet_id"], how="left")
    whole = whole.with_columns(pl.col("seen").fill_null(0), pl.col("day").dt.weekday().alias("weekday"))
    total = whole.group_by("day", "weekday").agg(pl.col("seen").sum()).sort("day")
    level = float(total["seen"].median() or 0.0)  # type: ignore[arg-type]
    factors = total.group_by("weekday").agg((pl.col("seen").median() / max(level, 1e-9)).alias("factor"))
    same = factors.filter(weekday=day.isoweekday())["factor"]
    factor = float(same[0]) if len(same) and level > 0 else 1.0
    usual = whole.group_by("outlet_id").agg(
        pl.col("seen").median().alias("median"), pl.col("seen").mean().alias("mean_day")
    )
    # A median of none says nothing of a quiet outlet: its mean does, without its busiest day.
    quiet = (pl.col("mean_day") * len(frame) - pl.col("top")).clip(0) / max(1, len(frame) - 1)
    top = whole.group_by("outlet_id").agg(pl.col("seen").max().alias("top"))
    usual = usual.join(top, on="outlet_id").with_columns(
        pl.when(pl.col("median") >= 5).then("median").otherwise(quiet).alias("level")
    )
    shares = past.group_by("hour").agg(pl.col("seen").sum()).with_columns(pl.col("seen") / pl.col("seen").sum())
    cells = usual.join(shares, how="cross").with_columns(
        (pl.col("level") * pl.col("seen") * factor).clip(LEAST_MEAN).alias("mean")
    )
    hours = past.join(cells.select("outlet_id", "hour", "mean"), on=["outlet_id", "hour"])
    usual_days = whole.join(usual.select("outlet_id", "level"), on="outlet_id").join(factors, on="weekday").select(
        "seen", (pl.col("level") * pl.col("factor")).alias("mean"))  # fmt: skip
    return cells.select("outlet_id", "hour", "mean"), _spread(hours, len(frame)), _spread(usual_days, len(frame))


def _spread(cells: pl.DataFrame, days: int) -> float:
    """How much cells (seen, mean) vary beyond chance, from the absolute deviations of those large enough to show it."""
    joined = cells.filter(pl.col("mean") >= 5)
    if joined.height < 10 * days:
        return 0.0
    z = ((joined["seen"] - joined["mean"]) / joined["mean"].sqrt()).abs()
    sd = float(z.median() or 0.0) * MAD_TO_SD  # type: ignore[arg-type]
    typical = float(joined["mean"].median() or 1.0)  # type: ignore[arg-type]
    return max(0.0, (sd * sd - 1) / typical)


def _tails(seen: NDArray[np.float64], mean: NDArray[np.float64], spread: float) -> tuple[NDArray[np.float64], ...]:
    """Chances of so many or more, and of so many or fewer."""
    if spread <= 0:
        return stats.poisson.sf(seen - 1, mean), stats.poisson.cdf(seen, mean)
    size = 1 / spread
    share = size / (size + mean)
    return stats.nbinom.sf(seen - 1, size, share), stats.nbinom.cdf(seen, size, share)


def _bounds(mean: NDArray[np.float64], spread: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    tail = (1 - CONFIDENCE) / 2
    if spread <= 0:
        return stats.poisson.ppf(tail, mean), stats.poisson.ppf(1 - tail, mean)
    size = 1 / spread
    share = size / (size + mean)
    return stats.nbinom.ppf(tail, size, share), stats.nbinom.ppf(1 - tail, size, share)


def _judged(
    cells: pl.DataFrame, day: dt.date, days: int, spreads: tuple[float, float], rate: float, ledger: Ledger
) -> Alerts:  # fmt: skip
    seen, mean = cells["seen"].to_numpy().astype(float), cells["mean"].to_numpy()
    whole = (cells["hour"] == WHOLE_DAY).to_numpy()
    above, below, low, high = (np.zeros(len(seen)) for _ in range(4))
    for rows, spread in ((~whole, spreads[0]), (whole, spreads[1])):
        above[rows], below[rows] = _tails(seen[rows], mean[rows], spread)
        low[rows], high[rows] = _bounds(mean[rows], spread)
    chance = np.minimum(1.0, 2 * np.minimum(above, below))
    told = cells.with_columns(
        pl.Series("low", low), pl.Series("high", high), pl.Series("chance", chance), pl.lit(day).alias("day"),
        pl.Series("direction", np.where(above < below, "high", "low")), pl.col("mean").alias("expected"),
    ).filter(pl.Series(discoveries(chance, rate)))  # fmt: skip
    explained = told.filter(pl.col("hour") != WHOLE_DAY).select("outlet_id", "direction")
    explained = explained.with_columns(pl.lit(WHOLE_DAY, told["hour"].dtype).alias("hour"))
    told = told.join(explained, on=["outlet_id", "direction", "hour"], how="anti")
    name = pl.struct("outlet_id", "day", "hour").map_elements(_name, return_dtype=pl.String).alias("alert_id")
    found = told.with_columns(name).select(COLUMNS).sort("chance", "outlet_id", "hour")
    return Alerts(found, cells.height, days, *spreads, ledger.origin)


def _name(cell: dict[str, Any]) -> str:
    text = f"{cell['outlet_id']}|{cell['day']}|{cell['hour']}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def settle(ledger: Ledger, alert: dict[str, Any], outcome: str, note: str, known_at: dt.datetime) -> dict[str, Any]:
    """Write down what became of an alert, ``hit`` or ``false``, and return the entry; the last word counts."""
    if outcome not in OUTCOMES:
        raise UsageError.of("ledger.no_such_outcome", asked=outcome, known=", ".join(OUTCOMES))
    plain = {k: (v.isoformat() if isinstance(v, dt.date) else v) for k, v in alert.items()}
    entry = {"what": "outcome", "known_at": known_at.isoformat(), "alert": plain, "outcome": outcome, "note": note}
    with ledger.writing() as writer:
        return dict(writer.commit(entry)["entry"])


def record(ledger: Ledger) -> dict[str, Any]:
    """Return the alarm's record: how many alerts were settled, and how many of them were hits, in all and by kind.

    A kind is what raised the alert: too many pieces or too few. A share has its 95 % interval.
    """
    last = {
        entry["alert"]["alert_id"]: {"direction": entry["alert"]["direction"], "outcome": entry["outcome"]}
        for entry in ledger.entries("outcome")
    }
    return {**tallied(list(last.values())), "outcomes": {name: row["outcome"] for name, row in last.items()}}


def tallied(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return settled, hits and hit share of rows with ``direction`` and ``outcome``, in all and ``by_kind``."""
    kinds = sorted({row["direction"] for row in rows})
    return {**_share(rows), "by_kind": {k: _share([row for row in rows if row["direction"] == k]) for k in kinds}}


def _share(entries: list[dict[str, Any]]) -> dict[str, Any]:
    hits, settled = sum(entry["outcome"] == "hit" for entry in entries), len(entries)
    low, high = interval(hits, settled)
    return {
        "settled": settled, "hits": hits, "false": settled - hits, "hit_share": hits / settled if settled else None,
        "low": float(low) if settled else None, "high": float(high) if settled else None,
    }  # fmt: skip
