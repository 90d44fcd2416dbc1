"""Whole fen that add up: money is split to the last fen, never to a fraction of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def to_fen(shares_yuan: NDArray[np.float64], total_fen: int) -> NDArray[np.int64]:
    """Round shares in yuan to whole fen that sum to the total: down first, then one each to the largest remainders.

    Ties go to whoever stands first. A total that differs from the shares' own sum is spread evenly before rounding.
    """
    fen = np.asarray(shares_yuan, float) * 100.0
    fen = fen + (total_fen - fen.sum()) / fen.size
    down = np.floor(fen + 1e-6).astype(np.int64)
    short = int(total_fen - down.sum())
    order = np.argsort(-(fen - down), kind="stable")
    if short > 0:
        down[order[:short]] += 1
    elif short < 0:
        down[order[short:]] -= 1
    return np.asarray(down)
