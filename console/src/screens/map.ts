/** The map: layers of the province, search by characters or pinyin, and the facts of what is clicked. */

import { get, once, type Columns, type Place, type PlaceHit, type Run } from "../api";
import { h, replace, type Child } from "../dom";
import { drawMap, rows, TOO_OLD, type Drawn } from "../geo";
import { movesOf, playDay, type Haul, type Played } from "../play";
import { columnsOf, latest, rowsOf, type Row } from "../runs";
import { both, button, later, notice, origin, problem, select } from "../parts";
import { titled } from "../places";
import { address, href, note, type Screen } from "../state";
import { clock, number, percent, t } from "../words";
import type { Context, View } from "../main";

const PLAIN = ["villages", "townships", "roads", "railways", "flows"] as const;
const COLOURS: Record<string, string> = {
  villages: "#7a5c99", townships: "#3c6e9f", roads: "#b07d2b", railways: "#4b5565", flows: "#257a6b", hub: "#a5271c", county_centre: "#d0662f",
  park: "#6b7c3a", base: "#6b7c3a", exchange_office: "#1d5fd1", safety_centre: "#4b5565", terminal_station: "#c2539b", pick_up_point: "#c2539b",
  locker_group: "#8a5f18", cooperation_outlet: "#2b8aa0", village_post_station: "#0b5c4a", village_commerce_point: "#5ba391", door_delivery_village: "#94a332",
};
/** Road minutes are worked out from what is observed; what is shaded first should not be made up. */
const FIRST_THEME = "minutes";
const RAMP = ["#f3e3d0", "#e5ddc2", "#c4d6bd", "#94c2ad", "#5ba391", "#257a6b"];

export async function show(context: Context): Promise<View> {
  const base = `/api/provinces/${context.province}`;
  const box = h("div", { class: "canvas", "aria-label": t("screen_map"), role: "region" });
  const panel = h("aside", { class: "panel card", "aria-label": t("layers") });
  const about = h("aside", { class: "panel card about", hidden: true, "aria-live": "polite" });
  const node = h("div", { class: "map" }, h("h1", { class: "unseen" }, t("screen_map")), box, panel, about);
  const [outlines, kinds] = await Promise.all([
    once<GeoJSON.FeatureCollection>(`${base}/outlines`), once<Columns>(`${base}/sites`),
  ]);
  let drawn: Drawn;
  try {
    drawn = await drawMap(box, outlines, context.query.get("at"), {
      moved: (at) => note({ at }),
      clicked: (place) => open(place),
    });
  } catch (wrong) {
    if (!(wrong instanceof Error) || wrong.message !== TOO_OLD) throw wrong;
    return { node: h("div", {}, notice(t("no_webgl"), "bad"), later(valueTable(base))) };
  }
  const open = (place: string | null): void => {
    note({ place });
    about.hidden = !place;
    if (place) replace(about, later(facts(base, place, drawn, () => open(null), from)));
  };
  const from = (place: string): void => {
    note({ theme: "minutes", from: place });
    void theme(base, "minutes", drawn, panel);
  };
  const more = h("details", { open: innerWidth > 900 }, h("summary", {}, t("layers")), ...layers(base, kinds, context, drawn, panel));
  void trunkLayers(context, drawn, node, more);
  replace(panel, search(base, (hit) => { drawn.fly(hit.lon, hit.lat, hit.level); open(hit.place_id); }), more);
  void theme(base, context.query.get("theme") ?? FIRST_THEME, drawn, panel);
  void drawn.names(once<Columns>(`${base}/points/county`), once<Columns>(`${base}/points/prefecture`));
  const asked = context.query.get("place");
  if (asked) open(asked);
  return { node, full: true, leave: () => drawn.end() };
}

