"""``postroad ledger ...``: operators' records taken in, checked, balanced and proved; alerts; a rehearsal feed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from postroad.face.cli import ledger_proof, ledger_rows
from postroad.face.cli.ledger_proof import EXTRACT, FOLDER, JSON, KEYS, mark, opened

if TYPE_CHECKING:
    import polars as pl

    from postroad.supervise.ledger import Ledger, Taken
    from postroad.supervise.records import Desk

DAYS = typer.Option("", "--days", help="2026-11-01..2026-11-30")
AS_OF = typer.Option("", "--as-of", help="2026-11-30T18:00:00")
DATABASE = typer.Option(
    "", "--database", envvar="POSTROAD_DATABASE", help="预警结果所在的案卷库 the database of record that holds outcomes"
)
ACTOR = typer.Option("", "--as", envvar="POSTROAD_AS", help="姓名 name | 自用库 one's own: prefecture:2202 …")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="台账 The ledger of operators' records.")
    proofs = (ledger_proof.prove, ledger_proof.verify, ledger_proof.audit, ledger_proof.seal, ledger_proof.reidentify,
              ledger_proof.forget)  # fmt: skip
    questions = (ledger_rows.quarantine, checks, balance)
    for function in (intake, *questions, extract, shelve, *proofs, alerts, settle, feed, rules):
        group.command(function.__name__)(function)
    app.add_typer(group, name="ledger")


def intake(
    files: list[Path] = typer.Argument(..., help="文件或文件夹 files or folders"),
    ledger: Path = FOLDER,
    keys: Path = KEYS,
    kind: str = typer.Option("", "--kind", help="acceptances | scans | deliveries | links | outlets | machines"),
    known_at: str = typer.Option("", "--known-at", help="2026-11-12T06:00:00"),
    json_: bool = JSON,
) -> None:
    """接收 Take operators' files into the ledger; bad rows go to quarantine with their reasons."""
    from postroad.errors import DataError, PostroadError
    from postroad.face.cli.display import moment, print_json, progress
    from postroad.language import say
    from postroad.parallel import Progress
    from postroad.supervise.identity import KeyRing
    from postroad.supervise.ledger import Counter

    told, faults = [], []
    with Counter(ledger, KeyRing.open(keys)) as counter, progress(say("ledger.taking")) as move:
        every = _each(files)
        fates = counter.take_all(every, kind=kind, known_at=moment(known_at))
        for number, (file, fate) in enumerate(fates):
            if isinstance(fate, PostroadError):
                faults += list(fate.faults)
            else:
                told.append(fate)
            move(Progress(number + 1, len(every), file.name))
    if json_:
        print_json([taken.as_dict() for taken in told])
    else:
        for taken in told:
            _tell(taken)
    if faults:
        raise DataError(faults)


def _tell(taken: Taken) -> None:
    """Print what became of a file."""
    from postroad.face.cli.display import err, out
    from postroad.language import say

    if taken.already:
        out.print(say("ledger.taken_already", file=taken.file, seq=taken.seq), soft_wrap=True)
        return
    fates = ("lines", "stored", "corrected", "repeated", "withdrawn", "quarantined", "blank")
    facts = {"file": taken.file, **{name: getattr(taken, name) for name in fates}}
    out.print(say("ledger.taken", **facts), soft_wrap=True)
    for reason, count in taken.reasons.items():
        out.print(f"  {count:,}  {say('ledger.reason_' + reason)}", soft_wrap=True)
    if taken.not_taken:
        err.print(say("ledger.columns_not_taken", columns=", ".join(taken.not_taken)), soft_wrap=True)


def _each(files: list[Path]) -> list[Path]:
    """The files named, and those in folders: registers first, corrections last, so that nothing waits for another."""
    from postroad.errors import UsageError
    from postroad.supervise.ledger.kinds import REGISTERS
    from postroad.supervise.ledger.reading import FORMS

    found: list[Path] = []
    for path in files:
        inside = (
            [f for f in sorted(path.iterdir()) if f.suffix in FORMS and f.name != "truth.json"]
            if path.is_dir()
            else [path]
        )
        if not inside:
            raise UsageError.of("ledger.empty_folder", path=str(path), forms=", ".join(sorted(FORMS)))
        found += inside
    return sorted(found, key=lambda f: (not f.name.startswith(REGISTERS), "-later" in f.name))


def _days(text: str) -> tuple[str, str] | None:
    from postroad.errors import UsageError
    from postroad.face.cli.display import day

    if not text:
        return None
    first, _, last = text.partition("..")
    a, b = day(first), day(last or first)
    if a is None or b is None or a > b:
        raise UsageError.of("ledger.bad_days", value=text)
    return a.isoformat(), b.isoformat()


