/** Trunk: the timetable, the time-space diagram, docks and waves by half hour, and the pairs that miss their promise. */

import { get, type Run } from "../api";
import { columns } from "../bars";
import { fitted, wide } from "../chart";
import { comparison } from "../compare";
import { h, s, type Child } from "../dom";
import { field, later, notice, origin, table, title } from "../parts";
import { placeNames } from "../places";
import { asker, chooser, latest, rowsOf, runLine, type Row } from "../runs";
import { go, href } from "../state";
import { clock, number, percent, t } from "../words";
import type { Context, View } from "../main";

export function show(context: Context): View {
  return { node: h("div", {}, title(t("screen_trunk"), t("lead_trunk")), later(inside(context))) };
}

const DESIGNED = ["trunk"];
const RULE = ["trunk-baseline"];

/** The trunk to show: the one asked for, else the latest designed one, else the one by rule. */
async function shown(): Promise<Run | null> {
  const [designed, rule] = await Promise.all([latest(DESIGNED), latest(RULE)]);
  const asked = new URLSearchParams(location.search).get("run");
  return rule && asked === rule.run_id ? rule : designed ?? rule;
}

async function inside(context: Context): Promise<Node> {
  const [trunk, day] = await Promise.all([shown(), latest(["simulate_day"])]);
  const may = context.session.may.includes("compute");
  const year = h("input", { type: "number", name: "year", min: 2015, max: 2035, value: 2020, style: "width:6rem" });
  const minutes = h("input", { type: "number", name: "minutes", min: 0.1, max: 60, step: "any", value: 5, style: "width:6rem" });
  const of = (): { year: number } => ({ year: Number(year.value) });
  const sought = (): Record<string, unknown> => ({ ...of(), time_s: 60 * Number(minutes.value) });
  // The day is carried by the timetable shown, in the year it was designed for.
  const ran = trunk && DESIGNED.includes(trunk.kind) ? Number(trunk.options.year) : Number(year.value);
  const day_ = (): Record<string, unknown> => ({ year: ran, day: `${ran}-11-05`, scale: 0.02, plan: trunk && DESIGNED.includes(trunk.kind) ? trunk.run_id : "" });
  const asks = may ? h("div", { class: "row" }, field(t("col_year"), year), field(t("search_minutes"), minutes), asker(t("design_trunk"), "trunk_design", sought, "trunk"), asker(t("make_trunk"), "trunk", of, "trunk"), asker(t("simulate_day"), "day", day_, "trunk")) : null;
  if (!trunk) return h("div", {}, notice(t("no_trunk_yet")), asks);
  const designed = DESIGNED.includes(trunk.kind);
  const [names, hauls, waves, allocations] = await Promise.all([placeNames(context.province), rowsOf(trunk, "line_hauls"), rowsOf(trunk, "sort_waves"), rowsOf(trunk, "allocations")]);
  const name = (id: unknown): string => names.get(String(id)) ?? String(id);
  const hubs = allocations.filter((row) => row.tier !== null).sort((a, b) => Number(a.tier) - Number(b.tier));
  const hub = context.query.get("hub") ?? String(hubs[0]?.place_id ?? "2201");
  const season = context.query.get("season") === "winter" ? "winter" : "summer";
  const every = hauls.filter((row) => row.season === "any" || row.season === season);
  const here = every.filter((row) => row.from_place_id === hub || row.to_place_id === hub);
  const pick = h("select", { "aria-label": t("site_hub"), onchange: (e: Event) => go(href(undefined, { hub: (e.target as HTMLSelectElement).value })) }, hubs.map((row) => h("option", { value: row.place_id, selected: row.place_id === hub }, `${name(row.place_id)} · ${t("tier", { tier: row.tier })}`)));
  const seasons = hauls.some((row) => row.season === "winter") ? h("select", { "aria-label": t("season"), onchange: (e: Event) => go(href(undefined, { season: (e.target as HTMLSelectElement).value })) }, ["summer", "winter"].map((one) => h("option", { value: one, selected: one === season }, t(`season_${one}`)))) : null;
  const partner = context.query.get("with") ?? "";
  const mine = waves.filter((row) => row.place_id === hub);
  const made = String(hauls[0]?.origin ?? "");
  const yuan = Number(trunk.facts.yuan_day) / 1e4;
  return h("div", {},
    h("div", { class: "row mid" }, pick, seasons, await chooser([...DESIGNED, ...RULE], trunk), origin(made, true), h("span", { class: "soft" }, t("trunk_facts", { hauls: number(every.length), km: number(every.reduce((sum, row) => sum + Number(row.distance_km ?? 0) * Number(row.vehicles ?? 1), 0)), yuan: number(yuan, 1) }))),
    designed ? null : notice(t("by_rule_only")),
    made === "synthetic" ? notice(designed ? t("trunk_designed") : t("trunk_synthetic"), "synthetic") : null,
    asks,
    h("h2", {}, t("time_space", { hub: name(hub) })), h("p", { class: "soft small" }, t("time_space_words")),
    h("div", { class: "card scrolled", tabindex: 0, role: "region", "aria-label": t("time_space", { hub: name(hub) }) }, fitted((width) => timeSpace(here, hub, partner, mine, name, Math.max(760, width)))),
    h("ul", { class: "key" }, h("li", {}, h("i", { style: "background:var(--a)" }), t("key_out")), h("li", {}, h("i", { style: "background:var(--c)" }), t("key_in")), h("li", {}, h("i", { style: "background:color-mix(in srgb, var(--gold) 30%, transparent)" }), t("key_wave")), h("li", {}, t("key_rail")), partner ? h("li", {}, h("a", { href: href(undefined, { with: null }) }, t("all_lines"))) : null),
    docks(here, hub, name), wavesTable(mine, here, hub, name),
    designed ? later(promised(trunk, name)) : null,
    day ? later(halfHours(day, hub, name)) : null,
    later(more(hub, name, may, designed ? trunk.run_id : "")),
    day ? later(failing(day, name)) : notice(t("no_day_yet")),
    h("details", { style: "margin-top:1.4rem" }, h("summary", {}, t("timetable", { hub: name(hub) })), timetable(here, name)), runLine(trunk), await comparison([...DESIGNED, ...RULE], "trunk", may));
}

