/** The rounds of a county on a weekday: drawn on its outline, and listed stop by stop. */

import { once, type Columns, type Run } from "./api";
import { fitted, wide } from "./chart";
import { h, s } from "./dom";
import { rows } from "./geo";
import { select, table } from "./parts";
import { latin, short } from "./places";
import { rowsOf, type Row } from "./runs";
import { go, href } from "./state";
import { clock, named, number, t } from "./words";

interface Place { name: string; at: [number, number]; level: string }
interface Round { row: Row; stops: Row[] }
const COLOURS = ["a", "c", "d", "f", "b", "e"];

/** Where the places of the rounds lie and what they are called. */
async function placesOf(base: string): Promise<Map<string, Place>> {
  const levels = ["village", "township", "county"];
  const held = await Promise.all(levels.map((level) => once<Columns>(`${base}/points/${level}`)));
  return new Map(held.flatMap((columns, k) => rows(columns).map((row): [string, Place] => {
    const level = levels[k] ?? "";
    const name = level === "county" ? short(String(row.name_zh)) : String(row.name_zh).replace(/(村委会|居委会|村民委员会|社区居委会)$/u, "");
    return [String(row.place_id), { name: level === "village" ? name : named(name, briefly(latin(String(row.name_zh), String(row.pinyin ?? "")))), at: [Number(row.lon), Number(row.lat)], level }];
  })));
}

export async function roundsOf(run: Run, county: string, province: string): Promise<Node> {
  const base = `/api/provinces/${province}`;
  const [all, stops, places, outlines] = await Promise.all([rowsOf(run, "rounds"), rowsOf(run, "round_stops"), placesOf(base), once<GeoJSON.FeatureCollection>(`${base}/outlines`)]);
  const mine = all.filter((row) => row.county_id === county);
  if (!mine.length) return h("p", { class: "soft" }, t("no_rows"));
  const weekday = new URLSearchParams(location.search).get("weekday") ?? "1";
  const by = new Map<string, Row[]>();
  for (const stop of stops) by.set(String(stop.round_id), [...(by.get(String(stop.round_id)) ?? []), stop]);
  const held = mine.filter((row) => String(row.days).includes(weekday)).map((row): Round => ({ row, stops: by.get(String(row.round_id)) ?? [] }));
  const outline = outlines.features.find((one) => String(one.properties?.code) === county);
  const name = (id: unknown): string => places.get(String(id))?.name ?? String(id);
  const seen = new Set(held.flatMap((one) => one.stops.map((stop) => String(stop.place_id))));
  return h("section", {}, h("h2", {}, t("rounds_drawn", { count: held.length, places: seen.size })),
    h("div", { class: "row" }, select(t("weekday"), [1, 2, 3, 4, 5, 6, 7].map((day): [string, string] => [String(day), t(`weekday_${day}`)]), weekday, (day) => go(href(undefined, { weekday: day })))),
    h("figure", { class: "card", style: "margin:.6rem 0" }, fitted((width) => drawRounds(held, places, outline, width)),
      h("ul", { class: "key" }, h("li", {}, h("i", { style: "background:var(--gold)" }), t("key_first_tier")), h("li", {}, h("i", { style: "background:linear-gradient(90deg,var(--a),var(--c),var(--d))" }), t("key_second_tier")), h("li", {}, t("straight_lines")))),
    h("details", {}, h("summary", {}, t("rounds_listed", { count: held.length })), table(t("rounds_listed", { count: held.length }), [
      { head: t("starts_at"), cell: ({ row }: Round) => name(row.depot_place_id) }, { head: t("departs"), number: true, cell: ({ row }) => clock(Number(row.depart_min)) }, { head: t("back"), number: true, cell: ({ row }) => clock(Number(row.depart_min) + Number(row.duration_min)) },
      { head: t("stops"), wide: true, cell: (one) => one.stops.map((stop) => `${name(stop.place_id)} ${clock(Number(stop.arrive_min))}`).join(" → ") }, { head: t("pieces"), number: true, cell: (one) => number(one.stops.reduce((sum, stop) => sum + Number(stop.deliver_pieces) + Number(stop.collect_pieces), 0), 0) },
      { head: "km", number: true, cell: ({ row }) => number(Number(row.distance_km), 0) }, { head: t("yuan"), number: true, cell: ({ row }) => number(Number(row.cost_yuan), 0) }, { head: t("vehicle"), short: true, cell: ({ row }) => String(row.vehicle_id ?? "") },
    ], held)));
}

