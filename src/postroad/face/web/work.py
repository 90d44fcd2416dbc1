"""What the jobs do: each function takes a network, its options and a bench, and returns a result to keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import Stopped, UsageError
from postroad.face.web import provinces
from postroad.network import overlaid
from postroad.parallel import Progress, Shares, Work
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.demand import Demand
    from postroad.face.web import kinds
    from postroad.network import Network

DESIGNED = frozenset(
    {"hub_plants", "allocations", "line_hauls", "routings", "sort_waves", "rounds", "round_stops", "bus_holds"}
)
TRUNK_TABLES = ("hub_plants", "allocations", "line_hauls", "routings", "sort_waves")


@dataclass(frozen=True)
class Bench:
    """Where a job works: the home folder, its own cache, the records, and whom to tell and ask."""

    home: Path
    cache: Path
    records: str
    progress: Callable[[Progress], None]
    stop: Callable[[], bool]

    def part(self, number: int, of: int) -> Callable[[Progress], None]:
        """Return the listener of one of several parts of the work, which share the bar evenly."""
        return Shares(self.progress, of, number).told

    def check(self) -> None:
        """Raise ``Stopped`` when somebody asked to stop."""
        if self.stop():
            raise Stopped.of("errors.stopped", done=0, total=1)


def score(network: Network, options: kinds.ScoreOptions, bench: Bench) -> Result:
    """Score the plan and keep the lines as a table."""
    from postroad.measure.scorecard import score as judge
    from postroad.plan.plan import plan

    card = judge(
        network, plan(provinces.plan_of(bench.home, network.name)), options.as_of, options.seed, bench.progress
    )
    plain = card.to_dict()
    lines = [
        {
            "target_id": line["target_id"], "status": line["status"], "mean_score": line["mean_score"],
            "latest_value": line["latest"] and line["latest"]["value"], "unit": line["unit"],
            "target_value": line["target"] and line["target"]["value"],
            "reason_zh": line["reason"]["zh"], "reason_en": line["reason"]["en"],
        }
        for line in plain["lines"]
    ]  # fmt: skip
    table = pl.DataFrame(lines, infer_schema_length=None)
    return Result(card.stamp, {"lines": table}, {"summary": plain["summary"], "scorecard": plain})


def _flows(network: Network, options: kinds.FlowOptions) -> Demand:
    from postroad.demand import demand as synthesise

    return synthesise(network, options.year, options.scenario, seed=options.seed)


def demand(network: Network, options: kinds.FlowOptions, bench: Bench) -> Result:
    """Synthesise the flows of a year."""
    made = _flows(network, options)
    bench.progress(Progress(1, 1))
    return made.told()


def trunk(network: Network, options: kinds.FlowOptions, bench: Bench) -> Result:
    """Write the trunk timetable by rule: hubs' plants, who is gathered where, line-hauls and sort waves."""
    from postroad.design.lines import baseline

    made = baseline(network, _flows(network, options))
    bench.check()
    asked = {"year": options.year, "scenario": options.scenario}
    stamp = Stamp.now("trunk-baseline", network.fingerprint, asked, options.seed)
    runs = made["line_hauls"].filter(pl.col("season") != "peak")
    facts = {
        "line_hauls": runs.height,
        "yuan_day": float(runs["cost_yuan"].fill_null(0.0).sum()),
        "km_day": float((runs["distance_km"].fill_null(0.0) * runs["vehicles"].fill_null(1)).sum()),
    }
    return Result(stamp, {name: made[name] for name in TRUNK_TABLES}, facts)


def trunk_design(network: Network, options: kinds.DesignOptions, bench: Bench) -> Result:
    """Design the trunk on ends learned from simulated days: tiers, timetable with its bound, promises, repairs."""
    from postroad.evaluate.trunk import design_trunk

    flows = _flows(network, options)
    made = design_trunk(
        network, flows, time_s=options.time_s, seed=options.seed, progress=bench.progress, stop=bench.stop
    )
    return made.result


