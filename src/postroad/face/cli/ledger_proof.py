"""``postroad ledger prove|verify|audit|seal|reidentify|forget``: proofs; numbers two officers open or forget."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.supervise.identity import Share
    from postroad.supervise.ledger import Ledger

FOLDER = typer.Option(Path("out/ledger"), "--ledger", help="台账文件夹 folder of the ledger")
KEYS = typer.Option(Path("out/ledger-keys"), "--keys", help="密钥文件夹 folder of the keys")
EXTRACT = typer.Option(
    "", "--extract", help="PostgreSQL 摘录或对象存储 an extract or object storage: postgresql+psycopg://… | s3://…"
)
JSON = typer.Option(False, "--json")


def mark(origin: str) -> None:
    """Say that records are synthetic, before anything that rests on them."""
    from postroad.face.cli.display import out
    from postroad.language import say

    if origin == "synthetic":
        out.print("[yellow]" + say("ledger.synthetic") + "[/]", soft_wrap=True)


def opened(ledger: Path, address: str) -> Ledger:
    """Return the ledger in the folder, or at an address: an extract in PostgreSQL, else on object storage."""
    from postroad.supervise.ledger import Ledger, shelf
    from postroad.supervise.ledger import extract as extracts

    if not address:
        return Ledger.open(ledger)
    if "://" in address and not address.startswith("postgresql"):
        return shelf.opened(shelf.reach(address))
    return extracts.opened(address)


def prove(
    waybill: str = typer.Argument("", help="运单号 waybill; 空为日志一致性 empty: consistency of the log"),
    ledger: Path = FOLDER,
    size: int = typer.Option(0, "--size", help="commits"),
    to: Path | None = typer.Option(None, "--out", help=".json"),
    extract_: str = EXTRACT,
) -> None:
    """证明 A parcel's three checks in the log, or that the log of so many commits was only added to."""
    from postroad.face.cli.display import out, print_json, write_text
    from postroad.language import say
    from postroad.supervise.ledger.proving import consistent
    from postroad.supervise.ledger.proving import prove as proof_of

    held = opened(ledger, extract_)
    made = proof_of(held, waybill, size or None) if waybill else consistent(held, size or 1)
    if to is None:
        print_json(made)
        return
    path = write_text(to, json.dumps(made, ensure_ascii=False, indent=1) + "\n")
    out.print(say("face.written", path=path.resolve()), soft_wrap=True)


def verify(
    proof: Path = typer.Argument(..., help=".json"),
    root: str = typer.Option("", "--root", help="公布的根 published root"),
    old_root: str = typer.Option("", "--old-root", help="先前公布的根 root published earlier"),
    json_: bool = JSON,
) -> None:
    """验证 Hold a proof against a published root; needs no ledger. Exit code 2 when it fails."""
    from postroad.errors import DataError, UsageError
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.supervise.ledger.proving import verify as verified
    from postroad.supervise.ledger.proving import verify_consistent

    if not proof.is_file():
        raise UsageError.of("ledger.no_file", path=str(proof))
    root, old_root = root.strip().lower(), old_root.strip().lower()
    for told_root in filter(None, (root, old_root)):
        if not re.fullmatch("[0-9a-f]{64}", told_root):
            raise UsageError.of("ledger.bad_root", value=told_root)
    try:
        told = json.loads(proof.read_text("utf-8"))
        if "old_root" in told:
            shown: dict[str, Any] = {"holds": verify_consistent(told, old_root, root), "old_size": told["old_size"],
                                     "new_size": told["new_size"]}  # fmt: skip
            published = bool(root and old_root)
        else:
            shown, published = verified(told, root or None), bool(root)
    except (ValueError, KeyError, TypeError) as wrong:
        raise DataError.of("ledger.not_a_proof") from wrong
    if json_:
        print_json({**shown, "published": published})
    else:
        mark(shown.get("origin", ""))
        out.print(say("ledger.proof_holds" if shown["holds"] else "ledger.proof_fails"))
        checks = {**shown["checks"], "all_three": shown["all_three"]} if "checks" in shown and shown["holds"] else {}
        for name, there in checks.items():
            out.print(f"{say('ledger.check_' + name)}: {say('demand.yes' if there else 'demand.no')}")
        if shown["holds"] and shown.get("replaced_later"):
            out.print(say("ledger.replaced_later"), soft_wrap=True)
        if shown["holds"] and not published:
            out.print(say("ledger.own_root" if "checks" in shown else "ledger.own_roots"), soft_wrap=True)
    if not shown["holds"]:
        raise typer.Exit(2)