/** Vehicles at the docks of a hub by half hour, as the timetable has them: arriving and leaving. */
function docks(hauls: Row[], hub: string, name: (id: unknown) => string): Node {
  const slots = Array.from({ length: 48 }, (_, k) => k * 30);
  const count = (into: boolean): number[] => {
    const made = slots.map(() => 0);
    for (const row of hauls) {
      if ((row.to_place_id === hub) !== into) continue;
      const at = (Number(row.depart_min) + (into ? Number(row.duration_min) : 0)) % 1440;
      made[Math.floor(at / 30)] = (made[Math.floor(at / 30)] ?? 0) + Number(row.vehicles ?? 1);
    }
    return made;
  };
  const figure = (words: string, values: number[], kind: string): HTMLElement => h("figure", { class: "card", style: "margin:0" }, h("b", {}, words), columns(words, slots.map(clock), [{ name: words, values, kind }], { unit: t("unit_vehicles") }));
  return h("section", {}, h("h2", {}, t("docks_by_half_hour", { hub: name(hub) })), h("div", { class: "grid" }, figure(t("vehicles_in"), count(true), ""), figure(t("vehicles_out"), count(false), "c")));
}

/** The sort waves of a hub: when each closes and releases, and which vehicles come in for it. */
function wavesTable(waves: Row[], hauls: Row[], hub: string, name: (id: unknown) => string): Child {
  if (!waves.length) return null;
  const sorted = [...waves].sort((a, b) => Number(a.cutoff_min) - Number(b.cutoff_min));
  const arriving = hauls.filter((row) => row.to_place_id === hub).map((row) => ({ at: (Number(row.depart_min) + Number(row.duration_min)) % 1440, vehicles: Number(row.vehicles ?? 1), pieces: Number(row.capacity_pieces) * Number(row.vehicles ?? 1) }));
  const rows = sorted.map((wave, k) => {
    const from = k ? Number(sorted[k - 1]?.cutoff_min) : Number(sorted[sorted.length - 1]?.cutoff_min) - 1440;
    const mine = arriving.filter(({ at }) => (at > from && at <= Number(wave.cutoff_min)) || (at - 1440 > from && at - 1440 <= Number(wave.cutoff_min)));
    return { wave, vehicles: mine.reduce((sum, one) => sum + one.vehicles, 0), pieces: mine.reduce((sum, one) => sum + one.pieces, 0) };
  });
  return h("details", { style: "margin-top:.8rem" }, h("summary", {}, t("waves_of_hub", { hub: name(hub), count: waves.length })), table(t("waves_of_hub", { hub: name(hub), count: waves.length }), [
    { head: t("wave"), number: true, cell: ({ wave }: (typeof rows)[number]) => String(wave.wave) }, { head: t("wave_closes"), number: true, cell: ({ wave }) => clock(Number(wave.cutoff_min) % 1440) }, { head: t("wave_releases"), number: true, cell: ({ wave }) => clock(Number(wave.release_min) % 1440) },
    { head: t("vehicles_for_wave"), number: true, cell: (row) => number(row.vehicles) }, { head: t("room_for_wave"), number: true, cell: (row) => number(row.pieces, 0) },
  ], rows));
}

