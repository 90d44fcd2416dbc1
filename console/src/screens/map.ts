/** The map: layers of the province, search by characters or pinyin, and the facts of what is clicked. */

import { get, once, type Columns, type Place, type PlaceHit } from "../api";
import { h, replace, type Child } from "../dom";
import { drawMap, rows, TOO_OLD, type Drawn } from "../geo";
import { playDay } from "../play";
import { latest, rowsOf } from "../runs";
import { both, button, later, notice, origin, problem, select } from "../parts";
import { address, note } from "../state";
import { clock, named, number, percent, t } from "../words";
import type { Context, View } from "../main";

const PLAIN = ["villages", "townships", "roads", "railways", "flows"] as const;
const COLOURS: Record<string, string> = {
  villages: "#7a5c99", townships: "#3c6e9f", roads: "#b07d2b", railways: "#4b5565", flows: "#257a6b", hub: "#a5271c", county_centre: "#d0662f",
  park: "#6b7c3a", base: "#6b7c3a", exchange_office: "#1d5fd1", safety_centre: "#4b5565", terminal_station: "#c2539b", pick_up_point: "#c2539b",
  locker_group: "#8a5f18", cooperation_outlet: "#2b8aa0", village_post_station: "#0b5c4a", village_commerce_point: "#5ba391", door_delivery_village: "#94a332",
};
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
  const chosen = context.query.get("theme") ?? "coverage";
  void theme(base, chosen, drawn, panel);
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
    [...list.querySelectorAll("button")].forEach((b, k) => { const hit = hits[k]; if (hit) replace(b, named(hit.name_zh, hit.pinyin), h("small", {}, hit.above)); });
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
  for (const name of shown) void load(base, name, drawn);
  return [
    select(t("theme"), [["coverage", t("theme_coverage")], ["service", t("theme_service")], ["minutes", t("theme_minutes")], ["none", t("theme_none")]], context.query.get("theme") ?? "coverage", (name) => {
      note({ theme: name });
      void theme(base, name, drawn, panel);
    }),
    h("div", { class: "theme-key" }),
    h("ul", { class: "layers", style: "margin-top:.6rem" }, PLAIN.map((name) => item(name, t(`layer_${name}`), null, name === "flows" ? "derived" : null)), held.map((kind) => item(String(kind.kind), t(`site_${kind.kind}`), Number(kind.count), kind.origin))),
  ];
}

/** Hubs by tier and line-hauls of the latest trunk, and a day of it played as moving vehicles. */
async function trunkLayers(context: Context, drawn: Drawn, node: HTMLElement, panel: HTMLElement): Promise<void> {
  const run = await latest(["trunk-baseline"]);
  if (!run) return;
  const hauls = (await rowsOf(run, "line_hauls")).filter((row) => row.season !== "peak");
  const base = `/api/provinces/${context.province}`;
  const spots = new Map<string, [number, number]>();
  for (const level of ["prefecture", "county", "external"]) for (const row of rows(await once<Columns>(`${base}/points/${level}`))) spots.set(String(row.place_id), [Number(row.lon), Number(row.lat)]);
  const player = playDay(drawn, hauls.flatMap((row) => {
    const [a, b] = [spots.get(String(row.from_place_id)), spots.get(String(row.to_place_id))];
    return a && b ? [{ a, b, from: Number(row.depart_min), lasts: Number(row.duration_min), pieces: Number(row.capacity_pieces) }] : [];
  }));
  const box = h("input", { type: "checkbox", onchange: (e: Event) => { player.hidden = !(e.target as HTMLInputElement).checked; note({ play: player.hidden ? null : "1" }); player.dispatchEvent(new Event(player.hidden ? "rest" : "begin")); } });
  panel.querySelector(".layers")?.prepend(h("li", {}, h("label", {}, box, h("i", { style: "background:#a5271c" }), h("span", {}, t("play_day"), " ", origin(String(hauls[0]?.origin ?? ""))))));
  node.append(player);
  if (context.query.get("play")) box.click();
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
      drawn.paint(new Map(held.map((r) => [String(r.county_id), RAMP[5 - edges.filter((e) => Number(r.walk_mean_min) >= e).length] ?? ""])), new Map(held.map((r) => [String(r.county_id), `${number(Number(r.walk_mean_min), 0)} min`])), "synthetic");
      const worst = [...held].sort((a, b) => Number(b.walk_mean_min) - Number(a.walk_mean_min))[0];
      replace(key, scaleKey([...RAMP].reverse(), "< 5 min", "≥ 30 min"), h("p", { class: "soft small" }, t("service_words"), " ", origin("synthetic")), worst ? h("p", { class: "small" }, t("worst_county"), " ", named(String(worst.county_zh), String(worst.county_en)), ` ${number(Number(worst.walk_mean_min), 0)} min`) : null);
    } else if (name === "minutes") {
      const from = new URLSearchParams(location.search).get("from") ?? "2201";
      const [held, place] = await Promise.all([once<Columns>(`${base}/minutes?place=${from}`), once<Place>(`${base}/places/${from}`)]);
      const values = rows(held).map((r): [string, number] => [String(r.to_id), Number(r.duration_min)]);
      const top = Math.max(60, ...values.map(([, v]) => v));
      drawn.paint(new Map(values.map(([id, v]) => [id, RAMP[5 - Math.min(5, Math.floor((6 * v) / (top + 1)))] ?? ""])), new Map(values.map(([id, v]) => [id, clock(v)])));
      replace(key, scaleKey([...RAMP].reverse(), "0:00", clock(top)), h("p", { class: "soft small" }, t("minutes_from", { place: named(place.name_zh, place.pinyin) }), " ", origin("derived")));
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
    h("div", { class: "row mid", style: "justify-content:space-between;flex-wrap:nowrap" }, h("h2", { style: "margin:0;font-size:1.1rem;color:var(--ink)" }, named(place.name_zh, place.pinyin), " ", origin(place.origin)), button(t("close"), close, "quiet")),
    h("p", { class: "soft small", style: "margin:.1rem 0 .5rem" }, [place.above, t(`level_${place.level}`), place.place_id].filter(Boolean).join(" · ")),
    place.why.map((words) => notice(both(words), "synthetic")),
    h("dl", { class: "facts" },
      measured ? h("div", {}, h("dt", {}, t("theme_minutes")), h("dd", {}, measured)) : null,
      place.facts.map((fact) => h("div", {}, h("dt", {}, both(fact.label)), h("dd", { title: [fact.source, fact.period].filter(Boolean).join(" · ") }, typeof fact.value === "number" ? number(fact.value) : String(fact.value), " ", both(fact.unit), " ", origin(fact.origin))))),
    h("p", { class: "soft small" }, t("source"), ": ", h("code", {}, place.source)),
    place.level === "village" ? null : button(t("minutes_from_here"), () => from(place.place_id)),
  );
}

async function valueTable(base: string): Promise<Node> {
  const held = rows(await once<Columns>(`${base}/coverage`));
  return h("ul", {}, held.map((r) => h("li", {}, named(String(r.name_zh), String(r.pinyin ?? "")), ": ", percent(Number(r.share)))));
}