def rounds(network: Network, options: kinds.RoundsOptions, bench: Bench) -> Result:
    """Design the rounds of some counties under four ways of serving, and split the cost."""
    from postroad.design.rounds import RuralOptions, design_rounds

    work = Work(workers=0, cache=bench.cache, progress=bench.progress, stop=bench.stop)
    asked = RuralOptions(
        options.year, options.scenario, options.season, None, tuple(options.counties), options.seed
    )  # fmt: skip
    made = design_rounds(network, asked, work)
    tables = dict(made.result.tables)
    tables |= {name: made.network[name] for name in ("rounds", "round_stops", "bus_holds") if made.network[name].height}
    why = [{"zh": fault.say("zh"), "en": fault.say("en")} for fault in made.why()[:200]]
    return Result(made.result.stamp, tables, {**made.result.facts, "unserved": len(made.unserved), "why": why})


def day(network: Network, options: kinds.DayOptions, bench: Bench) -> Result:
    """Carry a sample of a day's parcels through the trunk timetable, and certify the promised pairs."""
    from postroad.design.lines import baseline
    from postroad.face.report.moves import moves
    from postroad.measure.promise import certificate
    from postroad.simulate.day import Disruption, simulate_day

    made = _flows(network, options)
    built = _planned(network, bench, options.plan) if options.plan else baseline(network, made)
    bench.check()
    disruptions = [Disruption(**item.model_dump(exclude_none=True)) for item in options.disruptions]
    run = simulate_day(
        built, made, day=options.day, seed=options.seed, scale=options.scale, weather=options.weather,
        disruptions=disruptions, progress=bench.progress, stop=bench.stop,
    )  # fmt: skip
    held = certificate(run.certificate_facts(), built)
    tables = {k: v for k, v in run.tables.items() if k not in ("parcels", "rounds", "lockers")}
    tables["trips"] = tables["trips"].filter(pl.col("loaded") > 0)
    tables["moves"] = moves(run, built)
    return Result(
        run.stamp, {**tables, "pairs": held.pairs, "classes": held.classes}, {**run.facts, "scale": options.scale}
    )


def drill(network: Network, options: kinds.DayOptions, bench: Bench) -> Result:
    """Run one day twice with the same parcels and luck, once as it is and once disturbed, and set them side by side."""
    if not options.disruptions and options.weather == "ordinary":
        raise UsageError.of("console.nothing_disturbed")
    calm = options.model_copy(update={"disruptions": [], "weather": "ordinary"})
    before = day(network, calm, Bench(bench.home, bench.cache, bench.records, bench.part(0, 2), bench.stop))
    after = day(network, options, Bench(bench.home, bench.cache, bench.records, bench.part(1, 2), bench.stop))
    runs = {"before": before, "after": after}
    tables = {
        name: pl.concat(
            [run.tables[name].with_columns(run=pl.lit(which)) for which, run in runs.items()], how="diagonal"
        )
        for name in ("summary", "lateness", "facilities", "classes", "pairs")
    }
    stamp = Stamp.now("disturbance", after.stamp.inputs, dict(after.stamp.options), options.seed)
    shares = {f"on_time_{which}": _on_time(run) for which, run in runs.items()}
    return Result(stamp, tables, {**shares, "scale": options.scale})


def _on_time(run: Result) -> float:
    held = run.tables["summary"].filter(pl.col("flow_class") != "all")
    late, parcels = (held[name].cast(pl.Int64).to_numpy().sum() for name in ("late", "parcels"))
    return float(1 - late / max(1, parcels))


def rehearsal(network: Network, options: kinds.RehearsalOptions, bench: Bench) -> dict[str, Any]:
    """Fill an empty database of record with a month of made-up supervision, marked synthetic throughout."""
    import datetime as dt

    from postroad.supervise.records import open_store
    from postroad.supervise.rehearsal import rehearse

    first = dt.date.fromisoformat(f"{options.month}-01")
    done = rehearse(
        open_store(bench.records),
        network,
        first,
        options.seed,
        options.outlets,
        progress=bench.progress,
        stop=bench.stop,
    )
    return {"month": done.month, "draw": done.draw_id, "outlets": done.outlets}


