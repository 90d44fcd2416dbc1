"""Checking a ledger: rates of the three checks, mass balance and alerts as one result, and what became of alerts."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import Fault, PostroadError, UsageError
from postroad.face.web import ledgers
from postroad.face.web.problems import plain
from postroad.face.web.refusal import Refused
from postroad.language import LANGUAGES
from postroad.parallel import Progress
from postroad.results import Result, Stamp
from postroad.supervise.ledger import Ledger

if TYPE_CHECKING:
    from postroad.face.web.kinds import AfterActionOptions, LedgerOptions
    from postroad.face.web.models import OutcomeBody
    from postroad.face.web.work import Bench
    from postroad.network import Network
    from postroad.supervise.records import Desk


def ledger(network: Network, options: LedgerOptions, bench: Bench) -> Result:
    """Check the office's ledger, or one of a rehearsal that is filled first."""
    name = ledgers.OFFICE
    if options.of == "rehearsal":
        name = f"rehearsal-{options.day}-{options.days}-{options.pieces}-{options.seed}"
        _filled(network, options, bench, ledgers.folder(bench.home, name))
    return _checked(network, options, bench, name)


def _filled(network: Network, options: LedgerOptions, bench: Bench, root: Path) -> None:
    """Fill a ledger with operators' files of some made-up days; a file it holds already is not taken again."""
    from postroad.demand import demand
    from postroad.supervise.feed import Order, write_feed
    from postroad.supervise.identity import KeyRing
    from postroad.supervise.ledger import Counter

    first = dt.date.fromisoformat(options.day) - dt.timedelta(days=options.days - 1)
    with tempfile.TemporaryDirectory(prefix="postroad-feed-", dir=bench.home) as name:
        order = Order(pieces=options.pieces, seed=options.seed)
        made = demand(network, options.year, options.scenario, seed=options.seed)
        fed = write_feed(
            Path(name) / "files", made, first, options.days, order, progress=bench.part(0, 3), stop=bench.stop
        )
        with Counter(root, KeyRing.open(bench.home / "ledger-keys")) as counter:
            for number, (_, fate) in enumerate(counter.take_all(sorted(fed.files), stop=bench.stop)):
                if isinstance(fate, PostroadError):
                    raise fate
                bench.part(1, 3)(Progress(number + 1, len(fed.files)))


def _checked(network: Network, options: LedgerOptions, bench: Bench, name: str) -> Result:
    from postroad.supervise.ledger.balance import balance
    from postroad.supervise.ledger.checks import check

    held = ledgers.opened(bench.home, name)
    found = check(held, stop=bench.stop)
    bench.part(2, 3)(Progress(1, 3))
    told = balance(held, stop=bench.stop)
    bench.part(2, 3)(Progress(2, 3))
    alerts, facts = raised(held, dt.date.fromisoformat(options.day) if options.of == "rehearsal" else None)
    asked = options.model_dump(mode="json", exclude={"seed"}) if options.of == "rehearsal" else {"of": options.of}
    head = held.commits[-1]["log"]["root"] if held.commits else ""
    stamp = Stamp.now("ledger", network.fingerprint, {**asked, "log_root": head[:16]}, options.seed)
    tables = {"rates": found.rates, "gaps": found.gaps, "stages": told.stages, "legs": told.legs, "alerts": alerts}
    facts |= {"origin": held.origin, "ledger": name, "gap_count": found.gap_count, "flagged": told.flagged.height}
    return Result(stamp, tables, {**facts, **told.total})


def after_action(network: Network, options: AfterActionOptions, bench: Bench) -> Result:
    """Forecast a past day, hold it against a ledger, and tell in both languages what the next script changes."""
    from postroad.demand import demand
    from postroad.design.lines import baseline
    from postroad.face.report.after_action import changes
    from postroad.simulate.day import simulate_day
    from postroad.supervise.after_action import after_action as held_against

    held = ledgers.opened(bench.home, options.ledger)
    drilled = Result.load(bench.home / "runs" / options.drill) if options.drill else None
    wanted = demand(network, options.day.year, options.scenario, seed=options.seed)
    built = network if network["line_hauls"].height else baseline(network, wanted)
    run = simulate_day(built, wanted, day=options.day, seed=options.seed, scale=options.scale,
                       progress=bench.progress, stop=bench.stop)  # fmt: skip
    made = held_against(held, run, options.day, share=options.share, drill=drilled)
    told = {spoken: [line.removeprefix("- ") for line in changes(made, network, spoken)] for spoken in LANGUAGES}
    return Result(made.stamp, made.tables, {**made.facts, "told": told, "ledger": options.ledger})


def raised(ledger: Ledger, day: dt.date | None) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return the alerts of a day, the last one with acceptances when none is named, and what they rest on."""
    from postroad.supervise.alert import alerts

    last = max((part.last_day for part in ledger.parts("acceptances")), default="")
    if not last and day is None:
        return pl.DataFrame(), {"alerts_why": plain(Fault.of("console.no_acceptances"))}
    wanted = day or dt.date.fromisoformat(last[:10])
    try:
        found = alerts(ledger, wanted)
    except UsageError as short:
        return pl.DataFrame(), {"alert_day": wanted.isoformat(), "alerts_why": plain(short.faults[0])}
    reasons = [found.reason(row) for row in found.found.iter_rows(named=True)]
    said = [pl.Series(f"reason_{spoken}", [one.say(spoken) for one in reasons], pl.String) for spoken in LANGUAGES]
    facts = {"alert_day": wanted.isoformat(), "alerts_tested": found.tested, "history_days": found.history_days}
    return found.found.with_columns(said), facts


def outcomes(desk: Desk, ledger: Ledger) -> dict[str, Any]:
    """Return the record of the alarm with the last word on each alert, its note and its time."""
    from postroad.supervise import alarm

    told = alarm.told(desk, ledger)
    desk.note()
    return told


def settle(desk: Desk, ledger: Ledger, day: dt.date, alert: str, body: OutcomeBody) -> dict[str, Any]:
    """Write down what became of an alert of a day, and return the record of the alarm."""
    from postroad.supervise import alarm
    from postroad.supervise.alert import alerts

    found = alerts(ledger, day).found.filter(pl.col("alert_id") == alert)
    if not found.height:
        raise Refused(404, "console.no_alert", asked=alert, day=day.isoformat())
    alarm.settled(desk, ledger, found.row(0, named=True), body.outcome, body.note)
    return outcomes(desk, ledger)
