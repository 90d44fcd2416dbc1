"""``postroad draw``: freeze a list, reveal what was drawn, verify it, and what the sample says of the whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from postroad.language import say

if TYPE_CHECKING:
    from fractions import Fraction

group = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group.command("commit")(commit)
    group.command("chances")(chances)
    group.command("reveal")(reveal)
    group.command("verify")(verify)
    group.command("verifier")(verifier)
    group.command("estimate")(estimate)
    app.add_typer(group, name="draw", help=f"{say('draw.help', 'zh')} {say('draw.help', 'en')}")


def commit(
    units: Path = typer.Option(
        ..., "--list", help="CSV: id[,weight,operator,lon,lat,skills]; 编号,权重,企业,经度,纬度"
    ),
    size: int = typer.Option(..., "--size"),
    seed_source: str = typer.Option(..., "--seed-source", help="将来的公开值 a public value of the future"),
    seed_at: str = typer.Option(..., "--seed-at", help="2025-11-03T12:00:00+08:00"),
    to: Path = typer.Option(..., "--out", help="commit.json"),
    inspectors: Path | None = typer.Option(None, "--inspectors", help="CSV: id[,lon,lat,skills,most]"),
    apart: Path | None = typer.Option(None, "--recusals", help="CSV: inspector,unit (对象或企业 unit or operator)"),
    before: Path | None = typer.Option(None, "--last-visits", help="CSV: inspector,unit"),
    ceiling: int = typer.Option(0, "--ceiling", help="扩大的上限 most after extension"),
    reach_km: float = typer.Option(1000.0, "--reach-km"),
    title: str = typer.Option("", "--title"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """冻结 Freeze a list with its rule and the name of a future public seed; publish the SHA-256 printed."""
    import datetime as dt

    from postroad.errors import UsageError
    from postroad.face.cli.display import out, print_json
    from postroad.face.cli.draw_lists import couples, lists
    from postroad.supervise import draw
    from postroad.supervise.refusal import told as refused

    if not 0 <= reach_km <= draw.FARTHEST_M / 1000:
        raise UsageError.of("draw.bad_reach", reach_km=reach_km)
    listed, people = lists(units, inspectors)
    with refused():
        frame = draw.Frame(title, seed_source, seed_at, size, listed, people, couples(apart), couples(before),
                           round(reach_km * 1000), ceiling)  # fmt: skip
        made = draw.commit(frame, dt.datetime.now(dt.UTC))
    _once(to, made.text)
    told: dict[str, Any] = {"units": len(frame.units), "size": size, "ceiling": ceiling or size, "source": seed_source}
    if json_:
        print_json({"digest": made.digest, "path": str(to), "seed_at": seed_at, **told})
        return
    out.print(say("draw.frozen", seed_at=seed_at, **told), soft_wrap=True)
    out.print(made.digest, soft_wrap=True)


def chances(
    frozen: Path = typer.Argument(..., help="commit.json"),
    size: int = typer.Option(0, "--extend-to", help="扩大到 of a sample extended to"),
    to: Path | None = typer.Option(None, "--out", help="chances.csv"),
    most: int = typer.Option(20, "--most", min=0, help="显示行数 rows shown"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """概率 Every listed unit's chance of being drawn, known before the seed is; what each operator may expect."""
    from postroad.face.cli.display import out, print_json, write_text
    from postroad.face.cli.draw_lists import text_of
    from postroad.supervise import draw
    from postroad.supervise.refusal import told as refused

    text = text_of(frozen)
    with refused():
        held, chance = draw.read_frozen(text), draw.chances(text, size or None)
    rows = [{"unit": unit["id"], "operator": unit["operator"], "weight": unit["weight"],
             "chance": str(chance[unit["id"]]), "share": float(chance[unit["id"]])}
            for unit in held["units"]]  # fmt: skip
    if to:
        import csv
        import io

        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, ["unit", "operator", "weight", "chance", "share"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(to, sheet.getvalue())
    by_operator = _by_operator(held["units"], chance)
    told: dict[str, Any] = {"units": len(rows), "size": int(sum(chance.values())),
                            "certain": sum(share == 1 for share in chance.values())}  # fmt: skip
    if json_:
        print_json({**told, "digest": draw.digest_of(text), "chances": rows, "operators": by_operator})
        return
    rows.sort(key=lambda row: (-row["share"], row["unit"]))
    _print_rows(rows[:most], "unit", "operator", "weight", "chance", "share")
    if len(rows) > most:
        out.print(say("draw.more_units", count=len(rows) - most))
    _print_rows(by_operator, "operator", "units", "list_share", "expected", "draw_share")
    least, greatest = min(chance.values()), max(chance.values())
    out.print(
        say("draw.chances", least=f"{float(least):.4f}", greatest=f"{float(greatest):.4f}", **told), soft_wrap=True
    )


def _by_operator(units: list[dict[str, Any]], chance: dict[str, Fraction]) -> list[dict[str, Any]]:
    """What each operator has on the list, and how many of its units are drawn on average."""
    size, found = float(sum(chance.values())), []
    for operator in sorted({unit["operator"] for unit in units}):
        own = [float(chance[unit["id"]]) for unit in units if unit["operator"] == operator]
        found.append({"operator": operator, "units": len(own), "list_share": len(own) / len(units),
                      "expected": sum(own), "draw_share": sum(own) / size})  # fmt: skip
    return found


def _print_rows(rows: list[dict[str, Any]], *columns: str) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out

    table = Table(pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(say(f"draw.{column}"), overflow="fold")
    for row in rows:
        table.add_row(*(f"{row[c]:.4f}" if isinstance(row[c], float) else str(row[c]) or "–" for c in columns))
    out.print(table)


def reveal(
    frozen: Path = typer.Argument(..., help="commit.json"),
    seed: str = typer.Option(..., "--seed", help="公布的值 the value as published"),
    to: Path = typer.Option(..., "--out", help="receipt.json"),
    strike: list[str] = typer.Option([], "--strike", help="id=原因 id=reason"),
    size: int = typer.Option(0, "--extend-to", help="扩大到 draw up to the ceiling"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """揭晓 Draw with the seed now public, and write the receipt."""
    import datetime as dt

    from postroad.errors import UsageError
    from postroad.face.cli.display import print_json
    from postroad.face.cli.draw_lists import text_of
    from postroad.supervise import draw
    from postroad.supervise.refusal import told as refused

    struck: dict[str, str] = {}
    for word in strike:
        unit, _, reason = word.partition("=")
        if not unit or not reason.strip():
            raise UsageError.of("draw.bad_strike", value=word)
        struck[unit] = reason
    with refused():
        receipt = draw.reveal(text_of(frozen), seed.strip(), dt.datetime.now(dt.UTC), struck, size or None)
    _once(to, json.dumps(receipt, ensure_ascii=False, indent=1) + "\n")
    if json_:
        print_json(receipt)
        return
    _show(receipt)


def verify(
    frozen: Path = typer.Argument(..., help="commit.json"),
    receipt: Path = typer.Argument(..., help="receipt.json"),
    published: str = typer.Option("", "--digest", help="事先公布的 SHA-256 as published beforehand"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """验证 Work a draw out again; exit code 2 when anything differs."""
    from postroad.errors import DataError, Fault
    from postroad.face.cli.display import out, print_json
    from postroad.face.cli.draw_lists import text_of
    from postroad.supervise import draw

    told = _receipt(receipt)
    found = [Fault.of("draw." + wrong.code, **wrong.facts) for wrong in draw.verify(text_of(frozen), told, published)]
    if json_:
        print_json({"holds": not found, "published": bool(published), "faults": [fault.as_dict() for fault in found]})
        raise typer.Exit(2 if found else 0)
    if found:
        raise DataError(found)
    out.print(say("draw.holds", size=told["size"]), soft_wrap=True)
    if not published:
        out.print(say("draw.not_published"), soft_wrap=True)


def verifier(to: Path = typer.Option(..., "--out", help="文件夹 folder")) -> None:
    """验证器 Write the two verifiers anyone can run: plain Python, and a page for any browser."""
    from postroad.face.cli.display import out, write_text
    from postroad.supervise.verifier import files

    for name, text in files().items():
        out.print(say("face.written", path=write_text(to / name, text).resolve()), soft_wrap=True)


def estimate(
    frozen: Path = typer.Argument(..., help="commit.json"),
    receipt: Path = typer.Argument(..., help="receipt.json"),
    results: Path = typer.Option(..., "--results", help="CSV: unit,breach (0/1)"),
    level: float = typer.Option(0.95, "--level", min=0.5, max=0.999),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """推算 Say what share of the whole list is in breach, from the visits made."""
    from dataclasses import asdict
    from fractions import Fraction

    from postroad.errors import DataError, Fault
    from postroad.face.cli.display import out, print_json
    from postroad.face.cli.draw_lists import breaches, text_of
    from postroad.supervise import draw
    from postroad.supervise.survey import Seen, violation_rate

    told, text = _receipt(receipt), text_of(frozen)
    # Chances of a receipt that does not hold would make any rate one likes.
    if wrong := draw.verify(text, told):
        raise DataError([Fault.of("draw." + one.code, **one.facts) for one in wrong])
    breach = breaches(results, {row["unit"] for row in told["drawn"]})
    listed = len(draw.read_frozen(text)["units"])
    seen = [
        Seen(row["unit"], Fraction(row["chance"]), breach.get(row["unit"], False), not row["struck"])
        for row in told["drawn"]
        if row["unit"] in breach or row["struck"]
    ]
    # A unit drawn but not visited is missing at random at best: the chances are thinned by the share visited.
    thinned = Fraction(len(seen), len(told["drawn"]))
    found = violation_rate(
        [Seen(unit.unit, unit.chance * thinned, unit.breach, unit.belongs) for unit in seen], listed, level
    )
    if json_:
        print_json(asdict(found))
        return
    shares: dict[str, Any] = {name: f"{getattr(found, name):.1%}" for name in ("rate", "low", "high")}
    sizes: dict[str, Any] = {
        "total": round(found.total),
        "visited": found.visited,
        "effective": f"{found.effective:.0f}",
    }
    out.print(say("draw.estimate", level=f"{level:.0%}", **shares, **sizes), soft_wrap=True)


def _receipt(path: Path) -> dict[str, Any]:
    from postroad.errors import UsageError
    from postroad.face.cli.draw_lists import text_of

    if not path.is_file():
        raise UsageError.of("draw.no_such_file", path=str(path))
    try:
        told = json.loads(text_of(path).removeprefix("\ufeff"))
    except (ValueError, RecursionError, UsageError):
        told = None
    if not isinstance(told, dict) or not {"digest", "seed", "size", "drawn"} <= set(told):
        raise UsageError.of("draw.bad_receipt", path=str(path))
    return told


def _once(path: Path, text: str) -> None:
    """Write a file that may not say two things: refused when it exists with another content."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import write_text

    if path.is_file() and path.read_bytes() != text.encode():
        raise UsageError.of("draw.already_there", path=str(path))
    write_text(path, text)


def _show(receipt: dict[str, Any]) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out

    table = Table(pad_edge=False, header_style="bold")
    for key in ("place", "unit", "chance", "inspectors", "state"):
        table.add_column(say(f"draw.{key}"))
    for row in receipt["drawn"]:
        above, below = map(int, row["chance"].split("/"))
        cells = [row["unit"], f"{above / below:.4f}", "、".join(row["inspectors"]) or "–", row["struck"]]
        table.add_row(str(row["place"]), *cells)
    out.print(table)
    drawn = receipt["drawn"]
    counts: dict[str, Any] = {"size": receipt["size"], "reserve": receipt["reserve"]}
    counts["struck"] = sum(bool(row["struck"]) for row in drawn)
    counts["unpaired"] = sum(not row["inspectors"] for row in drawn)
    out.print(say("draw.drawn", **counts), soft_wrap=True)