def effect(network: Network, options: kinds.EffectOptions, bench: Bench) -> Result:
    """Measure what each of some levers buys, alone and together, in the same worlds."""
    from postroad.evaluate import Choice, Question, effects

    asked = Question(
        network.name, options.year, options.scenario, f"{options.year}-12-10", "ordinary", options.scale, options.seed
    )  # fmt: skip
    chosen = [Choice(name, ()) for name in options.levers]
    return effects(asked, chosen, worlds=options.worlds, work=Work(0, None, bench.cache, bench.progress, bench.stop))


def scripted(network: Network, options: kinds.ScriptOptions, bench: Bench) -> Result:
    """Run a prepared drill: the day struck, and struck with each action, graded and ranked, with its review."""
    from postroad.design.lines import baseline
    from postroad.face.report.drill import names, review
    from postroad.language import LANGUAGES
    from postroad.simulate.drill import drill as run
    from postroad.simulate.drill import script

    made = script(options.script, network)
    wanted = _flows(network, options)
    built = network if network["line_hauls"].height else baseline(network, wanted)
    done = run(built, wanted, made, seed=options.seed, scale=options.scale, progress=bench.progress, stop=bench.stop)
    labels = {spoken: names(made, spoken) for spoken in LANGUAGES}
    told = {spoken: review(done, built, labels[spoken], spoken) for spoken in LANGUAGES}
    title = {spoken: made.label(spoken) for spoken in LANGUAGES}
    return Result(done.stamp, done.tables, {**done.facts, "labels": labels, "review": told, "title": title})


def outlook(network: Network, options: kinds.OutlookOptions, bench: Bench) -> Result:
    """Look at the next 72 hours by hub and half hour, with what breaks first and what helps."""
    from postroad.evaluate.outlook import Ahead
    from postroad.evaluate.outlook import outlook as look

    ahead = Ahead(
        options.first, options.scenario, options.weather, options.extra_percent, options.scale, options.seed,
        options.plants_year,
    )  # fmt: skip
    built = _planned(network, bench, options.plan) if options.plan else network
    return look(built, ahead, progress=bench.progress, stop=bench.stop)


def hub_day(network: Network, options: kinds.HubDayOptions, bench: Bench) -> Result:
    """Carry a hub's day as it is and with more parcels, side by side by half hour."""
    from postroad.design.lines import baseline
    from postroad.evaluate.hub_day import hub_day as both_days

    wanted = _flows(network, options)
    built = _planned(network, bench, options.plan) if options.plan else network
    built = built if built["line_hauls"].height else baseline(built, wanted)
    return both_days(
        built, wanted, options.place_id, day=options.day, more_percent=options.more_percent, scale=options.scale,
        seed=options.seed, progress=bench.progress, stop=bench.stop,
    )  # fmt: skip


def difference(network: Network, options: kinds.DifferenceOptions, bench: Bench) -> Result:
    """Hold the plans of two runs against each other, told in both languages."""
    from postroad.face.cli.difference import told
    from postroad.language import LANGUAGES, spoken
    from postroad.measure.difference import difference as held_against

    plans = [_planned(network, bench, run_id) for run_id in (options.before, options.after)]
    made = held_against(*plans)
    sentences = {}
    for language in LANGUAGES:
        with spoken(language):
            sentences[language] = told(made, plans[1], Path(made.run_id))
    asked = {**made.stamp.options, "before_run": options.before, "after_run": options.after}
    stamp = Stamp.now("difference", made.stamp.inputs, asked, options.seed)
    return Result(stamp, made.tables, {**made.facts, "told": sentences})


def _planned(network: Network, bench: Bench, run_id: str) -> Network:
    """Return the network with the tables that a run designed, and with the sources they cite."""
    folder = bench.home / "runs" / run_id
    if not any(file.stem in DESIGNED for file in folder.glob("*.parquet")):
        raise UsageError.of("console.no_design", run=run_id, known=", ".join(sorted(DESIGNED)))
    return overlaid(network, folder)
