"""A province's question: which villages and blocks get a station or a locker, in which year, for how much money.

Four standards at once. A city block needs a point within 1 km or 10 minutes' walk, a block in a town within 3 km, a
township has at least one, and an administrative village has a station of its own. A person counts once for each
standard that is not met, so a station that also is the first point of its township counts for both.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy import sparse
from scipy.spatial import KDTree

from postroad.design.sites.demand import Question
from postroad.design.sites.lifting import lift
from postroad.design.sites.loss import cells_for, refusal, turnover
from postroad.design.sites.rollout import NEVER, Rollout, rollout
from postroad.design.sites.unmet import unmet
from postroad.design.sites.ways import shorter_ways
from postroad.errors import UsageError
from postroad.results import Result, Stamp
from postroad.shown import Shown
from postroad.travel.doorstep import STANDARDS, USABLE, flat, homes, homes_km, inside, pace
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.network import Network
    from postroad.parallel import Progress

STATION, LOCKER = "village_post_station", "locker_group"
SOURCE = "design-sites"
EXISTING = "existing"
FLOORS = (0.9, 0.95, 0.98, 0.99, 1.0)
"""The floors whose price is told."""


@dataclass(frozen=True)
class SiteOptions:
    """Money for each year, what a site costs, the least share of each county, and how lockers are sized.

    ``pieces_head_year`` pieces reach a person, ``locker_share`` of them through lockers (both assumed), and no more
    than ``most_refusal`` of those may find every cell taken. ``worst_tenth_min`` and ``county_mean_min`` limit the mean
    minutes on foot of the worst-off tenth and of every county. ``station_persons`` and ``locker_persons`` are how many
    people a new point can serve; no station's capacity is published, so there is none unless it is given.
    """

    first_year: int = 2021
    budgets: tuple[float, ...] = (3e6, 3e6, 3e6)
    station_yuan: float = 20_000.0
    locker_yuan: float = 30_000.0
    floor: float = 0.0
    pieces_head_year: float = 61.0
    locker_share: float = 0.05
    most_refusal: float = 0.05
    worst_tenth_min: float | None = None
    county_mean_min: float | None = None
    station_persons: float | None = None
    locker_persons: float | None = None
    time_s: float = 60.0


@dataclass(frozen=True)
class SitePlan(Shown):
    """New sites with their year, the network that holds them, and how good the answer is."""

    result: Result
    network: Network
    rollout: Rollout

    @property
    def sites(self) -> pl.DataFrame:
        """One row a new site: place, kind, year, yuan, persons brought inside, persons for each 10,000 yuan."""
        return self.result["new_sites"]


def design_sites(
    network: Network,
    options: SiteOptions | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> SitePlan:
    """Return the rollout of stations and lockers; ``InfeasibleError`` names the counties whose floor costs too much."""
    options = options or SiteOptions()
    if not 0 <= options.floor <= 1:
        raise UsageError.of("sites.bad_floor", value=options.floor)
    sizes = (options.worst_tenth_min, options.county_mean_min, options.station_persons, options.locker_persons)
    if any(size is not None and not size > 0 for size in sizes):
        raise UsageError.of("sites.bad_limit", value=", ".join(str(size) for size in sizes if size is not None))
    units = homes(network)
    question, candidates = ask(network, units, options)
    answer = rollout(question, time_s=options.time_s, progress=progress, stop=stop)
    new = _chosen(network, question, candidates, answer, options)
    told = {k: v for k, v in options.__dict__.items() if k != "time_s"}
    facts = {
        "objective_person_years_outside": answer.objective,
        "bound": answer.bound,
        "gap": answer.gap,
        "status": answer.status,
        "stations": new.filter(kind=STATION).height,
        "lockers": new.filter(kind=LOCKER).height,
        "yuan": float(new["yuan"].sum()),
        "needs_left": int((answer.met[-1] < 0.5).sum()),
    }
    lifts = pl.DataFrame(
        [
            {
                "floor": one.floor,
                "yuan": one.yuan,
                "bound": one.bound,
                "sites": one.sites,
                "short": ", ".join(one.short),
            }
            for one in (lift(question, floor, time_s=options.time_s, stop=stop) for floor in FLOORS)
        ]
    )
    tables = {
        "floors": lifts,
        "new_sites": new,
        "unmet": unmet(network, units, question, answer, options.locker_yuan),
        "lockers": locker_loads(network, units, options),
    }
    result = Result(Stamp.now("sites", network.fingerprint, told), tables, facts)
    return SitePlan(result, _written(network, new), answer)


def ask(network: Network, units: pl.DataFrame, options: SiteOptions) -> tuple[Question, pl.DataFrame]:
    """Return the question, and one row for each candidate but the first, which stands for all sites there are."""
    sites = network["sites"].filter(pl.col("status") == "open").drop_nulls(["lon", "lat"])
    points = sites.filter(pl.col("kind").is_in(USABLE))
    walking, at = pace(network), flat(units)
    spread = homes_km(at)
    kind = units["class"].to_numpy()
    near = _far(at) if not points.height else KDTree(flat(points, float(units["lat"].to_numpy().mean()))).query(at)[0]
    km = walking.km(near, spread)
    served = set(points["place_id"].str.slice(0, 9))
    holds = set(points["place_id"])
    stations = set(sites.filter(kind=STATION)["place_id"])
    place, town = units["place_id"].to_list(), units["township_id"].to_list()
    urban = np.isin(kind, ["city", "town"])
    outside = urban & ~inside(kind, km, 60.0 * km / walking.ordinary_kmh)
    lone = np.array([t not in served for t in town]) & ~urban
    bare = np.array([p not in stations for p in place]) & (units["kind"] == "village").to_numpy()
    rows = np.concatenate([np.flatnonzero(part) for part in (outside, lone, bare)])
    rule = np.repeat(["near", "township", "village"], [outside.sum(), lone.sum(), bare.sum()])
    may = np.flatnonzero(np.array([p not in holds for p in place]) | bare)
    reach = _reach(at, spread, (kind, np.array(town)), (rows, rule, may), walking)
    limits = (options.worst_tenth_min, options.county_mean_min)
    if limits == (None, None):  # a point that meets no need may still shorten somebody's way
        useful = np.flatnonzero(np.asarray(reach.sum(axis=0)).ravel())
        may, reach = may[useful], reach[:, useful]
    candidates = units[may].with_columns(
        make=pl.Series(np.where(bare[may] | (kind[may] == "rural"), STATION, LOCKER), dtype=pl.String)
    )
    question = _question(units, candidates, (rows, rule, reach), options)
    if limits != (None, None):
        question = replace(question, minutes=shorter_ways(units, (at, may, km), walking, limits))
    return question, candidates


def _far(at: Any) -> Any:
    return np.full(len(at), 1e6)


def _reach(at: Any, spread: Any, names: tuple[Any, Any], needs: tuple[Any, Any, Any], walking: Any) -> sparse.csr_array:
    """Return which candidate meets which need, by the rule of each need."""
    (kind, town), (rows, rule, may) = names, needs
    most = max(km for km, _ in STANDARDS.values() if km is not None)
    tree, found = KDTree(at[may]), []
    own = {int(unit): k for k, unit in enumerate(may)}
    members: dict[str, list[int]] = {}
    for k, unit in enumerate(may):
        members.setdefault(town[unit], []).append(k)
    for i, (unit, why) in enumerate(zip(rows.tolist(), rule.tolist(), strict=True)):
        if why == "village":
            found += [(i, own[unit])] if unit in own else []
        elif why == "township":
            found += [(i, k) for k in members.get(town[unit], [])]
        else:
            close = np.array(sorted(tree.query_ball_point(at[unit], most)), np.int64)
            km = walking.km(np.linalg.norm(at[may[close]] - at[unit], axis=1), spread[unit])
            good = inside(np.repeat(kind[unit], close.size), km, 60.0 * km / walking.ordinary_kmh)
            found += [(i, int(k)) for k in close[good]]
    pairs = np.array(found, np.int64).reshape(-1, 2)
    return sparse.csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (rows.size, may.size))


def _question(
    units: pl.DataFrame, candidates: pl.DataFrame, needs: tuple[Any, Any, sparse.csr_array], options: SiteOptions
) -> Question:
    """Put one site before the candidates, already open, which meets what is met today: one need a county."""
    rows, rule, reach = needs
    persons = units["persons"].to_numpy().astype(float)
    counties = units["county_id"].fill_null("").unique().sort().to_list()
    number = {county: k for k, county in enumerate(counties)}
    area = np.array([number[c or ""] for c in units["county_id"].to_list()])
    label = dict(units.select("county_id", "county_zh").unique().iter_rows())
    # What is met today weighs so that a floor is a share of everybody's standards in the county.
    missing = np.bincount(area[rows], persons[rows], len(counties))
    held = np.maximum(0.0, np.bincount(area, persons, len(counties)) - missing)
    whole = sparse.block_array(
        [
            [sparse.csr_array(np.ones((len(counties), 1))), None],
            [None, reach],
        ],
        format="csr",
    )
    yuan = np.where((candidates["make"] == STATION).to_numpy(), options.station_yuan, options.locker_yuan)
    places = units["place_id"].to_list()
    return Question(
        reach=whole,
        persons=np.concatenate([held, persons[rows]]),
        area=np.concatenate([np.arange(len(counties)), area[rows]]),
        yuan=np.concatenate([[0.0], yuan]),
        opened=np.arange(len(yuan) + 1) == 0,
        budgets=options.budgets,
        need_names=(*counties, *(f"{places[i]}|{why}" for i, why in zip(rows.tolist(), rule.tolist(), strict=True))),
        site_names=(EXISTING, *candidates["place_id"].to_list()),
        area_names=tuple(str(label.get(c, c)) for c in counties),
        floors=np.full(len(counties), options.floor) if options.floor else None,
        **_capacities(candidates, rule, persons, options, (held, rows)),
    )


def _capacities(
    candidates: pl.DataFrame, rule: Any, persons: Any, options: SiteOptions, needs: tuple[Any, Any]
) -> dict[str, Any]:
    """Return how many persons a new point serves and what each need takes; a township's need takes nothing."""
    held, rows = needs
    if options.station_persons is None and options.locker_persons is None:
        return {}
    every = float(held.sum() + persons.sum())
    station, locker = (every if size is None else size for size in (options.station_persons, options.locker_persons))
    size = np.where((candidates["make"] == STATION).to_numpy(), station, locker)
    load = np.where(rule == "township", 0.0, persons[rows])
    return {"capacity": np.concatenate([[every], size]), "load": np.concatenate([held, load])}


