"""Proofs from the log: that all three checks of a parcel stand in it, and that nothing in it was rewritten.

A proof holds everything a stranger needs: the record's own text, the way from its leaf to the root of its part, the
commit that names this root, and the way from the commit to the root of the log. ``verify`` needs no ledger.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError, Fault, UsageError
from postroad.supervise.ledger import parts
from postroad.supervise.ledger.extract import Extract
from postroad.supervise.ledger.kinds import stored
from postroad.supervise.ledger.store import Ledger
from postroad.supervise.ledger.writer import BESIDE, canonical
from postroad.supervise.merkle import Growing, Tree, leaf_hash, verify_consistency, verify_inclusion
from postroad.supervise.sha256 import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

PROOF = "postroad three checks 1"


def prove(ledger: Ledger, waybill: str, size: int | None = None) -> dict[str, Any]:
    """Return the proof of a parcel's acceptance against the log's root at ``size`` commits (now when not given).

    ``UsageError`` when no acceptance of this waybill is in the log.
    """
    size = ledger.head.size if size is None else size
    holding = ledger.holding(waybill) if isinstance(ledger, Extract) else _holding(ledger, waybill)
    found = [held for held in holding if held.part.seq <= size]
    if not found:
        raise UsageError.of("ledger.no_such_parcel", value=waybill)
    held = max(found, key=lambda one: (one.part.seq, one.line))
    part, tree = held.part, Tree(held.hashes)
    if tree.root.hex() != part.root:
        raise DataError.of("ledger.part_changed", path=part.path)
    log = ledger.tree(size)
    replaced = ledger.superseded().filter(part=part.path, line=held.line).height > 0
    return {
        "proof": PROOF, "origin": ledger.origin, "waybill": waybill,
        "record": {"columns": list(stored("acceptances")), "text": held.text, "replaced_later": replaced},
        "in_part": {"part": part.path, "index": held.row, "size": len(tree),
                    "path": [h.hex() for h in tree.inclusion(held.row)]},
        "commit": ledger.commits[part.seq - 1]["entry"],
        "in_log": {"index": part.seq - 1, "size": size, "path": [h.hex() for h in log.inclusion(part.seq - 1)]},
        "root": log.root.hex(),
    }  # fmt: skip


def _holding(ledger: Ledger, waybill: str) -> Iterator[parts.Held]:
    """Every acceptance of a waybill where it stands in a part; in the order of the commits."""
    for part in ledger.parts("acceptances"):
        if part.withdrawals:
            continue
        rows = ledger.read(part.path, ["waybill"])["waybill"].eq(waybill).arg_true()
        if len(rows):
            frame = ledger.read(part.path)
            texts = parts.leaf_texts(frame, "acceptances")
            hashes = leaves(texts)
            for row in rows:
                yield parts.Held(part, hashes, int(row), texts[row], frame["line"][row])


def verify(proof: dict[str, Any], root: str | None = None) -> dict[str, Any]:
    """Return what a proof shows: whether it holds, and which of the three checks the record claims.

    ``root`` is the published root to hold it against; without it the proof's own is taken, which shows only that the
    proof fits itself. ``DataError`` when it is no proof of this kind.
    """
    try:
        # The names of the cells are the format's, never the proof's word: else "open" could be written over any cell.
        if proof["proof"] != PROOF or list(proof["record"]["columns"]) != list(stored("acceptances")):
            raise ValueError(proof["proof"])
        text = str(proof["record"]["text"])
        where, log, entry = proof["in_part"], proof["in_log"], proof["commit"]
        part = next(p for p in entry["parts"] if p["path"] == where["part"])
        cells = dict(zip(proof["record"]["columns"], text.split(parts.UNIT), strict=True))
        leaf = hashlib.sha256(b"\x00" + text.encode()).digest()
        in_part = verify_inclusion(
            leaf, where["index"], where["size"], _bytes(where["path"]), bytes.fromhex(part["root"])
        )
        held = str(root or proof["root"])
        in_log = verify_inclusion(
            leaf_hash(canonical(entry)), log["index"], log["size"], _bytes(log["path"]), bytes.fromhex(held)
        )
    except (KeyError, TypeError, ValueError, StopIteration) as wrong:
        raise DataError.of("ledger.not_a_proof") from wrong
    numbered = cells["id_kind"] in ("resident_id", "passport", "credit_code")
    three = {
        "real_name": cells["id_kind"] != "none" and (not numbered or cells["id_ok"] == "true"),
        "open_box": cells["opened"] == "true",
        "machine_check": cells["machine_id"] != "" and cells["xray_at"] != "",
    }  # fmt: skip
    same = (cells["waybill"], cells["origin"]) == (proof.get("waybill"), proof.get("origin"))
    holds = in_part and in_log and same
    return {"holds": holds, "root": held, "origin": cells["origin"], "checks": three, "all_three": all(three.values()),
            "replaced_later": bool(proof["record"].get("replaced_later"))}  # fmt: skip


def _bytes(path: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in path]


def consistent(ledger: Ledger, size: int) -> dict[str, Any]:
    """Return the proof that the log of ``size`` commits is a beginning of the log as it is."""
    if not 0 < size <= ledger.head.size:
        raise UsageError.of("ledger.no_such_size", value=size, most=ledger.head.size)
    tree = ledger.tree()
    return {"old_size": size, "new_size": len(tree), "old_root": ledger.tree(size).root.hex(),
            "new_root": tree.root.hex(),
            "path": [h.hex() for h in tree.consistency(size)]}  # fmt: skip


def verify_consistent(proof: dict[str, Any], old_root: str | None = None, new_root: str | None = None) -> bool:
    """Whether a consistency proof holds between the published roots; one not given is taken from the proof."""
    old, new = bytes.fromhex(old_root or proof["old_root"]), bytes.fromhex(new_root or proof["new_root"])
    return verify_consistency(proof["old_size"], proof["new_size"], old, new, _bytes(proof["path"]))


def audit(ledger: Ledger) -> list[Fault]:
    """Return everything in the folder that is not as the log says: roots, parts missing, changed, or cut.

    What a commit keeps beside its parts (rows replaced, set aside, sealed) is held to ``digests`` where it states them,
    and always to its counts and to the parts there are.
    """
    faults = []
    log = Growing()
    for number, commit in enumerate(ledger.commits, 1):
        leaf = leaf_hash(canonical(commit["entry"]))
        log.add(leaf)
        if leaf.hex() != commit["log"]["leaf"] or commit["log"]["root"] != log.root.hex():
            faults.append(Fault.of("ledger.commit_changed", row=number))
    known: set[str] = set()
    for entry in ledger.entries("file"):
        told = {part["path"]: part["sha256"] for part in entry["parts"]}
        told |= {entry[folder]: None for folder in BESIDE if entry[folder]}
        for path, digest in {**told, **entry.get("digests", {})}.items():
            if fault := ledger.fault(path, digest):
                faults.append(fault)
        known |= {part["path"] for part in entry["parts"]}
        faults += _miscounted(ledger, entry, known)
    return list(dict.fromkeys(faults))


def _miscounted(ledger: Ledger, entry: dict[str, Any], known: set[str]) -> Iterator[Fault]:
    """What the rows beside a commit's parts say against its counts: each replaced row would hide a record."""
    counts = entry["counts"]
    least, most = counts["corrected"], counts["corrected"] + counts["withdrawn"]
    for folder, low, high in (("superseded", least, most), ("quarantine", *[counts["quarantined"]] * 2)):
        path = entry[folder]
        if not path:
            if low:
                yield Fault.of("ledger.commit_changed", row=entry["seq"])
            continue
        try:
            rows = ledger.read(path)
        except DataError as wrong:
            yield from wrong.faults
            continue
        found = rows["line"].n_unique() if folder == "quarantine" else rows.height
        strange = folder == "superseded" and not set(rows["part"]) <= known
        if strange or not low <= found <= high:
            yield Fault.of("ledger.part_changed", path=path)