def _table(frame: pl.DataFrame, most: int = 20) -> None:
    """Print the first rows of a frame as a table."""
    from rich.table import Table

    from postroad.face.cli.display import out
    from postroad.language import say

    table = Table(pad_edge=False, header_style="bold", padding=0)
    for name, held in frame.schema.items():
        # A heading may be folded, a value never cut short.
        widest = max((len(_cell(value)) for value in frame[name].head(most)), default=1)
        side: Literal["right", "left"] = "right" if held.is_numeric() else "left"
        table.add_column(say(f"ledger.column_{name}"), justify=side, overflow="fold", min_width=widest)
    for row in frame.head(most).iter_rows():
        table.add_row(*(_cell(v) for v in row))
    out.print(table)
    if frame.height > most:
        out.print(say("ledger.more_rows", count=frame.height - most))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2e}" if 0 < abs(value) < 0.001 else f"{value:,.2f}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return list(json.loads(json.dumps(frame.to_dicts(), default=str)))


def checks(
    ledger: Path = FOLDER,
    days: str = DAYS,
    as_of: str = AS_OF,
    level: str = typer.Option("operator", "--level", help="all | operator | outlet | machine | hour"),
    exact: bool = typer.Option(False, "--exact", help="Clopper-Pearson"),
    gaps: Path | None = typer.Option(None, "--gaps", help=".parquet"),
    claims_to: Path | None = typer.Option(None, "--claims", help="文件夹 folder: CSV"),
    extract_: str = EXTRACT,
    json_: bool = JSON,
) -> None:
    """检查 Rates of the three checks with intervals, gaps, and impossible claims."""
    import polars as pl

    from postroad.errors import UsageError
    from postroad.face.cli.display import moment, out, print_json, progress
    from postroad.language import say
    from postroad.supervise.ledger.checks import LEVELS, check
    from postroad.supervise.ledger.claims import claims

    if level not in ("all", *LEVELS):
        raise UsageError.of("ledger.no_such_level", asked=level, known=", ".join(("all", *LEVELS)))
    held = opened(ledger, extract_)
    method = "exact" if exact else "wilson"
    with progress(say("ledger.asking")) as move:
        found = check(held, _days(days), moment(as_of), method=method, gaps_to=gaps, progress=move)
        wrong = claims(held, _days(days), moment(as_of), progress=move)
    if claims_to:
        ledger_rows.write_claims(wrong, held.origin, claims_to)
    if json_:
        print_json({"origin": held.origin, "rates": _plain(found.rates), "gap_count": found.gap_count,
                    "gaps": _plain(found.gaps),
                    "claims": {k: _plain(getattr(wrong, k)) for k in wrong.counts}})  # fmt: skip
        return
    mark(held.origin)
    shown = found.rates.filter(pl.col("level").is_in(["all", level])).sort("check", "level", "rate_percent")
    names = {name: say(f"ledger.check_{name}") for name in shown["check"].unique()}
    _table(shown.with_columns(pl.col("check").replace(names)).drop("level"), 200)
    out.print(say("ledger.gaps", count=f"{found.gap_count:,}"))
    for name, count in wrong.counts.items():
        out.print(f"{say('ledger.claim_' + name)}: {count:,}", soft_wrap=True)


