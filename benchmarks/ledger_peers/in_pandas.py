"""The same work in plain pandas: read as text, check columns, drop repeats, keep the last version, group and merge."""

from __future__ import annotations

import hashlib
import hmac
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.ledger_peers.files import UNTIL, in_order

KEYS = {
    "acceptances": ["operator_id", "waybill"],
    "scans": ["operator_id", "waybill", "event", "facility_id", "event_at"],
    "deliveries": ["operator_id", "waybill", "delivered_at"],
}
CLOCK = {"acceptances": "accepted_at", "scans": "event_at", "deliveries": "delivered_at"}
CHOICES = {
    name: words.split()
    for name, words in {
        "event": "EMA EMB EXA EXB EXC EXD EXX EMC EMJ EMK EMD EDA EDB EME EDC EMF EDD EDE EMG EDF EDG EDH EMH EMI EDX",
        "manner": "hand locker station returned",
        "id_kind": "resident_id passport credit_code agreement none",
        "packaging": "original carton reused_carton reusable_box degradable_bag plastic_bag paper other",
        "bag": "reusable single_use_woven none",
        "origin": "observed derived assumed synthetic",
    }.items()
}
WEIGHTS = np.array([8, 6, 4, 2, 3, 5, 9, 7])
DEPART, ARRIVE = ["EMC", "EMF", "EMK"], ["EMD", "EMJ", "EMG"]


def run(feed: str, work: str) -> dict[str, Any]:
    """Take every file, then check and balance."""
    start, cpu = time.perf_counter(), time.process_time()
    held: dict[str, list[pd.DataFrame]] = {kind: [] for kind in KEYS}
    bad = 0
    registers = {}
    for file in in_order(Path(feed)):
        kind = next((k for k in KEYS if file.name.startswith(k)), None)
        hashlib.sha256(file.read_bytes()).hexdigest()
        frame = pd.read_csv(file, dtype=str)
        if kind is None:
            registers[file.name] = frame
            continue
        good, wrong = _judged(frame, kind)
        bad += wrong
        held[kind].append(good)
    tables = {}
    for kind, frames in held.items():
        whole = pd.concat(frames, ignore_index=True).drop_duplicates()
        tables[kind] = whole.drop_duplicates(KEYS[kind], keep="last")
        for (operator, day), part in tables[kind].groupby(["operator_id", tables[kind][CLOCK[kind]].dt.date]):
            path = Path(work) / "pandas" / kind / str(day)
            path.mkdir(parents=True, exist_ok=True)
            part.to_parquet(path / f"{operator}.parquet")
    taken = time.perf_counter() - start
    told = _checked(tables, registers)
    checked = time.perf_counter() - start - taken
    told |= _balanced(tables)
    valid = sum(map(len, [*tables.values(), *registers.values()]))
    return {"valid": valid, "quarantined": bad, "cpu_s": round(time.process_time() - cpu, 1), **told,
            "stages": {"intake": round(taken, 1), "checks": round(checked, 1),
                       "balance": round(time.perf_counter() - start - taken - checked, 1)}}  # fmt: skip


def _judged(frame: pd.DataFrame, kind: str) -> tuple[pd.DataFrame, int]:
    wrong = ~frame["waybill"].str.match(r"^[A-Z0-9]{8,30}$").fillna(False).astype(bool)
    s10 = frame["waybill"].str.match(r"^[A-Z]{2}\d{9}[A-Z]{2}$").fillna(False).astype(bool)
    some = frame.loc[s10, "waybill"]
    if len(some):
        digits = np.array([[int(d) for d in text[2:11]] for text in some])
        check = 11 - digits[:, :8] @ WEIGHTS % 11
        check = np.where(check == 10, 0, np.where(check == 11, 5, check))
        wrong.loc[some.index[digits[:, 8] != check]] = True
    for name in ("operator_id", "outlet_id", "facility_id", CLOCK[kind]):
        if name in frame:
            wrong |= frame[name].isna()
    for name in ("operator_id", "outlet_id", "facility_id", "other_id", "machine_id", "product_id"):
        if name in frame:
            wrong |= frame[name].notna() & ~frame[name].str.match(r"^[\x21-\x7e]{1,64}$").fillna(True).astype(bool)
    for name, known in CHOICES.items():
        if name in frame:
            wrong |= frame[name].notna() & ~frame[name].isin(known)
    for name in ("accepted_at", "event_at", "delivered_at", "opened_at", "xray_at"):
        if name in frame:
            made = pd.to_datetime(frame[name], format="%Y-%m-%d %H:%M:%S", errors="coerce")
            wrong |= frame[name].notna() & made.isna()
            frame[name] = made
    for name in ("opened", "e_waybill", "repacked", "label_private", "consent"):
        if name in frame:
            wrong |= frame[name].notna() & ~frame[name].isin(["true", "false"])
            frame[name] = frame[name] == "true"
    if kind == "acceptances":
        number = frame["id_number"]
        frame["sender"] = [
            hmac.digest(b"k" * 32, n.encode(), "sha256")[:16] if isinstance(n, str) else None for n in number
        ]
        frame["id_ok"] = [
            _resident(n) if k == "resident_id" else True for k, n in zip(frame["id_kind"], number, strict=True)
        ]
        frame = frame.drop(columns="id_number")
    return frame[~wrong], int(wrong.sum())


def _resident(number: Any) -> bool:
    if not isinstance(number, str) or len(number) != 18 or not number[:17].isdigit():
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=False)) % 11] == number[17]