/** What the design promises: the timetables side by side, the pairs that fail with their repairs, and all pairs. */
async function promised(trunk: Run, name: (id: unknown) => string): Promise<Node> {
  const [compared, pairs, repairs, winter, waves] = await Promise.all(["compared", "promises", "repairs", "promises_winter", "sort_waves"].map((table_) => rowsOf(trunk, table_)));
  const key = (row: Row): string => `${row.promise_class} ${row.from_place_id} ${row.to_place_id}`;
  const cold = new Map((winter ?? []).map((row) => [key(row), row.holds]));
  const mark = (holds: unknown): Child => (holds ? h("span", { class: "met" }, "✓") : h("span", { class: "missed" }, "✕"));
  const failed = (pairs ?? []).filter((row) => !row.holds);
  const place = (id: unknown): string => (id === null || id === undefined ? "" : name(id));
  const tried = (row: Row): string => t(`lines.repair_${row.repair}`, { place: place(row.place_id), to: place(row.to_id), at: row.at_min === null ? "" : clock(Number(row.at_min)) });
  const repair = (row: Row): string => (row.nearest ? t("lines.repair_nearest", { what: tried(row) }) : tried(row));
  const still = new Set((pairs ?? []).filter((row) => !row.holds).map(key));
  const left = (repairs ?? []).filter((row) => row.mended !== true && still.has(key(row)));
  const pair = (row: Row): string => `${name(row.from_place_id)} → ${name(row.to_place_id)}`;
  const nearest = new Set(left.filter((row) => row.nearest).map(key));
  const none = (row: Row): boolean => row.yuan_day === null && row.moved_percent === null;
  const repairsTable = (caption: string, rows: Row[]): HTMLElement => table(caption, [
    { head: t("lines.c_class"), cell: (row: Row) => t(`class_${row.promise_class}`) }, { head: t("lines.c_pair"), short: true, cell: pair }, { head: t("lines.c_repair"), wide: true, cell: (row) => (none(row) ? h("span", { class: "soft" }, repair(row)) : [row.best ? h("strong", { class: "met" }, "★ ") : "", repair(row)]) }, { head: t("lines.c_share"), number: true, cell: (row) => number(Number(row.share_percent), 1) },
    { head: t("lines.c_moved"), number: true, cell: (row) => (row.moved_percent === null ? "–" : number(Number(row.moved_percent), 0)) }, { head: t("lines.c_yuan_day"), number: true, cell: (row) => (row.yuan_day === null ? "–" : number(Number(row.yuan_day), 0)) },
  ], rows);
  return h("section", {},
    h("h2", {}, t("timetables_compared")),
    table(t("timetables_compared"), [
      { head: t("lines.c_timetable"), cell: (row: Row) => t(`lines.t_${row.timetable}`) }, { head: t("lines.c_departures"), number: true, cell: (row) => number(Number(row.departures)) }, { head: t("lines.c_yuan_day"), number: true, cell: (row) => number(Number(row.yuan_day), 0) },
      { head: t("lines.c_yuan_piece"), number: true, cell: (row) => number(Number(row.yuan_piece), 3) }, { head: t("lines.c_co2e"), number: true, cell: (row) => number(Number(row.co2e_g_piece), 0) }, { head: t("lines.c_pairs_hold"), number: true, cell: (row) => `${row.pairs_hold} / ${row.pairs}` },
    ], compared ?? []),
    proven(trunk),
    h("h2", {}, t("pairs_and_repairs", { count: failed.length, all: (pairs ?? []).length })),
    // What was tried before the mending stands in the run too; what is shown belongs to the pairs that still fail.
    left.length ? [repairsTable(t("best_repairs"), left.filter((row) => row.nearest || (row.best && !(none(row) && nearest.has(key(row)))))), h("details", { style: "margin:.5rem 0" }, h("summary", {}, t("all_repairs", { count: left.length })), repairsTable(t("all_repairs", { count: left.length }), left))] : h("p", {}, t("lines.all_hold")),
    h("details", {}, h("summary", {}, t("all_pairs", { count: (pairs ?? []).length })), table(t("all_pairs", { count: (pairs ?? []).length }), [
      { head: t("lines.c_class"), cell: (row: Row) => t(`class_${row.promise_class}`) }, { head: t("lines.c_pair"), short: true, cell: pair }, { head: t("lines.c_holds"), cell: (row) => mark(row.holds) }, { head: t("lines.c_winter"), cell: (row) => mark(cold.get(key(row))) },
      { head: t("pieces"), number: true, cell: (row) => number(Number(row.pieces), 0) }, { head: t("lines.c_p95"), number: true, cell: (row) => number(Number(row.p95_h), 1) }, { head: t("lines.c_share"), number: true, cell: (row) => number(Number(row.share_percent), 1) }, { head: t("lines.c_slack"), number: true, cell: (row) => number(Number(row.slack_h), 1) },
    ], [...(pairs ?? [])].sort((a, b) => Number(a.holds) - Number(b.holds)))),
    h("p", { class: "soft small" }, t("waves_in_all", { count: number((waves ?? []).length) })), runLine(trunk));
}

