"""``postroad report FOLDER``: any saved result as Excel, Word, PDF or a page."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    folder: Path = typer.Argument(..., help="结果文件夹 a result's folder, with run.json"),
    to: Path = typer.Option(..., "--out", help="x.xlsx | x.docx | x.pdf | x.html"),
    place: str = typer.Option("jilin", "--province", help="地名与地图所用省包 province that names and maps places"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """报告 Write a saved result as a workbook with charts, a Word document, a PDF or one page, with its run id."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import out, print_json
    from postroad.face.report.result import FORMS
    from postroad.face.report.result import report as write
    from postroad.language import current, say
    from postroad.network import province
    from postroad.results import Result

    form = to.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise UsageError.of("face.no_such_report", asked=to.name, known=", ".join(FORMS))
    held = Result.load(folder)
    network = province(place)
    to.parent.mkdir(parents=True, exist_ok=True)
    write(held, to, form, current(), network)
    if json_:
        print_json({"run_id": held.run_id, "kind": held.stamp.kind, "path": str(to.resolve())})
        return
    out.print(say("face.written", path=to.resolve()), soft_wrap=True)