def balance(
    ledger: Path = FOLDER,
    days: str = DAYS,
    as_of: str = AS_OF,
    until: str = typer.Option("", "--until", help="2026-11-14T00:00:00"),
    leak: float = typer.Option(0.01, "--leak", help="漏失比例 share whose power is told"),
    extract_: str = EXTRACT,
    json_: bool = JSON,
) -> None:
    """平衡 Mass balance across operators and legs; legs that lose more than is usual."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import moment, out, print_json, progress
    from postroad.language import say
    from postroad.supervise.ledger.balance import balance as balanced

    if not 0 < leak < 1:
        raise UsageError.of("ledger.bad_leak", value=leak)
    held = opened(ledger, extract_)
    with progress(say("ledger.asking")) as move:
        found = balanced(held, _days(days), moment(as_of), moment(until), progress=move)
    least = found.usual.least_pieces(leak, found.size)
    at_places = found.usual_at_places.least_pieces(leak, found.size)
    if json_:
        print_json({"origin": held.origin, "total": found.total, "until": str(found.until),
                    "stages": _plain(found.stages), "flagged": _plain(found.flagged),
                    "legs": found.legs.height, "usual_share": found.usual.share,
                    "correlation": found.usual.correlation, "size": found.size, "leak": leak,
                    "usual_share_at_places": found.usual_at_places.share,
                    "correlation_at_places": found.usual_at_places.correlation,
                    "false_discovery": found.false_discovery, "pieces_for_90_percent_power": least,
                    "pieces_for_90_percent_power_at_places": at_places, "missing": _plain(found.missing)})  # fmt: skip
        return
    mark(held.origin)
    for name, value in found.total.items():
        out.print(f"{say('ledger.total_' + name)}: {value:,}")
    _table(found.stages, 50)
    _table(found.flagged.select("from_id", "to_id", "operator_id", "pieces", "unexplained", "expected", "chance"))
    out.print(say("ledger.balance_power", share=f"{found.usual.share:.2e}", legs=found.legs.height,
                  places_share=f"{found.usual_at_places.share:.2e}", leak=f"{100 * leak:g}",
                  pieces="-" if least is None else f"{least:,}", places="-" if at_places is None else f"{at_places:,}",
                  rate=f"{100 * found.false_discovery:g}"), soft_wrap=True)  # fmt: skip


def extract(
    to: str = typer.Argument(..., help="postgresql+psycopg://…"),
    ledger: Path = FOLDER,
    days: str = DAYS,
    as_of: str = AS_OF,
    json_: bool = JSON,
) -> None:
    """摘录 Write the valid records into PostgreSQL as plain tables; the ledger's questions run there too."""
    from postroad.face.cli.display import moment, out, print_json, progress
    from postroad.language import say
    from postroad.supervise.ledger import Ledger
    from postroad.supervise.ledger.extract import SCHEMA, write

    with progress(say("ledger.extracting")) as move:
        counts = write(Ledger.open(ledger), to, _days(days), moment(as_of), progress=move)
    if json_:
        print_json(counts)
        return
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    out.print(say("ledger.extracted", schema=SCHEMA, counts=told), soft_wrap=True)


def shelve(to: str = typer.Argument(..., help="s3://… | file:///…"), ledger: Path = FOLDER, json_: bool = JSON) -> None:
    """上架 Put the ledger on object storage, or what is not there yet; questions run there with --extract."""
    from postroad.face.cli.display import out, print_json, progress
    from postroad.language import say
    from postroad.supervise.ledger import Ledger, shelf

    with progress(say("ledger.shelving")) as move:
        counts = shelf.put(Ledger.open(ledger), shelf.reach(to), progress=move)
    if json_:
        print_json(counts)
        return
    out.print(say("ledger.shelved", path=to, commits=f"{counts['commits']:,}", files=f"{counts['files']:,}",
                  megabytes=f"{counts['bytes'] / 1e6:,.1f}"), soft_wrap=True)  # fmt: skip


def alerts(
    day_: str = typer.Argument(..., metavar="DAY", help="2026-11-30"),
    ledger: Path = FOLDER,
    as_of: str = AS_OF,
    extract_: str = EXTRACT,
    database: str = DATABASE,
    actor: str = ACTOR,
    json_: bool = JSON,
) -> None:
    """预警 Outlets and hours of a day that depart from what is expected, and the record of the alarm."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import day, moment, out, print_json
    from postroad.language import say
    from postroad.supervise.alert import alerts as raised

    held, wanted = opened(ledger, extract_), day(day_)
    if wanted is None:
        raise UsageError.of("face.bad_date", value=day_)
    found = raised(held, wanted, moment(as_of))
    past = _past(held, database, actor)
    if json_:
        told = [{**row, "reason": str(found.reason(raw))} for row, raw in
                zip(_plain(found.found), found.found.iter_rows(named=True), strict=True)]  # fmt: skip
        print_json({"origin": held.origin, "alerts": told, "tested": found.tested, "history_days": found.history_days,
                    "spread": found.spread, "day_spread": found.day_spread, "record": past})  # fmt: skip
        return
    mark(held.origin)
    for row in found.found.iter_rows(named=True):
        word = past["outcomes"].get(row["alert_id"])
        said = f"  {say('ledger.outcome_' + _word(word))}" if word else ""
        out.print(f"{row['alert_id']}  {found.reason(row)}{said}", soft_wrap=True, markup=False)
    out.print(say("ledger.alerts", count=found.found.height, tested=f"{found.tested:,}", days=found.history_days))
    _tell_alarm(past)


def _past(held: Ledger, database: str, actor: str) -> dict[str, Any]:
    """The record of the alarm: from the database of record where one is named, else from the ledger's own log."""
    from postroad.supervise import alarm
    from postroad.supervise.alert import record

    if not database:
        return record(held)
    desk = _seated(database, actor)
    told = alarm.told(desk, held)
    desk.note()
    return told


def _seated(database: str, actor: str) -> Desk:
    from postroad.face.cli import person
    from postroad.supervise.records import Desk, open_store

    return Desk(open_store(database), person.actor(database, actor))


