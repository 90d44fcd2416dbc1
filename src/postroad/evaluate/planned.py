"""A designed trunk against its own simulated day: planned and simulated shares in time of every promised pair (P44).

The plan reckons each pair's pieces as a fluid on a day without delays; the simulated day has queues, full vehicles,
slow roads, closed doors and a second try. Both count from the pick-up cut-off after acceptance, and from acceptance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.demand import demand as synthesise
from postroad.design.lines.pairs import members
from postroad.design.lines.promise import promises
from postroad.evaluate.causes import AT_ENDS, Day, journeys
from postroad.evaluate.gaps import gaps
from postroad.evaluate.promised import KEYS, promised
from postroad.evaluate.third_round import with_third_round
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.lines import Timetable, TrunkDesign
    from postroad.parallel import Progress


@dataclass(frozen=True)
class Ran:
    """A day of a designed trunk: ``pairs`` planned against simulated, ``lost`` parcels by cause, the run's facts.

    ``gaps`` says of each failing direction what it could have at most (see ``postroad.evaluate.gaps``), and what the
    same day made of it with a third round of couriers in towns (``postroad.evaluate.third_round``).
    """

    pairs: pl.DataFrame
    lost: pl.DataFrame
    gaps: pl.DataFrame
    facts: dict[str, Any]

    @property
    def classes(self) -> pl.DataFrame:
        """Planned against simulated by class of pairs."""
        return by_class(self.pairs)

    @property
    def lost_by_class(self) -> pl.DataFrame:
        """Shares lost by cause and class of pairs."""
        return lost_by_class(self.pairs, self.lost)

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Everything by name, as it is written to files."""
        return {"planned-simulated": self.pairs, "planned-simulated-classes": self.classes, "lost": self.lost,
                "lost-classes": self.lost_by_class, "gaps": self.gaps}  # fmt: skip