function search(base: string, chosen: (hit: PlaceHit) => void): HTMLElement {
  const list = h("ul", { class: "hits", role: "listbox", "aria-label": t("found_places") });
  let waiting = 0;
  let asked = 0;
  const look = async (text: string): Promise<void> => {
    const mine = (asked += 1);
    const hits = text.trim() ? await get<PlaceHit[]>(`${base}/search?q=${encodeURIComponent(text.trim())}`) : [];
    if (mine !== asked) return;
    replace(list, hits.slice(0, 8).map((hit) => h("li", {}, button("", () => { replace(list); chosen(hit); }))));
    [...list.querySelectorAll("button")].forEach((b, k) => { const hit = hits[k]; if (hit) replace(b, titled(hit.name_zh, hit.pinyin), h("small", {}, hit.above)); });
    if (text.trim() && !hits.length) replace(list, h("li", { class: "soft small" }, t("no_hits")));
  };
  const input = h("input", { type: "search", placeholder: t("search_places"), "aria-label": t("search_places"), style: "width:100%",
    oninput: (e: Event) => { clearTimeout(waiting); waiting = window.setTimeout(() => void look((e.target as HTMLInputElement).value), 140); },
    onkeydown: (e: KeyboardEvent) => { if (e.key === "Enter" || e.key === "ArrowDown") { e.preventDefault(); list.querySelector("button")?.focus(); } } });
  return h("div", {}, input, list);
}

function layers(base: string, kinds: Columns, context: Context, drawn: Drawn, panel: HTMLElement): Child[] {
  const shown = new Set((context.query.get("layers") ?? "county_centre,hub").split(",").filter(Boolean));
  const held = rows(kinds);
  const turn = async (name: string, on: boolean): Promise<void> => {
    if (on) shown.add(name);
    else shown.delete(name);
    note({ layers: [...shown].join(",") });
    if (!on) return drawn.hide(name);
    await load(base, name, drawn);
  };
  const item = (name: string, words: string, count: number | null, made: unknown): HTMLElement =>
    h("li", {}, h("label", {}, h("input", { type: "checkbox", checked: shown.has(name), onchange: (e: Event) => void turn(name, (e.target as HTMLInputElement).checked) }),
      h("i", { style: `background:${COLOURS[name] ?? "#566072"}` }), h("span", {}, words, " ", origin(made as string)), count === null ? null : h("span", { class: "count" }, number(count))));
  for (const name of shown) if (!(name in RUN_LAYERS)) void load(base, name, drawn);
  return [
    select(t("theme"), [["coverage", t("theme_coverage")], ["service", t("theme_service")], ["minutes", t("theme_minutes")], ["none", t("theme_none")]], context.query.get("theme") ?? FIRST_THEME, (name) => {
      note({ theme: name });
      void theme(base, name, drawn, panel);
    }),
    h("div", { class: "theme-key" }),
    h("h2", {}, t("layers_designed")), h("ul", { class: "layers designed" }),
    h("h2", {}, t("layers_sites")), h("ul", { class: "layers" }, [...held].sort((a, b) => Number(b.kind === "hub") - Number(a.kind === "hub")).map((kind) => [item(String(kind.kind), t(`site_${kind.kind}`), Number(kind.count), kind.origin), kind.kind === "hub" ? h("li", { class: "tiers" }, [1, 2, 3].map((tier) => h("span", {}, h("i", { class: `tier${tier}` }), t("tier", { tier })))) : null])),
    h("h2", {}, t("layers_ground")), h("ul", { class: "layers" }, PLAIN.map((name) => item(name, t(`layer_${name}`), null, name === "flows" ? "derived" : null))),
  ];
}

type Spot = [number, number];
/** Brighter where the ground is dark. */
const DARK_LAYERS: Record<string, string> = { line_hauls: "#a99bff", pairs_hold: "#5fd08e", pairs_fail: "#ff7d6b", rounds: "#7fb6f5" };
const RUN_LAYERS: Record<string, string> = { line_hauls: "#5a4fa2", pairs_hold: "#14693c", pairs_fail: "#c2271c", rounds: "#2b6fb5" };

/** Where places of some levels lie. */
async function spotsOf(base: string, levels: string[]): Promise<Map<string, Spot>> {
  const spots = new Map<string, Spot>();
  for (const held of await Promise.all(levels.map((level) => once<Columns>(`${base}/points/${level}`)))) for (const row of rows(held)) spots.set(String(row.place_id), [Number(row.lon), Number(row.lat)]);
  return spots;
}

