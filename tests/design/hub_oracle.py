"""Hub location by trying everything: what the methods are held against, with none of their code."""

from __future__ import annotations

import itertools

import numpy as np


def single(problem) -> tuple[float, tuple[int, ...] | None]:
    """Least cost over every set of hubs and every allocation; infinite when no allocation keeps the rules."""
    n, best, chosen = problem.size, np.inf, None
    allowed = np.flatnonzero(problem.may_be_hub).tolist()
    for count in [problem.hubs] if problem.hubs else range(1, len(allowed) + 1):
        for hubs in itertools.combinations(allowed, count):
            others = [i for i in range(n) if i not in hubs]
            for picks in itertools.product(hubs, repeat=len(others)):
                a = dict(zip(others, picks, strict=True)) | {k: k for k in hubs}
                cost = price(problem, hubs, a)
                if cost < best:
                    best, chosen = cost, hubs
    return best, chosen


def price(problem, hubs, a) -> float:
    """Cost of an allocation, leg by leg; infinite when it breaks a rule."""
    n, total = problem.size, 0.0
    if problem.capacity is not None:
        for k in hubs:
            if sum(problem.flow[i].sum() for i in range(n) if a[i] == k) > problem.capacity[k] + 1e-9:
                return np.inf
    for i in range(n):
        for j in range(n):
            k, m = a[i], a[j]
            if problem.within is not None:
                took = problem.time[i, k] + problem.transfer_time[k, m] + problem.time[j, m]
                if took > problem.within + 1e-9:
                    return np.inf
            total += problem.flow[i, j] * (problem.collect[i, k] + problem.transfer[k, m] + problem.distribute[m, j])
    if problem.fixed is not None:
        total += sum(problem.fixed[k] for k in hubs)
    if problem.allocation_cost is not None:
        total += sum(problem.allocation_cost[i, a[i]] for i in range(n))
    if problem.link_cost is not None:
        total += sum(problem.link_cost[k, m] for k in hubs for m in hubs if k != m)
    return float(total)


def multiple(problem) -> float:
    """Least cost over every set of hubs with each pair on its cheapest path."""
    n, best = problem.size, np.inf
    allowed = np.flatnonzero(problem.may_be_hub).tolist()
    for count in [problem.hubs] if problem.hubs else range(1, len(allowed) + 1):
        for hubs in itertools.combinations(allowed, count):
            total = 0.0 if problem.fixed is None else sum(problem.fixed[k] for k in hubs)
            for i in range(n):
                for j in range(n):
                    total += problem.flow[i, j] * min(
                        problem.collect[i, k] + problem.transfer[k, m] + problem.distribute[m, j]
                        for k in hubs
                        for m in hubs
                    )
            best = min(best, total)
    return float(best)
