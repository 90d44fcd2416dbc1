"""Many-to-many quickest ways on the road graph of Jilin: ours against scipy, igraph and rustworkx.

Two jobs. ``minutes``: the minutes alone, which every contender gives. ``minutes and km``: also the kilometres along
the quickest way, which postroad needs; a peer walks the tree of predecessors for them. ``size`` origins and as many
destinations are drawn among the nodes of the graph with a fixed seed. All must agree to a millionth of a minute.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks import Options, Row, alone, register

PEERS = {"scipy": "scipy.sparse.csgraph", "igraph": "igraph", "rustworkx": "rustworkx"}
JOBS = ("minutes", "minutes and km")


def _problem(size: int) -> tuple[Any, Any, Any]:
    """Return the graph, and the origins and destinations."""
    from postroad.network import province
    from postroad.travel import RoadEngine

    graph = RoadEngine(province("jilin")).graph
    rng = np.random.default_rng(12)
    drawn = [np.sort(rng.choice(graph.size, size, replace=size > graph.size)) for _ in range(2)]
    return graph, *drawn


def _timed(run: Any, repeats: int) -> dict[str, Any]:
    """Run once to warm up (compilers, caches), then take the median of the repeats; the answers' sums are compared."""
    import time

    answer = run()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = run()
        spent.append(time.perf_counter() - start)
    return {"s": float(np.median(spent)), "sums": [float(np.sum(part)) for part in answer]}


def ours(size: int, job: str, repeats: int) -> dict[str, Any]:
    """Time postroad's search; it carries minutes, km, and the quickest and slowest minutes whatever the job."""
    graph, origins, destinations = _problem(size)

    def run() -> tuple[Any, ...]:
        found = graph.trees(origins, destinations)
        return (found[..., 0],) if job == JOBS[0] else (found[..., 0], found[..., 1])

    return _timed(run, repeats)


def with_scipy(size: int, job: str, repeats: int) -> dict[str, Any]:
    """Time scipy's Dijkstra; the kilometres follow the predecessors, nearest nodes first, all origins at a time."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    graph, origins, destinations = _problem(size)
    # scipy drops arcs of no length
    minutes = csr_array((np.maximum(graph.weights[:, 0], 1e-9), graph.heads, graph.first), shape=(graph.size,) * 2)
    lengths = csr_array((graph.weights[:, 1] + 1e-12, graph.heads, graph.first), shape=(graph.size,) * 2).toarray()

    def run() -> tuple[Any, ...]:
        if job == JOBS[0]:
            return (dijkstra(minutes, indices=origins)[:, destinations],)
        found, before = dijkstra(minutes, indices=origins, return_predecessors=True)
        km = np.zeros(found.shape)
        order = np.argsort(found, axis=1)[:, 1:]
        rows = np.arange(len(origins))
        for rank in range(order.shape[1]):
            node = order[:, rank]
            above = before[rows, node]
            km[rows, node] = km[rows, above] + lengths[above, node]
        return found[:, destinations], km[:, destinations]

    return _timed(run, repeats)


def with_igraph(size: int, job: str, repeats: int) -> dict[str, Any]:
    """Time igraph's distances; for the kilometres, its shortest paths and their sums."""
    import igraph

    graph, origins, destinations = _problem(size)
    tails = np.repeat(np.arange(graph.size), np.diff(graph.first))
    net = igraph.Graph(n=graph.size, edges=np.c_[tails, graph.heads], directed=True)
    minutes, km = graph.weights[:, 0].tolist(), graph.weights[:, 1]
    starts, ends = origins.tolist(), destinations.tolist()

    def run() -> tuple[Any, ...]:
        if job == JOBS[0]:
            return (np.array(net.distances(starts, ends, weights=minutes, algorithm="dijkstra")),)
        out = np.zeros((2, len(starts), len(ends)))
        for i, start in enumerate(starts):
            for j, path in enumerate(net.get_shortest_paths(start, ends, weights=minutes, output="epath")):
                out[0, i, j], out[1, i, j] = graph.weights[path, 0].sum(), km[path].sum()
        return out[0], out[1]

    return _timed(run, repeats)


def with_rustworkx(size: int, job: str, repeats: int) -> dict[str, Any]:
    """Time rustworkx's Dijkstra from each origin; it takes its weights as floats."""
    import rustworkx

    graph, origins, destinations = _problem(size)
    tails = np.repeat(np.arange(graph.size), np.diff(graph.first))
    net = rustworkx.PyDiGraph()
    net.add_nodes_from(range(graph.size))
    net.add_edges_from(list(zip(tails.tolist(), graph.heads.tolist(), graph.weights[:, 0].tolist(), strict=True)))
    lengths = dict(zip(zip(tails.tolist(), graph.heads.tolist(), strict=True), graph.weights[:, 1], strict=True))
    ends = destinations.tolist()

    def run() -> tuple[Any, ...]:
        out = np.zeros((2, len(origins), len(ends)))
        for i, start in enumerate(origins.tolist()):
            found = rustworkx.dijkstra_shortest_path_lengths(net, start, float)
            out[0, i] = [0.0 if end == start else found[end] for end in ends]
            if job == JOBS[1]:
                paths = rustworkx.dijkstra_shortest_paths(net, start, weight_fn=float)
                for j, end in enumerate(ends):
                    path = [] if end == start else list(paths[end])
                    out[1, i, j] = sum(lengths[step] for step in pairwise(path))
        return (out[0],) if job == JOBS[0] else (out[0], out[1])

    return _timed(run, repeats)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this subject."""
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--repeats", type=int, default=5, help="runs of each after a warm-up; the median counts")
    parser.add_argument("--jobs", default=",".join(JOBS))


def run(options: Options) -> list[Row]:
    """Return a row per job and peer; raises when two contenders disagree."""
    rows = []
    for job in options.jobs.split(","):
        mine = alone("benchmarks.travel:ours", options.size, job, options.repeats, imports=["postroad.travel"])
        for peer in options.peers.split(","):
            # A peer that is asked for paths takes minutes: one run tells enough.
            repeats = 1 if job == JOBS[1] and peer != "scipy" else options.repeats
            words = (options.size, job, repeats)
            other = alone(f"benchmarks.travel:with_{peer}", *words, imports=[PEERS[peer], "postroad.travel"])
            _agree(mine["result"]["sums"], other["result"]["sums"], options.size, peer)
            times = (round(mine["result"]["s"], 3), round(other["result"]["s"], 3))
            size = f"{options.size:,} x {options.size:,}"
            rows.append(Row("travel", size, peer, *times, round(mine["peak_mb"]), round(other["peak_mb"]), job))
    return rows


def _agree(ours: list[float], theirs: list[float], size: int, peer: str) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        if abs(mine - other) > 1e-6 * size * size:
            raise RuntimeError(f"{peer} and postroad disagree: {other} and {mine}")


register("travel", run, arguments)
