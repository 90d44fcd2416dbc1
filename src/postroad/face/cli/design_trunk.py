"""``postroad design --trunk``: tiers, the line-haul timetable, promises and their repairs, as tables and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from postroad.design.lines import TrunkDesign
    from postroad.evaluate.planned import Ran
    from postroad.face.cli.design import Asked


def run(asked: Asked) -> None:
    """Design the trunk and write tables, a GTFS feed, pictures and a report in both languages."""
    from postroad.demand import demand
    from postroad.evaluate.trunk import design_trunk
    from postroad.face.cli.display import err, out, print_json, progress
    from postroad.language import say
    from postroad.network import province as open_province

    network = open_province(asked.province)
    flows = demand(network, asked.year, asked.scenario, seed=asked.seed)
    with progress(say("lines.designing")) as move:
        made = design_trunk(
            network, flows, time_s=asked.time_limit_s, seed=asked.seed, plants=asked.plants, learn=asked.learn,
            progress=move,
        )  # fmt: skip
    ran = _simulated(made, asked) if asked.simulate > 0 else None
    folder = _written(made, asked, ran)
    told = _told(made, folder)
    if ran:
        told |= {"simulated": ran.classes.to_dicts(), "lost": ran.lost_by_class.to_dicts()}
    if asked.json:
        print_json(told)
        return
    for row in told["compared"]:
        words = {key: row[key] for key in ("departures", "yuan_piece", "co2e_g_piece", "pairs_hold", "pairs")}
        out.print(say("lines.compared_line", timetable=say(f"lines.t_{row['timetable']}"), **words), soft_wrap=True)
    facts = made.result.facts
    bound = {"cost": facts["between_hubs_yuan_day"], "bound": facts["between_hubs_bound"]}
    out.print(say("lines.bound", **bound, gap=100 * facts["between_hubs_gap"]), soft_wrap=True)
    out.print(say("lines.week_line", week_yuan=facts["week_yuan"], fleet=facts["fleet"], drivers=facts["drivers"],
                  mends=made.result["mends"].height), soft_wrap=True)  # fmt: skip
    for row in told.get("simulated", ()):
        name = say(f"lines.class_{row['promise_class']}")
        out.print(say("lines.simulated_line", name=name, **{key: row[key] for key in SHOWN}), soft_wrap=True)
    for row in told.get("lost", ()):
        name = say(f"lines.class_{row['promise_class']}")
        words = {"cause": say(f"lines.cause_{row['cause']}"), "percent": row["lost_percent"]}
        out.print(say("lines.lost_line", name=name, **words), soft_wrap=True)
    err.print(say("lines.done", seconds=facts["seconds"], failing=len(told["failing"])))
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


SHOWN = ("planned_percent", "simulated_percent", "best_percent", "pairs", "pairs_hold_planned", "pairs_hold_simulated",
         "pairs_hold_best")  # fmt: skip


def _simulated(made: TrunkDesign, asked: Asked) -> Ran:
    """Run a sample of a day through the designed trunk, and hold planned against simulated."""
    from postroad.evaluate.planned import simulated
    from postroad.evaluate.trunk import day_of
    from postroad.face.cli.display import progress
    from postroad.language import say

    with progress(say("simulate.running")) as move:
        return simulated(made, day_of(asked.year), scale=asked.simulate, seed=asked.seed, progress=move)


def _told(made: TrunkDesign, folder: Path) -> dict[str, Any]:
    failing = made.result["promises"].filter(holds=False)
    return {
        **made.result.facts, "run_id": made.result.run_id, "folder": str(folder.resolve()),
        "compared": made.result["compared"].to_dicts(), "legs": made.result["legs"].to_dicts(),
        "failing": failing.to_dicts(), "repairs": made.result["repairs"].to_dicts(),
        "mends": made.result["mends"].to_dicts(), "week": made.result["week"].to_dicts(),
        "seats": made.result["seats"].to_dicts(),
        "tiers": {which: made.tiers.tiers(which) for which in ("plan", "best")},
    }  # fmt: skip


def _written(made: TrunkDesign, asked: Asked, ran: Ran | None) -> Path:
    """Write the result whole, then what is drawn from it."""
    from postroad.design.lines.gtfs import feed
    from postroad.face.cli.display import write_text
    from postroad.face.report.trunk import as_csv, page, pictures
    from postroad.language import LANGUAGES
    from postroad.timetable.feed import write_gtfs

    folder = made.result.save(asked.out / "trunk")
    for name, frame in {**as_csv(made), **(ran.tables if ran else {})}.items():
        write_text(folder / f"{name}.csv", frame.write_csv())
    made.network.save(folder / "network")
    write_gtfs(feed(made.network, asked.year), folder / "gtfs.zip")
    for tongue in LANGUAGES:
        write_text(folder / f"trunk-{tongue}.html", page(made, tongue, ran))
        for name, picture in pictures(made, tongue).items():
            write_text(folder / f"{name}-{tongue}.svg", picture)
    return folder
