/** Drills: a script of disturbances, one day run with and without it on the same luck, and what it did hour by hour. */

import { get, once, type Both, type Run } from "../api";
import { board } from "../board";
import { columns } from "../bars";
import { h, replace, type Child } from "../dom";
import { both, button, definition, field, later, notice, origin, select, table, title } from "../parts";
import { placeNames } from "../places";
import { asker, chooser, latest, rowsOf, runLine, type Row } from "../runs";
import { href } from "../state";
import { clock, language, number, percent, t } from "../words";
import type { Context, View } from "../main";

interface Step { what: string; place_id?: string; from_place_id?: string; to_place_id?: string; via_place_id?: string; from_min: number; until_min: number; factor: number }

export function show(context: Context): View {
  return { node: h("div", {}, title(t("screen_drills"), t("lead_drills")), later(inside(context))) };
}

async function inside(context: Context): Promise<Node> {
  const names = await placeNames(context.province);
  const name = (id: unknown): string => names.get(String(id)) ?? String(id);
  const run = await latest(["disturbance"]);
  const graded = await latest(["drill"]);
  return h("div", {}, onDuty(), await board(context, name), await prepared(context), graded ? await ranked(graded, name) : null, context.session.may.includes("compute") ? h("div", { style: "margin-top:1.6rem" }, script(names)) : null, await afterwards(context, name), run ? await told(run, name) : notice(t("no_drill_yet")));
}

/** The records a coordinator keeps while things go on. */
function onDuty(): HTMLElement {
  const links: [string, string][] = [["emergencies", t("to_emergencies")], ["relief", t("to_relief")], ["permits", t("to_permits")]];
  return h("p", { class: "row mid" }, h("span", { class: "soft" }, t("next_on_duty")), links.map(([table_, words]) => h("a", { class: "button", href: href("supervision", { part: "cases", table: table_ }, false) }, words)));
}

interface Held { name: string; origin: string; files: number }

/** A past day's forecast against a ledger: the form that asks, and the latest review. */
async function afterwards(context: Context, name: (id: unknown) => string): Promise<HTMLElement> {
  const [ledgers, run, drill] = await Promise.all([get<Held[]>("/api/ledgers").catch(() => [] as Held[]), latest(["after_action"]), latest(["drill"])]);
  const day = h("input", { type: "date", value: /\d{4}-\d\d-\d\d/.exec(ledgers[0]?.name ?? "")?.[0] ?? "2025-11-11" });
  const share = h("input", { type: "number", min: 0.001, max: 100, step: 0.001, value: 100, style: "width:7rem" });
  let ledger = ledgers[0]?.name ?? "";
  const form = context.session.may.includes("compute") && ledgers.length ? h("div", { class: "row" }, select(t("ledger"), ledgers.map((one): [string, string] => [one.name, one.name]), ledger, (id) => (ledger = id)), field(t("col_day"), day), field(t("ledger_share"), share), asker(t("run_after_action"), "after_action", () => ({ day: day.value, ledger, share: Number(share.value) / 100, drill: drill?.run_id ?? "" }), "drills")) : null;
  return h("section", { class: "card", style: "margin-top:1.6rem" }, h("h2", {}, t("after_real_day")), h("p", { class: "soft" }, t("after_real_day_words")), ledgers.length ? form : notice(t("after_no_ledger")), run ? await reviewed(run, name) : null);
}

async function reviewed(run: Run, name: (id: unknown) => string): Promise<HTMLElement> {
  const cities = await rowsOf(run, "cities");
  const facts = run.facts as { told?: Record<string, string[]>; records?: string };
  const ratio = (row: Row): string => (row.ratio === null ? "–" : `${number(Number(row.ratio), 2)} (${number(Number(row.low), 2)}–${number(Number(row.high), 2)})`);
  return h("div", {}, h("div", { class: "row mid" }, h("h3", {}, `${t("after_action.heading_changes")} · ${String(run.options.day)}`), origin(facts.records === "synthetic" ? "synthetic" : "observed")),
    h("ul", { class: "parts" }, (facts.told?.[language()] ?? []).map((text) => h("li", {}, text))),
    table(t("after_action.heading_cities"), [
      { head: t("at"), cell: (row: Row) => (row.city_id ? name(row.city_id) : t("after_action.unknown")) }, { head: t("after_action.forecast"), number: true, cell: (row) => number(Number(row.forecast), 0) }, { head: t("after_action.actual"), number: true, cell: (row) => number(Number(row.actual), 0) }, { head: t("after_action.ratio"), number: true, cell: ratio },
    ], cities), runLine(run));
}

