"""The three checks of every piece, and what the same records say of packaging, consent and labels.

Rates by operator, outlet, machine and hour come from one pass; gaps are listed piece by piece. A rule counts only the
pieces accepted while it is in force.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.supervise.ledger import rulebook
from postroad.supervise.ledger.asking import Asking, frame_of, quoted
from postroad.supervise.ledger.intervals import interval
from postroad.supervise.ledger.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from postroad.parallel import Progress


CHECKS = ("real_name", "open_box", "machine_check", "all_three")
LEVELS = {"operator": "operator_id", "outlet": "outlet_id", "machine": "machine_id", "hour": "hour"}
GAPS_TOLD = 1000


@dataclass(frozen=True)
class Checked:
    """``rates``: check, level, name, pieces asked, made, rate_percent, low, high; ``gaps``: pieces that lack one."""

    rates: pl.DataFrame
    gaps: pl.DataFrame
    gap_count: int
    days: tuple[str, str] | None
    origin: str

    def rate(self, check: str, level: str = "all", name: str = "") -> dict[str, Any]:
        """Return one row of the rates."""
        return self.rates.row(by_predicate=(pl.col("check") == check) & (pl.col("level") == level)
                              & (pl.col("name") == name), named=True)  # fmt: skip


def held_sql() -> Mapping[str, tuple[str, str]]:
    """Return for each check the condition under which a piece is asked for it, and the one under which it has it."""
    name, box, ray = (rulebook.rules()[r].values for r in ("real_name", "open_box", "machine_check"))
    numbered, proofs = listed(name["numbered"]), listed(name["proofs"])
    real = f"(id_kind IN ({proofs}) AND (id_kind NOT IN ({numbered}) OR (sender IS NOT NULL AND id_ok)))"
    rayed = "(machine_id IS NOT NULL AND xray_at IS NOT NULL)"
    ask_ray = "true" if ray["others_percent"] >= 100 else f"product_id IN ({listed(ray['always'])})"
    ask_name, ask_box = (f"product_id NOT IN ({listed(v['letters'])})" for v in (name, box))
    three = f"(NOT {ask_name} OR {real}) AND (NOT {ask_box} OR opened) AND (NOT {ask_ray} OR {rayed})"
    pack, ban = rulebook.rules()["packaging"], rulebook.rules()["plastic_ban"]
    wrap, bags = listed(ban.values["packaging"]), listed(ban.values["bags"])
    bans = f"packaging NOT IN ({wrap}) AND coalesce(bag, '') NOT IN ({bags})"
    private = rulebook.rules()["label_privacy"]
    return {
        "real_name": (ask_name, real), "open_box": (ask_box, "opened"), "machine_check": (ask_ray, rayed),
        "all_three": ("true", f"({three})"), "e_waybill": ("true", "e_waybill"),
        "no_repack": ("repacked IS NOT NULL", "NOT repacked"),
        "slim_tape": (f"tape_mm > 0 AND {_since(pack)}", f"tape_mm <= {int(pack.values['slim_tape_mm'])}"),
        "reusable_bag": ("bag <> 'none'", "bag = 'reusable'"),
        "plastic_ban": (_since(ban), f"({bans})"),
        "label_privacy": (f"label_private IS NOT NULL AND {_since(private)}", "label_private"),
    }  # fmt: skip


def listed(values: list[str]) -> str:
    """Return texts as an SQL list without its brackets."""
    return ", ".join(quoted(v) for v in values) or "''"


def _since(rule: rulebook.Rule) -> str:
    first = rule.valid_from or dt.date(rule.text_year or 1, 1, 1)
    last = f" AND accepted_at < DATE '{rule.valid_to}' + INTERVAL 1 DAY" if rule.valid_to else ""
    return f"accepted_at >= DATE '{first}'{last}"


def check(
    ledger: Ledger,
    days: tuple[str, str] | None = None,
    as_of: dt.datetime | None = None,
    *,
    method: str = "wilson",
    gaps_to: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Checked:
    """Return the rates of every check with their intervals, and the gaps, on records known at a time.

    All gaps are written to ``gaps_to`` (Parquet) when it is given; the first thousand are in the result anyway.
    """
    with ledger.query(days, as_of, progress, stop) as link:
        _days_view(link, "acceptances", "accepted_at", days)
        _days_view(link, "deliveries", "delivered_at", days)
        rates = pl.concat([_rates(link), _consent(link)])
        link.run(f"CREATE TEMP TABLE gap AS {_gap_query()}")
        order = "operator_id, outlet_id, accepted_at, waybill"
        gaps = frame_of(link, f"SELECT * FROM gap ORDER BY {order} LIMIT {GAPS_TOLD}")  # noqa: S608 - ours
        count = int(frame_of(link, "SELECT count(*) AS n FROM gap")["n"][0])
        if gaps_to is not None:
            gaps_to.parent.mkdir(parents=True, exist_ok=True)
            link.run(f"COPY gap TO {quoted(str(gaps_to))} (FORMAT parquet)")
    low, high = interval(rates["made"].to_numpy(), rates["asked"].to_numpy(), method)
    told = rates.with_columns(
        (100.0 * pl.col("made") / pl.col("asked")).alias("rate_percent"),
        pl.Series("low_percent", 100.0 * low), pl.Series("high_percent", 100.0 * high),
    )  # fmt: skip
    return Checked(told.sort("check", "level", "name"), gaps, count, days, ledger.origin)


def _days_view(link: Asking, kind: str, clock: str, days: tuple[str, str] | None) -> None:
    where = f"WHERE {clock}::DATE BETWEEN DATE '{days[0]}' AND DATE '{days[1]}'" if days else ""
    link.run(f"CREATE TEMP VIEW {kind}_of AS SELECT * FROM {kind} {where}")  # noqa: S608 - ours


def _rates(link: Asking) -> pl.DataFrame:
    """Pieces asked and made by check and level, from a count of pieces by what they are asked for and have.

    A bit stands for each: few pieces differ in them, so that each piece is looked at once and few rows are left.
    """
    held = held_sql()
    said = [told for asked, made in held.values() for told in (asked, f"({asked}) AND {made}")]
    bits = " | ".join(f"(coalesce({told}, false)::INTEGER << {n})" for n, told in enumerate(said))
    columns = ", ".join(LEVELS.values())
    sets = ", ".join(["(bits)", *(f"(bits, {column})" for column in LEVELS.values())])
    grouping = ", ".join(f"GROUPING({column}) AS no_{level}" for level, column in LEVELS.items())
    few = frame_of(
        link,
        f"SELECT bits, count(*) AS pieces, {grouping}, {columns} FROM ("  # noqa: S608 - built from our own rules
        f"SELECT {bits} AS bits, operator_id, outlet_id, machine_id, hour(accepted_at) AS hour FROM acceptances_of) "
        f"GROUP BY GROUPING SETS ({sets})",
    )
    level = pl.lit("all")
    name = pl.lit("")
    for told, column in LEVELS.items():
        here = pl.col(f"no_{told}") == 0
        level = pl.when(here).then(pl.lit(told)).otherwise(level)
        told_as = pl.col(column).cast(pl.String)
        name = pl.when(here).then((told_as.str.zfill(2) if told == "hour" else told_as).fill_null("")).otherwise(name)
    counts = [
        pl.col("pieces").filter((pl.col("bits") & (1 << n)) > 0).sum().cast(pl.Int64).alias(f"{what}_{check}")
        for n, (check, what) in enumerate((check, what) for check in held for what in ("asked", "made"))
    ]
    wide = few.group_by(level.alias("level"), name.alias("name")).agg(counts)
    frames = [
        wide.select(pl.lit(check).alias("check"), "level", "name", pl.col(f"asked_{check}").alias("asked"),
                    pl.col(f"made_{check}").alias("made"))
        for check in held
    ]  # fmt: skip
    return pl.concat(frames).filter((pl.col("asked") > 0) & ((pl.col("name") != "") | (pl.col("level") == "all")))


def _consent(link: Asking) -> pl.DataFrame:
    rule = rulebook.rules()["locker_consent"]
    since = f"delivered_at >= DATE '{rule.valid_from}'"
    rows = frame_of(
        link,
        "SELECT GROUPING(operator_id) AS no_operator, GROUPING(outlet_id) AS no_outlet, operator_id, outlet_id, "  # noqa: S608
        "count(*) AS asked, count(*) FILTER (coalesce(consent, false)) AS made FROM deliveries_of "
        f"WHERE manner IN ({listed(rule.values['manners'])}) AND {since} "
        "GROUP BY GROUPING SETS ((), (operator_id), (outlet_id))",
    )
    level = pl.when(pl.col("no_operator") == 0).then(pl.lit("operator")).when(pl.col("no_outlet") == 0)
    return rows.filter(pl.col("asked") > 0).select(
        pl.lit("locker_consent").alias("check"), level.then(pl.lit("outlet")).otherwise(pl.lit("all")).alias("level"),
        pl.coalesce("operator_id", "outlet_id", pl.lit("")).alias("name"), "asked", "made",
    )  # fmt: skip


def _gap_query() -> str:
    held = held_sql()
    lacks = {name: f"({held[name][0]}) AND NOT coalesce({held[name][1]}, false)" for name in CHECKS[:3]}
    told = ", ".join(f"{sql} AS lacks_{name}" for name, sql in lacks.items())
    where = " OR ".join(f"({sql})" for sql in lacks.values())
    columns = f"waybill, operator_id, outlet_id, accepted_at, product_id, {told}, origin"
    return f"SELECT {columns} FROM acceptances_of WHERE {where}"  # noqa: S608
