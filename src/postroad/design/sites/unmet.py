"""What stays unmet after a rollout: who, by which standard, why, and the cheapest repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import sparse

from postroad.travel.doorstep import STANDARDS, flat, homes_km, pace

if TYPE_CHECKING:
    from postroad.design.sites.demand import Question
    from postroad.design.sites.rollout import Rollout
    from postroad.network import Network

SCHEMA = {"place_id": pl.String, "standard": pl.String, "area": pl.String, "persons": pl.Float64, "reason": pl.String,
          "repair_sites": pl.Int64, "repair_yuan": pl.Float64}  # fmt: skip


def unmet(
    network: Network, units: pl.DataFrame, question: Question, answer: Rollout, locker_yuan: float
) -> pl.DataFrame:
    """Return one row a need that is not met, most persons first, with sites and yuan of its cheapest repair.

    Where money is short that is the cheapest site that meets the need. Where homes lie too far apart for one point, it
    is as many points in the block as bring its mean way inside the standard: with ``k`` of them homes lie nearer one by
    the root of ``k``.
    """
    left = np.flatnonzero(answer.met[-1] < 0.5)
    reach = sparse.csr_array(question.reach)
    walking, spread = pace(network), homes_km(flat(units))
    row = {place: k for k, place in enumerate(units["place_id"])}
    kind, names = units["class"].to_list(), units.select("place_id", "name_zh", "pinyin", "county_en")
    rows = []
    for i in left:
        place, _, standard = question.need_names[i].partition("|")
        sites = reach.indices[reach.indptr[i] : reach.indptr[i + 1]]
        if sites.size:
            reason, count, yuan = "money", 1, float(question.yuan[sites].min())
        else:
            unit = row[place]
            most_km, most_min = STANDARDS[kind[unit]]
            most = max(most_km or 0.0, (most_min or 0.0) * walking.ordinary_kmh / 60.0)
            own = float(walking.km(0.0, spread[unit]))
            reason, count = "no_candidate", max(2, int(np.ceil((own / most) ** 2)) if most else 2)
            yuan = count * locker_yuan
        rows.append((place, standard, question.area_names[question.area[i]], question.persons[i], reason, count, yuan))
    found = pl.DataFrame(rows, schema=SCHEMA, orient="row").join(names, on="place_id", how="left")
    return found.rename({"name_zh": "need"}).sort("persons", "place_id", descending=[True, False])