def simulated(
    made: TrunkDesign, day: str = "2020-06-10", *, scale: float = 0.02, seed: int = 0,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Ran:  # fmt: skip
    """Return planned against simulated shares by pair for a day of the designed network, with causes and facts."""
    wanted = synthesise(made.network, int(day[:4]))
    run = simulate_day(made.network, wanted, day=day, scale=scale, seed=seed, progress=progress, stop=stop)
    held, lost = against(made.plan, run["parcels"])
    ladder, facts = gaps(made.plan, run["parcels"], held, scale), {"run_id": run.run_id, **run.facts}
    if not ladder.height:
        return Ran(held, lost, ladder, facts)
    repaired, more = with_third_round(made.plan)
    again = simulate_day(repaired.network, wanted, day=day, scale=scale, seed=seed, progress=progress, stop=stop)
    after = against(repaired, again["parcels"])[0].select(*KEYS[:4], third_round_percent="simulated_percent")
    facts |= {"third_round_run_id": again.run_id, "third_round_yuan_day": more}
    return Ran(held, lost, ladder.join(after, on=KEYS[:4], how="left", maintain_order="left"), facts)


def against(table: Timetable, parcels: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one row for each direction of each promised pair that has parcels in a simulated day, and lost shares.

    ``planned_percent`` and ``simulated_percent`` count from the pick-up cut-off, ``..._accepted_percent`` from
    acceptance; ``planned_own_percent`` is the plan were pieces outside handled as the terms assume it inside;
    ``best_percent`` what no timetable could better on that day, each parcel with its own luck at the ends, and
    ``best_road_percent`` what none by road could.
    ``planned_p95_h`` and ``simulated_p95_h`` are hours from acceptance. Parcels not delivered are late. The second
    table has the late parcels by cause and place (see ``causes``).
    """
    ends = list(table.work.pairs.select("origin_id", "destination_id").iter_rows())
    told, own_luck = _plans(table)
    by_ends, day = promised(table, parcels), Day(table)
    rows, lost = [], []
    for held in members(table.work):
        parts = [by_ends[ends[k]] for k in held["rows"] if ends[k] in by_ends]
        if not parts:
            continue
        part = pl.concat(parts).with_columns(due_min=pl.col("start_min") + 60.0 * held["promise_h"])
        trips = journeys(part)
        hours, since = _hours(part), (part["start_min"] - part["accepted_s"] / 60).to_numpy() / 60
        late = hours - since > held["promise_h"] + 1e-9
        best = np.array([day.best(one) for one in trips])
        due = part["due_min"].to_numpy() + 1e-6
        reachable, by_road = ~late | (best <= due), np.array([day.best(one, road=True) for one in trips]) <= due
        key = {name: held[name] for name in KEYS}
        lost += [{**key, "parcels_all": hours.size, **dict(zip(("cause", "place_id"), day.cause(trips[n], best[n]),
                                                              strict=True))} for n in np.flatnonzero(late)]  # fmt: skip
        at = tuple(held[name] for name in KEYS[:4])
        plan = told[at]
        rows.append({
            **key, "parcels": hours.size, "planned_own_percent": own_luck[at], "planned_percent": plan["share_percent"],
            "simulated_percent": 100 * float((~late).mean()), "best_percent": 100 * float(reachable.mean()),
            "best_road_percent": 100 * float((by_road | ~late).mean()),
            "planned_accepted_percent": plan["share_from_acceptance_percent"],
            "simulated_accepted_percent": 100 * float((hours <= held["promise_h"] + 1e-9).mean()),
            "planned_p95_h": plan["p95_h"],
            "simulated_p95_h": float(np.quantile(hours, 0.95, method="inverted_cdf")),
        })  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None), _lost(lost)


def _plans(table: Timetable) -> tuple[dict[Any, dict[str, Any]], dict[Any, float]]:
    """The promises as planned, and their shares with pieces outside handled as the terms assume it inside."""
    told = {tuple(row[key] for key in KEYS[:4]): row for row in promises(table).iter_rows(named=True)}
    known = table.work.known_ends
    if known is None:
        return told, {key: row["share_percent"] for key, row in told.items()}
    inside = replace(table, work=replace(table.work, known_ends=known.inside_only(table.work.kinds)))
    held = promises(inside, whole=False).iter_rows(named=True)
    return told, {tuple(row[key] for key in KEYS[:4]): row["share_percent"] for row in held}


def _lost(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Late parcels by direction, cause and place, with the share of the direction's parcels that they are."""
    by = [*KEYS, "parcels_all", "cause", "place_id"]
    schema = {**dict.fromkeys(by, pl.String), "pair_id": pl.Int64, "promise_h": pl.Float64,
              "share_asked_percent": pl.Float64, "parcels_all": pl.Int64}  # fmt: skip
    held = pl.DataFrame(rows, schema=schema).group_by(by).agg(parcels=pl.len().cast(pl.Int64))
    share = 100 * pl.col("parcels") / pl.col("parcels_all")
    return held.with_columns(lost_percent=share).drop("parcels_all").sort(*by[:4], "parcels", "cause", "place_id",
                                                                         descending=[False] * 4 + [True, False, False],
                                                                         nulls_last=True)  # fmt: skip


def lost_by_class(held: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """Return the share of each class's parcels that is late for each cause, largest first."""
    all_ = held.group_by("promise_class").agg(all=pl.col("parcels").sum())
    by = lost.group_by("promise_class", "cause").agg(pl.col("parcels").sum()).join(all_, on="promise_class")
    made = by.with_columns(lost_percent=100 * pl.col("parcels") / pl.col("all"), at_ends=pl.col("cause").is_in(AT_ENDS))
    return made.drop("all").sort("promise_class", "parcels", "cause", descending=[False, True, False])


def by_class(held: pl.DataFrame) -> pl.DataFrame:
    """Return planned and simulated shares of each class of pairs, weighted by simulated parcels, and of all."""

    def sums(frame: pl.DataFrame) -> pl.DataFrame:
        percent = [name for name in held.columns if name.endswith("_percent") and name != "share_asked_percent"]
        share = [(pl.col(name) * pl.col("parcels")).sum() / pl.col("parcels").sum() for name in percent]
        holding = [(pl.col(f"{name}_percent") >= pl.col("share_asked_percent") - 1e-9).sum().alias(f"pairs_hold_{name}")
                   for name in ("planned_own", "planned", "simulated", "best", "best_road")]  # fmt: skip
        return frame.group_by("promise_class").agg(
            pl.len().alias("pairs"), pl.col("parcels").sum(), *holding,
            *(one.alias(name) for one, name in zip(share, percent, strict=True)),
        )  # fmt: skip

    return pl.concat([sums(held).sort("promise_class"), sums(held.with_columns(promise_class=pl.lit("all")))])


def _hours(part: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Hours from acceptance to delivery; infinite for parcels that were not delivered."""
    spent = (part["delivered_s"].cast(pl.Float64) - part["accepted_s"]) / 3600
    there = part["delivered_s"].fill_null(-1).to_numpy() >= part["accepted_s"].to_numpy()
    return np.where(there, spent.fill_null(np.inf).to_numpy(), np.inf)