/** What the lines between hubs cost, and below what no timetable can cost: found by search, so never without its gap. */
function proven(trunk: Run): Child {
  const [cost, bound, gap] = [trunk.facts.between_hubs_yuan_day, trunk.facts.between_hubs_bound, trunk.facts.between_hubs_gap].map(Number);
  if (!Number.isFinite(gap) || trunk.facts.between_hubs_gap === null) return null;
  const told = { cost: number(cost ?? 0, 0), bound: number(bound ?? 0, 0), gap: number(100 * (gap ?? 0), 1) };
  return h("p", {}, t("trunk_bound", told), " ", (gap ?? 0) > 0.2 ? h("span", { class: "soft" }, t("search_longer")) : null);
}

/** Time runs to the right, places lie above each other by distance; a line is a run of a vehicle. One place picked, the others fade. */
function timeSpace(hauls: Row[], hub: string, partner: string, waves: Row[], name: (id: unknown) => string, width: number): SVGSVGElement {
  const others = new Map<string, number>();
  for (const row of hauls) others.set(String(row.from_place_id === hub ? row.to_place_id : row.from_place_id), Number(row.distance_km ?? 0));
  const places = [...others.entries()].sort((a, b) => a[1] - b[1]).slice(0, 26);
  const step = 22;
  const left = 14 + Math.max(...[hub, ...places.map(([id]) => id)].map((id) => wide(name(id))));
  const height = 40 + (places.length + 1) * step;
  const x = (minute: number): number => left + (minute / 1440) * (width - left - 22);
  const y = new Map<string, number>([[hub, 20]]);
  places.forEach(([id], k) => y.set(id, 20 + (k + 1) * step));
  const made = s("svg", { class: `chart spacetime${partner ? " one" : ""}`, viewBox: `0 0 ${width} ${height}`, style: `min-width:${width}px`, role: "group", "aria-label": t("time_space", { hub: name(hub) }) });
  for (const wave of waves) made.append(s("rect", { class: "wave", x: x(Number(wave.cutoff_min)), y: 8, width: Math.max(2, x(Number(wave.release_min)) - x(Number(wave.cutoff_min))), height: height - 40 }, s("title", {}, `${t("wave")} ${wave.wave}: ${clock(Number(wave.cutoff_min))}–${clock(Number(wave.release_min))}`)));
  for (let hour = 0; hour <= 24; hour += 2) made.append(s("line", { class: "grid", x1: x(hour * 60), x2: x(hour * 60), y1: 8, y2: height - 26 }), s("text", { class: "tick", x: x(hour * 60), y: height - 8, "text-anchor": "middle" }, `${hour}:00`));
  for (const [id, at] of y) made.append(s("line", { class: "axis", x1: left, x2: width - 22, y1: at, y2: at }), s("a", { href: href(undefined, { with: id === hub || id === partner ? null : id }), "aria-label": t("only_line", { place: name(id) }) }, s("text", { class: id === partner ? "word picked" : "word", x: left - 8, y: at + 4, "text-anchor": "end" }, name(id))));
  for (const row of hauls) {
    const [from, to] = [y.get(String(row.from_place_id)), y.get(String(row.to_place_id))];
    if (from === undefined || to === undefined) continue;
    const [a, b] = [Number(row.depart_min), Number(row.depart_min) + Number(row.duration_min)];
    const kind = row.from_place_id === hub ? "out" : "in";
    const about = `${name(row.from_place_id)} ${clock(a)} → ${name(row.to_place_id)} ${clock(b % 1440)} · ${t(`mode_${row.mode}`)} · ${number(Number(row.capacity_pieces))} ${t("pieces")}`;
    for (const shift of b > 1440 ? [0, -1440] : [0]) made.append(s("line", { class: `haul ${kind} ${row.mode}${partner && (row.from_place_id === partner || row.to_place_id === partner) ? " picked" : ""}`, x1: x(Math.max(0, a + shift)), y1: a + shift < 0 ? from + ((to - from) * -(a + shift)) / (b - a) : from, x2: x(Math.min(1440, b + shift)), y2: b + shift > 1440 ? from + ((to - from) * (1440 - a - shift)) / (b - a) : to }, s("title", {}, about)));
  }
  return made;
}

