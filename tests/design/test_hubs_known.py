import tomllib
from pathlib import Path

import numpy as np
import pytest

from postroad.design.hubs import choose_hubs, euclidean
from postroad.design.program import Limits

KNOWN = tomllib.loads((Path(__file__).parents[1] / "known" / "hubs.toml").read_text("utf-8"))


def whole(triangle) -> np.ndarray:
    n = len(triangle) + 1
    square = np.zeros((n, n))
    for i, row in enumerate(triangle, 1):
        square[i, :i] = row
    return square + square.T


def problem(row):
    if row["instance"] == "cab25":
        flow, distance = (whole(KNOWN["cab25"][name]) for name in ("flow", "distance"))
        flow, factors = flow / flow.sum(), (1.0, row["alpha"], 1.0)
    else:
        held = KNOWN["ap10"]
        at, flow, factors = np.array(held["at"]), np.array(held["flow"]), (3.0, 0.75, 2.0)
        distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) / 1000
    more: dict = {"hubs": row.get("p"), "multiple": row["problem"].startswith("UMA")}
    for word in row.get("variant", []):
        kind, part = ("Fcost", "fixed") if word[0] == "F" else ("Cap", "capacity")
        more[part] = np.array(KNOWN["ap10"][kind + word[1]])
    return euclidean(flow, distance, factors, **more)


@pytest.mark.parametrize(
    "row", KNOWN["optima"], ids=lambda r: f"{r['problem']}-{r['instance']}-{r.get('p')}-{r['alpha']}"
)
def test_published_optima_are_found_and_proven(row):
    answer = choose_hubs(problem(row), Limits(time_s=900))  # the first compiles, on a busy machine for minutes
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(row["objective"], abs=0.006, rel=1e-8)
    assert answer.bound >= row["objective"] * (1 - 2e-6)
    assert [k + 1 for k in answer.hubs] == row["hubs"]