interface Prepared { id: string; label: Both; rows: string[]; day: string; trigger: Both; actions: Both[] }

/** The drills that come with the province: pick one and run it. */
async function prepared(context: Context): Promise<HTMLElement> {
  const held = await once<Prepared[]>(`/api/provinces/${context.province}/drills`);
  if (!held.length) return h("div", {});
  const place = h("div");
  let chosen = held[0] as Prepared;
  const draw = (): void => replace(place, h("p", {}, both(chosen.trigger)), h("p", { class: "soft small" }, `${t("actions_tried")} ${chosen.actions.map((one) => both(one)).join("; ")}`));
  draw();
  return h("section", { class: "card" }, h("h2", {}, t("prepared_drills")),
    h("div", { class: "row" }, select(t("script"), held.map((one): [string, string] => [one.id, `${both(one.label)} (${one.rows.join(" ")})`]), chosen.id, (id) => { chosen = held.find((one) => one.id === id) ?? chosen; draw(); }), context.session.may.includes("compute") ? asker(t("run_drill"), "scripted", () => ({ script: chosen.id }), "drills") : null), place);
}

/** A drill graded: the struck day and each action, ranked by what it spares, with the review after it. */
async function ranked(run: Run, name: (id: unknown) => string): Promise<HTMLElement> {
  const [rows, relief] = await Promise.all([rowsOf(run, "grades"), rowsOf(run, "relief")]);
  const facts = run.facts as { labels?: Record<string, Record<string, string>>; review?: Record<string, string[]>; title?: Both };
  const label = (id: unknown): string => facts.labels?.[language()]?.[String(id)] ?? String(id);
  return h("section", {}, h("h2", {}, facts.title ? both(facts.title) : t("drill_result")), h("div", { class: "row mid" }, await chooser(["drill"], run), origin("synthetic")),
    h("p", { class: "soft small" }, t("grade_words")),
    table(t("ranked_actions"), [
      { head: t("grade"), cell: (row: Row) => h("strong", { style: "font-size:1.2rem" }, String(row.grade)) }, { head: t("action"), wide: true, cell: (row) => label(row.run) }, { head: t("late_pieces"), number: true, cell: (row) => number(Number(row.late_pieces), 0) }, { head: t("late_more_percent"), number: true, cell: (row) => number(Number(row.late_percent), 2) },
      { head: t("recovery_hours"), number: true, cell: (row) => (row.recovery_h === null ? t("not_recovered") : number(Number(row.recovery_h), 0)) }, { head: t("displaced"), number: true, cell: (row) => number(Number(row.displaced_pieces), 0) }, ...(relief.length ? [{ head: t("relief_delivered"), number: true, cell: (row: Row): Child => number(Number(row.relief_delivered), 0) }] : []), { head: t("spared"), number: true, cell: (row) => number(Number(row.spared_pieces), 0) }, { head: t("who_acts"), cell: (row) => h("span", { lang: "zh" }, String(row.who ?? "")) },
      { head: t("first_break"), cell: (row) => (row.first_break_place_id ? `${name(row.first_break_place_id)} ${row.first_break_min === null ? "" : clock(Number(row.first_break_min))}` : "") },
      { head: t("yuan"), number: true, cell: (row) => (row.cost_yuan === null || row.cost_yuan === undefined ? "" : number(Number(row.cost_yuan), 0)) },
    ], rows), reliefHours(relief, rows.map((row) => String(row.run)), label), h("h3", {}, t("review")), h("ul", { class: "parts card" }, (facts.review?.[language()] ?? []).map((text) => h("li", {}, text))), runLine(run));
}

