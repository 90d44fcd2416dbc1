"""The same work in plain pandas.

Read as text, check columns, set aside with reasons, drop repeats, keep the last version, hash what has to be proved,
write it durably, group and merge.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.ledger_peers.files import KNOWN, UNTIL, in_order

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
NAMES = ("operator_id", "outlet_id", "facility_id", "other_id", "machine_id", "product_id")
PERSON = (
    r"(?:^|\D)(?:[0-9]{6}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
    r"|1[3-9][0-9]{9})(?:$|\D)"
)
WEIGHTS = np.array([8, 6, 4, 2, 3, 5, 9, 7])
DEPART, ARRIVE = ["EMC", "EMF", "EMK"], ["EMD", "EMJ", "EMG"]


def run(feed: str, work: str) -> dict[str, Any]:
    """Take every file, then check and balance."""
    start, cpu = time.perf_counter(), time.process_time()
    held: dict[str, list[pd.DataFrame]] = {kind: [] for kind in KEYS}
    aside = []
    registers = {}
    for seq, file in enumerate(in_order(Path(feed)), 1):
        kind = next((k for k in KEYS if file.name.startswith(k)), None)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        frame = pd.read_csv(file, dtype=str)
        if kind is None:
            registers[file.name] = frame
            continue
        good, wrong = _judged(frame, kind)
        aside.append(wrong.assign(file=digest))
        held[kind].append(good.assign(seq=seq, known_at=pd.Timestamp(KNOWN)))
    root = Path(work) / "pandas"
    set_aside = pd.concat(aside, ignore_index=True)
    bad = len(set_aside.drop_duplicates(["file", "line"]))
    _write(set_aside, root / "quarantine.parquet")
    tables: dict[str, pd.DataFrame] = {}
    log: dict[str, dict[str, Any]] = {}
    for kind, frames in held.items():
        whole = pd.concat(frames, ignore_index=True)
        whole = whole.drop_duplicates([name for name in whole.columns if name not in ("seq", "known_at")])
        replaced = whole.duplicated(KEYS[kind], keep="last")
        tables[kind] = whole[~replaced].drop(columns=["seq", "known_at"])
        # Every version stays, with the file it came in and when that was known: what was known then can be asked.
        whole = whole.assign(replaced=replaced)
        for (operator, day), part in whole.groupby(["operator_id", whole[CLOCK[kind]].dt.date]):
            path = root / kind / str(day) / f"{operator}.parquet"
            _write(part, path)
            told = {"rows": len(part), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            log[str(path)] = told | ({"root": _root(part).hex()} if kind == "acceptances" else {})
    _durable(root / "log.json", json.dumps(log).encode())
    taken = time.perf_counter() - start
    told = _checked(tables, registers)
    checked = time.perf_counter() - start - taken
    told |= _balanced(tables)
    valid = sum(map(len, [*tables.values(), *registers.values()]))
    return {"valid": valid, "quarantined": bad, "cpu_s": round(time.process_time() - cpu, 1), **told,
            "stages": {"intake": round(taken, 1), "checks": round(checked, 1),
                       "balance": round(time.perf_counter() - start - taken - checked, 1)}}  # fmt: skip


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a file so that it survives a loss of power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path)
    _flush(path)


def _durable(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _flush(path)


def _flush(path: Path) -> None:
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _root(part: pd.DataFrame) -> bytes:
    """The root of the Merkle tree over the records."""
    shown = part.assign(sender=[s.hex() if isinstance(s, bytes) else "" for s in part["sender"]])
    cells = [[str(value) for value in shown[name]] for name in shown.columns]
    level = [hashlib.sha256(b"\x00" + "\x1f".join(row).encode()).digest() for row in zip(*cells, strict=True)]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def _judged(frame: pd.DataFrame, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that can be taken, and every reason why another cannot."""
    told: list[pd.DataFrame] = []

    def aside(name: str, reason: str, where: Any) -> None:
        rows = np.flatnonzero(where)
        if len(rows):
            told.append(pd.DataFrame({"line": rows + 1, "column": name, "reason": reason}))

    waybill = frame["waybill"]
    aside("waybill", "not_a_waybill", ~waybill.str.match(r"^[A-Z0-9]{8,30}$").fillna(False).astype(bool))
    s10 = waybill.str.match(r"^[A-Z]{2}\d{9}[A-Z]{2}$").fillna(False).astype(bool)
    some = waybill[s10]
    if len(some):
        digits = np.array([[int(d) for d in text[2:11]] for text in some])
        check = 11 - digits[:, :8] @ WEIGHTS % 11
        check = np.where(check == 10, 0, np.where(check == 11, 5, check))
        aside("waybill", "s10_check_digit", waybill.index.isin(some.index[digits[:, 8] != check]))
    for name in ("operator_id", "outlet_id", "facility_id", CLOCK[kind]):
        if name in frame:
            aside(name, "missing", frame[name].isna())
    for name in NAMES:
        if name in frame:
            there = frame[name].notna()
            aside(name, "strange", there & ~frame[name].str.match(r"^[\x21-\x7e]{1,64}$").fillna(True).astype(bool))
            aside(name, "personal_data", there & frame[name].str.contains(PERSON).fillna(False).astype(bool))
    for name, known in CHOICES.items():
        if name in frame:
            aside(name, "not_a_choice", frame[name].notna() & ~frame[name].isin(known))
    for name in ("accepted_at", "event_at", "delivered_at", "opened_at", "xray_at"):
        if name in frame:
            made = pd.to_datetime(frame[name], format="%Y-%m-%d %H:%M:%S", errors="coerce")
            aside(name, "unreadable", frame[name].notna() & made.isna())
            frame[name] = made
    clock = frame[CLOCK[kind]]
    aside(CLOCK[kind], "not_in_time", (clock > KNOWN + pd.Timedelta(hours=1)) | (clock < pd.Timestamp("2000-01-01")))
    for name in ("opened", "e_waybill", "repacked", "label_private", "consent"):
        if name in frame:
            aside(name, "unreadable", frame[name].notna() & ~frame[name].isin(["true", "false"]))
            frame[name] = frame[name] == "true"
    if "tape_mm" in frame:
        width = pd.to_numeric(frame["tape_mm"], errors="coerce")
        aside("tape_mm", "not_in_bounds", frame["tape_mm"].notna() & ~width.between(0, 200))
    if kind == "acceptances":
        number = frame["id_number"]
        frame["sender"] = [
            hmac.digest(b"k" * 32, n.encode(), "sha256")[:16] if isinstance(n, str) else None for n in number
        ]
        frame["id_ok"] = [
            _resident(n) if k == "resident_id" else True for k, n in zip(frame["id_kind"], number, strict=True)
        ]
        frame = frame.drop(columns="id_number")
    if not told:
        return frame, pd.DataFrame({"line": [], "column": [], "reason": []})
    wrong = pd.concat(told, ignore_index=True)
    return frame.drop(frame.index[wrong["line"].unique() - 1]), wrong


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
    a["slim"] = a["tape_mm"].astype(float) <= 45
    a["reusable"] = a["bag"] == "reusable"
    a["plastic"] = (a["packaging"] == "plastic_bag") | (a["bag"] == "single_use_woven")
    named = ["three", "lacks_name", "lacks_box", "lacks_ray", "e_waybill", "repacked", "label_private", "slim",
             "reusable", "plastic"]  # fmt: skip
    a["every"] = True
    for level in ("every", "operator_id", "outlet_id", "machine_id", "hour"):
        _rates(a.groupby(level)[named])
    listed = a.loc[~a["three"], ["waybill", "operator_id", "outlet_id", "accepted_at", "lacks_name", "lacks_box",
                                 "lacks_ray"]].sort_values(["accepted_at", "waybill"])  # fmt: skip
    gaps = len(listed)
    d = tables["deliveries"]
    put = d[d["manner"].isin(["locker", "station"])]
    for level in ("operator_id", "outlet_id"):
        _rates(put.groupby(level)[["consent"]])
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
    unknown = a["machine_id"].notna() & ~a["machine_id"].isin(machines["machine_id"])
    return {"gaps": gaps, "claims": {"too_fast": too_fast, "two_cities": int(two.sum()), "after_departure": late,
                                     "closed_outlet": int(shut.sum()), "unknown_machine": int(unknown.sum()),
                                     "no_departure": _no_departure(a, s, left)}}  # fmt: skip


