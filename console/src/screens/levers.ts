/** Levers: pick, date and cost them; what a bundle does to the tables, and what it costs by year; bundles side by side. */

import { once, send, type Both, type ProvinceDetail } from "../api";
import { bars, columns, frontier, waterfall } from "../bars";
import { h, replace } from "../dom";
import { both, button, later, notice, origin, problem, select, table, title } from "../parts";
import { placeNames } from "../places";
import { asker, chooser, latest, rowsOf, runLine, type Row } from "../runs";
import { go, href, note } from "../state";
import { has, language, number, percent, t } from "../words";
import type { Context, View } from "../main";

interface Lever { id: string; label: Both; kind: string; rows: string[]; moves: { id: string; label: Both }[]; start: string; ramp_years: number; payer: string; cost_origin: string; changes: { table: string; op: string; column: string; value: string }[] }
interface Held { levers: Lever[]; without: { rows: string[]; reason: string; zh: string; en: string }[] }
interface Bundle { on: string; fingerprint: string; opened: Record<string, number>; tables: { table: string; before: number; after: number }[]; shares: Record<string, number>; costs: { lever: string; year: number; capital_yuan: number; running_yuan: number; payer: string; origin: string }[] }

type Name = (id: string) => string;
type Picked = Map<string, number>;

/** Levers as the address writes them, each with the years it is put off by: third-tier-hubs,lockers~1.5 */
function pickedOf(text: string): Picked {
  return new Map(text.split(",").filter(Boolean).map((part) => { const [id, slip] = part.split("~"); return [id ?? "", Number(slip ?? 0)]; }));
}

function ask(province: string, picked: Picked, on: string): Promise<Bundle> {
  return send<Bundle>("POST", `/api/provinces/${province}/levers/bundle`, { levers: [...picked].map(([id, slip_years]) => ({ id, slip_years })), on });
}

/** The bundles kept to compare, as the address holds them: each its levers and its day. */
function keptNow(): string[] {
  return (new URLSearchParams(location.search).get("keep") ?? "").split("|").filter(Boolean);
}

export function show(context: Context): View {
  return { node: h("div", {}, title(t("screen_levers"), t("lead_levers")), later(inside(context))) };
}

async function inside(context: Context): Promise<Node> {
  const [held, pack] = await Promise.all([once<Held>(`/api/provinces/${context.province}/levers`), once<ProvinceDetail>(`/api/provinces/${context.province}`)]);
  const name: Name = (id) => both(held.levers.find((lever) => lever.id === id)?.label) || id;
  const tableName: Name = (id) => both(pack.tables.find((one) => one.table === id)?.label) || id;
  const picked = pickedOf(context.query.get("bundle") ?? "");
  const on = h("input", { type: "date", value: context.query.get("on") ?? "2025-12-31", onchange: () => void work() });
  const answer = h("div");
  const side = h("div");
  const text = (): string => [...picked].map(([id, slip]) => (slip ? `${id}~${slip}` : id)).join(",");
  const compare = (): void => replace(side, keptNow().length ? later(compared(context.province, name, (keep) => { note({ keep: keep.join("|") }); compare(); })) : null);
  const work = async (): Promise<void> => {
    note({ bundle: text() || null, on: on.value === "2025-12-31" ? null : on.value });
    if (!picked.size) return replace(answer, notice(t("pick_levers")));
    replace(answer, h("span", { class: "pulse" }, t("loading")));
    try {
      const made = await ask(context.province, picked, on.value);
      const keep = (): void => {
        note({ keep: [...new Set([...keptNow(), `${text()}@${on.value}`])].join("|") });
        compare();
      };
      replace(answer, told(made, name, tableName), h("p", {}, button(t("keep_bundle"), keep)));
    } catch (wrong) {
      replace(answer, problem(wrong));
    }
  };
  const rows = held.levers.map((lever) => {
    const slip = h("input", { type: "number", step: "0.5", min: -5, max: 15, value: picked.get(lever.id) ?? 0, "aria-label": `${both(lever.label)}: ${t("slip_years")}`, style: "width:4.6rem", onchange: (e: Event) => { if (picked.has(lever.id)) { picked.set(lever.id, Number((e.target as HTMLInputElement).value)); void work(); } } });
    const box = h("input", { type: "checkbox", checked: picked.has(lever.id), "aria-label": both(lever.label), onchange: (e: Event) => { if ((e.target as HTMLInputElement).checked) picked.set(lever.id, Number(slip.value)); else picked.delete(lever.id); void work(); } });
    return { lever, box, slip };
  });
  void work();
  compare();
  return h("div", {},
    h("div", { class: "row", style: "margin:.6rem 0" }, h("label", { class: "field" }, h("span", {}, t("look_on")), on)),
    h("div", { class: "two" },
      h("div", {}, table(t("screen_levers"), [
        { head: "", cell: (row: (typeof rows)[number]) => row.box }, { head: t("lever"), wide: true, cell: (row) => [h("strong", {}, both(row.lever.label)), h("div", { class: "soft small" }, row.lever.rows.join(" "), row.lever.moves.length ? ` · ${t("moves")} ${row.lever.moves.map((m) => both(m.label)).slice(0, 2).join("; ")}${row.lever.moves.length > 2 ? "…" : ""}` : "")] },
        { head: t("starts"), number: true, cell: (row) => row.lever.start.slice(0, 7) }, { head: t("slip_years"), cell: (row) => row.slip }, { head: t("payer"), cell: (row) => [t(`payer_${row.lever.payer}`), " ", origin(row.lever.cost_origin)] },
      ], rows), h("details", { style: "margin-top:.8rem" }, h("summary", {}, t("rows_without", { count: held.without.reduce((n, one) => n + one.rows.length, 0) })), h("ul", { class: "faults" }, held.without.map((one) => h("li", {}, h("code", {}, one.rows.join(" ")), " ", both(one as unknown as Both)))))),
      h("div", {}, answer, side, context.session.may.includes("compute") ? h("div", { style: "margin-top:1rem" }, h("p", { class: "soft" }, t("effect_words")), asker(t("measure_effect"), "effect", () => ({ levers: [...picked.keys()] }), "levers")) : null)),
    later(effects(context.province, name)));
}

