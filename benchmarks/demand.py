"""Draw the parcels of the peak day, against a loop over origin-destination pairs in NumPy and pandas.

The peer is what one would write first: a multinomial for the pieces of each pair, then for each pair its villages,
products, operators, hours and weights by NumPy's generator, gathered into one pandas frame. Both start from the same
flows and weights, made beforehand. Ours must give the same digest at every number of workers.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from benchmarks import Options, alone, register


def _made() -> tuple[Any, Any]:
    import postroad
    from postroad.demand import demand

    made = demand(postroad.province("jilin"))
    return made, made.drawer("peak")


MADE: tuple[Any, Any] | None = None


def ready() -> tuple[Any, Any]:
    """Return demand and drawing tables, made once for a process."""
    global MADE
    if MADE is None:
        MADE = _made()
        list(MADE[0].parcels("peak", pieces=10))
    return MADE


def stream(parcels: int, workers: int) -> int:
    """Draw and throw away, as a consumer that keeps nothing."""
    made, _ = ready()
    return sum(len(block) for block in made.parcels("peak", seed=1, pieces=parcels, workers=workers))


def hashed(parcels: int, workers: int) -> str:
    """Draw and return the digest."""
    from postroad.demand import digest

    made, _ = ready()
    return digest(made.parcels("peak", seed=1, pieces=parcels, workers=workers))


def by_pair(parcels: int) -> int:
    """Draw pair by pair with NumPy and gather with pandas."""
    import pandas as pd

    made, tables = ready()
    rng = np.random.default_rng(1)
    flows = made.flows["pieces"].to_numpy()
    counts = rng.multinomial(parcels, flows / flows.sum())
    hour = np.diff(tables.hour) / tables.hour[-1]
    frames = []
    for pair, count in enumerate(counts):
        if count == 0:
            continue
        a, b, kind = tables.pair_ends[pair]
        product = rng.choice(_values(tables.product, kind), count, p=_shares(tables.product, kind))
        shape = tables.weight[product]
        grams = rng.lognormal(shape[:, 0], shape[:, 1])
        frames.append(
            pd.DataFrame(
                {
                    "origin": rng.choice(_values(tables.leaf, a), count, p=_shares(tables.leaf, a)),
                    "destination": rng.choice(_values(tables.leaf, b), count, p=_shares(tables.leaf, b)),
                    "product": product,
                    "operator": rng.integers(0, tables.operator_ids.len(), count),
                    "accept_min": rng.choice(24, count, p=hour) * 60 + rng.integers(0, 60, count),
                    "weight_g": np.maximum(1, grams).astype(np.uint32),
                    "volume_cm3": np.maximum(1, grams * shape[:, 2]).astype(np.uint32),
                }
            )
        )
    return len(pd.concat(frames, ignore_index=True))


def _values(tables: Any, d: int) -> Any:
    return tables.column["value"][tables.first[d] : tables.first[d + 1]]


def _shares(tables: Any, d: int) -> Any:
    """Weights of a distribution back from its alias table."""
    part = tables.column[tables.first[d] : tables.first[d + 1]]
    order = np.argsort(part["value"])
    other = order[np.searchsorted(part["value"], part["other"], sorter=order)]
    share = part["keep"] + np.bincount(other, 1 - part["keep"], part.size)
    return share / share.sum()


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--parcels", type=int, default=8_450_000)
    parser.add_argument("--workers", default="1,2")


def _run(options: Options) -> dict[str, Any]:
    setting = ["benchmarks._demand_ready"]
    told: dict[str, Any] = {"parcels": options.parcels, "workers": {}}
    for workers in map(int, options.workers.split(",")):
        ours = alone("benchmarks.demand:stream", options.parcels, workers, imports=setting)
        digest = alone("benchmarks.demand:hashed", options.parcels, workers, imports=setting)
        told["workers"][workers] = {"seconds": round(ours["seconds"], 3), "peak_mb": round(ours["peak_mb"], 1),
                                    "sha256": digest["result"]}  # fmt: skip
    if len({w["sha256"] for w in told["workers"].values()}) != 1:
        raise RuntimeError("the number of workers changed the parcels")
    peer = alone("benchmarks.demand:by_pair", options.parcels, imports=setting)
    told["peer"] = {"name": "NumPy and pandas, pair by pair", "seconds": round(peer["seconds"], 3),
                    "peak_mb": round(peer["peak_mb"], 1)}  # fmt: skip
    told["ratio"] = {w: round(peer["seconds"] / v["seconds"], 1) for w, v in told["workers"].items()}
    return told


register("demand", _run, _arguments)
