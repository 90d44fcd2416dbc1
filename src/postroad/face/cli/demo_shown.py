"""What a rehearsed month looks like in the terminal, and the commands to look on with."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.face.case_words import Names, indicator_label, named, unit_label
from postroad.language import current, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NUMBERS = ("value", "planted")


@dataclass(frozen=True)
class Shown:
    """What is told of a month, what codes are called, and the plan's rows by indicator."""

    told: Mapping[str, Any]
    names: Names
    rows: Mapping[str, Sequence[str]]


def show(shown: Shown, to: Path) -> None:
    """Print the month: figures with their truth, the targets they fill, what is late, grades, where things lie."""
    from postroad.face.cli.display import out

    told = shown.told
    out.print(f"[bold yellow]{say('cases.synthetic')}[/]", soft_wrap=True)
    _figures(shown)
    counts: dict[str, Any] = {k: f"{v:,}" for k, v in told["ledger"].items() if isinstance(v, int)}
    counts |= {"claims": sum(told["ledger"]["claims"].values()), "suspects": len(told["suspects"])}
    out.print(say("cases.taken_in", **counts), soft_wrap=True)
    _filled(told["scored"])
    dropped = sum(part["visits"] for row in told["capacity"] for part in row["dropped"])
    facts: dict[str, Any] = {
        "visits": told["saved"]["visits"], "saved": told["saved"]["saved"], "overdue": told["overdue"],
        "hazards": told["hazards_overdue"], "complaints": told["complaints_late"], "gaps": len(told["custody_gaps"]),
        "late": len(told["emergencies_late"]), "dropped": dropped,
    }  # fmt: skip
    out.print(say("cases.rehearsed", **facts), soft_wrap=True)
    firms = shown.names.firms
    grades = ", ".join(
        f"{named(firms, row['operator_id'])} {row['grade']} {row['score']:.1f}" for row in told["credit"]
    )
    out.print(say("cases.grades", grades=grades), soft_wrap=True)
    out.print(say("cases.written", entries=told["audit"]["entries"], path=to.resolve()), soft_wrap=True)


def _figures(shown: Shown) -> None:
    """The figures of the month beside the truth that was planted, each with the plan's rows it serves."""
    lines: list[list[str]] = []
    for row in shown.told["indicators"]:
        name, truth = row["indicator"], shown.told["planted"].get(row["indicator"])
        planted = "" if truth is None else f"{100 * truth:.2f}"
        value = f"{row['value']:.2f} {unit_label(row['unit'])}"
        lines.append([" ".join(shown.rows.get(name, ())), indicator_label(name), value, planted, row["note"]])
    _table(("row", "indicator", "value", "planted", "note"), lines)


def _filled(scored: Sequence[Mapping[str, Any]]) -> None:
    """The targets of the plan that ledger and records fill."""
    from postroad.face.cli.display import out

    out.print(say("cases.filled"), soft_wrap=True)
    spoken = current()
    _table(
        ("row", "target", "value"),
        [
            [" ".join(line["rows"]), line["label"][spoken], f"{line['latest']['value']:.2f} {unit_label(line['unit'])}"]
            for line in scored
        ],
    )


def _table(keys: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from postroad.face.cli.display import out

    table = Table(pad_edge=False, header_style="bold")
    for key in keys:
        table.add_column(say(f"cases.column_{key}"), justify="right" if key in NUMBERS else "left", overflow="fold")
    for line in lines:
        table.add_row(*map(Text, line))
    out.print(table)


def next_steps(
    database: str, to: Path, month: str, province: str, credit: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Return the commands that look on at what was rehearsed, as the shell takes them, each with what it shows."""
    from postroad.face.cli import person
    from postroad.face.cli.display import called
    from postroad.supervise.records.store import address

    where = database if "://" in database else str(Path(database).resolve())
    where, url = person.shown(where), person.shown(address(where))
    run = called()
    opened = "" if person.guarded(database) else f" POSTROAD_OPEN={shlex.quote('1' if _file(database) else where)}"
    steps = [("hidden" if "***" in where else "where", f"export POSTROAD_DATABASE={shlex.quote(where)}{opened}")]
    if not opened and os.environ.get("POSTROAD_AS"):
        steps.append(("sign_in", f"{run} cases sign-in {shlex.quote(os.environ['POSTROAD_AS'])}"))
    year, number = map(int, month.split("-"))
    end = f"{year + number // 12}-{number % 12 + 1:02d}-03T18:00:00+08:00"
    steps += [
        ("hazards", f"{run} cases list hazards state=open"),
        ("overdue", f"{run} cases show inspection.overdue --at {end}"),
    ]
    if credit:
        worst = min(credit, key=lambda row: row["score"])["operator_id"]
        steps.append(("worst", f"{run} cases show credit.explain operator_id={worst} year={month[:4]}"))
    ledger = shlex.quote(str(to.resolve() / "ledger"))
    score = f"{run} score {shlex.quote(province)} --ledger {ledger} --records {shlex.quote(where)} --period {month}"
    serve = f"{run} serve {shlex.quote(province)} --database {shlex.quote(url)}"
    return [*steps, ("scorecard", score), ("console", serve)]


def show_next(steps: Sequence[tuple[str, str]]) -> None:
    """Print commands, each whole on a line of its own so that it can be copied, under what it shows."""
    from rich.text import Text

    from postroad.face.cli.display import out

    out.print(say("cases.next"), style="bold", soft_wrap=True)
    for key, command in steps:
        out.print(f"  # {say(f'cases.next_{key}')}", style="dim", soft_wrap=True)
        out.print(Text(f"  {command}"), soft_wrap=True)


def _file(database: str) -> bool:
    return "://" not in database or database.startswith("sqlite")