def _chosen(
    network: Network, question: Question, candidates: pl.DataFrame, answer: Rollout, options: SiteOptions
) -> pl.DataFrame:
    """Return the new sites in the order of the years and of gain for each yuan."""
    year = answer.year[1:]
    gain = np.asarray(sparse.csc_array(question.reach).T @ question.persons).ravel()[1:]
    picked = np.flatnonzero(year != NEVER)
    held = parameters(network, ["locker_turns_per_day", "locker_cells_per_set"])
    load = candidates["persons"].to_numpy() * options.pieces_head_year / 365.0 * options.locker_share
    cells = [max(1, cells_for(float(a) / held["locker_turns_per_day"][0], options.most_refusal)) for a in load[picked]]
    own = candidates[picked]
    return own.select(
        "place_id", "name_zh", "pinyin", "county_id", "county_zh", "county_en", "lon", "lat",
        kind="make",
        cells=pl.when(pl.col("make") == LOCKER).then(pl.Series(cells, dtype=pl.Int64)),
        year=pl.Series(options.first_year + year[picked], dtype=pl.Int64),
        yuan=pl.Series(question.yuan[1:][picked], dtype=pl.Float64),
        persons_reached=pl.Series(gain[picked], dtype=pl.Float64),
    ).with_columns(
        persons_each_10k_yuan=pl.col("persons_reached") / (pl.col("yuan") / 1e4)
    ).sort("year", "persons_each_10k_yuan", "place_id", descending=[False, True, False])  # fmt: skip


