"""A day of parcels through hubs and timetabled lanes, parcel by parcel: the postal-60 model, against SimPy.

``python -m benchmarks day --model postal60 --parcels N --seed S --json`` prints the model's check values with seconds
and peak memory. With ``--peers textbook,lean`` the same world is also run in SimPy, and must agree to the last one.
``--model jilin`` runs the peak day of the province in every stage and writes its facts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import Options, Row, alone, register
from benchmarks.postal60 import model as postal60
from postroad.simulate.transit import carry

DAYS = 5
READY = ["benchmarks._day_ready"]


def copied(megabytes: int = 512) -> float:
    """Return gigabytes a second read and written by the best of five plain copies: what memory allows."""
    source = np.ones(megabytes * 2**20 // 8)
    target = np.empty_like(source)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - start)
    return 2 * source.nbytes / best / 1e9


def carried_alone(parcels: int, seed: int) -> dict[str, Any]:
    """Return the seconds of carrying alone, the bytes its queues write and read, and the speed of a plain copy.

    A boarding writes and reads one parcel number and one time; a parcel sorted also looks up its destination.
    """
    made = postal60.network(parcels)
    docked, destination = postal60.accept(parcels, seed, made)
    table, hubs = postal60.timetable(made, seed, DAYS), postal60.hubs(made)
    start = time.perf_counter()
    run = carry(docked, destination, hubs, table)
    seconds = time.perf_counter() - start
    moved = 12 * run.sorted_pieces + 12 * run.boardings + run.sorted_pieces + 4 * parcels
    return {"carry_s": seconds, "carry_gb_s": moved / seconds / 1e9, "copy_gb_s": copied()}


def ours(parcels: int, seed: int) -> dict[str, Any]:
    """Draw the parcels, carry them, deliver them; return the check values."""
    made = postal60.network(parcels)
    docked, destination = postal60.accept(parcels, seed, made)
    run = carry(docked, destination, postal60.hubs(made), postal60.timetable(made, seed, DAYS))
    if run.arrived != parcels:
        raise RuntimeError(f"{parcels - run.arrived} parcels did not arrive within {DAYS} days")
    done = postal60.delivered_ms(run.arrive_ms, seed)
    told = postal60.measured(run.arrive_ms, done, seed)
    return {
        "N": parcels,
        "seed": seed,
        **told,
        "left": run.left_over,
        "maxq": run.longest_queue.tolist(),
        "rec": 5 * parcels + run.boardings + run.sorted_pieces,
    }


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=["postal60", "jilin"], default="postal60")
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", default="", help="textbook,lean")


def jilin(scale: float, seed: int) -> dict[str, Any]:
    """Simulate the peak day of Jilin in every stage, with a road slowed, and write the facts to Parquet."""
    import polars as pl

    from postroad.simulate.day import Disruption, simulate_day

    network, made = _jilin()
    slow = [Disruption("road", 0.0, 1440.0, factor=0.8, from_place_id="2201", to_place_id="2202")]
    with tempfile.TemporaryDirectory() as folder:
        run = simulate_day(
            network, made, day="peak", seed=seed, scale=scale, disruptions=slow, out=Path(folder) / "run"
        )
        size = sum(file.stat().st_size for file in (Path(folder) / "run").rglob("*") if file.is_file())
        rows = run.parcels().select(pl.len()).collect().item()
    whole = run["summary"].filter(flow_class="all").row(0, named=True)
    return {"parcels": rows, "events": run.facts["events"], "carried_s": run.facts["carried_s"],
            "written_mb": round(size / 2**20), "mean_h": whole["mean_h"], "late": whole["late"]}  # fmt: skip


@cache
def _jilin() -> tuple[Any, Any]:
    # Imported here, so that the memory of the postal-60 model is its own.
    from postroad.demand import demand
    from postroad.design.lines.baseline import baseline
    from postroad.network import province

    network = province("jilin")
    made = demand(network, 2020)
    return baseline(network, made), made


def _run(options: Options) -> list[Row] | dict[str, Any]:
    if options.model == "jilin":
        scale = options.parcels / 8_450_000
        done = alone("benchmarks.day:jilin", scale, options.seed, imports=["benchmarks._jilin_ready"])
        spent = {"seconds": round(done["seconds"], 2), "processor_s": round(done["processor_s"], 2)}
        return {**done["result"], **spent, "peak_mb": round(done["peak_mb"])}
    # A first small run leaves the compiled code on disk, as any earlier run would have.
    alone("benchmarks.day:ours", 1000, options.seed, imports=["benchmarks.day"])
    mine = alone("benchmarks.day:ours", options.parcels, options.seed, imports=READY)
    if not options.peers:
        bytes_each = round(mine["peak_mb"] * 2**20 / options.parcels, 1)
        loading = alone("benchmarks.day:ours", options.parcels, options.seed, imports=["benchmarks.day"])
        alone_ = alone("benchmarks.day:carried_alone", options.parcels, options.seed, imports=READY)["result"]
        timing = {
            "seconds": round(mine["seconds"], 3),
            "processor_s": round(mine["processor_s"], 3),
            "peak_mb": round(mine["peak_mb"], 1),
        }
        told = {"seconds_with_loading": round(loading["seconds"], 3), **{k: round(v, 3) for k, v in alone_.items()}}
        return {**mine["result"], **timing, "peak_bytes_per_parcel": bytes_each, **told}
    rows = []
    for name in options.peers.split(","):
        peer = alone(f"benchmarks.postal60.peer:{name}", options.parcels, options.seed, imports=["simpy", *READY])
        told, result = peer["result"], mine["result"]
        same = (told["left"], told["longest"], told["checksum"])
        if same != (result["left"], result["maxq"], result["arrive_checksum"]):
            raise RuntimeError(f"SimPy ({name}) disagrees: {same}")
        size = f"postal-60, {options.parcels:,} parcels"
        figures = (mine["seconds"], peer["seconds"], mine["peak_mb"], peer["peak_mb"])
        worked = f"processor {mine['processor_s']:.2f} / {peer['processor_s']:.1f} s"
        rows.append(Row("day", size, f"SimPy {name}", *figures, f"every arrival equal; {worked}"))
    return rows


register("day", _run, _arguments)
