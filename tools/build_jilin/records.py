"""Statistics with two clocks and a scope, parameters with their range, operators and vehicles."""

from __future__ import annotations

import calendar
import datetime as dt
import re

import polars as pl

from tools.build_jilin.inputs import Inputs

PLAN_TITLE = "吉林省“十四五”邮政业发展规划"
PLAN_KNOWN = dt.date(2021, 12, 31)
LAG_DAYS = 120
VOLUMES = ("express_volume", "delivery_business_volume", "postal_items_volume")

EXTRA = [
    # indicator, value, unit, row of the plan, note
    ("retail_supported", 80, "亿元", "P06", "as printed; implausible against volume, flagged in figures"),
    ("international_routes_new", 3, "条", "P12", ""),
    ("direct_mail_routes", 14, "条", "P12", "more than 14"),
    ("express_parks_building", 1, "个", "P10", ""),
    ("express_parks_planned", 1, "个", "P10", ""),
    ("base_projects", 4, "个", "P11", ""),
    ("township_coverage", 100, "%", "P09", "express service in every township"),
    ("agricultural_projects_over_10m", 1, "个", "P16", ""),
    ("agricultural_projects_output", 2, "亿元", "P16", "nearly 2"),
    ("manufacturing_express_volume", 1840.3, "万件", "P17", "decimal restored; probable"),
    ("village_commerce_points_new", 526, "个", "P21", ""),
    ("aid_beneficiaries", 1700, "人", "P21", "more than 1700"),
    ("policy_documents", 14, "个", "P23", ""),
    ("prefectures_with_policies", 7, "个", "P23", ""),
    ("service_development_funds", 3000, "万元", "P23", ""),
    ("professional_titles", 267, "人", "P28", ""),
    ("epidemic_green_channel_firms", 9, "家", "P29", ""),
    ("epidemic_relief_tonnes", 7, "吨", "P29", ""),
    ("epidemic_relief_pieces", 68.8, "万件", "P29", "68.8 or 6.88; ambiguous"),
    ("tax_relief", 5718.26, "万元", "P29", ""),
]

OPERATORS = [
    ("CHINAPOST", "中国邮政", "China Post", "post"),
    ("EMS", "邮政速递（EMS）", "EMS", "express"),
    ("SF", "顺丰", "SF Express", "express"),
    ("ZTO", "中通", "ZTO Express", "express"),
    ("YTO", "圆通", "YTO Express", "express"),
    ("STO", "申通", "STO Express", "express"),
    ("YUNDA", "韵达", "Yunda", "express"),
    ("JT", "极兔", "J&T Express", "express"),
    ("JD", "京东", "JD Logistics", "express"),
    ("DEPPON", "德邦", "Deppon", "express"),
    ("BUS", "道路客运企业", "Road passenger carriers", "bus"),
    ("RAIL", "铁路企业", "Railway", "rail"),
    ("AIR", "民航企业", "Airlines", "air"),
]


def statistics(inputs: Inputs) -> pl.DataFrame:
    """Return every published value with its period, the day it was known, its scope and its source."""
    rows = []
    for row in inputs.table("statistics").iter_rows(named=True):
        title = _title(row["source"])
        indicator, scope = _scope(row["indicator"], row["period"])
        known, guessed = known_on(row["source"], row["period"])
        note = "; ".join(filter(None, [row["note"], "known_on assumed" if guessed else ""]))
        rows.append(
            {
                "region_id": _region(row["region_code"]),
                "indicator": indicator,
                "period": row["period"],
                "value": float(row["value"]),
                "unit": row["unit"],
                "known_on": known,
                "scope": scope,
                "note": note,
                "origin": _origin(row["source"], row["note"] or ""),
                "source": inputs.cite(title),
            }
        )
    for indicator, value, unit, plan_row, note in EXTRA:
        extra = {"region_id": "22", "indicator": indicator, "period": "2020", "value": float(value), "unit": unit}
        about = "; ".join(filter(None, [plan_row, note, "known_on assumed"]))
        certain = {"known_on": PLAN_KNOWN, "scope": "standard", "note": about, "origin": "observed"}
        rows.append({**extra, **certain, "source": inputs.cite(PLAN_TITLE)})
    return pl.DataFrame(rows, infer_schema_length=None)


def _title(source: str) -> str:
    return PLAN_TITLE if "planning document" in source else source


def _region(code: str) -> str:
    if code == "000000" or not code.isdigit():
        return code
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def _scope(indicator: str, period: str) -> tuple[str, str]:
    """The count of 2024 is wider than before; levels published as comparable speak in the wider scope."""
    base = indicator.removesuffix("_comparable")
    if base == "postal_business_volume_amount":
        return base, "prices_to_2020" if period[:4] <= "2020" else "prices_of_2020"
    if base.startswith(VOLUMES):
        wide = base != indicator or period[:4] >= "2024"
        return base, "postal_2024" if wide else "postal_2020"
    return base, "standard"


def _origin(source: str, note: str) -> str:
    derived = source.startswith("derived") or re.search(r"\bderived\b|back-?calculated", note.lower())
    return "derived" if derived else "observed"