function timetable(hauls: Row[], name: (id: unknown) => string): HTMLElement {
  const sorted = [...hauls].sort((a, b) => Number(a.depart_min) - Number(b.depart_min));
  return table(t("timetable", { hub: "" }), [
    { head: t("departs"), number: true, cell: (row: Row) => clock(Number(row.depart_min)) },
    { head: t("from"), cell: (row) => name(row.from_place_id) }, { head: t("to"), cell: (row) => name(row.to_place_id) },
    { head: t("arrives"), number: true, cell: (row) => clock((Number(row.depart_min) + Number(row.duration_min)) % 1440) },
    { head: t("mode"), cell: (row) => t(`mode_${row.mode}`) }, { head: t("vehicle"), cell: (row) => [String(row.vehicle_id ?? row.service_ref ?? ""), Number(row.vehicles) > 1 ? ` ×${row.vehicles}` : ""] },
    { head: t("pieces"), number: true, cell: (row) => number(Number(row.capacity_pieces)) }, { head: "km", number: true, cell: (row) => number(Number(row.distance_km), 1) }, { head: t("yuan"), number: true, cell: (row) => number(Number(row.cost_yuan), 0) },
  ], sorted.slice(0, 120));
}

async function halfHours(day: Run, hub: string, name: (id: unknown) => string): Promise<Node> {
  const held = (await rowsOf(day, "facilities")).filter((row) => String(row.place_id) === hub && Number(row.from_min) < 1440 && Number(row.from_min) >= 0);
  const scale = Number(day.facts.scale ?? 1) || 1;
  const slots = Array.from({ length: 48 }, (_, k) => k * 30);
  const sum = (column: string): number[] => slots.map((from) => held.filter((row) => Number(row.from_min) === from).reduce((all, row) => all + Number(row[column] ?? 0) / scale, 0));
  const labels = slots.map(clock);
  return h("section", {}, h("h2", {}, t("half_hours", { hub: name(hub) })), scale < 1 ? h("p", { class: "soft small" }, t("scaled_up", { share: percent(scale) })) : null,
    h("div", { class: "grid" }, h("figure", { class: "card", style: "margin:0" }, h("b", {}, t("arriving")), columns(t("arriving"), labels, [{ name: t("arriving"), values: sum("arrived"), kind: "" }], { unit: t("unit_pieces") })), h("figure", { class: "card", style: "margin:0" }, h("b", {}, t("sorted")), columns(t("sorted"), labels, [{ name: t("sorted"), values: sum("sorted"), kind: "c" }], { unit: t("unit_pieces") }))), runLine(day));
}