def locker_loads(network: Network, units: pl.DataFrame, options: SiteOptions) -> pl.DataFrame:
    """Return each open locker group's load, share refused, and the cells it would need (P64).

    Each person of a block uses the lockers of the block, in proportion to their cells.
    """
    held = parameters(network, ["locker_turns_per_day", "locker_cells_per_set"])
    days = 1.0 / held["locker_turns_per_day"][0]
    lockers = network["sites"].filter(pl.col("kind") == LOCKER, pl.col("status") == "open")
    lockers = lockers.with_columns(pl.col("cells").fill_null(int(held["locker_cells_per_set"][0])))
    joined = lockers.select("site_id", "place_id", "cells").join(
        units.select("place_id", "name_zh", "county_zh", "persons"), on="place_id"
    )
    share = pl.col("cells") / pl.col("cells").sum().over("place_id")
    joined = joined.with_columns(
        load=pl.col("persons") * share * options.pieces_head_year / 365.0 * options.locker_share * days
    ).sort("site_id")
    return joined.with_columns(
        refused=pl.Series([refusal(a, c) for a, c in joined.select("load", "cells").iter_rows()], dtype=pl.Float64),
        cells_needed=pl.Series([cells_for(a, options.most_refusal) for a in joined["load"]], dtype=pl.Int64),
        turns_day=pl.Series(
            [turnover(a, c, days) for a, c in joined.select("load", "cells").iter_rows()], dtype=pl.Float64
        ),
    ).sort("refused", "site_id", descending=[True, False])


def _written(network: Network, new: pl.DataFrame) -> Network:
    """Return the network with the new sites in it, each opening on the last day of its year."""
    sources = network["sources"]
    if not sources.filter(source_id=SOURCE).height:
        row = {"source_id": SOURCE, "title": "Service points added by a design", "licence": "own rule",
               "origin": "derived", "source": SOURCE}  # fmt: skip
        sources = pl.concat([sources, pl.DataFrame([row])], how="diagonal_relaxed")
    rows = new.select(
        site_id=pl.lit("NEW-") + pl.col("kind").str.slice(0, 2).str.to_uppercase() + "-" + pl.col("place_id"),
        name_zh="name_zh",
        kind="kind",
        place_id="place_id",
        lon="lon",
        lat="lat",
        status=pl.lit("open"),
        opened_on=pl.Series([dt.date(year, 12, 31) for year in new["year"]], dtype=pl.Date),
        cells="cells",
        origin=pl.lit("assumed"),
        source=pl.lit(SOURCE),
    )
    sites = pl.concat([network["sites"], rows], how="diagonal_relaxed")
    return network.with_(sites=sites, sources=sources)
