"""An ordinary day and the peak day of 2020 held against the nation's stages and the page on simulation."""

import re
from pathlib import Path

import pytest

from postroad.demand import demand
from postroad.design.lines.baseline import baseline
from postroad.network import province
from postroad.simulate.day import simulate_day

PAGE = Path(__file__).parents[2] / "docs/simulate.md"
STAGES = {
    "origin": "stage_time_origin_processing",
    "transport": "stage_time_linehaul_transport",
    "destination": "stage_time_destination_processing",
    "delivery": "stage_time_delivery",
}
DRIFT_H = 0.1
"""The page holds this very run: more than rounding is drift."""


def printed():
    """Hours by stage and column as the page has them."""
    rows = re.findall(
        r"^\| (origin|transport|destination|delivery)[^|]*\| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return {stage: [float(cell) for cell in cells.split("|")] for stage, cells in rows if cells.count(".") == 5}


@pytest.mark.slow
@pytest.mark.parametrize(("day", "columns"), [("2020-05-12", (0, 1, 2)), ("peak", (3,))])
def test_stages_are_those_on_the_page_and_their_sum_the_nations(day, columns):
    network = province("jilin")
    wanted = demand(network, 2020)
    run = simulate_day(baseline(network, wanted), wanted, day=day, warm_days=3, scale=0.01)
    told = {(row["flow_class"], row["stage"]): row["mean_h"] for row in run["stages"].iter_rows(named=True)}
    page = printed()
    flows = ("inbound", "inter_province", "intra_province", "inbound")
    for stage in STAGES:
        for column in columns:
            assert told[flows[column], stage] == pytest.approx(page[stage][column], abs=DRIFT_H), (stage, column)
    nation = dict(network["parameters"].select("parameter", "value").iter_rows())
    assert [page[stage][4] for stage in STAGES] == [nation[name] for name in STAGES.values()]
    whole = run["summary"].filter(flow_class="all").row(0, named=True)
    if day == "peak":
        # The network of 2020 brings 8.45 million parcels out: all but some in a thousand within the six days after.
        assert wanted.pieces("peak") == 8_450_000
        assert whole["under_way"] / whole["parcels"] < 0.005
    else:
        own = sum(told["inbound", stage] for stage in STAGES)
        assert own == pytest.approx(sum(nation[name] for name in STAGES.values()), abs=1.5)
