"""Hub location on published instances, against the compact 3-index program in HiGHS and SCIP.

``python -m benchmarks hub --instance PATH --problem USApHMP|UMApHMP|USAHLP|UMAHLP|CSAHLP|TD-SAHLP [--p P]
[--alpha A] [--beta B] [--time-limit S] --json`` prints one line: objective in the unit of the published table, bound,
hubs and allocation counted from 1, seconds (reading and compiled code included, imports not; ``load_s`` of
them load compiled code, which ``ratio_loaded`` leaves out), peak memory. The time limit counts from the start of the
command, imports and all. ``--peer highs,scip`` runs peers as well, each in a process of its own; ``--first N`` and
``--candidates K`` belong to TD-SAHLP, ``--fixed`` and ``--capacity`` (L, T or a file) to the AP set, where they may
also follow the path: ``AP50.txt FT CL``.

``python -m benchmarks hub --sweep DIR [--least N] [--most N] [--only REGEX] [--time-limit S]`` solves every row of a
table of published optima (``optima.csv`` beside the instances), prints one line of JSON for each, and counts verdicts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import Options, Row, alone, register
from benchmarks.hub_cases import sweep
from benchmarks.hub_cases.reading import PROBLEMS, Asked, UnreadableError, problem


def ours(path: str, asked: dict[str, Any], until: float, seed: int) -> dict[str, Any]:
    """Read and solve until a moment of the clock; return what is printed."""
    from postroad.design.hubs import choose_hubs
    from postroad.design.program import Limits
    from postroad.errors import InfeasibleError, Stopped

    load_s = sweep.load(multiple=asked["problem"].startswith("UMA"))
    case = problem(path, Asked(**asked))
    try:
        answer = choose_hubs(case, Limits(time_s=max(0.01, until - time.time())), seed=seed)
    except InfeasibleError as none:
        return {"objective": None, "bound": None, "status": "infeasible", "why": none.say("en")}
    except Stopped:
        return {"objective": None, "bound": None, "status": "unanswered"}
    return {
        "objective": answer.objective,
        "bound": answer.bound,
        "gap": answer.gap,
        "hubs": [k + 1 for k in answer.hubs],
        "allocation": (answer.allocation + 1).tolist(),
        "status": answer.status,
        "load_s": round(load_s, 3),
        "solve_s": round(answer.seconds, 3),
        "nodes": answer.nodes,
        "steps": answer.steps,
    }


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--instance", help="a file of the AP or set III formats, or a folder of CSVs")
    parser.add_argument("--problem", choices=PROBLEMS)
    parser.add_argument("--sweep", type=Path, help="a folder with optima.csv: every row of it")
    parser.add_argument("--least", type=int, default=0, help="sweep: only rows of at least so many places")
    parser.add_argument("--most", type=int, default=10**9, help="sweep: only rows of at most so many places")
    parser.add_argument("--only", default="", help="sweep: only rows whose problem and instance match")
    parser.add_argument("--p", type=int)
    parser.add_argument("--alpha", type=float, help="transfer factor; AP files hold their own")
    parser.add_argument("--beta", type=float, help="hours within which every route must lie")
    parser.add_argument("--first", "--n", type=int, help="only the first cities (TD-SAHLP)")
    parser.add_argument("--candidates", type=int, default=20, help="how many of the busiest may be hubs (TD-SAHLP)")
    parser.add_argument("--fixed", default="L", help="L, T or a file of fixed costs")
    parser.add_argument("--capacity", default="L", help="L, T or a file of capacities")
    parser.add_argument("--time-limit", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer", default="", help="highs, scip, or both with a comma")


def _sweep(options: Options) -> dict[str, Any]:
    """Print a line for each row of the table, then how many rows had which verdict."""
    count: Counter[str] = Counter()
    listed = [row for row in sweep.rows(options.sweep) if sweep.wanted(row, options.most, options.least, options.only)]
    for told in sweep.sweep(listed, options.time_limit, options.seed):
        print(json.dumps(told), flush=True)
        count[told["verdict"]] += 1
    return {"rows": len(listed), "verdicts": dict(count)}


def _run(options: Options) -> list[Row] | dict[str, Any]:
    if options.sweep:
        return _sweep(options)
    if not options.instance or not options.problem:
        raise SystemExit("benchmarks hub: say --instance and --problem, or --sweep")
    names = ("problem", "p", "alpha", "beta", "first", "candidates", "fixed", "capacity")
    asked = {name: getattr(options, name) for name in names}
    words = (options.instance, asked, options.time_limit)
    until = time.time() + options.time_limit
    try:
        problem(options.instance, Asked(**asked))
    except UnreadableError as wrong:
        raise SystemExit(f"benchmarks hub: {wrong}") from wrong
    imports = ["benchmarks.hub", "postroad.design.hubs"]
    mine = alone("benchmarks.hub:ours", *words[:2], until, options.seed, imports=imports)
    told = {"instance": options.instance, **{k: v for k, v in asked.items() if v is not None}, **mine["result"]}
    told |= {"seconds": round(mine["seconds"], 3), "peak_mb": round(mine["peak_mb"], 1)}
    for name in filter(None, options.peer.split(",")):
        peer = alone(f"benchmarks.hub_cases.peers:{name}", *words, imports=["benchmarks.hub_cases.peers"])
        told[f"peer_{name}"] = {
            **peer["result"],
            "seconds": round(peer["seconds"], 3),
            "peak_mb": round(peer["peak_mb"], 1),
            "ratio": round(peer["seconds"] / mine["seconds"], 1),
            "ratio_loaded": round(peer["seconds"] / (mine["seconds"] - mine["result"].get("load_s", 0.0)), 1),
        }
    return told


register("hub", _run, _arguments)