/** A hub's peak day as it is and with more parcels: the form that runs it, and the latest run of this hub. */
async function more(hub: string, name: (id: unknown) => string, may: boolean, plan: string): Promise<Node> {
  const asked = new URLSearchParams(location.search).get("run");
  const held = (await get<Run[]>("/api/runs")).filter((one) => one.kind === "hub_day" && one.options.place_id === hub);
  const run = held.find((one) => one.run_id === asked) ?? held[0] ?? null;
  const percent_ = h("input", { type: "number", min: -90, max: 300, step: 5, value: 20, style: "width:6rem" });
  const ask = may ? h("div", { class: "row" }, field(t("hub_more_percent"), percent_), asker(t("run_hub_day"), "hub_day", () => ({ place_id: hub, more_percent: Number(percent_.value), plan }), "trunk")) : null;
  return h("section", {}, h("h2", {}, t("hub_more", { hub: name(hub) })), h("p", { class: "soft" }, t("hub_more_words")), ask, run ? await beside(run) : null);
}

async function beside(run: Run): Promise<Node> {
  const [halves, measures] = await Promise.all([rowsOf(run, "half_hours"), rowsOf(run, "measures")]);
  const extra = Number(run.options.more_percent);
  const volumes: [string, string][] = [["usual", t("hub_day.usual")], ["more", `${extra > 0 ? "+" : ""}${number(extra)} %`]];
  const value = (measure: string, volume: string): string => {
    const held = measures.find((row) => row.measure === measure && row.volume === volume)?.value;
    if (held === null || held === undefined) return "–";
    if (measure.endsWith("_min")) return clock(Number(held));
    return measure.endsWith("_share") || measure === "busiest" ? number(100 * Number(held), 1) : number(Number(held), measure.endsWith("_h") ? 1 : 0);
  };
  const slots = Array.from({ length: 48 }, (_, k) => k * 30);
  // Both days on one scale: a longer queue has to look longer.
  const longest = Math.max(0, ...halves.map((row) => Number(row.queue ?? 0)));
  const figure = ([volume, words]: [string, string]): HTMLElement => {
    const label = t("hub_queue", { volume: words });
    const values = slots.map((from) => Number(halves.find((row) => row.volume === volume && Number(row.from_min) === from)?.queue ?? 0));
    return h("figure", { class: "card", style: "margin:0" }, h("b", {}, label), columns(label, slots.map(clock), [{ name: label, values, kind: volume === "more" ? "e" : "" }], { unit: t("unit_pieces"), least: longest }));
  };
  const most = Math.max(0, ...halves.map((row) => Number(row.workers_wanted ?? 0)));
  const hands = ([volume, words]: [string, string]): HTMLElement => {
    const label = t("hub_staff", { volume: words });
    const of = (column: string): number[] => slots.map((from) => Number(halves.find((row) => row.volume === volume && Number(row.from_min) === from)?.[column] ?? 0));
    const busy = of("workers");
    return h("figure", { class: "card", style: "margin:0" }, h("b", {}, label), columns(label, slots.map(clock), [{ name: t("workers_busy"), values: busy, kind: "" }, { name: t("workers_short"), values: of("workers_wanted").map((wanted, k) => Math.max(0, wanted - (busy[k] ?? 0))), kind: "e" }], { unit: t("unit_people"), least: most }));
  };
  const staffed = halves.some((row) => row.workers !== null);
  return h("div", {}, h("div", { class: "two" }, volumes.map(figure)), staffed ? [h("div", { class: "two", style: "margin-top:.8rem" }, volumes.map(hands)), h("ul", { class: "key" }, h("li", {}, h("i", { style: "background:var(--a)" }), t("workers_busy")), h("li", {}, h("i", { style: "background:var(--e)" }), t("workers_short")))] : null,
    table(t("hub_more", { hub: "" }), [{ head: t("measure"), wide: true, cell: (measure: string) => t(`hub_day.${measure}`) }, ...volumes.map(([volume, words]) => ({ head: words, number: true, cell: (measure: string): Child => value(measure, volume) }))], [...new Set(measures.map((row) => String(row.measure)))]),
    origin("synthetic"), runLine(run));
}

