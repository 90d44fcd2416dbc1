"""``postroad growth``: volume, price and revenue drawn together, and the growth that both aims take."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("growth")(growth)


def growth(
    province: str = typer.Argument("jilin", help="省包 province"),
    as_of: str = typer.Option("", "--as-of", help="2023-06-30"),
    seed: int = typer.Option(0, "--seed"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """增长 How likely volume and revenue reach the plan's aims, and both; the growth each price takes; by product."""
    import dataclasses
    import datetime as dt

    from postroad.face.cli.display import day, out, print_json
    from postroad.language import say
    from postroad.measure.coherence import coherence
    from postroad.measure.growth import as_nation, joint
    from postroad.network import province as open_province
    from postroad.plan.plan import plan as open_plan

    network, plan = open_province(province), open_plan(province)
    on = day(as_of) or dt.datetime.now(tz=dt.UTC).date()
    held, marks = joint(network, plan, on, seed), as_nation(network, plan, on)
    if json_:
        print_json({"as_of": on.isoformat(), "joint": dataclasses.asdict(held) if held else None,
                    "as_the_nation": [dataclasses.asdict(mark) for mark in marks]})  # fmt: skip
        return
    out.print(say("growth.title", plan=plan.label(), as_of=on.isoformat()), style="bold")
    told = {finding.id: finding.text.say() for finding in coherence(network, plan, on, seed)}
    for name in ("growth-and-revenue", "growth-together", "as-the-nation"):
        if name in told:
            out.print(told[name], soft_wrap=True)
    if held is None:
        out.print(say("growth.too_few"), soft_wrap=True)
        return
    for change, needed in held.frontier:
        out.print(f"  {say('growth.frontier', price=change, growth=needed)}", soft_wrap=True)
    for name, (own, nation) in held.products.items():
        out.print(say("growth.product", name=say(f"growth.product_{name}"), own=own, nation=nation), soft_wrap=True)
