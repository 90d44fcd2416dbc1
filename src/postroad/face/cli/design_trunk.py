"""``postroad design --trunk``: the line-haul timetable of a province."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from postroad.face.cli.design import Asked

TABLES = ("hub_plants", "allocations", "line_hauls", "sort_waves")


def run(asked: Asked) -> None:
    """Design the trunk and write its tables."""
    from postroad.demand import demand
    from postroad.design.lines import baseline
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.results import Stamp, save

    network = open_province(asked.province)
    made = baseline(network, demand(network, asked.year, asked.scenario, seed=asked.seed))
    options = {"year": asked.year, "scenario": asked.scenario}
    facts = {table: made[table].height for table in TABLES}
    folder = save(asked.out / "trunk", Stamp.now("trunk-baseline", network.fingerprint, options, asked.seed),
                  {table: made[table] for table in TABLES}, facts)  # fmt: skip
    if asked.json:
        print_json(facts)
        return
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)
