"""``postroad design --hubs``: the plan's three tiers of hubs against the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postroad.face.cli.design import Asked


def run(asked: Asked) -> None:
    """Search, write the tables and a map in each language, and tell the regret; or solve a standard problem."""
    if asked.standard:
        _standard(asked)
        return
    from postroad.demand import demand
    from postroad.design.hubs import trunk_tiers
    from postroad.design.hubs.tier_map import tier_map
    from postroad.face.cli.display import out, print_json
    from postroad.face.report.map import outlines_of
    from postroad.language import LANGUAGES, say
    from postroad.network import province as open_province

    network = open_province(asked.province)
    made = demand(network, asked.year, asked.scenario, seed=asked.seed)
    found = trunk_tiers(network, made, time_s=asked.time_limit_s, seed=asked.seed)
    folder = found.result.save(asked.out / "hubs")
    outlines = outlines_of(network)
    for tongue in LANGUAGES:
        (folder / f"hubs-{tongue}.svg").write_text(tier_map(found, network, outlines, tongue), "utf-8")
    if asked.json:
        print_json({**found.result.facts, "run_id": found.result.run_id, "tiers": found.tiers("best"),
                    "plan_tiers": found.tiers("plan")})  # fmt: skip
        return
    within = dict(found.result["layouts"]["layout", "within_24h"].iter_rows())
    told: dict[str, Any] = {
        "plan": f"{found.plan.cost / 1e4:,.1f}",
        "best": f"{found.best.cost / 1e4:,.1f}",
        "gap": f"{100 * found.gap:.1f}",
        "regret": f"{100 * found.regret:.1f}",
        "plan24": f"{100 * within['plan']:.1f}",
        "best24": f"{100 * within['best']:.1f}",
    }
    out.print(say("design.tiers_told", **told))
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def _standard(asked: Asked) -> None:
    """Solve one of the field's problems on the province's data, and hold the plan's hubs against the answer."""
    from postroad.demand import demand
    from postroad.design.hubs import Standard, standard_hubs
    from postroad.design.program import Limits
    from postroad.face.cli.display import out, print_json, progress
    from postroad.language import say
    from postroad.network import province as open_province

    network = open_province(asked.province)
    made = demand(network, asked.year, asked.scenario, seed=asked.seed)
    wanted = Standard(**asked.standard)
    with progress(say("design.standard_solving", problem=wanted.problem)) as move:
        found = standard_hubs(
            network, made, wanted, Limits(asked.time_limit_s), season=asked.season, seed=asked.seed, progress=move
        )
    folder = found.save(asked.out / "hubs-standard")
    facts = found.facts
    if asked.json:
        print_json({**facts, "run_id": found.run_id, "tables": {k: v.to_dicts() for k, v in found.tables.items()}})
        return
    unit = say("design.standard_hubs_unit" if wanted.problem == "covering" else "design.standard_yuan_unit")
    names = "、".join(found["hubs"]["name_zh"])
    out.print(say("design.standard_told", problem=wanted.problem, objective=f"{facts['objective']:,.1f}", unit=unit,
                  gap=f"{100 * facts['gap']:.2f}", hubs=names))  # fmt: skip
    if facts["plan_objective"] is None:
        out.print(say("design.standard_plan_cannot"))
    else:
        more = 100 * (facts["plan_objective"] / facts["objective"] - 1)
        out.print(say("design.standard_plan_told", objective=f"{facts['plan_objective']:,.1f}", unit=unit,
                      more=f"{more:.2f}"))  # fmt: skip
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)