def _checked(tables: dict[str, pd.DataFrame], registers: dict[str, pd.DataFrame]) -> dict[str, Any]:
    a = tables["acceptances"].copy()
    letter = a["product_id"] == "GOV_DOC"
    real = a["id_kind"].isin(["passport", "credit_code", "resident_id"]) & a["sender"].notna() & a["id_ok"]
    a["lacks_name"] = ~letter & ~(real | (a["id_kind"] == "agreement"))
    a["lacks_box"] = ~letter & ~a["opened"]
    a["lacks_ray"] = a["machine_id"].isna() | a["xray_at"].isna()
    a["three"] = ~(a["lacks_name"] | a["lacks_box"] | a["lacks_ray"])
    a["hour"] = a["accepted_at"].dt.hour
    named = ["three", "lacks_name", "lacks_box", "lacks_ray", "e_waybill", "repacked", "label_private"]
    for level in ("operator_id", "outlet_id", "machine_id", "hour"):
        a.groupby(level)[named].agg(["sum", "count"])
    gaps = int((~a["three"]).sum())
    d = tables["deliveries"]
    put = d[d["manner"].isin(["locker", "station"])]
    for level in ("operator_id", "outlet_id"):
        put.groupby(level)["consent"].agg(["sum", "count"])
    outlets, machines = registers["outlets.csv"], registers["machines.csv"]
    fast = (
        a.dropna(subset=["machine_id", "xray_at"])
        .groupby(["machine_id", a["xray_at"].dt.floor("h")])
        .size()
        .reset_index(name="n")
    )
    fast = fast.merge(machines, on="machine_id", how="left")
    too_fast = int((fast["n"] > fast["capacity_per_h"].astype(float).fillna(8750)).sum())
    b = a.merge(outlets.drop(columns=["operator_id", "origin"]), on="outlet_id", how="left")
    minute = b["accepted_at"].dt.hour * 60 + b["accepted_at"].dt.minute
    shut = (
        b["city_id"].isna()
        | (b["accepted_at"] >= pd.to_datetime(b["closed_on"]))
        | (minute < b["opens_min"].astype(float))
    )
    shut |= minute >= b["closes_min"].astype(float)
    who = b[b["id_kind"].isin(["resident_id", "passport"]) & b["sender"].notna()].sort_values(
        ["sender", "accepted_at", "waybill"]
    )
    before = who.groupby("sender")[["city_id", "accepted_at", "lon", "lat"]].shift()
    lon, lat, x, y = (np.radians(v.astype(float)) for v in (who["lon"], who["lat"], before["lon"], before["lat"]))
    half = np.sin((lat - y) / 2) ** 2 + np.cos(lat) * np.cos(y) * np.sin((lon - x) / 2) ** 2
    km = 2 * 6371.0088 * np.arcsin(np.sqrt(half))
    hours = (who["accepted_at"] - before["accepted_at"]).dt.total_seconds() / 3600
    two = before["city_id"].notna() & (before["city_id"] != who["city_id"]) & (km > 350.0 * hours)
    s = tables["scans"]
    left = s.loc[s["event"].isin(DEPART), ["waybill", "facility_id", "event_at"]]
    rays = a.merge(machines[["machine_id", "facility_id"]], on="machine_id")[["waybill", "facility_id", "xray_at"]]
    boxes = a[["waybill", "outlet_id", "opened_at"]].rename(columns={"outlet_id": "facility_id"})
    late = 0
    for claim, at in ((rays, "xray_at"), (boxes, "opened_at")):
        met = left.merge(claim.dropna(subset=[at]), on=["waybill", "facility_id"])
        late += len(met[met[at] > met["event_at"]].drop_duplicates(["waybill", "facility_id", at]))
    return {"gaps": gaps, "claims": {"too_fast": too_fast, "two_cities": int(two.sum()), "after_departure": late,
                                     "closed_outlet": int(shut.sum())}}  # fmt: skip


def _balanced(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    a, s, d = tables["acceptances"], tables["scans"], tables["deliveries"]
    bits = np.select([s["event"] == "EMD", s["event"] == "EMC"], [2, 16], 32)
    ends = np.where(d["manner"] == "returned", 8, 4)
    events = pd.concat([
        pd.DataFrame({"waybill": a["waybill"], "bit": 1, "at": a["accepted_at"]}),
        pd.DataFrame({"waybill": s["waybill"], "bit": bits, "at": s["event_at"]}),
        pd.DataFrame({"waybill": d["waybill"], "bit": ends, "at": d["delivered_at"]}),
    ])  # fmt: skip
    for bit in (1, 2, 4, 8, 16):
        events[f"b{bit}"] = (events["bit"] == bit).astype("int8")
    piece = events.groupby("waybill").agg({"at": "max", **{f"b{bit}": "max" for bit in (1, 2, 4, 8, 16)}})
    silent = pd.Timestamp(UNTIL) - pd.Timedelta(hours=48)
    lost = piece[(piece[["b4", "b8", "b16"]].sum(axis=1) == 0) & (piece["at"] < silent)]
    last = s[s["waybill"].isin(lost.index)].sort_values("event_at").drop_duplicates("waybill", keep="last")
    last.groupby(["facility_id", "other_id"], dropna=False).size()
    for kind in (DEPART, ARRIVE):
        s[s["event"].isin(kind)].groupby(["facility_id", "other_id"]).size()
    for frame in (a, s, d):
        frame.groupby("operator_id").size()
    return {"pieces": len(piece), "unexplained": len(lost)}