async function failing(day: Run, name: (id: unknown) => string): Promise<Node> {
  const [classes, pairs] = await Promise.all([rowsOf(day, "classes"), rowsOf(day, "pairs")]);
  const share = (row: Row): Child => [number(Number(row.share_percent), 1), " % ", h("small", { class: "soft" }, `${number(Number(row.low_percent), 0)}–${number(Number(row.high_percent), 0)}`)];
  const cause = (row: Row): Child => (row.cause ? [t(`cause_${row.cause}`), row.at_place_id ? ` · ${name(row.at_place_id)}` : ""] : "");
  return h("section", {}, h("h2", {}, t("promise")), h("p", { class: "soft" }, t("promise_words")),
    table(t("promise"), [
      { head: t("promise_class"), cell: (row: Row) => t(`class_${row.promise_class}`) }, { head: t("pieces"), number: true, cell: (row) => number(Number(row.parcels)) }, { head: t("on_time"), number: true, cell: share },
      { head: t("asked_share"), number: true, cell: (row) => `${number(Number(row.asked_percent), 0)} %` }, { head: t("median_h"), number: true, cell: (row) => number(Number(row.median_h), 1) }, { head: t("p95_h"), number: true, cell: (row) => number(Number(row.p95_h), 1) },
      { head: t("certified"), cell: (row) => (row.certified ? h("span", { class: "met" }, "✓") : h("span", { class: "missed" }, "✕")) }, { head: t("main_cause"), cell: cause },
    ], classes),
    h("h3", {}, t("failing_pairs")),
    table(t("failing_pairs"), [
      { head: t("from"), cell: (row: Row) => name(row.from_place_id) }, { head: t("to"), cell: (row) => name(row.to_place_id) }, { head: t("on_time"), number: true, cell: share }, { head: t("slack_h"), number: true, cell: (row) => number(Number(row.slack_h), 1) }, { head: t("worst_hour"), number: true, cell: (row) => (row.worst_hour === null ? "" : `${row.worst_hour}:00`) }, { head: t("main_cause"), cell: cause },
    ], pairs.filter((row) => !row.certified).sort((a, b) => Number(a.share_percent) - Number(b.share_percent)).slice(0, 40)));
}
