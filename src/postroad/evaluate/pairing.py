"""Two simulated days of the same parcels side by side: what a change of the network did to each of them (P44 P98).

Both runs drew the same parcels and met the same snow and luck, so that what differs is the network. Intervals are of
the mean paired difference with the sums of destination counties as clusters (single-stage cluster
sampling, Cochran, Sampling Techniques, 1977, chapter 9A); they cover which parcels and counties the day had, not other
days.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.special import stdtrit

from postroad.errors import UsageError
from postroad.measure.promise.certificate import of_pairs, units_of
from postroad.plan.plan import Plan
from postroad.plan.plan import plan as read_plan
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.simulate.day import Run

LEVEL = 0.95
PARCEL = ("day", "parcel", "origin_id", "destination_id", "product_id", "accepted_s")
"""What makes a parcel of one run the same as one of another."""
TARGETS = {"core": "24h-core-cities", "metro": "24h-metro", "towns": "24h-towns", "neighbours": "24h-neighbours"}
"""The plan's target of each class of promised pairs, as Jilin's plan names them; another plan may have none."""


@dataclass(frozen=True, repr=False)
class Pairing(Result):
    """``classes``, ``promises``, ``counties`` (shares on time and hours, before and after) and ``reasons`` of lateness.

    It maps the counties by change of hours and writes itself as a report.
    """

    network: Network | None = field(default=None, compare=False, repr=False)

    def against(self, plan: Plan | str | None = None) -> pl.DataFrame:
        """Return the plan's targets of the promised pairs with both shares: who meets what the pairs ask for.

        Columns: target, promise_class, asked_percent, before_percent, after_percent, change, low, high, met_before,
        met_after. A class that the plan has no target for keeps its row with an empty target.
        """
        held = plan if isinstance(plan, Plan) else read_plan(plan or self._own.name)
        known = {target.id for target in held.targets}
        target = {kind: name for kind, name in TARGETS.items() if name in known}
        asked = pl.col("asked_percent")
        return self["promises"].select(
            pl.col("promise_class").replace_strict(target, default=None, return_dtype=pl.String).alias("target"),
            "promise_class", asked, "before_percent", "after_percent", "change", "low", "high",
            met_before=pl.col("before_percent") >= asked, met_after=pl.col("after_percent") >= asked,
        )  # fmt: skip

    @property
    def _own(self) -> Network:
        if self.network is None:
            raise UsageError.of("pairing.alone")
        return self.network


def paired(network: Network, before: Run, after: Run) -> Pairing:
    """Return two runs of the same parcels side by side; ``UsageError`` when they are not of the same parcels."""
    both = _joined(before, after)
    unit = units_of(network)
    inside = network["places"].filter(level="county")["place_id"]
    both = both.join(unit.rename({"place_id": "destination_id", "unit_id": "county_id"}), on="destination_id")
    tables = {
        "classes": _shares(both, "flow_class", "county_id").sort("flow_class"),
        "promises": _promises(both, network),
        "counties": _counties(both.filter(pl.col("county_id").is_in(inside.implode()))),
        "reasons": _reasons(both),
    }
    told: dict[str, Any] = {"before": before.run_id, "after": after.run_id, "level": LEVEL}
    stamp = Stamp.now("paired_runs", f"{before.stamp.inputs}+{after.stamp.inputs}", told, before.stamp.seed)
    return Pairing(stamp, tables, {"parcels": both.height}, network=network)


def _joined(before: Run, after: Run) -> pl.DataFrame:
    """The parcels of both runs, one row each, with the outcome of both."""
    outcome = ("hours", "late", "reason")
    frames = []
    for run, name in ((before, "before"), (after, "after")):
        keys = [pl.col(c).cast(pl.String) if c not in ("parcel", "accepted_s") else pl.col(c) for c in PARCEL]
        frame = run.parcels().select(
            *keys,
            pl.col("flow_class").cast(pl.String),
            (pl.col("accepted_s") // 60 % 1440).alias("accept_min"),
            pl.when(pl.col("delivered_s").is_not_null()).then(pl.col("elapsed_s") / 3600).alias("hours"),
            (pl.col("late_s") > 0).alias("late"),
            pl.col("reason").cast(pl.String),
        )
        frames.append(frame.rename({c: f"{c}_{name}" for c in outcome}).collect())
    both = frames[0].join(frames[1].drop("flow_class", "accept_min"), on=PARCEL, how="inner")
    if not both.height or both.height != frames[0].height or both.height != frames[1].height:
        raise UsageError.of("pairing.strangers", before=frames[0].height, after=frames[1].height, both=both.height)
    return both


def _shares(both: pl.DataFrame, by: str, cluster: str) -> pl.DataFrame:
    """Shares on time in percent by a key, the paired change with its interval, parcels spared and harmed."""
    on_time = {name: ~pl.col(f"late_{name}") for name in ("before", "after")}
    rows = []
    for (key,), group in both.group_by(by, maintain_order=True):
        ok = group.select(cluster, **on_time)
        low, high = clustered(ok["after"].cast(pl.Int8) - ok["before"].cast(pl.Int8), ok[cluster])
        before, after = (100 * float(ok[name].mean() or 0.0) for name in ("before", "after"))  # type: ignore[arg-type]
        rows.append({by: key, "parcels": ok.height, "before_percent": before, "after_percent": after,
                     "change": after - before, "low": 100 * low, "high": 100 * high,
                     "spared": int((ok["after"] & ~ok["before"]).sum()),
                     "harmed": int((ok["before"] & ~ok["after"]).sum())})  # fmt: skip
    floats = dict.fromkeys(("before_percent", "after_percent", "change", "low", "high"), pl.Float64)
    schema: Any = {by: pl.String, "parcels": pl.Int64, **floats, "spared": pl.Int64, "harmed": pl.Int64}
    made = pl.DataFrame(rows, schema=schema)
    return made.with_columns(pl.col("low", "high").fill_nan(None))


def clustered(values: pl.Series, cluster: pl.Series) -> tuple[float, float]:
    """Return the 95 % interval of a mean whose values come in clusters; not a number with fewer than two clusters."""
    mean, n = float(values.mean() or 0.0), values.len()  # type: ignore[arg-type]
    sums = pl.DataFrame({"c": cluster, "r": values.cast(pl.Float64) - mean}).group_by("c").agg(pl.col("r").sum())["r"]
    groups = sums.len()
    if groups < 2:
        return float("nan"), float("nan")
    error = float(np.sqrt(groups / (groups - 1) * float((sums**2).sum()))) / n
    half = float(stdtrit(groups - 1, (1 + LEVEL) / 2)) * error
    return mean - half, mean + half


def _promises(both: pl.DataFrame, network: Network) -> pl.DataFrame:
    """The classes of promised pairs: their parcels in time by the pairs' own hours."""
    if network["promise_pairs"].is_empty():
        return _shares(both.clear().with_columns(promise_class=pl.lit("")), "promise_class", "county_id").with_columns(
            asked_percent=pl.lit(None, pl.Float64)
        )
    facts = both.with_columns(hours=pl.col("hours_before")).lazy()
    found = of_pairs(facts, network).collect()
    in_time = {f"late_{name}": (pl.col(f"hours_{name}") > pl.col("promise_h")).fill_null(True)
               for name in ("before", "after")}  # fmt: skip
    asked = found.group_by("promise_class").agg(pl.col("share_percent").max().alias("asked_percent"))
    made = _shares(found.with_columns(**in_time), "promise_class", "county_id")
    return made.join(asked, on="promise_class", how="left").sort("promise_class")


def _counties(both: pl.DataFrame) -> pl.DataFrame:
    """Counties by where parcels go: share in time and mean hours of what was delivered in both runs."""
    hours = [pl.col(f"hours_{name}").filter(pl.col("hours_before").is_not_null() & pl.col("hours_after").is_not_null())
             .mean().alias(f"{name}_h") for name in ("before", "after")]  # fmt: skip
    shares = [(100 * (~pl.col(f"late_{name}")).mean()).alias(f"{name}_percent") for name in ("before", "after")]
    made = both.group_by(place_id=pl.col("county_id")).agg(pl.len().cast(pl.Int64).alias("parcels"), *shares, *hours)
    return made.with_columns(change_h=pl.col("after_h") - pl.col("before_h")).drop_nulls("change_h").sort("place_id")


def _reasons(both: pl.DataFrame) -> pl.DataFrame:
    counts = [both.group_by(reason=pl.col(f"reason_{name}")).agg(pl.len().cast(pl.Int64).alias(name))
              for name in ("before", "after")]  # fmt: skip
    made = counts[0].join(counts[1], on="reason", how="full", coalesce=True)
    return made.filter(pl.col("reason") != "none").with_columns(pl.col("before", "after").fill_null(0)).sort("reason")
