/** Trunk: the timetable, the time-space diagram, docks and waves by half hour, and the pairs that miss their promise. */

import { columns } from "../chart";
import { h, s, type Child } from "../dom";
import { later, notice, origin, table, title } from "../parts";
import { asker, chooser, latest, placeNames, rowsOf, runLine, type Row } from "../runs";
import { go, href } from "../state";
import { clock, number, percent, t } from "../words";
import type { Context, View } from "../main";

export function show(context: Context): View {
  return { node: h("div", {}, title(t("screen_trunk"), t("lead_trunk")), later(inside(context))) };
}

async function inside(context: Context): Promise<Node> {
  const [trunk, day] = await Promise.all([latest(["trunk-baseline"]), latest(["simulate_day"])]);
  const may = context.session.may.includes("compute");
  const asks = may ? h("div", { class: "row" }, asker(t("make_trunk"), "trunk", () => ({}), "trunk"), asker(t("simulate_day"), "day", () => ({ scale: 0.02 }), "trunk")) : null;
  if (!trunk) return h("div", {}, notice(t("no_trunk_yet")), asks);
  const [names, hauls, waves, allocations] = await Promise.all([placeNames(context.province), rowsOf(trunk, "line_hauls"), rowsOf(trunk, "sort_waves"), rowsOf(trunk, "allocations")]);
  const name = (id: unknown): string => names.get(String(id)) ?? String(id);
  const hubs = allocations.filter((row) => row.tier !== null).sort((a, b) => Number(a.tier) - Number(b.tier));
  const hub = context.query.get("hub") ?? String(hubs[0]?.place_id ?? "2201");
  const every = hauls.filter((row) => row.season !== "peak");
  const here = every.filter((row) => row.from_place_id === hub || row.to_place_id === hub);
  const pick = h("select", { "aria-label": t("site_hub"), onchange: (e: Event) => go(href(undefined, { hub: (e.target as HTMLSelectElement).value })) }, hubs.map((row) => h("option", { value: row.place_id, selected: row.place_id === hub }, `${name(row.place_id)} · ${t("tier", { tier: row.tier })}`)));
  const made = String(hauls[0]?.origin ?? "");
  return h("div", {},
    h("div", { class: "row mid" }, pick, await chooser(["trunk-baseline"], trunk), origin(made, true), h("span", { class: "soft" }, t("trunk_facts", { hauls: number(every.length), km: number(Number(trunk.facts.km_day)), yuan: number(Number(trunk.facts.yuan_day) / 1e4, 1) }))),
    made === "synthetic" ? notice(t("trunk_synthetic"), "synthetic") : null,
    asks,
    h("h2", {}, t("time_space", { hub: name(hub) })), h("div", { class: "card", style: "overflow-x:auto", tabindex: 0, role: "region", "aria-label": t("time_space", { hub: name(hub) }) }, timeSpace(here, hub, waves.filter((row) => row.place_id === hub), name)),
    h("p", { class: "soft small" }, t("time_space_words")),
    day ? later(halfHours(day, hub, name)) : null,
    day ? later(failing(day, name)) : notice(t("no_day_yet")),
    h("details", { style: "margin-top:1.4rem" }, h("summary", {}, t("timetable", { hub: name(hub) })), timetable(here, name)), runLine(trunk));
}

/** Time runs to the right, places lie above each other by distance; a line is a run of a vehicle. */
function timeSpace(hauls: Row[], hub: string, waves: Row[], name: (id: unknown) => string): SVGSVGElement {
  const others = new Map<string, number>();
  for (const row of hauls) others.set(String(row.from_place_id === hub ? row.to_place_id : row.from_place_id), Number(row.distance_km ?? 0));
  const places = [...others.entries()].sort((a, b) => a[1] - b[1]).slice(0, 26);
  const [width, left, step] = [1180, 132, 21];
  const height = 40 + (places.length + 1) * step;
  const x = (minute: number): number => left + (minute / 1440) * (width - left - 12);
  const y = new Map<string, number>([[hub, 20]]);
  places.forEach(([id], k) => y.set(id, 20 + (k + 1) * step));
  const made = s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("time_space", { hub: name(hub) }), style: "min-width:760px" });
  for (const wave of waves) made.append(s("rect", { class: "wave", x: x(Number(wave.cutoff_min)), y: 8, width: Math.max(2, x(Number(wave.release_min)) - x(Number(wave.cutoff_min))), height: height - 40 }, s("title", {}, `${t("wave")} ${wave.wave}: ${clock(Number(wave.cutoff_min))}–${clock(Number(wave.release_min))}`)));
  for (let hour = 0; hour <= 24; hour += 2) made.append(s("line", { class: "grid", x1: x(hour * 60), x2: x(hour * 60), y1: 8, y2: height - 26 }), s("text", { class: "tick", x: x(hour * 60), y: height - 8, "text-anchor": "middle" }, `${hour}:00`));
  for (const [id, at] of y) made.append(s("line", { class: "axis", x1: left, x2: width - 12, y1: at, y2: at }), s("text", { class: "word", x: left - 8, y: at + 4, "text-anchor": "end" }, name(id)));
  for (const row of hauls) {
    const [from, to] = [y.get(String(row.from_place_id)), y.get(String(row.to_place_id))];
    if (from === undefined || to === undefined) continue;
    const [a, b] = [Number(row.depart_min), Number(row.depart_min) + Number(row.duration_min)];
    const kind = row.from_place_id === hub ? "out" : "in";
    const about = `${name(row.from_place_id)} ${clock(a)} → ${name(row.to_place_id)} ${clock(b % 1440)} · ${t(`mode_${row.mode}`)} · ${number(Number(row.capacity_pieces))} ${t("pieces")}`;
    for (const shift of b > 1440 ? [0, -1440] : [0]) made.append(s("line", { class: `haul ${kind} ${row.mode}`, x1: x(Math.max(0, a + shift)), y1: a + shift < 0 ? from + ((to - from) * -(a + shift)) / (b - a) : from, x2: x(Math.min(1440, b + shift)), y2: b + shift > 1440 ? from + ((to - from) * (1440 - a - shift)) / (b - a) : to }, s("title", {}, about)));
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

async function halfHours(day: import("../api").Run, hub: string, name: (id: unknown) => string): Promise<Node> {
  const held = (await rowsOf(day, "facilities")).filter((row) => String(row.place_id) === hub && Number(row.from_min) < 1440 && Number(row.from_min) >= 0);
  const scale = Number(day.facts.scale ?? 1) || 1;
  const slots = Array.from({ length: 48 }, (_, k) => k * 30);
  const sum = (column: string): number[] => slots.map((from) => held.filter((row) => Number(row.from_min) === from).reduce((all, row) => all + Number(row[column] ?? 0) / scale, 0));
  const labels = slots.map(clock);
  return h("section", {}, h("h2", {}, t("half_hours", { hub: name(hub) })), scale < 1 ? h("p", { class: "soft small" }, t("scaled_up", { share: percent(scale) })) : null,
    h("div", { class: "grid" }, h("figure", { class: "card", style: "margin:0" }, h("b", {}, t("arriving")), columns(t("arriving"), labels, [{ name: t("arriving"), values: sum("arrived"), kind: "" }])), h("figure", { class: "card", style: "margin:0" }, h("b", {}, t("sorted")), columns(t("sorted"), labels, [{ name: t("sorted"), values: sum("sorted"), kind: "c" }]))), runLine(day));
}

async function failing(day: import("../api").Run, name: (id: unknown) => string): Promise<Node> {
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