/** How far the relief goods had come hour by hour, in the struck day and with each action. */
function reliefHours(relief: Row[], runs: string[], label: (id: unknown) => string): Child {
  if (!relief.length) return null;
  const last = Math.max(...relief.map((row) => Number(row.hour)));
  const hours = Array.from({ length: Math.floor(last / 6) + 1 }, (_, k) => 6 * k);
  const at = (run: string, hour: number): number => relief.filter((row) => row.run === run && Number(row.hour) <= hour).reduce((most, row) => Math.max(most, Number(row.delivered_percent)), 0);
  return h("section", {}, h("h3", {}, t("relief_by_hour")), table(t("relief_by_hour"), [
    { head: t("action"), wide: true, cell: (run: string) => label(run) }, ...hours.map((hour) => ({ head: `${hour} h`, number: true, cell: (run: string): Child => `${number(at(run, hour), 0)} %` })),
  ], runs.filter((run) => relief.some((row) => row.run === run))));
}

function script(names: Map<string, string>): HTMLElement {
  const steps: Step[] = [{ what: "plant", place_id: "2201", from_min: 1080, until_min: 2520, factor: 0 }];
  const list = h("div");
  const [day, scale] = [h("input", { type: "date", value: "2020-11-11" }), h("input", { type: "number", min: 0.2, max: 100, step: 0.1, value: 2 })];
  let weather = "ordinary";
  const places = (chosen: string | undefined, change: (id: string) => void, label: string): HTMLElement => select(label, [["", t("anywhere")], ...[...names].map(([id, words]): [string, string] => [id, words])], chosen ?? "", change);
  const draw = (): void => replace(list, steps.map((step, k) => h("div", { class: "row card", style: "margin:.4rem 0;padding:.6rem .8rem" },
    select(t("what"), ["plant", "line", "road", "round", "divert"].map((w): [string, string] => [w, t(`what_${w}`)]), step.what, (v) => { step.what = v; draw(); }),
    step.what === "line" || step.what === "road" ? [places(step.from_place_id, (v) => (step.from_place_id = v), t("from")), places(step.to_place_id, (v) => (step.to_place_id = v), t("to"))] : [places(step.place_id, (v) => (step.place_id = v), t("at")), step.what === "divert" ? places(step.via_place_id, (v) => (step.via_place_id = v), t("via")) : null],
    field(t("from_hour"), h("input", { type: "number", min: 0, max: 96, step: 0.5, value: step.from_min / 60, style: "width:5rem", onchange: (e: Event) => (step.from_min = 60 * Number((e.target as HTMLInputElement).value)) })),
    field(t("until_hour"), h("input", { type: "number", min: 0, max: 200, step: 0.5, value: step.until_min / 60, style: "width:5rem", onchange: (e: Event) => (step.until_min = 60 * Number((e.target as HTMLInputElement).value)) })),
    step.what === "divert" ? null : field(t("factor"), h("input", { type: "number", min: 0, max: 10, step: 0.1, value: step.factor, style: "width:5rem", onchange: (e: Event) => (step.factor = Number((e.target as HTMLInputElement).value)) })),
    button(t("take_out"), () => { steps.splice(k, 1); draw(); }, "quiet"))));
  draw();
  const options = (): Record<string, unknown> => ({ day: day.value, weather, scale: Number(scale.value) / 100, disruptions: steps.map((step) => Object.fromEntries(Object.entries(step).filter(([, v]) => v !== "" && v !== undefined))) });
  return h("section", { class: "card" }, h("h2", {}, t("script")), h("p", { class: "soft" }, t("script_words")),
    h("div", { class: "row" }, field(t("col_day"), day), select(t("weather"), [["ordinary", t("weather_ordinary")], ["snow", t("weather_snow")]], weather, (v) => (weather = v)), field(t("sample_percent"), scale)),
    list, h("div", { class: "row" }, button(t("add_step"), () => { steps.push({ what: "road", from_min: 1080, until_min: 2520, factor: 0.5 }); draw(); }), asker(t("run_drill"), "drill", options, "drills")));
}

