"""``postroad after-action``: a day's forecast held against operators' records, and what the next script changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from postroad.face.cli.ledger_proof import FOLDER

if TYPE_CHECKING:
    from postroad.language import Language
    from postroad.results import Result


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("after-action")(after_action)


def after_action(
    province: str = typer.Argument("jilin", help="省包 province"),
    on: str = typer.Argument(..., metavar="DAY", help="2025-11-11"),
    ledger: Path = FOLDER,
    run: Path = typer.Option(..., "--run", help="当日的模拟 a folder that postroad simulate --day wrote"),
    drill: Path = typer.Option(None, "--drill", help="当日脚本的演练 a folder that postroad drill wrote"),
    share: float = typer.Option(1.0, "--share", help="台账所含件数的比例 part of all parcels the ledger holds"),
    as_of: str = typer.Option("", "--as-of", help="2025-11-20T18:00:00"),
    to: Path = typer.Option(Path("out/after-action"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """事后评估 After a day: forecast against actual, what each action did, what the next script has to change."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import day as a_day
    from postroad.face.cli.display import moment, out, print_json, write_text
    from postroad.face.report.after_action import changes, review
    from postroad.language import LANGUAGES, current, say
    from postroad.network import province as open_province
    from postroad.results import Result
    from postroad.simulate.day import Run
    from postroad.supervise.after_action import after_action as held_against
    from postroad.supervise.ledger import Ledger

    network = open_province(province)
    day = a_day(on)
    if day is None:
        raise UsageError.of("face.bad_date", value=on)
    drilled = Result.load(drill) if drill else None
    made = held_against(Ledger.open(ledger), Run.load(run), day, share=share, drill=drilled, as_of=moment(as_of))
    folder = made.save(to / day.isoformat())
    for tongue in LANGUAGES:
        write_text(folder / f"review-{tongue}.md", review(made, network, tongue, _actions(drilled, tongue)))
    if json_:
        print_json({"run_id": made.run_id, "folder": str(folder), **{k: made[k].to_dicts() for k in made.tables}})
        return
    out.print(say("after_action.title", day=day.isoformat(), run=made.run_id), style="bold")
    for line in changes(made, network, current()):
        out.print(line, markup=False, soft_wrap=True)
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def _actions(drilled: Result | None, tongue: Language) -> dict[str, str]:
    """The names of a drill's actions as its script gives them."""
    from postroad.language import say

    if drilled is None:
        return {}
    script = drilled.stamp.options["script"]
    return {"all": say("drill.all", tongue), **{each["id"]: each[tongue] for each in script["actions"]}}
