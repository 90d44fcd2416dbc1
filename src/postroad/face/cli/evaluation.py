"""``postroad plan report``: the evaluation of a plan in Word and HTML, as officials write it."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan", hidden=True)(_plan)
    app.command("plan-report")(plan_report)


def _plan() -> None:
    """规划 Use ``postroad plan report``."""
    raise typer.BadParameter("postroad plan report")


def plan_report(
    province: str = typer.Argument("jilin", help="省包 province"),
    as_of: str = typer.Option("", "--as-of", help="2023-06-30"),
    kind: str = typer.Option("yearly", "--kind", help="yearly | midterm | final"),
    effects: Path | None = typer.Option(None, "--effects", help="postroad effect 的结果 folder of postroad effect"),
    to: Path = typer.Option(Path("out/evaluation"), "--out", help="文件夹 folder"),
    seed: int = typer.Option(0, "--seed"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """评估 Write the evaluation report of a plan: targets, tasks, causes, warnings, remedies, blanks."""
    import datetime as dt

    from postroad.face.cli.display import day, out, print_json, write_text
    from postroad.face.report import evaluation as report
    from postroad.language import LANGUAGES, say
    from postroad.measure.evaluation import evaluate
    from postroad.network import province as open_province
    from postroad.plan.levers import levers
    from postroad.plan.plan import plan as open_plan
    from postroad.results import Result

    plan = open_plan(province)
    today = dt.datetime.now(tz=dt.UTC).date()
    measured = Result.load(effects) if effects else None
    network = open_province(province)
    made = evaluate(network, plan, levers(province, plan), kind, day(as_of) or today, measured, seed)
    if json_:
        told = {"kind": kind, "as_of": made.card.as_of.isoformat(), "run_id": made.card.run_id, "tasks": made.counts(),
                "targets": made.card.summary, "blanks": len(made.blanks), "record": made.record.counts,
                "effects_run": made.effects_run}  # fmt: skip
        print_json(told)
        return
    for spoken in LANGUAGES:
        stem = f"{province if not Path(province).exists() else Path(province).name}-{kind}-{spoken}"
        out.print(
            say("face.written", path=report.word(made, to / f"{stem}.docx", spoken, network).resolve()), soft_wrap=True
        )
        path = write_text(to / f"{stem}.html", report.page(made, spoken, network))
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)
