"""The LaDe reader, on rows made here: hours, couriers, minutes, and rows set aside."""

import polars as pl
import pytest

import postroad
from postroad.demand import lade
from postroad.errors import DataError


def row(order, courier, accept, delivery, ds="1022", lng="126.55", lat="43.84"):
    gps = [accept, lng, lat, delivery, delivery, lng, lat]
    return ",".join([str(order), "3", "Jilin", courier, lng, lat, "50", "14", accept, *gps, ds])


GOOD = [
    row(1, "a", "10-22 08:10:00", "10-22 09:40:00"),
    row(2, "a", "10-22 08:30:00", "10-22 10:30:00", lng="126.60"),
    row(3, "b", "10-22 09:00:00", "10-22 12:00:00"),
    row(4, "b", "02-29 09:00:00", "02-29 11:30:00", ds="229"),
    row(5, "b", "12-31 23:30:00", "01-01 00:30:00", ds="1231"),
]
BAD = [
    row(6, "", "10-22 08:10:00", "10-22 09:40:00"),
    row(7, "a", "22-10 08:10", "10-22 09:40:00"),
    row(8, "a", "10-22 08:10:00", "10-22 09:40:00", lng="0"),
    row(9, "a", "10-22 09:00:00", "10-22 08:00:00"),
    "10,3,Jilin",
]


def written(folder, rows, columns=lade.COLUMNS):
    path = folder / "delivery_jl.csv"
    path.write_text("\n".join([",".join(columns), *rows]) + "\n", "utf-8")
    return path


def test_five_deliveries_by_hand(tmp_path):
    found = lade.read(written(tmp_path, GOOD))
    assert (found.rows, found.taken, found.reasons, found.published) == (5, 5, {}, False)
    accepted = dict(found.hours["hour", "accepted"].iter_rows())
    assert {h: n for h, n in accepted.items() if n} == {8: 2, 9: 2, 23: 1}
    delivered = dict(found.hours["hour", "delivered"].iter_rows())
    assert {h: n for h, n in delivered.items() if n} == {0: 1, 9: 1, 10: 1, 11: 1, 12: 1}
    assert found.minutes[1] == 120
    region = found.couriers.row(0, named=True)
    assert (region["city"], region["region_id"], region["days"]) == ("Jilin", "3", 3)
    assert region["couriers"] == pytest.approx(4 / 3)  # two on the first day, one on each of the others
    assert region["pieces_per_courier_day"] == pytest.approx(5 / 4)
    assert region["served_km2"] == 2
    assert region["couriers_per_km2"] == pytest.approx(2 / 3)


def test_bad_rows_are_set_aside_and_counted(tmp_path):
    found = lade.read(written(tmp_path, GOOD + BAD))
    assert found.reasons == {"no_courier": 1, "bad_time": 2, "bad_position": 1}
    assert (found.rows, found.taken, found.unreadable) == (10, 5, 1)


def test_missing_columns_and_no_rows_are_refused(tmp_path):
    with pytest.raises(DataError) as refused:
        lade.read(written(tmp_path, [], ("order_id", "city")))
    assert "accept_time" in {fault.column for fault in refused.value.faults}
    with pytest.raises(DataError):
        lade.read(written(tmp_path, BAD))


def test_the_profile_fits_the_packs_table(tmp_path):
    jilin = postroad.province("jilin")
    last_mile = lade.read(written(tmp_path, GOOD))
    assert last_mile.applied(jilin).check() == []
    assert last_mile.applied(jilin).profiles.height == jilin.profiles.height
    found = last_mile.profile()
    assert found.columns == jilin.profiles.columns
    assert found["weight"].mean() == pytest.approx(1)
    assert found["step"].to_list() == list(range(24))
    assert found.filter(pl.col("weight") > 0)["step"].to_list() == [8, 9, 23]
