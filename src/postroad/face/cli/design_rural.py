"""``postroad design --rural``: rounds to every village under four ways, what they cost and how that is split."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postroad.design.rounds import RuralDesign
    from postroad.face.cli.design import Asked
    from postroad.network import Network

DAY_H = 24.0


def run(asked: Asked) -> None:
    """Design the rounds, and write tables, pictures and a report in both languages."""
    from postroad.design.rounds import RuralOptions, design_rounds
    from postroad.errors import DataError
    from postroad.face.cli.display import err, out, print_json, progress, write_text
    from postroad.face.report.rural import pictures, report, summary
    from postroad.language import LANGUAGES, say
    from postroad.network import overlaid
    from postroad.network import province as open_province
    from postroad.parallel import Work
    from postroad.timetable import read_gtfs

    began = time.monotonic()
    network = open_province(asked.province)
    if asked.keep:
        network = overlaid(network, asked.keep)
    options = RuralOptions(
        asked.year, asked.scenario, asked.season, _shares(asked.shares), asked.counties, asked.seed,
        arrive_by_h=None if asked.arrive_by >= DAY_H else asked.arrive_by, evening=asked.evening, even=asked.even,
    )  # fmt: skip
    feed = read_gtfs(asked.buses) if asked.buses else None
    with progress(say("rounds.designing")) as move:
        work = Work(asked.workers, asked.cluster or None, asked.cache, move)
        made = design_rounds(network, options, work, feed)
    if feed is not None and made.untimed:
        raise DataError(made.untimed)
    texts = {f"{name}-{tongue}.svg": text
             for tongue in LANGUAGES for name, text in pictures(network, made, tongue).items()}  # fmt: skip
    texts |= {f"report-{tongue}.md": report(network, made, tongue) for tongue in LANGUAGES}
    folder = _save(made, asked)
    seconds = time.monotonic() - began
    for name, text in texts.items():
        write_text(folder / name, text)
    told: dict[str, Any] = {
        **summary(made),
        **_kept(network, made),
        "seconds": round(seconds, 1),
        "folder": str(folder.resolve()),
    }
    if not asked.counties:
        told["sites"] = _sites(asked)
        told["seconds"] = round(time.monotonic() - began, 1)
    if asked.json:
        print_json(told)
        return
    err.print(say("rounds.done", counties=told["counties"], villages=told["villages"], seconds=told["seconds"]))
    for way, row in told["ways"].items():
        out.print(say("rounds.way_line", way=say(f"rounds.{way}"), yuan=row["yuan_piece"], grams=row["co2e_g_piece"],
                      chosen=row["townships_chosen"]))  # fmt: skip
    if "unchanged" in told:
        out.print(say("rounds.kept", share=f"{100 * told['unchanged']:.1f}"))
    for fault in [*made.why()[:20], *made.untimed[:20]]:
        out.print(fault.say())
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def _kept(network: Network, made: RuralDesign) -> dict[str, float]:
    """Return the share of villages that still follow the same village as on the rounds that stood, if any did."""
    from postroad.design.rounds.previous import unchanged

    return {"unchanged": round(unchanged(network, made.network), 4)} if network["rounds"].height else {}


def _sites(asked: Asked) -> dict[str, Any]:
    """Site stations and lockers for the whole province, with minutes to service before and after; return the facts."""
    from postroad.design.sites.province import SiteOptions
    from postroad.face.cli.sites import made
    from postroad.network import province as open_province

    facts, _, folder = made(open_province(asked.province), SiteOptions(), asked.out / "sites")
    return {**facts, "folder": str(folder.resolve())}


def _save(made: RuralDesign, asked: Asked) -> Any:
    """Write the result's folder: what people read, and the tables the simulator reads."""
    from postroad.results import save

    tables = dict(made.result.tables)
    tables |= {name: made.network[name] for name in ("rounds", "round_stops", "bus_holds") if made.network[name].height}
    return save(asked.out / "rural", made.result.stamp, tables, made.result.facts)


def _shares(given: tuple[str, ...]) -> dict[str, float] | None:
    """Read shares as OPERATOR=NUMBER; ``UsageError`` names the first that is not."""
    from postroad.errors import UsageError

    found = {}
    for text in given:
        name, _, number = text.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise UsageError.of("rounds.bad_share_text", value=text) from None
    return found or None
