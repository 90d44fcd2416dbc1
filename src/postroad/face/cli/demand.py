"""``postroad demand`` and ``demand-parcels``: what moves in a year, and the parcels of a day."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demand")(demand)
    app.command("demand-parcels")(demand_parcels)
    app.command("demand-fit")(demand_fit)


def demand(
    province: str = typer.Argument("jilin", help="省包 province"),
    year: int = typer.Option(2020, "--year"),
    scenario: str = typer.Option("base", "--scenario", help="base | floor | low"),
    seed: int = typer.Option(0, "--seed"),
    to: Path = typer.Option(Path("out/demand"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """需求 Synthesise the flows of a year: tables, calibration report and pictures."""
    from postroad.demand import demand as synthesise
    from postroad.demand.calibrate import control_totals, imbalance
    from postroad.demand.picture import flow_map, sankey
    from postroad.demand.report import report
    from postroad.face.cli.display import out, print_json, write_text
    from postroad.language import LANGUAGES, current, say
    from postroad.network import province as open_province

    made = synthesise(open_province(province), year, scenario, seed=seed)
    if json_:
        print_json({"year": year, "scenario": scenario, "totals": control_totals(made).to_dicts(),
                    "imbalance": imbalance(made).to_dicts()})  # fmt: skip
        return
    to.mkdir(parents=True, exist_ok=True)
    made.flows.write_parquet(to / "flows.parquet")
    control_totals(made).write_csv(to / "control_totals.csv")
    written = [to / "flows.parquet", to / "control_totals.csv"]
    for tongue in LANGUAGES:
        written += [
            write_text(to / f"calibration-{tongue}.md", report(made, tongue)),
            write_text(to / f"flow-map-{tongue}.svg", flow_map(made, tongue)),
            write_text(to / f"sankey-{tongue}.svg", sankey(made, tongue)),
        ]
    out.print(report(made, current()), markup=False, soft_wrap=True)
    for path in written:
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)


def demand_parcels(
    province: str = typer.Argument("jilin", help="省包 province"),
    day: str = typer.Option("peak", "--day", help="peak | 2020-11-11"),
    to: Path = typer.Option(..., "--out", help=".parquet"),
    scenario: str = typer.Option("base", "--scenario"),
    seed: int = typer.Option(0, "--seed"),
    workers: int = typer.Option(2, "--workers"),
) -> None:
    """抽件 Draw the parcels of a day into a Parquet file, streamed."""
    import pyarrow.parquet as pq

    from postroad.demand import demand as synthesise
    from postroad.demand.profile import PEAK
    from postroad.face.cli.display import out, progress
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.parallel import Progress

    year = 2020 if day == PEAK or not day[:4].isdigit() else int(day[:4])
    made = synthesise(open_province(province), year, scenario, seed=seed)
    total, done = made.pieces(day), 0
    part = to.with_suffix(to.suffix + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    try:
        with progress(say("demand.drawing")) as move:
            for block in made.parcels(day, seed, workers=workers):
                table = block.frame().to_arrow()
                writer = writer or pq.ParquetWriter(part, table.schema, compression="zstd")
                writer.write_table(table)
                done += len(block)
                move(Progress(done, total))
        if writer:
            writer.close()
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    out.print(say("face.written", path=to.resolve()), soft_wrap=True)


def demand_fit(
    province: str = typer.Argument("jilin", help="省包 province"),
    waybills: Path = typer.Option(..., "--waybills", help=".csv | .parquet"),
    to: Path = typer.Option(Path("out/waybills"), "--out", help="文件夹 folder"),
    origin: str = typer.Option("origin", "--origin"),
    destination: str = typer.Option("destination", "--destination"),
    time: str = typer.Option("time", "--time"),
    weight: str = typer.Option("weight_kg", "--weight"),
) -> None:
    """拟合 Fit flows, hours and weights to your own waybills; rows that cannot be taken are set aside."""
    from postroad.demand.waybills import fit_waybills
    from postroad.face.cli.display import out
    from postroad.language import say
    from postroad.network import province as open_province

    columns = {"origin": origin, "destination": destination, "time": time, "weight_kg": weight}
    fitted = fit_waybills(waybills, open_province(province), to / "quarantine.parquet", columns)
    to.mkdir(parents=True, exist_ok=True)
    fitted.flows.write_csv(to / "flows.csv")
    fitted.hours.write_csv(to / "hours.csv")
    aside = sum(fitted.quarantined.values())
    weights = {"mean": f"{fitted.weight_mean_kg:.3f}", "sigma": f"{fitted.weight_sigma:.3f}"}
    counts = {"rows": fitted.rows, "taken": fitted.taken, "aside": aside, "pairs": fitted.flows.height}
    out.print(say("demand.waybills_read", None, **weights, **counts))
    for reason, count in fitted.quarantined.items():
        if count:
            out.print(f"  {say('demand.reason_' + reason)}: {count}")
    out.print(say("face.written", path=to.resolve()), soft_wrap=True)