/** Lines from place to place as columns, the heavier the more pieces; what has no position is left out. */
function linesBetween(held: { from: unknown; to: unknown; pieces: number }[], spots: Map<string, Spot>): Columns {
  const made: Record<string, (string | number)[]> = { lon_a: [], lat_a: [], lon_b: [], lat_b: [], pieces: [] };
  let count = 0;
  for (const one of held) {
    const [a, b] = [spots.get(String(one.from)), spots.get(String(one.to))];
    if (!a || !b) continue;
    count += 1;
    for (const [name, value] of [["lon_a", a[0]], ["lat_a", a[1]], ["lon_b", b[0]], ["lat_b", b[1]], ["pieces", one.pieces]] as [string, number][]) made[name]?.push(value);
  }
  return { count, columns: made };
}

/** What designs have drawn: line-hauls, 24-hour pairs that hold or fail, village rounds; and a day played. */
async function trunkLayers(context: Context, drawn: Drawn, node: HTMLElement, panel: HTMLElement): Promise<void> {
  const [designed, rule, rural] = await Promise.all([latest(["trunk"]), latest(["trunk-baseline"]), latest(["rural-rounds"])]);
  const base = `/api/provinces/${context.province}`;
  const trunk = designed ?? rule;
  const list = panel.querySelector(".layers.designed");
  const shown = (context.query.get("layers") ?? "").split(",");
  const turn = async (name: string, on: boolean, draw: () => Promise<void>): Promise<void> => {
    const now = new Set((address().query.get("layers") ?? "county_centre,hub").split(",").filter(Boolean));
    if (on) now.add(name);
    else now.delete(name);
    note({ layers: [...now].join(",") });
    if (on) await draw();
    else drawn.hide(name);
  };
  const colour = (name: string): string => (document.documentElement.dataset.theme === "dark" ? DARK_LAYERS : RUN_LAYERS)[name] ?? "";
  const item = (name: string, count: number, made: string, draw: () => Promise<void>): void => {
    const box = h("input", { type: "checkbox", checked: shown.includes(name), onchange: (e: Event) => void turn(name, (e.target as HTMLInputElement).checked, draw) });
    list?.prepend(h("li", {}, h("label", {}, box, h("i", { style: `background:${colour(name)}` }), h("span", {}, t(`layer_${name}`), " ", origin(made)), h("span", { class: "count" }, number(count)))));
    if (box.checked) void draw();
  };
  if (rural) {
    const stops = await rowsOf(rural, "round_stops");
    item("rounds", new Set(stops.map((row) => row.round_id)).size, String(stops[0]?.origin ?? ""), async () => {
      const spots = await spotsOf(base, ["county", "township", "village"]);
      const steps = stops.flatMap((row, k) => { const next = stops[k + 1]; return next && next.round_id === row.round_id && next.trip === row.trip ? [{ from: row.place_id, to: next.place_id, pieces: 1 }] : []; });
      drawn.lines("rounds", linesBetween(steps, spots), colour("rounds"), false);
    });
  }
  const day = await latest(["simulate_day"]);
  const hint = (words: string, screen: Screen): void => list?.append(h("li", { class: "small" }, h("a", { href: href(screen, {}, false) }, words)));
  if (!designed) hint(t("hint_design"), "trunk");
  if (!day) hint(t("hint_simulate"), "trunk");
  if (!rural) hint(t("hint_rounds"), "villages");
  if (!trunk && !day) return;
  const spots = await spotsOf(base, ["prefecture", "county", "external"]);
  const hauls = trunk ? (await rowsOf(trunk, "line_hauls")).filter((row) => row.season !== "peak" && row.season !== "winter") : [];
  const made = String(hauls[0]?.origin ?? "synthetic");
  if (designed) {
    const pairs = await rowsOf(designed, "promises");
    for (const [name, holds] of [["pairs_hold", true], ["pairs_fail", false]] as [string, boolean][]) {
      const some = pairs.filter((row) => row.holds === holds);
      item(name, some.length, made, async () => drawn.lines(name, linesBetween(some.map((row) => ({ from: row.from_place_id, to: row.to_place_id, pieces: Number(row.pieces) })), spots), colour(name), true));
    }
  }
  if (trunk) item("line_hauls", hauls.length, made, async () => {
    const sum = new Map<string, { from: unknown; to: unknown; pieces: number }>();
    for (const row of hauls) {
      const key = `${row.from_place_id} ${row.to_place_id}`;
      const held = sum.get(key) ?? { from: row.from_place_id, to: row.to_place_id, pieces: 0 };
      sum.set(key, { ...held, pieces: held.pieces + Number(row.capacity_pieces) * Number(row.vehicles ?? 1) });
    }
    drawn.lines("line_hauls", linesBetween([...sum.values()], spots), colour("line_hauls"), true);
  });
  const box = h("input", { type: "checkbox" });
  let player: HTMLElement | null = null;
  const play = async (on: boolean): Promise<void> => {
    note({ play: on ? "1" : null });
    if (on && !player) {
      player = playDay(drawn, await played(day, hauls, spots));
      node.append(player);
    }
    if (!player) return;
    player.hidden = !on;
    player.dispatchEvent(new Event(on ? "begin" : "rest"));
  };
  box.addEventListener("change", () => void play(box.checked));
  list?.prepend(h("li", {}, h("label", {}, box, h("i", { style: "background:#a5271c" }), h("span", {}, day && "moves" in day.tables ? t("play_parcels") : t("play_day"), " ", origin(made)))));
  if (context.query.get("play")) box.click();
}

