"""``postroad run``: the main job - check the pack, score the plan, write the reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    province: str = typer.Argument("jilin", help="省包 province"),
    to: Path = typer.Option(Path("out"), "--out", help="文件夹 folder"),
    as_of: str = typer.Option("", "--as-of", help="2023-06-30"),
    seed: int = typer.Option(0, "--seed"),
) -> None:
    """检查、评分、出报告 Check a province, score its plan, write HTML, Excel and JSON in both languages."""
    from postroad.errors import DataError
    from postroad.face.cli.display import called, day, err, out, progress, write_text
    from postroad.face.cli.score import show
    from postroad.face.report import contents, page, workbook
    from postroad.language import LANGUAGES, say, spoken
    from postroad.measure.scorecard import score
    from postroad.network import province as open_province
    from postroad.parallel import Progress
    from postroad.plan.plan import plan

    with progress(say("face.checking")) as move:
        network = open_province(province)
        move(Progress(1, 2))
        if faults := network.check():
            raise DataError(faults)
        move(Progress(2, 2))
    rows = sum(network[table].height for table in network.tables)
    filled = sum(1 for table in network.tables if network[table].height)
    facts: dict[str, Any] = {"tables": filled, "rows": f"{rows:,}", "fingerprint": network.fingerprint[:12]}
    err.print(say("face.pack_clean", name=network.label(), **facts))
    with progress(say("face.scoring")) as move:
        card = score(network, plan(province), as_of=day(as_of), seed=seed, progress=move)
    show(card)
    name = network.name or "province"
    with progress(say("face.drawing")) as move:
        written = [write_text(to / f"{name}.json", card.to_json())]
        for step, tongue in enumerate(LANGUAGES):
            with spoken(tongue):
                held = contents(network, card)
                written.append(write_text(to / f"{name}-{tongue}.html", page(held, tongue)))
                written.append(workbook(held, to / f"{name}-{tongue}.xlsx", tongue))
            move(Progress(step + 1, len(LANGUAGES)))
    for path in written:
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)
    out.print(say("face.serve_hint", command=called(), name=province), soft_wrap=True)