def _rates(groups: Any) -> pd.DataFrame:
    """Each group's share with Wilson's 95 % interval."""
    made, asked = groups.sum(), groups.count()
    share, z = made / asked, 1.959963984540054
    centre = (share + z * z / (2 * asked)) / (1 + z * z / asked)
    half = z / (1 + z * z / asked) * np.sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    return pd.concat({"share": share, "low": centre - half, "high": centre + half}, axis=1)


def _no_departure(a: pd.DataFrame, s: pd.DataFrame, left: pd.DataFrame) -> int:
    """Arrivals from a place where the piece was seen before, with no departure from there."""
    came = s.loc[
        s["event"].isin(["EMJ", "EMG"]) & s["other_id"].notna(), ["waybill", "facility_id", "other_id", "event_at"]
    ]
    gone = left[["waybill", "facility_id"]].drop_duplicates().rename(columns={"facility_id": "other_id"})
    came = came.merge(gone, on=["waybill", "other_id"], how="left", indicator=True)
    came = came[came["_merge"] == "left_only"]
    seen = pd.concat([
        s[["waybill", "facility_id", "event_at"]].rename(columns={"event_at": "seen_at"}),
        a[["waybill", "outlet_id", "accepted_at"]].set_axis(["waybill", "facility_id", "seen_at"], axis=1),
    ])  # fmt: skip
    seen = seen[seen["waybill"].isin(came["waybill"])].rename(columns={"facility_id": "other_id"})
    met = came.merge(seen, on=["waybill", "other_id"])
    key = ["waybill", "other_id", "facility_id", "event_at"]
    return len(met[met["seen_at"] < met["event_at"]].drop_duplicates(key))


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
    missing = last.assign(other_id=last["other_id"].where(last["event"].isin(DEPART)))
    missing.groupby(["facility_id", "other_id"], dropna=False).size()
    for kind in (DEPART, ARRIVE):
        s[s["event"].isin(kind)].groupby(["facility_id", "other_id"]).size()
    for frame in (a, s, d):
        frame.groupby("operator_id").size()
    return {"pieces": len(piece), "unexplained": len(lost)}