/** What is played: the parcels and vehicles of a simulated day where there is one, else the timetable's vehicles. */
async function played(day: Run | null, hauls: Row[], spots: Map<string, Spot>): Promise<Played> {
  const moves = day ? movesOf(await columnsOf(day, "moves")) : null;
  const trips: Row[] = day && moves ? (await rowsOf(day, "trips")).filter((row) => row.runs) : [];
  const haul = (row: Row, from: number, lasts: number, pieces: number): Haul[] => {
    const [a, b] = [spots.get(String(row.from_place_id)), spots.get(String(row.to_place_id))];
    return a && b && row.from_place_id !== row.to_place_id ? [{ a, b, from, lasts, pieces }] : [];
  };
  if (moves) return { moves, daily: false, hauls: trips.flatMap((row) => haul(row, Number(row.depart_min), Number(row.arrive_min) - Number(row.depart_min), Number(row.loaded) / Number(day?.facts.scale ?? 1))) };
  return { moves: null, daily: true, hauls: hauls.flatMap((row) => haul(row, Number(row.depart_min), Number(row.duration_min), Number(row.capacity_pieces) * Number(row.vehicles ?? 1))) };
}

async function load(base: string, name: string, drawn: Drawn): Promise<void> {
  const colour = COLOURS[name] ?? "#566072";
  if (name === "villages") return drawn.points(name, await once<Columns>(`${base}/points/village`), "place_id", colour, 2.2);
  if (name === "townships") return drawn.points(name, await once<Columns>(`${base}/points/township`), "place_id", colour, 3.4);
  if (name === "roads" || name === "railways") return drawn.lines(name, await once<Columns>(`${base}/${name}`), colour, false);
  if (name === "flows") return drawn.lines(name, await once<Columns>(`${base}/flows`), colour, true);
  const big = ["hub", "park", "base", "exchange_office", "safety_centre"].includes(name);
  return drawn.points(name, await once<Columns>(`${base}/sites/${name}`), "place_id", colour, big ? 7 : name === "county_centre" ? 4.5 : 2.6);
}

