"""``postroad demand``, ``demand-parcels``, ``demand-fit``, ``demand-lade``: what moves, and what a user's files say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from postroad.demand.fitting import Fit


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demand")(demand)
    app.command("demand-parcels")(demand_parcels)
    app.command("demand-fit")(demand_fit)
    app.command("demand-lade")(demand_lade)


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
    from postroad.demand.profile import year_of
    from postroad.face.cli.display import out, progress
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.parallel import Progress

    year = year_of(day, 2020)
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
    to: Path = typer.Option(Path("out/demand-fit"), "--out", help="文件夹 folder"),
    columns: list[str] = typer.Option([], "--column", help="origin=始发地", metavar="WANTED=OWN"),
    memory_mb: int = typer.Option(400, "--memory-mb", min=100, help="DuckDB"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """拟合 Fit the demand model to your own waybills; rows that cannot be used are set aside and counted."""
    from postroad.demand.fitting import fitted
    from postroad.demand.waybills import count
    from postroad.face.cli.display import out, print_json, progress
    from postroad.language import say
    from postroad.network import province as open_province

    network = open_province(province)
    own = dict(text.partition("=")[::2] for text in columns)
    with progress(say("demand.reading")) as move:
        counted = count(network, waybills, columns=own, memory_mb=memory_mb, aside=to, progress=move)
    fit = fitted(network, counted)
    to.mkdir(parents=True, exist_ok=True)
    fit.flows.write_parquet(to / "flows.parquet")
    fit.profiles.write_csv(to / "profiles.csv")
    counted.places.write_csv(to / "places_not_understood.csv")
    fit.applied(network).save(to / "pack")
    if json_:
        held = {"rows": counted.rows, "taken": counted.taken, "reasons": counted.reasons,
                "unreadable": counted.unreadable, "decay_per_km": fit.decay_per_km, "not_fitted": fit.not_fitted,
                "profiles_kept": fit.kept, "weighed": counted.weighed, "weight_factor": fit.weight_factor}  # fmt: skip
        print_json(held)
        return
    for line in _fit_lines(fit):
        out.print(line, markup=False, soft_wrap=True)
    out.print(say("face.written", path=to.resolve()), soft_wrap=True)


def _fit_lines(fit: Fit) -> list[str]:
    from postroad.demand.flows import DECAY_PER_KM
    from postroad.language import say

    counted = fit.counted
    aside = sum(counted.reasons.values())
    lines = [
        say("demand.fit_title", file=counted.file),
        say("demand.fit_rows", rows=counted.rows, taken=counted.taken, aside=aside, unreadable=counted.unreadable),
    ]
    lines += ["  " + say("demand.fit_reason", reason=reason, count=n) for reason, n in counted.reasons.items()]
    if counted.places.height:
        top = [f"{text} ({pieces})" for _, text, pieces in counted.places.head(5).iter_rows()]
        lines.append(say("demand.fit_places", places=", ".join(top)))
    for name, decay in fit.decay_per_km.items():
        length = f"{1 / decay:.1f}" if decay else "∞"
        label, assumed = say(f"demand.class_{name}"), f"{DECAY_PER_KM[name]:.5f}"
        lines.append(say("demand.fit_decay", flow_class=label, decay=f"{decay:.5f}", km=length, assumed=assumed))
    lines += [say("demand.fit_no_decay", flow_class=say(f"demand.class_{name}")) for name in fit.not_fitted]
    lines += [say("demand.fit_kept", profile=name) for name in fit.kept]
    n, mean, sigma = counted.weighed
    if n:
        factor = f"{fit.weight_factor:.3f}"
        lines.append(say("demand.fit_weight", mean=f"{mean:.3f}", sigma=f"{sigma:.3f}", factor=factor))
    return lines


def demand_lade(
    file: Path = typer.Argument(..., help="delivery_jl.csv"),
    to: Path = typer.Option(Path("out/lade"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """末端 Read a LaDe delivery file: hours of the day, and couriers by region."""
    from postroad.demand import lade
    from postroad.face.cli.display import out, print_json, progress
    from postroad.language import say

    with progress(say("demand.reading")) as move:
        found = lade.read(file, progress=move)
    to.mkdir(parents=True, exist_ok=True)
    found.hours.write_csv(to / "hours.csv")
    found.couriers.write_csv(to / "couriers.csv")
    found.profile().write_csv(to / "profiles.csv")
    if json_:
        print_json({"rows": found.rows, "taken": found.taken, "reasons": found.reasons,
                    "unreadable": found.unreadable, "published": found.published, "minutes": found.minutes,
                    "hours": found.hours.to_dicts(), "couriers": found.couriers.to_dicts()})  # fmt: skip
        return
    aside = sum(found.reasons.values())
    low, half, high = (f"{value:.0f}" for value in found.minutes)
    yes = say("demand.yes" if found.published else "demand.no")
    out.print(say("demand.lade_title", file=file.name), markup=False)
    out.print(say("demand.fit_rows", rows=found.rows, taken=found.taken, aside=aside, unreadable=found.unreadable))
    out.print(say("demand.lade_published", published=yes), soft_wrap=True)
    out.print(say("demand.lade_minutes", low=low, half=half, high=high), soft_wrap=True)
    for title, frame in (("demand.lade_couriers", found.couriers), ("demand.lade_hours", found.hours)):
        out.print(say(title))
        out.print(frame.write_csv(separator="\t", float_precision=3), markup=False, soft_wrap=True)
    out.print(say("face.written", path=to.resolve()), soft_wrap=True)