async function told(run: import("../api").Run, name: (id: unknown) => string): Promise<Node> {
  const [summary, lateness, facilities] = await Promise.all([rowsOf(run, "summary"), rowsOf(run, "lateness"), rowsOf(run, "facilities")]);
  const [before, after] = [Number(run.facts.on_time_before), Number(run.facts.on_time_after)];
  const flows = [...new Set(summary.map((row) => String(row.flow_class)))];
  const at = (flow: string, which: string): Row => summary.find((row) => row.flow_class === flow && row.run === which) ?? {};
  const places = [...new Set(lateness.map((row) => `${row.reason}|${row.place_id ?? ""}`))].map((key) => {
    const [reason, place] = key.split("|");
    const count = (which: string): number => lateness.filter((row) => row.reason === reason && String(row.place_id ?? "") === place && row.run === which).reduce((sum, row) => sum + Number(row.parcels), 0);
    return { reason: reason ?? "", place: place ?? "", before: count("before"), after: count("after") };
  }).map((row) => ({ ...row, more: row.after - row.before })).sort((a, b) => b.more - a.more);
  return h("div", {},
    h("div", { class: "row mid" }, h("h2", {}, t("drill_result")), await chooser(["disturbance"], run), origin("synthetic")),
    definition([[t("on_time_before"), percent(before)], [t("on_time_after"), percent(after)], [t("difference"), `${number(100 * (after - before), 2)} ${t("points")}`], [t("sample_percent"), percent(Number(run.facts.scale))]]),
    h("h3", {}, t("by_flow")),
    table(t("by_flow"), [
      { head: t("flow"), cell: (flow: string) => t(`flow_${flow}`) }, { head: t("pieces"), number: true, cell: (flow) => number(Number(at(flow, "after").parcels)) }, { head: t("on_time_before"), number: true, cell: (flow) => percent(Number(at(flow, "before").on_time_share)) }, { head: t("on_time_after"), number: true, cell: (flow) => percent(Number(at(flow, "after").on_time_share)) },
      { head: t("p95_before"), number: true, cell: (flow) => number(Number(at(flow, "before").p95_h), 1) }, { head: t("p95_after"), number: true, cell: (flow) => number(Number(at(flow, "after").p95_h), 1) },
    ], flows),
    h("h3", {}, t("where_it_hurts")),
    table(t("where_it_hurts"), [
      { head: t("main_cause"), cell: (row: (typeof places)[number]) => t(`cause_${row.reason}`) }, { head: t("at"), cell: (row) => (row.place ? name(row.place) : "") }, { head: t("late_before"), number: true, cell: (row) => number(row.before) }, { head: t("late_after"), number: true, cell: (row) => number(row.after) }, { head: t("more_late"), number: true, cell: (row) => number(row.more) },
    ], places.filter((row) => row.more !== 0).slice(0, 20)),
    queues(facilities, name), runLine(run));
}

/** The sorters whose queue grew most, by half hour. */
function queues(rows: Row[], name: (id: unknown) => string): Child {
  const slots = [...new Set(rows.map((row) => Number(row.from_min)))].filter((m) => m >= 0 && m < 2880).sort((a, b) => a - b);
  const at = new Map(slots.map((slot, k) => [slot, k]));
  const held = new Map<string, number[]>();
  const grown = new Map<string, number>();
  for (const row of rows) {
    const [id, k, queue] = [String(row.place_id), at.get(Number(row.from_min)), Number(row.queue ?? 0)];
    if (k === undefined) continue;
    grown.set(id, (grown.get(id) ?? 0) + (row.run === "after" ? queue : -queue));
    if (row.run !== "after") continue;
    const mine = held.get(id) ?? slots.map(() => 0);
    mine[k] = (mine[k] ?? 0) + queue;
    held.set(id, mine);
  }
  const top = [...grown].filter(([id, more]) => more > 0 && Math.max(0, ...(held.get(id) ?? [])) >= 1).sort((a, b) => b[1] - a[1]).slice(0, 2);
  if (!top.length) return null;
  const moment = (m: number): string => (m < 1440 ? clock(m) : t("day_clock", { day: Math.floor(m / 1440) + 1, time: clock(m % 1440) }));
  return h("section", {}, h("h3", {}, t("queues")), h("div", { class: "grid" }, top.map(([id]) => h("figure", { class: "card" }, h("b", {}, name(id)), columns(name(id), slots.map(moment), [{ name: t("queue"), values: held.get(id) ?? [], kind: "e" }], { unit: t("unit_pieces") })))));
}