def audit(ledger: Path = FOLDER, json_: bool = JSON) -> None:
    """核对 Everything in the folder against the log; exit code 2 when something was changed."""
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.supervise.ledger import Ledger
    from postroad.supervise.ledger.opening import forgettings, openings
    from postroad.supervise.ledger.proving import audit as audited

    held = Ledger.open(ledger)
    faults = audited(held)
    if json_:
        print_json({"origin": held.origin, "size": held.head.size, "root": held.head.root,
                    "faults": [f.as_dict() for f in faults], "openings": openings(held),
                    "forgettings": forgettings(held)})  # fmt: skip
    else:
        mark(held.origin)
        for entry in openings(held):
            facts = {"sender": entry["sender"], "officers": ", ".join(entry["officers"]), "reason": entry["reason"]}
            word = "ledger.opened" if entry["granted"] else "ledger.opening_refused"
            out.print(say(word, day=entry["known_at"][:10], **facts), soft_wrap=True, markup=False)
        for entry in forgettings(held):
            facts = {"value": entry["period"], "officers": ", ".join(entry["officers"]), "reason": entry["reason"]}
            word = "ledger.forgot" if entry["granted"] else "ledger.forgetting_refused"
            out.print(say(word, day=entry["known_at"][:10], **facts), soft_wrap=True, markup=False)
        for fault in faults:
            out.print(fault.say(), soft_wrap=True, markup=False)
        out.print(say("ledger.audited", size=held.head.size, root=held.head.root, faults=len(faults)), soft_wrap=True)
    if faults:
        raise typer.Exit(2)


def seal(
    officers: list[str] = typer.Argument(..., help="两名人员 two officers"),
    keys: Path = KEYS,
    to: Path = typer.Option(Path("out/ledger-shares"), "--out", help="文件夹 folder"),
) -> None:
    """封存 Give the key ring a seal whose opening key is split between two officers."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import out
    from postroad.language import say
    from postroad.supervise.identity import KeyRing, make_seal

    if len(officers) != 2:
        raise UsageError.of("ledger.two_officers", value=", ".join(officers))
    for number, share in enumerate(make_seal(KeyRing.open(keys), (officers[0], officers[1])), 1):
        path = share.save(to / f"share-{number}.json")
        out.print(say("ledger.share_written", officer=share.officer, path=path.resolve()), soft_wrap=True)


def reidentify(
    sender: str = typer.Argument(..., help="假名 pseudonym"),
    shares: list[Path] = typer.Option(..., "--share", help="份额文件 a share, twice"),
    reason: str = typer.Option(..., "--reason", help="事由 why"),
    ledger: Path = FOLDER,
    keys: Path = KEYS,
) -> None:
    """还原 Open one pseudonym with both officers' shares; the opening is written into the log first."""
    import sys

    from postroad.supervise.identity import KeyRing
    from postroad.supervise.ledger import Ledger, now
    from postroad.supervise.ledger.opening import reidentify as opened

    number = opened(Ledger.open(ledger), sender, _both(shares), KeyRing.open(keys), reason, now())
    sys.stdout.write(number + "\n")


def forget(
    period: str = typer.Argument(..., help="月份 month: 2026-03"),
    shares: list[Path] = typer.Option(..., "--share", help="份额文件 a share, twice"),
    reason: str = typer.Option(..., "--reason", help="事由 why"),
    ledger: Path = FOLDER,
    keys: Path = KEYS,
    json_: bool = JSON,
) -> None:
    """销毁密钥 Drop a month's key for good, with both officers' shares; written into the log first."""
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.supervise.identity import KeyRing
    from postroad.supervise.ledger import Ledger, now
    from postroad.supervise.ledger.opening import forget as forgotten

    both, at = _both(shares), now()
    forgotten(Ledger.open(ledger), period, both, KeyRing.open(keys), reason, at)
    officers = sorted(share.officer for share in both)
    if json_:
        print_json({"period": period, "officers": officers, "reason": reason, "known_at": at.isoformat()})
        return
    facts: dict[str, Any] = {"value": period, "officers": ", ".join(officers), "reason": reason}
    out.print(say("ledger.forgot", day=f"{at:%Y-%m-%d}", **facts), soft_wrap=True, markup=False)


def _both(shares: list[Path]) -> tuple[Share, Share]:
    from postroad.errors import UsageError
    from postroad.supervise.identity import Share

    if len(shares) != 2:
        raise UsageError.of("ledger.two_officers", value=", ".join(map(str, shares)))
    return Share.load(shares[0]), Share.load(shares[1])
