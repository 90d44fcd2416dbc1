"""How evenly something is spread over people: Gini, the worst tenth, and shares weighted by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

LOWEST = 0.1


def gini(values: Any, weights: Any) -> float:
    """Return the Gini coefficient of a quantity over people: 0 when all have the same."""
    order = np.argsort(values, kind="stable")
    v, w = np.asarray(values, float)[order], np.asarray(weights, float)[order]
    total = float((v * w).sum())
    if not total:
        return 0.0
    part, before = np.cumsum(v * w) / total, np.concatenate([[0.0], np.cumsum(v * w)[:-1] / total])
    return float(1.0 - ((part + before) * w).sum() / w.sum())


def worst_share(values: Any, weights: Any, part: float = LOWEST) -> float:
    """Return the mean over the people who have it worst, by default a tenth of them."""
    order = np.argsort(-np.asarray(values, float), kind="stable")
    v, w = np.asarray(values, float)[order], np.asarray(weights, float)[order]
    room = part * w.sum()
    taken = np.clip(room - np.concatenate([[0.0], np.cumsum(w)[:-1]]), 0.0, w)
    return float((v * taken).sum() / room) if room else float("nan")


def share(units: pl.DataFrame, column: str) -> float | None:
    """Return the share of people for whom a column of true and false holds; ``None`` when there are no people."""
    persons = units["persons"].sum()
    return float((units["persons"].to_numpy() * units[column].to_numpy()).sum() / float(persons)) if persons else None
