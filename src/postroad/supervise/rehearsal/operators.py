"""The operators of a rehearsal: they write their daily files, the ledger takes them in, and says whom to look at."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.demand import demand
from postroad.errors import PostroadError
from postroad.parallel import Progress
from postroad.supervise.feed import Order, write_feed
from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Counter, Ledger, rulebook
from postroad.supervise.ledger.asking import frame_of
from postroad.supervise.ledger.balance import balance
from postroad.supervise.ledger.checks import Checked, check
from postroad.supervise.ledger.claims import Claims, claims
from postroad.supervise.ledger.intervals import stats
from postroad.supervise.ledger.leak import discoveries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from postroad.network import Network

MOST_SUSPECTS = 10
TAKEN_AT = dt.time(6)


@dataclass(frozen=True)
class Reported:
    """What the operators reported and the ledger makes of it."""

    ledger: Ledger
    outlets: pl.DataFrame
    suspects: tuple[str, ...]
    known_on: dt.date
    facts: dict[str, Any]


def reported(
    folder: Path,
    network: Network,
    month: dt.date,
    days: int,
    pieces: int,
    seed: int,
    progress: Callable[[Progress], None] = lambda _step: None,
    stop: Callable[[], bool] = lambda: False,
) -> Reported:
    """Let the operators of a province report some days, take their files into a ledger, check and balance it.

    The files stand in ``feed``, the ledger in ``ledger`` and its keys in ``ledger-keys`` of the folder.
    """
    order = Order(pieces, seed=seed, cut=True)
    fed = write_feed(folder / "feed", demand(network, seed=seed), month, days, order, progress, stop)
    known = dt.datetime.combine(month + dt.timedelta(days=days), TAKEN_AT)
    totals = dict.fromkeys(("lines", "stored", "corrected", "repeated", "quarantined"), 0)
    with Counter(folder / "ledger", KeyRing.open(folder / "ledger-keys")) as counter:
        for number, (file, fate) in enumerate(counter.take_all(fed.files, known_at=known, stop=stop)):
            if isinstance(fate, PostroadError):
                raise fate
            for name in totals:
                totals[name] += getattr(fate, name)
            progress(Progress(number + 1, len(fed.files), file.name))
    ledger = Ledger.open(folder / "ledger")
    found, wrong, mass = check(ledger), claims(ledger), balance(ledger, until=known)
    with ledger.query() as link:
        outlets = frame_of(link, "SELECT outlet_id, operator_id, city_id, lon, lat FROM outlets ORDER BY outlet_id")
    facts = {"files": len(fed.files), **totals, "gaps": found.gap_count, "claims": wrong.counts,
             "pieces": mass.total, "legs_flagged": mass.flagged.height}  # fmt: skip
    return Reported(ledger, outlets, suspects(found, wrong), known.date(), facts)


def suspects(found: Checked, wrong: Claims) -> tuple[str, ...]:
    """Return the outlets to be visited for cause: those that took pieces when shut, and those whose checks are missing.

    The checks of an outlet are held against the province's rate (binomial), at the false-discovery rate of the alerts.
    """
    shut = wrong.closed_outlet.group_by("outlet_id").len().sort("len", "outlet_id", descending=[True, False])
    told = found.rates.filter((pl.col("check") == "all_three") & (pl.col("level") == "outlet")).sort("name")
    asked, made = told["asked"].to_numpy(), told["made"].to_numpy()
    usual = 1 - found.rate("all_three")["rate_percent"] / 100
    chance = stats.binom.sf(asked - made - 1, asked, usual)
    weak = told.filter(pl.Series(discoveries(chance, rulebook.value("alert", "false_discovery")) & (made < asked)))
    both = [*shut["outlet_id"].to_list(), *weak.sort("rate_percent", "name")["name"].to_list()]
    return tuple(dict.fromkeys(both))[:MOST_SUSPECTS]
