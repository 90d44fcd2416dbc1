"""The next 72 hours: breaks told by hand, more parcels break more, actions are tried in the same world."""

import datetime as dt

import polars as pl
import pytest

from postroad.errors import Stopped
from postroad.evaluate.outlook import Ahead, breaks_of, outlook
from postroad.network import province

FIRST = dt.date(2026, 11, 10)


def half_hours(place, *rows):
    names = ("from_min", "sorted_pieces", "queue_pieces", "capacity_pieces")
    return pl.DataFrame([dict(zip(names, row, strict=True)) | {"place_id": place} for row in rows])


def test_a_hub_breaks_when_more_than_an_hours_work_waits():
    hubs = pl.concat([
        # 100 pieces a half hour: 200 waiting are an hour's work and no break, 201 are one.
        half_hours("2201", (0, 100.0, 200.0, 100.0), (30, 100.0, 201.0, 100.0),
                   (60, 100.0, 350.0, 100.0), (90, 100.0, 10.0, 100.0)),
        half_hours("2202", (0, 10.0, 0.0, 500.0), (30, 20.0, 0.0, 500.0)),
        half_hours("222401", (0, 10.0, 0.0, 50.0)),
    ])  # fmt: skip
    told = breaks_of(hubs, province("jilin"))
    assert told.height == 1
    row = told.row(0, named=True)
    assert (row["place_id"], row["from_min"], row["until_min"], row["worst_min"]) == ("2201", 30, 90, 60)
    assert row["work_h"] == pytest.approx(1.75)
    # Twelve half hours of 500 from half past midnight on, of which 20 are used.
    assert (row["spare_place_id"], row["spare_pieces"]) == ("2202", 5980.0)
    assert row["acting_site_id"] == "SC-2201"


def test_it_stops_when_asked():
    with pytest.raises(Stopped):
        outlook(province("jilin"), Ahead(FIRST, scale=0.0005), stop=lambda: True)


@pytest.mark.slow
def test_more_parcels_on_old_plants_break_first_and_hands_spare_some():
    network, said = province("jilin"), []
    calm = outlook(network, Ahead(FIRST, scale=0.001))
    struck = outlook(network, Ahead(FIRST, scale=0.001, extra_percent=30.0, plants_year=2020), progress=said.append)
    assert struck.facts["breaks"] > calm.facts["breaks"]
    assert struck["days"]["pieces"].sum() == pytest.approx(1.3 * calm["days"]["pieces"].sum())
    # A sample's pieces are whole, so that one or two of them may fall into the half hour before or after.
    most = pl.col("capacity_pieces") + 2 * 1.3 / 0.001
    assert struck["hubs"].filter(pl.col("sorted_pieces") > most).is_empty()
    assert struck["breaks"]["from_min"].is_sorted()
    tried = {row["action"]: row for row in struck["actions"].iter_rows(named=True)}
    assert tried["shift"]["spared_pieces"] > 0
    assert tried["shift_vehicles"]["spared_pieces"] >= tried["shift"]["spared_pieces"]
    assert [step.done for step in said] == sorted(step.done for step in said)
    again = outlook(network, Ahead(FIRST, scale=0.001, extra_percent=30.0, plants_year=2020))
    assert all(again[name].equals(struck[name]) for name in struck.tables)