def _word(outcome: Any) -> str:
    return str(outcome["outcome"] if isinstance(outcome, dict) else outcome)


def _tell_alarm(past: dict[str, Any]) -> None:
    """Print what became of the alerts settled so far, in all and by kind."""
    from postroad.face.cli.display import out
    from postroad.language import say

    out.print(say("ledger.alarm_record", hits=past["hits"], false=past["false"]))
    for kind, share in past["by_kind"].items():
        facts = {name: 100 * share[of] for name, of in (("share", "hit_share"), ("low", "low"), ("high", "high"))}
        out.print(say("ledger.alarm_kind", kind=say(f"ledger.alarm_{kind}"), hits=share["hits"],
                      settled=share["settled"], **facts), soft_wrap=True)  # fmt: skip


def settle(
    day_: str = typer.Argument(..., metavar="DAY", help="2026-11-30"),
    alert: str = typer.Argument(..., help="预警编号 id of the alert"),
    outcome: str = typer.Argument(..., help="hit | false"),
    note: str = typer.Option("", "--note"),
    ledger: Path = FOLDER,
    database: str = DATABASE,
    actor: str = ACTOR,
    json_: bool = JSON,
) -> None:
    """销号 Write down what became of an alert: in the database of record where one is named, else in the log."""
    import polars as pl

    from postroad.errors import UsageError
    from postroad.face.cli.display import day, print_json
    from postroad.supervise import alarm
    from postroad.supervise.alert import alerts as raised
    from postroad.supervise.alert import settle as settled
    from postroad.supervise.ledger import Ledger, now

    held, wanted = Ledger.open(ledger), day(day_)
    if wanted is None:
        raise UsageError.of("face.bad_date", value=day_)
    found = raised(held, wanted).found.filter(pl.col("alert_id") == alert)
    if not found.height:
        raise UsageError.of("ledger.no_such_alert", value=alert, day=day_)
    if database:
        alarm.settled(_seated(database, actor), held, found.row(0, named=True), outcome, note)
    else:
        settled(held, found.row(0, named=True), outcome, note, now())
    past = _past(held.again(), database, actor)
    if json_:
        print_json(past)
    else:
        _tell_alarm(past)


def feed(
    province: str = typer.Argument("jilin", help="省包 province"),
    to: Path = typer.Option(..., "--out", help="文件夹 folder"),
    first_day: str = typer.Option("2026-11-01", "--from", help="2026-11-01"),
    days: int = typer.Option(1, "--days", min=1),
    pieces: int = typer.Option(20_000, "--pieces", help="每天件数，0 为需求模型的件数 a day; 0: the demand's own"),
    form: str = typer.Option("csv", "--form", help="csv | parquet | jsonl"),
    clean: bool = typer.Option(False, "--clean", help="不埋设问题 no planted faults"),
    fault: list[str] = typer.Option([], "--fault", help="问题大小 size of a planted fault: leaks=3, leak_share=0.01"),
    cut: bool = typer.Option(False, "--cut", help="最后一天之后不再有记录 nothing after the last day"),
    seed: int = typer.Option(0, "--seed"),
    json_: bool = JSON,
) -> None:
    """演练 Write operators' files of some days with planted faults of known size; synthetic in every row."""
    from postroad.demand import demand
    from postroad.errors import UsageError
    from postroad.face.cli.display import day, out, print_json, progress
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.supervise.feed import Faults, Order, write_feed

    first = day(first_day)
    if first is None:
        raise UsageError.of("face.bad_date", value=first_day)
    faults = Faults.of(fault, Faults.none() if clean else Faults())
    made = demand(open_province(province), seed=seed)
    with progress(say("ledger.feeding")) as move:
        order = Order(pieces or None, faults, seed, form, cut)
        wrote = write_feed(to, made, first, days, order, progress=move)
    if json_:
        print_json(wrote.truth)
        return
    mark("synthetic")
    out.print(say("ledger.fed", files=len(wrote.files), parcels=f"{wrote.parcels:,}", records=f"{wrote.records:,}",
                  path=to.resolve()), soft_wrap=True)  # fmt: skip


def rules(json_: bool = JSON) -> None:
    """规则 The rules of the ledger with legal source, dates and version; what has no source is marked."""
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.supervise.ledger import rules as every

    if json_:
        print_json([rule.as_dict() for rule in every().values()])
        return
    for rule in every().values():
        since = rule.valid_from or rule.text_year or "-"
        out.print(f"[b]{rule.label}[/b] ({rule.id}, v{rule.version}, {say('ledger.basis_' + rule.basis)}, {since})",
                  soft_wrap=True)  # fmt: skip
        out.print(f"  {rule.legal}", soft_wrap=True, markup=False)