def known_on(source: str, period: str) -> tuple[dt.date, bool]:
    """Return the day a value became public, and whether that is assumed.

    The date written in the source, else the end of its month or year, else the end of the period and 120 days. The
    plan's own publication day is not in the sources, so the end of 2021 stands for it.
    """
    if "planning document" in source:
        return PLAN_KNOWN, True
    day = re.search(r"(20\d\d)-(\d\d)-(\d\d)", source)
    if day:
        return dt.date(*map(int, day.groups())), False
    month = re.search(r"(20\d\d)-(\d\d)(?!\d)", source)
    if month:
        year, number = map(int, month.groups())
        return dt.date(year, number, calendar.monthrange(year, number)[1]), True
    return period_end(period) + dt.timedelta(days=LAG_DAYS), True


def period_end(period: str) -> dt.date:
    """Return the last day of a period such as 2020, 2016-H1, 2024-Q2, 2024-05, 2024-01..05 or 2020-11-01..11."""
    year = int(period[:4])
    half = {"H1": 6, "H2": 12, "Q1": 3, "Q2": 6, "Q3": 9, "Q4": 12}
    rest = period[5:]
    if rest in half:
        return dt.date(year, half[rest], calendar.monthrange(year, half[rest])[1])
    numbers = re.findall(r"\d+", rest)
    if re.fullmatch(r"\d\d\.\.\d\d", rest) or re.fullmatch(r"\d\d", rest):
        month = int(numbers[-1])
        return dt.date(year, month, calendar.monthrange(year, month)[1])
    if re.fullmatch(r"\d\d-\d\d", rest):
        return dt.date(year, int(numbers[0]), int(numbers[1]))
    if re.fullmatch(r"\d\d-\d\d\.\.\d\d", rest):
        return dt.date(year, int(numbers[0]), int(numbers[2]))
    if re.fullmatch(r"\d\d-\d\d\.\.\d\d-\d\d", rest):
        return dt.date(year, int(numbers[2]), int(numbers[3]))
    return dt.date(year, 12, 31)


def parameters(inputs: Inputs) -> pl.DataFrame:
    """Return every parameter with its range; an estimate without a source is assumed, arithmetic is derived."""
    text = pl.col("source")
    origin = (
        pl.when(text.str.contains("unsourced estimate"))
        .then(pl.lit("assumed"))
        .when(text.str.contains("^derived"))
        .then(pl.lit("derived"))
        .otherwise(pl.lit("observed"))
    )
    frame = inputs.table("parameters")
    numbers = [pl.col(c).cast(pl.Float64) for c in ("value", "low", "high")]
    cited: list[str] = []
    for title in frame["source"]:
        if title.startswith("same"):
            # As the last row with a source of its own; what follows the word stays in the note.
            cited.append(next(known for known in reversed(cited) if known != "parameters"))
        else:
            cited.append(inputs.cite(title) if "unsourced" not in title else "parameters")
    return frame.select("parameter", *numbers, "unit", "confidence", note=text, origin=origin).with_columns(
        source=pl.Series(cited)
    )


def operators() -> pl.DataFrame:
    """Return the brands and carriers; that they work in the province is common knowledge, so assumed."""
    columns = ["operator_id", "name_zh", "name_en", "kind"]
    return pl.DataFrame(OPERATORS, schema=columns, orient="row").with_columns(
        origin=pl.lit("assumed"), source=pl.lit("rule-operators")
    )


def vehicles(known: pl.DataFrame) -> pl.DataFrame:
    """Return vehicle types put together from the parameters."""
    value = dict(known["parameter", "value"].iter_rows())
    hourly = 45.0
    rows = [
        ("SEMI_17_5", "17.5米半挂车", "17.5 m semi-trailer", "diesel", value["semi_payload"] * 1000, 130.0,
         value["parcels_per_17_5m_semi"], value["linehaul_cost_17_5m_semi"], None,
         value["diesel_use_semi_parcel_load"]),
        ("TRUCK_9_6", "9.6米厢式车", "9.6 m box truck", "diesel", value["truck_9_6m_payload"] * 1000,
         value["truck_9_6m_volume"], value["parcels_per_9_6m"], value["linehaul_cost_9_6m"], None,
         value["diesel_use_9_6m"]),
        ("TRUCK_4_2", "4.2米厢式车", "4.2 m box truck", "diesel", value["truck_4_2m_payload"] * 1000,
         value["truck_4_2m_volume"], value["parcels_per_4_2m"], value["feeder_cost_4_2m"], None,
         value["diesel_use_4_2m"]),
        ("EV_VAN", "电动厢式货车", "Electric van", "electric", value["ev_van_payload"] * 1000, 6.0, 400.0, 0.9, 280.0,
         value["ev_van_consumption"]),
    ]  # fmt: skip
    names = ["vehicle_id", "name_zh", "name_en", "energy", "payload_kg", "volume_m3", "capacity_pieces",
             "cost_yuan_per_km", "range_km", "energy_per_100km"]  # fmt: skip
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    return frame.with_columns(
        capacity_pieces=pl.col("capacity_pieces").cast(pl.Int64),
        cost_yuan_per_h=pl.lit(hourly),
        origin=pl.lit("assumed"),
        source=pl.lit("rule-vehicles"),
    )