interface Share { measure: string; unit: string; lever: string; before: number; after: number; share: number; gain: number; half_width: number; yuan_per_unit: number | null }
const UNITS: Record<string, string> = { "%": "percent", "runs/week": "runs", groups: "groups", stations: "stations", offices: "offices", h: "hours", "10^4 pieces": "pieces", yuan: "yuan", g: "grams" };

/** What each lever bought in the latest measurement: a waterfall by measure, yuan for a unit, the frontier, and who loses. */
async function effects(province: string, name: Name): Promise<Node> {
  const run = await latest(["effect"]);
  if (!run) return notice(t("no_effect_yet"));
  const wanted = ["shares", "frontier", "bundles", "cheapest", "counties"];
  const [[shares, front, bundles, aims, counties], places] = await Promise.all([Promise.all(wanted.map((one) => rowsOf(run, one))) as Promise<[Row[], Row[], Row[], Row[], Row[]]>, placeNames(province)]);
  const word = (measure: string): string => (has(`effect.measure_${measure}`) ? t(`effect.measure_${measure}`) : measure);
  const measures = [...new Set(shares.map((row) => String(row.measure)))].filter((m) => shares.some((row) => row.measure === m && Math.abs(Number(row.share)) > 1e-9));
  const asked = new URLSearchParams(location.search).get("measure");
  const shown = measures.find((m) => m === asked) ?? measures[0];
  if (!shown) return h("section", {}, h("h2", {}, t("what_they_buy")), notice(t("nothing_moved")), runLine(run));
  const mine = (shares as unknown as Share[]).filter((row) => row.measure === shown).sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const first = mine[0] as Share;
  const unit = UNITS[first.unit] ? t(`effect.unit_${UNITS[first.unit]}`) : first.unit;
  const bundle = (levers: unknown): string => String(levers).split("+").filter(Boolean).map(name).join(language() === "zh" ? "、" : ", ") || t("no_lever_at_all");
  const spot = (row: Row, value: unknown): { x: number; y: number; label: string } => ({ x: Number(row.cost_yuan) / 1e4, y: Number(value), label: bundle(row.levers) });
  const best = front.filter((row) => row.measure === shown).map((row) => spot(row, row.value)).sort((a, b) => a.x - b.x);
  const aim = aims.find((row) => row.measure === shown)?.aim;
  return h("section", {}, h("h2", {}, t("what_they_buy")), h("div", { class: "row mid" }, select(t("measure"), measures.map((m): [string, string] => [m, word(m)]), shown, (m) => go(href(undefined, { measure: m }))), await chooser(["effect"], run), origin("synthetic")),
    h("div", { class: "two", style: "margin:.8rem 0" },
      h("figure", { class: "card" }, h("b", {}, word(shown), " ", h("span", { class: "soft" }, unit)), waterfall(word(shown), first.before, first.after, mine.map((row) => ({ label: name(row.lever), value: row.share, half: row.half_width, good: row.gain >= 0 }))), h("p", { class: "soft small" }, t("waterfall_words"))),
      best.length ? h("figure", { class: "card" }, h("b", {}, t("frontier")), frontier(t("frontier"), bundles.map((row) => spot(row, row[shown])), best, { x: t("cost_a_year_wan"), y: `${word(shown)} ${unit}` }, aim === null || aim === undefined ? null : Number(aim)), h("p", { class: "soft small" }, t("frontier_words"))) : null),
    table(t("what_they_buy"), [
      { head: t("lever"), cell: (row: Share) => name(row.lever) }, { head: `${t("share_of_effect")} (${unit})`, number: true, cell: (row) => `${row.share >= 0 ? "+" : ""}${number(row.share, 3)} ± ${number(row.half_width, 3)}` }, { head: t("yuan_per_unit"), number: true, cell: (row) => (row.yuan_per_unit === null ? "–" : number(row.yuan_per_unit / 1e4, 1)) },
    ], mine),
    best.length ? h("details", { style: "margin-top:.8rem" }, h("summary", {}, t("frontier")), table(t("frontier"), [{ head: t("bundle"), wide: true, cell: (row: (typeof best)[number]) => row.label }, { head: t("cost_a_year_wan"), number: true, cell: (row) => number(row.x, 0) }, { head: `${word(shown)} ${unit}`, number: true, cell: (row) => number(row.y, 3) }], best)) : null,
    counties.length ? losers(counties, places) : null, runLine(run));
}