async function theme(base: string, name: string, drawn: Drawn, panel: HTMLElement): Promise<void> {
  const key = panel.querySelector(".theme-key");
  if (!key) return;
  try {
    if (name === "none") {
      drawn.paint(new Map());
      replace(key);
    } else if (name === "service") {
      const held = rows(await once<Columns>(`${base}/service`));
      const edges = [5, 10, 15, 20, 30];
      drawn.paint(new Map(held.map((r) => [String(r.county_id), RAMP[5 - edges.filter((e) => Number(r.walk_mean_min) >= e).length] ?? ""])), new Map(held.map((r) => [String(r.county_id), t("minutes_long", { minutes: number(Number(r.walk_mean_min), 0) })])), "synthetic");
      const worst = [...held].sort((a, b) => Number(b.walk_mean_min) - Number(a.walk_mean_min))[0];
      replace(key, scaleKey([...RAMP].reverse(), t("minutes_long", { minutes: "< 5" }), t("minutes_long", { minutes: "≥ 30" })), h("p", { class: "soft small" }, t("service_words"), " ", origin("synthetic")), worst ? h("p", { class: "small" }, t("worst_county"), " ", titled(String(worst.county_zh), String(worst.county_en)), ` ${t("minutes_long", { minutes: number(Number(worst.walk_mean_min), 0) })}`) : null);
    } else if (name === "minutes") {
      const from = new URLSearchParams(location.search).get("from") ?? String((await once<Columns>(`${base}/points/prefecture`)).columns.place_id?.[0] ?? "");
      const [held, place] = await Promise.all([once<Columns>(`${base}/minutes?place=${from}`), once<Place>(`${base}/places/${from}`)]);
      const values = rows(held).map((r): [string, number] => [String(r.to_id), Number(r.duration_min)]);
      const top = Math.max(60, ...values.map(([, v]) => v));
      drawn.paint(new Map(values.map(([id, v]) => [id, RAMP[5 - Math.min(5, Math.floor((6 * v) / (top + 1)))] ?? ""])), new Map(values.map(([id, v]) => [id, clock(v)])));
      replace(key, scaleKey([...RAMP].reverse(), t("hours_minutes", { time: "0:00" }), t("hours_minutes", { time: clock(top) })), h("p", { class: "soft small" }, t("minutes_from", { place: titled(place.name_zh, place.pinyin) }), " ", origin("derived")));
    } else {
      const held = rows(await once<Columns>(`${base}/coverage`));
      const edges = [0.9, 0.93, 0.95, 0.97, 0.99];
      drawn.paint(new Map(held.map((r) => [String(r.county_id), RAMP[edges.filter((e) => Number(r.share) >= e).length] ?? ""])), new Map(held.map((r) => [String(r.county_id), percent(Number(r.share))])), String(held[0]?.origin ?? ""));
      const kind = held[0]?.origin as string | undefined;
      replace(key, scaleKey(RAMP, "< 90 %", "≥ 99 %"), h("p", { class: "soft small" }, t("face.map_words"), " ", origin(kind)), kind === "synthetic" ? h("p", { class: "soft small" }, t("face.map_synthetic")) : null);
    }
  } catch (wrong) {
    replace(key, problem(wrong));
  }
}

function scaleKey(colours: string[], low: string, high: string): HTMLElement {
  return h("div", {}, h("div", { class: "swatches", "aria-hidden": "true" }, colours.map((c) => h("i", { style: `background:${c}` }))), h("div", { class: "ends" }, h("span", {}, low), h("span", {}, high)));
}

async function facts(base: string, id: string, drawn: Drawn, close: () => void, from: (place: string) => void): Promise<Node> {
  const place = await get<Place>(`${base}/places/${encodeURIComponent(id)}`);
  drawn.mark(place.lon ?? null, place.lat ?? null);
  const measured = address().query.get("theme") === "minutes" ? drawn.value(place.place_id) : null;
  return h("div", {},
    h("div", { class: "row mid", style: "justify-content:space-between;flex-wrap:nowrap" }, h("h2", { style: "margin:0;font-size:1.1rem;color:var(--ink);min-width:0;overflow-wrap:anywhere" }, titled(place.name_zh, place.pinyin), " ", origin(place.origin)), button(t("close"), close, "quiet")),
    h("p", { class: "soft small", style: "margin:.1rem 0 .5rem" }, [place.above, t(`level_${place.level}`), place.place_id].filter(Boolean).join(" · ")),
    place.why.map((words) => notice(both(words), "synthetic")),
    h("dl", { class: "facts" },
      measured ? h("div", {}, h("dt", {}, t("theme_minutes")), h("dd", {}, measured)) : null,
      place.facts.map((fact) => h("div", {}, h("dt", {}, both(fact.label)), h("dd", { title: [fact.source, fact.period].filter(Boolean).join(" · ") }, typeof fact.value === "number" ? number(fact.value) : String(fact.value), " ", both(fact.unit), " ", origin(fact.origin))))),
    h("p", { class: "soft small" }, t("source"), ": ", h("a", { href: href("data", { part: "sources", source: place.source }, false) }, place.source)),
    place.level === "village" ? null : button(t("minutes_from_here"), () => from(place.place_id)),
  );
}

async function valueTable(base: string): Promise<Node> {
  const held = rows(await once<Columns>(`${base}/coverage`));
  return h("ul", {}, held.map((r) => h("li", {}, titled(String(r.name_zh), String(r.pinyin ?? "")), ": ", percent(Number(r.share)))));
}
