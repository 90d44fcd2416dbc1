"""``postroad draw``: freeze a list, reveal what was drawn, verify it, and what the sample says of the whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from postroad.language import say

if TYPE_CHECKING:
    from postroad.supervise.draw import Inspector, Unit

group = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group.command("commit")(commit)
    group.command("reveal")(reveal)
    group.command("verify")(verify)
    group.command("verifier")(verifier)
    group.command("estimate")(estimate)
    app.add_typer(group, name="draw", help=f"{say('draw.help', 'zh')} {say('draw.help', 'en')}")


def commit(
    units: Path = typer.Option(..., "--list", help="CSV: id[,weight,operator,lon,lat,skills]"),
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

    from postroad.face.cli.display import out, print_json
    from postroad.supervise import draw

    with _told():
        frame = draw.Frame(
            title, seed_source, seed_at, size, tuple(_units(units)),
            tuple(_inspectors(inspectors)) if inspectors else (),
            _couples(apart), _couples(before), round(reach_km * 1000), ceiling,
        )  # fmt: skip
        made = draw.commit(frame, dt.datetime.now(dt.UTC))
    _once(to, made.text)
    told: dict[str, Any] = {"units": len(frame.units), "size": size, "ceiling": ceiling or size, "source": seed_source}
    if json_:
        print_json({"digest": made.digest, "path": str(to), "seed_at": seed_at, **told})
        return
    out.print(say("draw.frozen", seed_at=seed_at, **told), soft_wrap=True)
    out.print(made.digest, soft_wrap=True)


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
    from postroad.supervise import draw

    struck: dict[str, str] = {}
    for word in strike:
        unit, _, reason = word.partition("=")
        if not unit or not reason:
            raise UsageError.of("draw.bad_strike", value=word)
        struck[unit] = reason
    with _told():
        receipt = draw.reveal(_read(frozen), seed.strip(), dt.datetime.now(dt.UTC), struck, size or None)
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
    from postroad.supervise import draw

    told = _receipt(receipt)
    with _told():
        found = [Fault.of("draw." + wrong.code, **wrong.facts) for wrong in draw.verify(_read(frozen), told, published)]
    if json_:
        print_json({"holds": not found, "faults": [fault.as_dict() for fault in found]})
        raise typer.Exit(2 if found else 0)
    if found:
        raise DataError(found)
    out.print(say("draw.holds", size=told["size"]))


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

    from postroad.face.cli.display import out, print_json
    from postroad.supervise import draw
    from postroad.supervise.survey import Seen, violation_rate

    told, breach = _receipt(receipt), dict(_pairs_of(results, "unit", "breach"))
    with _told():
        listed = len(draw.read_frozen(_read(frozen))["units"])
    seen = [
        Seen(row["unit"], Fraction(row["chance"]), breach.get(row["unit"]) == "1", not row["struck"])
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


class _told:  # noqa: N801 - reads as a phrase: with _told()
    """Turn a refusal of the draw, which knows no catalogue, into a sentence."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, wrong: BaseException | None, trace: object) -> None:
        from postroad.errors import UsageError
        from postroad.supervise.draw import DrawError

        if isinstance(wrong, DrawError):
            raise UsageError.of("draw." + wrong.code, **wrong.facts) from None


def _read(path: Path) -> str:
    from postroad.errors import UsageError

    if not path.is_file():
        raise UsageError.of("draw.no_such_file", path=str(path))
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise UsageError.of("draw.not_frozen") from None


def _receipt(path: Path) -> dict[str, Any]:
    from postroad.errors import UsageError

    try:
        told = json.loads(_read(path))
    except ValueError:
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


def _rows(path: Path, *needed: str) -> list[dict[str, str]]:
    import csv
    import io

    from postroad.errors import DataError, Fault

    reader = csv.DictReader(io.StringIO(_read(path).lstrip("\ufeff")))
    missing = [name for name in needed if name not in (reader.fieldnames or [])]
    if missing:
        raise DataError([Fault.of("draw.no_column", path=str(path), column=name) for name in missing])
    return [{name: (value or "").strip() for name, value in row.items() if name} for row in reader]


def _pairs_of(path: Path, first: str, second: str) -> list[tuple[str, str]]:
    return [(row[first], row[second]) for row in _rows(path, first, second)]


def _couples(path: Path | None) -> tuple[tuple[str, str], ...]:
    return tuple(_pairs_of(path, "inspector", "unit")) if path else ()


def _number(row: dict[str, str], column: str, other: float) -> float:
    from postroad.errors import DataError

    text = row.get(column) or str(other)
    try:
        return float(text)
    except ValueError:
        raise DataError.of("draw.bad_number", column=column, value=text) from None


def _whole(row: dict[str, str], column: str, other: int) -> int:
    from postroad.errors import DataError

    number = _number(row, column, other)
    if number != int(number):
        raise DataError.of("draw.bad_weight", value=row["id"], weight=row[column])
    return int(number)


def _place(row: dict[str, str]) -> tuple[int, int]:
    from postroad.supervise.draw import plane

    return plane(_number(row, "lon", 0.0), _number(row, "lat", 0.0))


def _skills(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted(filter(None, row.get("skills", "").split(";"))))


def _units(path: Path) -> list[Unit]:
    from postroad.supervise.draw import Unit

    return [
        Unit(row["id"], _whole(row, "weight", 1), row.get("operator", ""), *_place(row), _skills(row))
        for row in _rows(path, "id")
    ]


def _inspectors(path: Path) -> list[Inspector]:
    from postroad.supervise.draw import Inspector

    return [Inspector(row["id"], *_place(row), _skills(row), _whole(row, "most", 1000)) for row in _rows(path, "id")]


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
