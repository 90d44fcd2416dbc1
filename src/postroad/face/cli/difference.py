"""``postroad diff``: two plans of one network held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.results import Result

MOST_HUBS = 12
"""Lines about hubs in the terminal; the file holds them all."""
WITHIN = ("network", "pack")
"""Where a design's or a fit's folder holds its pack."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff")(diff)


def diff(
    before: str = typer.Argument(..., help="先前：省包、包文件夹或设计文件夹 province, pack or design folder"),
    after: str = typer.Argument(..., help="之后 the same, later"),
    to: Path = typer.Option(Path("out/diff"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """对照 Hold two plans against each other: hubs, line-hauls, rounds and drivers affected, villages, every cell."""
    from postroad.face.cli.display import out, print_json, write_text
    from postroad.language import say
    from postroad.measure.difference import difference

    old, new = opened(before), opened(after)
    made = difference(old, new)
    folder = made.save(to)
    for name in made.tables:
        write_text(folder / f"{name}.csv", made[name].write_csv())
    if json_:
        print_json({"run_id": made.run_id, **made.stamp.as_dict()["options"], **made.facts})
        return
    if made.facts["same"]:
        out.print(say("difference.same", inputs=old.fingerprint[:12]), soft_wrap=True)
        return
    out.print(say("difference.run", run=made.run_id, before=old.fingerprint[:12], after=new.fingerprint[:12]))
    for sentence in told(made, new, folder):
        out.print(sentence, soft_wrap=True, markup=False)
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def opened(plan: str) -> Network:
    """Return the network of a shipped pack, a pack's folder or file, or the pack inside a design's folder."""
    from postroad.network import province

    inside = (Path(plan) / name for name in WITHIN)
    return province(next((pack for pack in inside if pack.joinpath("pack.toml").is_file()), plan))


def told(made: Result, network: Network, folder: Path) -> list[str]:
    """Return the difference in sentences: tables, hubs, line-hauls, rounds, villages; what is empty is left out."""
    from postroad.language import current, say
    from postroad.naming import names_of
    from postroad.tables import schema

    known = schema().tables
    name = names_of(network, current())

    def standing(tier: int | None, hub: str | None) -> str:
        parts = [say("difference.tier", tier=tier)] if tier else []
        parts += [say("difference.under", hub=name.get(hub, hub))] if hub else []
        return "，".join(parts) if current() == "zh" and parts else ", ".join(parts) or say("difference.nothing")

    sentences = []
    for row in made["tables"].iter_rows(named=True):
        counts = ", ".join(f"{say('difference.' + k)} {row[k]:,}" for k in ("added", "removed", "changed") if row[k])
        named = known[row["table"]].label.say() if row["table"] in known else row["table"]
        sentences.append(f"{named}  {row['rows_before']:,} → {row['rows_after']:,}  {counts}")
    for row in made["hubs"].head(MOST_HUBS).iter_rows(named=True):
        sentences.append(say("difference.hub", place=name.get(row["place_id"], row["place_id"]),
                             before=standing(row["tier_before"], row["hub_before"]),
                             after=standing(row["tier_after"], row["hub_after"])))  # fmt: skip
    if made.facts["hubs"] > MOST_HUBS:
        more = made.facts["hubs"] - MOST_HUBS
        sentences.append(say("difference.more", count=more, path=folder / "hubs.csv"))
    hauls, ways = made.facts["line_hauls"], made.facts["rounds"]
    costs: list[dict[str, Any]] = [
        {f"cost_{k}": f"{sums[f'cost_{k}_yuan']:,.0f}" for k in ("before", "after")} for sums in (hauls, ways)
    ]
    if hauls["before"] or hauls["after"]:
        sentences.append(say("difference.lines", **{k: v for k, v in hauls.items() if "cost" not in k}, **costs[0]))
    if ways["before"] or ways["after"]:
        kinds = ("before", "after", "same", "retimed", "reordered", "changed", "new", "dropped")
        sentences.append(say("difference.rounds", **{k: ways[k] for k in kinds}, drivers=ways["drivers_affected"],
                             kept=ways["kept_percent"], **costs[1]))  # fmt: skip
        seen = ("gained", "lost", "more_days", "fewer_days", "noticing")
        sentences.append(say("difference.villages", **{k.split("_")[0]: ways[f"villages_{k}"] for k in seen}))
    return sentences