/** Pinyin run together is of no help where it is long. */
function briefly(text: string): string | null {
  return text.length > 18 ? null : text;
}

/** The positions of an outline's rings. */
function rings(outline: GeoJSON.Feature | undefined): [number, number][][] {
  const shape = outline?.geometry;
  if (shape?.type === "Polygon") return shape.coordinates as [number, number][][];
  return shape?.type === "MultiPolygon" ? (shape.coordinates as [number, number][][][]).flat() : [];
}

function drawRounds(held: Round[], places: Map<string, Place>, outline: GeoJSON.Feature | undefined, width: number): SVGSVGElement {
  const around = rings(outline);
  // As close up as the rounds of the day: a county is often far larger than what they reach.
  const met = held.flatMap((one) => [one.row.depot_place_id, ...one.stops.map((stop) => stop.place_id)]).flatMap((id) => { const place = places.get(String(id)); return place ? [place.at] : []; });
  const [west, east] = [Math.min(...met.map(([x]) => x)), Math.max(...met.map(([x]) => x))];
  const [south, north] = [Math.min(...met.map(([, y]) => y)), Math.max(...met.map(([, y]) => y))];
  const flat = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const size = Math.min((width - 90) / Math.max(1e-6, (east - west) * flat), Math.max(300, Math.min(620, width)) / Math.max(1e-6, north - south));
  const height = (north - south) * size + 70;
  const left = (width - (east - west) * flat * size) / 2;
  const to = ([x, y]: [number, number]): [number, number] => [left + (x - west) * flat * size, 38 + (north - y) * size];
  const path = (line: [number, number][]): string => line.map((one) => to(one).map((v) => v.toFixed(1)).join(",")).join("L");
  const made = s("svg", { class: "chart rounds", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("rounds_drawn", { count: held.length, places: "" }) });
  if (around.length) made.append(s("path", { class: "ground", d: around.map((ring) => `M${path(ring)}Z`).join("") }));
  const label = new Map<string, Place>();
  held.forEach((one, k) => {
    const depot = places.get(String(one.row.depot_place_id));
    if (!depot) return;
    label.set(String(one.row.depot_place_id), depot);
    const first = Number(one.row.tier) === 1;
    const trips = new Map<unknown, [number, number][]>();
    for (const stop of one.stops) { const at = places.get(String(stop.place_id)); if (at) trips.set(stop.trip, [...(trips.get(stop.trip) ?? [depot.at]), at.at]); }
    const about = `${places.get(String(one.row.depot_place_id))?.name ?? ""} ${clock(Number(one.row.depart_min))} · ${one.stops.length} ${t("stops")} · ${number(Number(one.row.distance_km), 0)} km`;
    for (const line of trips.values()) made.append(s("path", { class: first ? "round first" : "round", d: `M${path([...line, depot.at])}`, style: first ? null : `stroke:var(--${COLOURS[k % COLOURS.length]})` }, s("title", {}, about)));
  });
  for (const id of new Set(held.flatMap((one) => one.stops.map((stop) => String(stop.place_id))))) {
    const place = places.get(id);
    if (!place) continue;
    if (place.level !== "village") label.set(id, place);
    else made.append(s("circle", { class: "village", cx: to(place.at)[0], cy: to(place.at)[1], r: 2.6 }, s("title", {}, place.name)));
  }
  const taken: [number, number, number][] = [];
  for (const place of [...label.values()].sort((a) => (a.level === "county" ? -1 : 1))) {
    const [x, y] = to(place.at);
    made.append(s("circle", { class: place.level === "county" ? "depot county" : "depot", cx: x, cy: y, r: place.level === "county" ? 6 : 4.2 }, s("title", {}, place.name)));
    const half = wide(place.name) / 2;
    if (taken.some(([a, b, other]) => Math.abs(a - x) < half + other && Math.abs(b - y) < 16)) continue;
    taken.push([x, y, half]);
    made.append(s("text", { class: "word halo", x, y: y - 9, "text-anchor": "middle" }, place.name));
  }
  return made;
}
