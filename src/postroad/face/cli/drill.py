"""``postroad drill``: emergency and peak scripts run on the twin, graded, with ranked actions and a review."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drill")(drill)


def drill(
    province: str = typer.Argument("jilin", help="省包 province"),
    name: str = typer.Option("", "--script", help="blizzard-hunwu | FILE.toml"),
    year: int = typer.Option(2020, "--year"),
    scenario: str = typer.Option("base", "--scenario"),
    scale: float = typer.Option(0.02, "--scale", min=1e-4, max=1.0, help="件量份额 share of pieces"),
    seed: int = typer.Option(0, "--seed"),
    designs: list[Path] = typer.Option([], "--network", help="设计写出的文件夹，可多次 folders a design wrote"),
    to: Path = typer.Option(Path("out/drill"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """演练 Run a drill on the twin: what breaks, what is late, which action helps most; without --script, list them."""
    from postroad.demand import demand as synthesise
    from postroad.face.cli.display import out, print_json, progress, write_text
    from postroad.face.cli.simulate import designed, with_timetable
    from postroad.face.report import drill as report
    from postroad.language import LANGUAGES, current, say
    from postroad.simulate.drill import drill as run
    from postroad.simulate.drill import names, script

    network = designed(province, designs)
    if not name:
        for each in names(network):
            made = script(each, network)
            out.print(say("drill.list", id=each, name=made.label(), rows=" ".join(made.rows)), soft_wrap=True)
        return
    made = script(name, network)
    wanted = synthesise(network, year, scenario)
    network = with_timetable(network, wanted)
    with progress(say("drill.running")) as move:
        result = run(network, wanted, made, seed=seed, scale=scale, progress=move)
    folder = result.save(to / made.id)
    pages = [write_text(folder / f"drill-{s}.html", report.page(result, made, network, s)) for s in LANGUAGES]
    if json_:
        print_json({"run_id": result.run_id, "grades": result["grades"].to_dicts()})
        return
    label = report.names(made, current())
    for row in result["grades"].iter_rows(named=True):
        spared = f"{row['spared_pieces']:+,.0f}"
        out.print(f"[b]{row['grade']}[/b]  {label[row['run']]}  {row['late_pieces']:,.0f}  {spared}", soft_wrap=True)
    for sentence in report.review(result, network, label, current()):
        out.print(sentence, soft_wrap=True)
    for path in (folder, *pages):
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)