/** Counties by how much later or sooner their parcels arrive with the levers; those that lose stand first. */
function losers(counties: Row[], places: Map<string, string>): HTMLElement {
  const sorted = [...counties].sort((a, b) => Number(b.change_h) - Number(a.change_h));
  return h("details", { style: "margin-top:.5rem" }, h("summary", {}, t("who_loses")), table(t("who_loses"), [
    { head: t("level_county"), cell: (row: Row) => places.get(String(row.place_id)) ?? String(row.place_id) }, { head: t("hours_before"), number: true, cell: (row) => number(Number(row.before_h), 1) }, { head: t("hours_after"), number: true, cell: (row) => number(Number(row.after_h), 1) },
    { head: t("hours_change"), number: true, cell: (row) => h("span", { class: Number(row.change_h) > 0.05 ? "missed" : Number(row.change_h) < -0.05 ? "met" : "" }, `${Number(row.change_h) > 0 ? "+" : ""}${number(Number(row.change_h), 1)}`) },
  ], sorted));
}

function told(made: Bundle, name: Name, tableName: Name): HTMLElement {
  const years = [...new Set(made.costs.map((row) => row.year))].sort();
  const by = (column: "capital_yuan" | "running_yuan"): number[] => years.map((year) => made.costs.filter((row) => row.year === year).reduce((sum, row) => sum + row[column], 0) / 1e4);
  const each = Object.keys(made.shares).map((id) => ({ label: name(id), value: made.costs.filter((row) => row.lever === id).reduce((sum, row) => sum + row.capital_yuan + row.running_yuan, 0) / 1e4 })).sort((a, b) => b.value - a.value);
  return h("div", { class: "card" }, h("h2", {}, t("bundle_on", { day: made.on })),
    h("ul", { class: "parts" }, Object.entries(made.shares).map(([id, share]) => h("li", {}, name(id), " ", h("span", { class: "soft" }, `${percent(share, 0)} ${t("at_work")}${made.opened[id] ? ` · ${t("rows_opened", { count: number(made.opened[id] ?? 0) })}` : ""}`)))),
    h("h3", {}, t("cost_by_year")), columns(t("cost_by_year"), years, [{ name: t("capital"), values: by("capital_yuan"), kind: "" }, { name: t("running"), values: by("running_yuan"), kind: "b" }], { unit: t("in_wan"), height: 200 }),
    h("ul", { class: "key" }, h("li", {}, h("i", { style: "background:var(--a)" }), t("capital")), h("li", {}, h("i", { style: "background:var(--b)" }), t("running")), h("li", {}, t("in_wan"))),
    h("h3", {}, t("cost_by_lever")), bars(t("cost_by_lever"), each, (v) => number(v, 0)),
    h("h3", {}, t("tables_changed")), table(t("tables_changed"), [{ head: t("face.table"), cell: (row: Bundle["tables"][number]) => tableName(row.table) }, { head: t("without_levers"), number: true, cell: (row) => number(row.before) }, { head: t("with_levers"), number: true, cell: (row) => number(row.after) }], made.tables),
    h("p", { class: "soft small" }, t("fingerprint"), " ", h("code", {}, made.fingerprint.slice(0, 16))));
}

/** The kept bundles side by side, worked out again from what the address says. */
async function compared(province: string, name: Name, keep: (left: string[]) => void): Promise<Node> {
  const kept = keptNow();
  const made = await Promise.all(kept.map((one) => { const [levers, on] = one.split("@"); return ask(province, pickedOf(levers ?? ""), on ?? ""); }));
  const sum = (one: Bundle, column: "capital_yuan" | "running_yuan"): number => one.costs.reduce((all, row) => all + row[column], 0) / 1e4;
  const rows = made.map((one, k) => ({ key: kept[k] ?? "", one }));
  return h("section", {}, h("h2", {}, t("side_by_side")), table(t("side_by_side"), [
    { head: t("bundle"), wide: true, cell: ({ key, one }: (typeof rows)[number]) => h("a", { href: href(undefined, { bundle: key.split("@")[0] ?? null, on: key.split("@")[1] ?? null }) }, Object.keys(one.shares).map(name).join(language() === "zh" ? "、" : ", ")) }, { head: t("as_of"), short: true, cell: ({ one }) => one.on },
    { head: t("capital"), number: true, cell: ({ one }) => number(sum(one, "capital_yuan"), 0) }, { head: t("running"), number: true, cell: ({ one }) => number(sum(one, "running_yuan"), 0) },
    { head: t("rows_new"), number: true, cell: ({ one }) => number(Object.values(one.opened).reduce((a, b) => a + b, 0)) }, { head: "", cell: ({ key }) => button(t("take_out"), () => keep(kept.filter((one) => one !== key)), "quiet") },
  ], rows));
}
