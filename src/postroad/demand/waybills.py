"""Count a user's waybills: pieces by pair, day and hour, in one pass, with every unusable row set aside (P86).

Rows come through DuckDB inside a bound on memory, so a hundred million of them need no more than a few thousand. All
sums are of whole numbers, so that the order in which threads finish changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from postroad.demand.scan import MEMORY_MB, Scan, chosen, named, opened, quoted
from postroad.demand.unitname import unit_names
from postroad.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from postroad.network import Network
    from postroad.parallel import Progress

COLUMNS = {
    "origin": ("origin", "origin_id", "from", "始发地", "寄件地", "起点"),
    "destination": ("destination", "destination_id", "to", "目的地", "收件地", "寄达地", "终点"),
    "time": ("time", "accept_time", "accepted_at", "收寄时间", "时间"),
    "weight": ("weight", "weight_kg", "weight_g", "重量"),
}
"""What a column may be called; ``weight_g`` is in grams, the others in kilograms. Weight may be missing."""
HEAVIEST_KG = 1000
MOST_TOLD = 200
MICRO = 1_000_000
MOMENTS = """'%Y/%m/%d %H:%M:%S', '%Y/%m/%d %H:%M', '%Y年%m月%d日 %H:%M:%S', '%Y年%m月%d日 %H:%M', '%Y%m%d %H:%M:%S'"""


@dataclass(frozen=True)
class Counted:
    """What stands in a waybill ``file``.

    ``reasons`` counts the rows set aside by reason, ``unreadable`` the lines that are no rows; ``places`` are the
    commonest unusable place texts (reason, text, pieces). ``pairs`` has origin_id, destination_id, pieces; ``days``
    day, pieces; ``hours`` hour, pieces. ``weighed`` is the pieces with a weight, their mean in kg and the standard
    deviation of its logarithm.
    """

    file: str
    rows: int
    taken: int
    reasons: dict[str, int]
    unreadable: int
    places: pl.DataFrame
    pairs: pl.DataFrame
    days: pl.DataFrame
    hours: pl.DataFrame
    weighed: tuple[int, float, float]


def count(
    network: Network,
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    memory_mb: int = MEMORY_MB,
    aside: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Counted:
    """Return the counts of a waybill file; rows set aside are written to the folder ``aside`` when it is given.

    ``columns`` maps origin, destination, time, weight, weight_g to the file's own names; without it the usual names are
    looked for. ``UsageError`` for a wanted column of another name, ``DataError`` names every column that is
    missing, or says that no row can be used.
    """
    with opened(Path(path), memory_mb, progress, stop) as scan:
        _prepare(scan, network, columns or {})
        scan.run(
            "CREATE TEMP TABLE counted AS SELECT GROUPING(origin_unit) AS no_pair, "  # noqa: S608 - a constant
            "GROUPING(day) AS no_day, reason, "
            "origin_unit, destination_unit, day, hour, count(*) AS pieces, count(grams) AS weighed, "
            f"sum(grams)::HUGEINT AS grams, sum(round({MICRO} * ln(grams / 1000))::BIGINT) AS logs, "
            f"sum(round({MICRO} * ln(grams / 1000))::HUGEINT * round({MICRO} * ln(grams / 1000))::HUGEINT) AS squares "
            "FROM waybill "
            "GROUP BY GROUPING SETS ((reason, origin_unit, destination_unit), (reason, day), (reason, hour))"
        )
        counted = _gathered(scan)
        if counted.taken and aside is not None:
            _set_aside(scan, aside, bool(counted.reasons))
    if not counted.taken:
        told = ", ".join(f"{reason} {n}" for reason, n in counted.reasons.items()) or "0"
        raise DataError.of("demand.no_waybills", path=str(path), count=counted.rows, reasons=told)
    return counted


def _prepare(scan: Scan, network: Network, own: Mapping[str, str]) -> None:
    """Make the view ``waybill``: the file's rows with units, moment, grams, and the reason when one is unusable."""
    strange = [want for want in own if want not in (*COLUMNS, "weight_g")]
    if strange:
        raise UsageError.of("demand.not_wanted", value=", ".join(strange), known=", ".join([*COLUMNS, "weight_g"]))
    weigh = own.get("weight") or own.get("weight_g")
    named_by_user = {**own, "weight": weigh} if weigh else own
    wanted = {want: (named_by_user[want].lower(),) if want in named_by_user else names
              for want, names in COLUMNS.items()}  # fmt: skip
    column = chosen(scan, wanted, may_lack=() if weigh else ("weight",))
    scan.link.register("name_frame", unit_names(network).to_arrow())
    scan.run("CREATE TEMP TABLE unit_name AS SELECT * FROM name_frame")
    scan.link.register("outside_frame", network["places"].filter(level="external").select("place_id").to_arrow())
    scan.run("CREATE TEMP TABLE outside AS SELECT * FROM outside_frame")
    time = scan.at(column["time"])
    if "TIME ZONE" in scan.columns[column["time"]]:
        moment = f"make_timestamp(epoch_us({time})) + INTERVAL 8 HOUR"  # the country keeps one time, UTC+8
    else:
        moment = f"coalesce(TRY_CAST({time} AS TIMESTAMP), try_strptime({time}::VARCHAR, [{MOMENTS}]))"
    weight = scan.at(column["weight"]) if "weight" in column else "NULL"
    in_grams = "weight_g" in own or (not weigh and column.get("weight", "").strip().lower() == "weight_g")
    to_grams = 1 if in_grams else 1000
    text = {end: f"lower(trim({scan.at(column[end])}::VARCHAR))" for end in ("origin", "destination")}
    scan.run(
        f"""CREATE TEMP VIEW judged AS SELECT raw.*, {text["origin"]} AS _from, {text["destination"]} AS _to,
        a.text IS NULL AS _from_unknown, b.text IS NULL AS _to_unknown, a.doubt AS _from_doubt, b.doubt AS _to_doubt,
        a.unit AS _from_unit, b.unit AS _to_unit, {moment} AS _moment, {weight} IS NOT NULL AND
        trim({weight}::VARCHAR) <> '' AS _weighed, round({to_grams} * TRY_CAST({weight} AS DOUBLE), 3) AS _grams
        FROM raw LEFT JOIN unit_name a ON a.text = {text["origin"]} LEFT JOIN unit_name b
        ON b.text = {text["destination"]}"""  # noqa: S608 - names are quoted
    )
    scan.run(
        f"""CREATE TEMP VIEW waybill AS SELECT *, CASE WHEN reason IS NULL THEN _from_unit END AS origin_unit,
        CASE WHEN reason IS NULL THEN _to_unit END AS destination_unit,
        CASE WHEN reason IS NULL THEN _moment::DATE END AS day,
        CASE WHEN reason IS NULL THEN hour(_moment)::INTEGER END AS hour,
        CASE WHEN reason IS NULL AND _weighed THEN greatest(1, round(_grams))::BIGINT END AS grams FROM (
        SELECT *, CASE WHEN _from_unknown THEN 'unknown_origin' WHEN _to_unknown THEN 'unknown_destination'
        WHEN _from_doubt IS NOT NULL THEN _from_doubt || '_origin'
        WHEN _to_doubt IS NOT NULL THEN _to_doubt || '_destination'
        WHEN _from_unit IN (FROM outside) AND _to_unit IN (FROM outside) THEN 'outside_both'
        WHEN _moment IS NULL THEN 'bad_time'
        WHEN _weighed AND (_grams IS NULL OR NOT (_grams > 0 AND _grams <= {1000 * HEAVIEST_KG})) THEN 'bad_weight'
        END AS reason FROM judged)"""  # noqa: S608 - a constant
    )


