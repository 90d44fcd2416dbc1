"""A film of a simulated day: parcels move on the map, hubs fill and drain; one page, no network (P42 P53).

What moves is a sample of real parcels of the run, drawn along the straight line between the places where the run says
they were, at the minutes it says; trucks carry the loads of the run. Nothing is invented between two known moments but
the straight line.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import polars as pl

from postroad.face.report.map import outlines_of
from postroad.language import Language, say
from postroad.naming import short_names_of

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.simulate.day import Run

SAMPLE = 3000
STOPS = 8
MINUTE_S = 60.0
MOST_DAYS = 5
MOST_TRAINS = 12
MODES = ("road", "rail", "air", "bus")
WORDS = (
    "play", "pause", "speed", "parcels_shown", "hubs", "causes", "on_the_way", "at_rest", "late", "delivered", "day",
    "queue", "utilisation", "trucks", "trains", "train_held", "by_rail", "keys", "no_late",
)  # fmt: skip


def film(run: Run, network: Network, spoken: Language, *, sample: int = SAMPLE) -> str:
    """Return the page; ``sample`` parcels are shown, evenly spread over those of the run, and all trucks and hubs."""
    template = files("postroad.face.report").joinpath("templates", "film.html.j2").read_text("utf-8")
    data = _data(run, network, spoken, sample)
    words = {name: say(f"film.{name}", spoken, **({"n": "{n}"} if name == "day" else {})) for name in WORDS}
    title = say("film.title", spoken, province=network.label(spoken), day=run.facts["first_day"])
    options = run.stamp.options
    lead = say("film.lead", spoken, shown=len(data["parcels"]), parcels=f"{run.facts['parcels']:,}",
               scale=f"{100 * float(options['scale']):g}", run=run.run_id)  # fmt: skip
    made = jinja2.Environment(autoescape=True).from_string(template)
    plain = json.dumps({**data, "words": words}, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return made.render(title=title, lead=lead, spoken=spoken, words=words, data=plain)


def _data(run: Run, network: Network, spoken: Language, sample: int) -> dict[str, Any]:
    parcels = sampled(run, sample)
    known = network["places"].drop_nulls(["lon", "lat"])
    spot = {p: (lon, lat) for p, lon, lat in known.select("place_id", "lon", "lat").iter_rows()}
    index: dict[str, int] = {}
    paths = [path for row in parcels.iter_rows(named=True) if (path := path_of(row, spot, index))]
    trips = [
        [round(row["depart_min"]), round(row["arrive_min"]), _number(row["from_place_id"], index),
         _number(row["to_place_id"], index), row["loaded"], MODES.index(row["mode"])]
        for row in run["trips"].filter(pl.col("runs"), pl.col("loaded") > 0).iter_rows(named=True)
        if row["from_place_id"] in spot and row["to_place_id"] in spot
    ]  # fmt: skip
    hubs = _hubs(run, network, spoken, spot, index)
    names = short_names_of(network, spoken)
    outside = set(network["places"].filter(level="external")["place_id"])
    places = [
        [
            round(spot[p][0], 4),
            round(spot[p][1], 4),
            int(p in outside),
            names[p] if p in outside else "",
        ]
        for p in index
    ]
    last = max([path[-2] for path in paths] + [trip[1] for trip in trips] + [1440])
    return {"places": places, "parcels": paths, "trips": trips, "hubs": hubs, "outline": _outline(network),
            "trains": _trains(run, names),
            "causes": _causes(run, spoken), "end": min(int(last) + 30, 1440 * MOST_DAYS)}  # fmt: skip


def _trains(run: Run, names: dict[str, str]) -> list[list[Any]]:
    """Trains with what they carry: minute, where to, pieces, room, and whether it ran or was held for want of them."""
    trips = run["trips"].filter(pl.col("mode") == "rail", pl.col("runs") | pl.col("held"))
    room = trips["capacity_pieces"].max()
    shown = trips.filter(pl.col("depart_min").is_between(0, MOST_DAYS * 1440)).sort("depart_min", "line_haul_id")
    return [
        [round(row["depart_min"]), names.get(row["to_place_id"], row["to_place_id"]),
         row["loaded"], row["capacity_pieces"] or room, int(row["runs"])]
        for row in shown.head(MOST_TRAINS).iter_rows(named=True)
    ]  # fmt: skip


def _number(place: str, index: dict[str, int]) -> int:
    return index.setdefault(place, len(index))


def sampled(run: Run, sample: int) -> pl.DataFrame:
    """Return where and when some parcels were seen, evenly spread over those of the run."""
    step = max(1, int(run.facts["parcels"]) // sample)
    stops = [f"stop{k}_{part}" for k in range(1, STOPS + 1) for part in ("place_id", "arrive_s", "depart_s")]
    own = ["origin_id", "destination_id", "accepted_s", "collected_s", "out_s", "delivered_s", "late_s", *stops]
    return run.parcels().select(own).with_columns(pl.col(pl.Categorical).cast(pl.String)).gather_every(step).collect()


def path_of(row: dict[str, Any], spot: dict[str, Any], index: dict[str, int]) -> list[int]:
    """Whether it is late, then pairs of minute and place: where the parcel was at each known moment."""
    points: list[tuple[float, str]] = [(row["accepted_s"], row["origin_id"])]
    if row["collected_s"] is not None:
        points.append((row["collected_s"], row["origin_id"]))
    for k in range(1, STOPS + 1):
        place = row[f"stop{k}_place_id"]
        if place is None:
            break
        for moment in (row[f"stop{k}_arrive_s"], row[f"stop{k}_depart_s"]):
            if moment is not None and moment >= 0:
                points.append((moment, place))
    if row["delivered_s"] is not None:
        if row["out_s"] is not None:
            points.append((row["out_s"], points[-1][1]))
        points.append((row["delivered_s"], row["destination_id"]))
    held = [(moment, place) for moment, place in points if place in spot]
    if len(held) < 2:
        return []
    path = [int((row["late_s"] or 0) > 0)]
    before = -1e9
    for moment, place in held:
        before = max(before, moment)
        path += [round(before / MINUTE_S), _number(place, index)]
    return path


def _hubs(
    run: Run, network: Network, spoken: Language, spot: dict[str, Any], index: dict[str, int]
) -> list[dict[str, Any]]:
    """Hubs with queue and utilisation by half hour from the first midnight on, busiest first."""
    plants = network["hub_plants"].filter(kind="hub")["place_id"]
    facilities = run["facilities"].filter(pl.col("kind") == "hub", pl.col("place_id").is_in(plants.implode()))
    busiest = facilities.group_by("place_id").agg(pl.col("sorted").sum()).sort(
        ["sorted", "place_id"], descending=[True, False]
    ).head(14)  # fmt: skip
    names = short_names_of(network, spoken)
    hubs = []
    for place in busiest["place_id"]:
        if place not in spot:
            continue
        own = facilities.filter(pl.col("place_id") == place, pl.col("from_min").is_between(0, 1440 * MOST_DAYS - 1))
        # A facility has no row for a half hour in which it does nothing.
        queue, busy = [0] * (48 * MOST_DAYS), [0.0] * (48 * MOST_DAYS)
        for start, waiting, used in own.select("from_min", "queue", "utilisation").iter_rows():
            queue[start // 30], busy[start // 30] = int(waiting or 0), round(float(used or 0.0), 2)
        last = max((start // 30 for start in own["from_min"]), default=0) + 1
        label = names.get(place, place)
        hubs.append(
            {"place": _number(place, index), "name": label,
             "queue": queue[:last], "busy": busy[:last]}
        )  # fmt: skip
    return hubs


def _outline(network: Network) -> list[list[list[float]]]:
    shapes = outlines_of(network) or {"features": []}
    rings = []
    for feature in shapes["features"]:
        shape = feature["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rings += [[[round(x, 3), round(y, 3)] for x, y in ring] for polygon in polygons for ring in polygon]
    return rings


def _causes(run: Run, spoken: Language) -> list[list[Any]]:
    """Late parcels by cause, largest first: words and pieces."""
    told = run["lateness"].with_columns(pl.col("reason").cast(pl.String)).filter(pl.col("reason") != "none")
    by_cause = (
        told.group_by("reason").agg(pl.col("parcels").sum()).sort(["parcels", "reason"], descending=[True, False])
    )
    return [[say(f"film.cause_{reason}", spoken), int(pieces)] for reason, pieces in by_cause.iter_rows() if pieces]
