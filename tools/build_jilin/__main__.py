"""Command of the builder; see the package's docstring."""

from __future__ import annotations

import argparse
import filecmp
import json
import sys
import tempfile
from pathlib import Path

import polars as pl

from postroad import tables
from postroad.network import pack_folder
from tools.build_jilin import (
    links,
    outlines,
    places,
    policy,
    population,
    promises,
    records,
    rounds,
    scatter,
    service,
    sites,
    travel,
)
from tools.build_jilin.inputs import Inputs

PARQUET = ("places", "populations", "sites")
PACK = """# The reference province. `python -m tools.build_jilin` makes this folder from its sources.
name = "jilin"
zh = "吉林省"
en = "Jilin"
version = "1"
place_id = "22"

[coordinates]
datum = "WGS84"
"""


def frames(inputs: Inputs) -> tuple[dict[str, pl.DataFrame], dict[str, object], str]:
    """Return all tables, the report of the coordinate rule, and the outlines."""
    counties = inputs.shapes("counties")
    units = places.inner(inputs)
    made = scatter.ground(units, counties, inputs.shapes("roads"))
    report = {"coordinate_rule": scatter.errors(units, made), "spacing_km": made.spacing_km, "road_km": made.road_km}
    units = scatter.fill(units, made)
    outside = places.external()
    people = population.populations(inputs, units)
    nodes, roads = links.roads(inputs, outside)
    assumed = (travel, policy, rounds, service)
    known = pl.concat([records.parameters(inputs), *(room.parameters() for room in assumed)], how="diagonal")
    built = {
        "places": pl.concat([units, outside], how="diagonal"),
        "populations": people,
        "road_nodes": nodes,
        "road_links": roads,
        **links.rail(inputs),
        **links.air(inputs),
        "sites": sites.sites(units, people),
        "operators": records.operators(),
        "vehicles": records.vehicles(known),
        "parameters": known,
        "promise_pairs": promises.promise_pairs(counties, units),
        "statistics": records.statistics(inputs),
    }
    built["sources"] = inputs.sources()
    blank = pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep()
    clean = {name: tables.conform(frame, name).with_columns(blank) for name, frame in built.items()}
    return clean, report, outlines.outlines(counties)


def build(source: Path, target: Path) -> list[str]:
    """Write the pack into a folder and return the names of its files; stops with every fault if there is any."""
    built, report, shapes = frames(Inputs(source))
    faults = tables.check(built)
    if faults:
        raise SystemExit("\n".join(fault.say("en") for fault in faults[:60]) + f"\n{len(faults)} faults")
    target.mkdir(parents=True, exist_ok=True)
    names = []
    for name, frame in built.items():
        ending = "parquet" if name in PARQUET else "csv"
        path = target / f"{name}.{ending}"
        if ending == "parquet":
            frame.write_parquet(path, compression="zstd", compression_level=12, statistics=False)
        else:
            frame.write_csv(path)
        names.append(path.name)
    (target / "outlines.geojson").write_text(shapes, "utf-8")
    (target / "pack.toml").write_text(PACK, "utf-8")
    (target / "build_report.json").write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", "utf-8")
    return [*names, "outlines.geojson", "pack.toml", "build_report.json"]


def main() -> None:
    """Build into the package, or with ``--check`` into a temporary folder that is compared with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="folder of the source tables")
    parser.add_argument("--check", action="store_true", help="build elsewhere and compare with the shipped pack")
    options = parser.parse_args()
    target = pack_folder("jilin")
    if not options.check:
        for name in build(options.source, target):
            sys.stdout.write(f"{(target / name).stat().st_size / 1024:10.1f} kB  {name}\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        names = build(options.source, Path(folder))
        _, different, missing = filecmp.cmpfiles(folder, target, names, shallow=False)
    if different or missing:
        raise SystemExit(f"differs from the shipped pack: {', '.join([*different, *missing])}")
    sys.stdout.write("the shipped pack is what its sources give\n")


if __name__ == "__main__":
    main()