def _gathered(scan: Scan) -> Counted:
    pairs = scan.run(
        "SELECT origin_unit AS origin_id, destination_unit AS destination_id, pieces FROM counted "
        "WHERE no_pair = 0 AND reason IS NULL ORDER BY ALL"
    )
    reasons = scan.run(
        "SELECT reason, sum(pieces)::BIGINT AS pieces FROM counted WHERE no_pair = 0 AND reason IS NOT NULL "
        "GROUP BY reason ORDER BY reason"
    )
    days = scan.run("SELECT day, pieces FROM counted WHERE no_day = 0 AND reason IS NULL ORDER BY day")
    hours = scan.run(
        "SELECT hour, pieces FROM counted WHERE no_pair = 1 AND no_day = 1 AND reason IS NULL ORDER BY hour"
    )
    sums = scan.run(
        "SELECT sum(weighed)::BIGINT AS n, sum(grams)::DOUBLE AS grams, sum(logs)::DOUBLE AS logs, "
        "sum(squares)::DOUBLE AS squares FROM counted WHERE no_pair = 0 AND reason IS NULL"
    ).row(0)
    places = scan.run(
        "SELECT reason, text, count(*) AS pieces FROM ("  # noqa: S608 - a constant
        "SELECT reason, CASE WHEN reason LIKE '%origin' "
        "THEN _from ELSE _to END AS text FROM waybill WHERE reason LIKE '%origin' OR reason LIKE '%destination') "
        f"GROUP BY ALL ORDER BY pieces DESC, reason, text LIMIT {MOST_TOLD}"
    )
    why = dict(reasons.iter_rows())
    taken = int(pairs["pieces"].sum())
    unreadable = scan.unreadable().height
    rows = taken + sum(why.values()) + unreadable
    return Counted(scan.path.name, rows, taken, why, unreadable, places, pairs, days, hours, _weights(*sums))


def _weights(n: int | None, grams: float, logs: float, squares: float) -> tuple[int, float, float]:
    if not n:
        return 0, 0.0, 0.0
    mean = logs / n
    return n, grams / n / 1000, max(0.0, squares / n - mean * mean) ** 0.5 / MICRO


def _set_aside(scan: Scan, folder: Path, some: bool) -> None:
    """Write the rows set aside, with the reason, and the lines that are no rows."""
    folder.mkdir(parents=True, exist_ok=True)
    if some:
        own = ", ".join(f"c{k} AS {named(name)}" for k, name in enumerate(scan.columns))
        target = quoted(str(folder / "set_aside.parquet"))
        scan.run(
            f"COPY (SELECT row_number AS set_aside_row, reason AS set_aside_because, {own} "  # noqa: S608
            f"FROM waybill WHERE reason IS NOT NULL ORDER BY row_number) TO {target} (FORMAT parquet)"
        )
    broken = scan.unreadable()
    if broken.height:
        broken.write_csv(folder / "unreadable.csv")
