/** Villages: the rounds of a county, four ways of serving each township, who pays what, and who loses. */

import { once, type Columns } from "../api";
import { bars } from "../bars";
import { comparison } from "../compare";
import { h, type Child } from "../dom";
import { both, later, notice, origin, select, table, title } from "../parts";
import { placeNames } from "../places";
import { learnNames, named, nameOf } from "../records";
import { roundsOf } from "../rounds";
import { asker, chooser, latest, rowsOf, runLine, type Row } from "../runs";
import { go, href } from "../state";
import { clock, number, percent, t } from "../words";
import type { Context, View } from "../main";

const WAYS = ["alone", "shared_centre", "shared_round", "shared_bus"];

export function show(context: Context): View {
  return { node: h("div", {}, title(t("screen_villages"), t("lead_villages")), later(inside(context))) };
}

async function inside(context: Context): Promise<Node> {
  const run = await latest(["rural-rounds"]);
  const counties = await once<Columns>(`/api/provinces/${context.province}/points/county`);
  const [names] = await Promise.all([placeNames(context.province, ["county"]), learnNames(context.province)]);
  const real = (counties.columns.place_id ?? []).map(String).filter((_, k) => counties.columns.kind?.[k] !== "dev_zone");
  const pick = h("select", { "aria-label": t("level_county") }, real.map((id) => h("option", { value: id, selected: id === (context.query.get("ask") ?? "222426") }, names.get(id) ?? id)));
  const asks = context.session.may.includes("compute") ? h("div", { class: "row" }, h("label", { class: "field" }, h("span", {}, t("design_county")), pick), asker(t("design_rounds"), "rounds", () => ({ counties: [pick.value] }), "villages")) : null;
  if (!run) return h("div", {}, notice(t("no_rounds_yet")), asks);
  const [townships, villages, splits, couriers] = await Promise.all([rowsOf(run, "townships"), rowsOf(run, "villages"), rowsOf(run, "splits"), rowsOf(run, "couriers")]);
  const [reveals, buses] = await Promise.all([rowsOf(run, "reveals"), rowsOf(run, "bus_lines")]);
  const held = [...new Set(townships.map((row) => String(row.county_id)))];
  const county = context.query.get("county") ?? held[0] ?? "";
  const mine = (rows: Row[]): Row[] => rows.filter((row) => String(row.county_id) === county);
  const choose = h("select", { "aria-label": t("level_county"), onchange: (e: Event) => go(href(undefined, { county: (e.target as HTMLSelectElement).value })) }, held.map((id) => h("option", { value: id, selected: id === county }, names.get(id) ?? id)));
  return h("div", {},
    h("div", { class: "row mid" }, choose, await chooser([run.kind], run), origin(String(townships[0]?.origin ?? ""), true)), notice(t("rounds_synthetic"), "synthetic"), asks,
    later(roundsOf(run, county, context.province)), ways(mine(townships)), losers(mine(villages)), split(mine(splits), mine(reveals), context), holds(mine(buses)), unserved(run.facts.why), workload(mine(couriers)), runLine(run), await comparison(["rural-rounds"], "villages", context.session.may.includes("compute")));
}

function ways(rows: Row[]): HTMLElement {
  const sum = (way: string, column: string): number => rows.filter((row) => row.way === way).reduce((all, row) => all + Number(row[column] ?? 0), 0);
  const pieces = sum("alone", "pieces_week");
  const yuan = WAYS.map((way) => ({ label: t(`way_${way}`), value: sum(way, "yuan_week") / Math.max(1, pieces), kind: way === "alone" ? "e" : "" }));
  const grams = WAYS.map((way) => ({ label: t(`way_${way}`), value: (1000 * sum(way, "co2e_kg_week")) / Math.max(1, pieces), kind: "c" }));
  const chosen = rows.filter((row) => row.chosen);
  return h("section", {}, h("h2", {}, t("four_ways")),
    h("div", { class: "two" }, h("figure", { class: "card", style: "margin:0" }, h("b", {}, t("yuan_piece")), bars(t("yuan_piece"), yuan, (v) => number(v, 2))), h("figure", { class: "card", style: "margin:0" }, h("b", {}, t("grams_piece")), bars(t("grams_piece"), grams, (v) => number(v, 0)))),
    h("h3", {}, t("by_township")),
    table(t("by_township"), [
      { head: t("level_township"), cell: (row: Row) => String(row.township) }, { head: t("chosen_way"), cell: (row) => t(`way_${row.way}`) }, { head: t("pieces_week"), number: true, cell: (row) => number(Number(row.pieces_week), 0) },
      { head: t("yuan_piece"), number: true, cell: (row) => number(Number(row.yuan_piece), 2) },
      { head: t("saving"), number: true, cell: (row) => { const alone = rows.find((one) => one.township_id === row.township_id && one.way === "alone"); return alone ? percent(1 - Number(row.yuan_week) / Math.max(1e-9, Number(alone.yuan_week)), 0) : ""; } },
      { head: "km", number: true, cell: (row) => number(Number(row.km_week), 0) }, { head: t("grams_piece"), number: true, cell: (row) => number(Number(row.co2e_g_piece), 0) },
    ], chosen));
}

function losers(villages: Row[]): HTMLElement {
  const later_ = villages.filter((row) => row.arrive_alone_min !== null && Number(row.arrive_min) > Number(row.arrive_alone_min) + 1).map((row): Row => ({ ...row, later: Number(row.arrive_min) - Number(row.arrive_alone_min) })).sort((a, b) => Number(b.later) - Number(a.later));
  const days = new Map<number, number>();
  for (const row of villages) days.set(Number(row.days_a_week), (days.get(Number(row.days_a_week)) ?? 0) + 1);
  return h("section", {}, h("h2", {}, t("losers", { count: later_.length, all: villages.length })),
    h("p", { class: "soft" }, t("days_served"), " ", [...days.entries()].sort((a, b) => b[0] - a[0]).map(([d, n]) => `${d}×: ${number(n)}`).join(" · ")),
    later_.length ? table(t("losers", { count: later_.length, all: villages.length }), [
      { head: t("level_village"), cell: (row: Row) => String(row.village) }, { head: t("arrives"), number: true, cell: (row) => clock(Number(row.arrive_min)) }, { head: t("arrives_alone"), number: true, cell: (row) => clock(Number(row.arrive_alone_min)) }, { head: t("later_min"), number: true, cell: (row) => number(Number(row.later), 0) },
      { head: t("days_a_week"), number: true, cell: (row) => number(Number(row.days_a_week)) }, { head: t("brands"), number: true, cell: (row) => `${row.brands_before} → ${row.brands_after}` },
    ], later_.slice(0, 25)) : h("p", {}, t("nobody_loses")));
}

/** Who pays what: every operator's saving, what it has to tell, and one operator's own answer where it is picked. */
function split(rows: Row[], reveals: Row[], context: Context): Child {
  if (!rows.length) return null;
  const yuan = (fen: unknown): string => number(Number(fen) / 100, 0);
  const stable = (row: Row, rule: string): Child => [yuan(row[`${rule}_fen`]), " ", row[`${rule}_stable`] ? h("span", { class: "met", title: t("stable") }, "✓") : h("span", { class: "missed", title: t("unstable") }, "✕")];
  const saving = (row: Row): string => percent(1 - Number(row.shapley_fen) / Math.max(1, Number(row.alone_fen)), 0);
  const asked = context.session.role === "enterprise" ? context.session.scope : (context.query.get("operator") ?? "");
  const me = rows.find((row) => row.operator_id === asked);
  const choose = select(t("my_operator"), [["", t("all_operators")], ...rows.map((row): [string, string] => [String(row.operator_id), nameOf("operator_id", String(row.operator_id)) ?? String(row.operator_id)])], me ? asked : "", (id) => go(href(undefined, { operator: id || null })));
  const level = (row: Row): string => t(`reveal_${row.must_reveal}`);
  return h("section", {}, h("h2", {}, t("split")), h("p", { class: "soft" }, t("split_words")), choose,
    me ? h("div", { class: "card", style: "margin:.6rem 0" }, h("p", { style: "margin:0" }, t("my_join", { operator: nameOf("operator_id", asked) ?? asked, alone: yuan(me.alone_fen), pays: yuan(me.shapley_fen), saves: yuan(Number(me.alone_fen) - Number(me.shapley_fen)), share: saving(me) }), " ", h("strong", {}, level(me)), " ", me.nucleolus_stable ? t("my_join_stable") : "")) : null,
    table(t("split"), [
      { head: t("col_operator_id"), cell: (row: Row) => (row === me ? h("strong", {}, named("operator_id", row.operator_id)) : named("operator_id", row.operator_id)) }, { head: t("col_share"), number: true, cell: (row) => percent(Number(row.share)) }, { head: t("alone_pays"), number: true, cell: (row) => yuan(row.alone_fen) },
      { head: "Shapley", number: true, cell: (row) => stable(row, "shapley") }, { head: t("nucleolus"), number: true, cell: (row) => stable(row, "nucleolus") }, { head: t("equal_profit"), number: true, cell: (row) => stable(row, "equal_profit") },
      { head: t("saving"), number: true, cell: saving },
      ...(rows.some((row) => row.must_reveal) ? [{ head: t("must_reveal"), wide: true, cell: level }] : []),
    ], rows),
    reveals.length ? h("ul", { class: "parts" }, reveals.map((row, k) => h("li", {}, h("strong", {}, t(`reveal_${row.level}`)), h("div", { class: "soft" }, t("reveal_change", { count: number(Number(row.numbers_each)), change: percent(Number(row.largest_change)) }), k === reveals.findIndex((one) => one.enough) ? ` ${t("reveal_enough")}` : "")))) : null);
}

/** Buses that could carry a township's parcels: what it saves against a van, what it pays the bus, and whether they go. */
function holds(rows: Row[]): Child {
  if (!rows.length) return null;
  const best = [...rows].sort((a, b) => Number(b.saving_yuan_week ?? 0) - Number(a.saving_yuan_week ?? 0));
  const used = rows.filter((row) => Number(row.trips) > 0).length;
  return h("section", {}, h("h2", {}, t("bus_holds", { count: used, all: rows.length })), h("p", { class: "soft" }, t("bus_holds_words")),
    used ? null : notice(t("bus_none")),
    table(t("bus_holds", { count: "", all: "" }), [
      { head: t("level_township"), cell: (row: Row) => String(row.township) }, { head: t("bus_trips"), number: true, cell: (row) => number(Number(row.trips)) }, { head: t("van_yuan_piece"), number: true, cell: (row) => (row.van_yuan_piece === null ? "–" : number(Number(row.van_yuan_piece), 2)) }, { head: t("bus_feeds"), cell: (row) => (row.feeds ? h("span", { class: "met" }, "✓") : "–") },
      { head: t("pieces_day"), number: true, cell: (row) => number(Number(row.pieces_day), 0) }, { head: t("bus_fee_week"), number: true, cell: (row) => (row.fee_yuan_week === null ? "–" : number(Number(row.fee_yuan_week), 0)) }, { head: t("bus_saving_week"), number: true, cell: (row) => (row.saving_yuan_week === null ? "–" : number(Number(row.saving_yuan_week), 0)) },
      { head: t("bus_worst_delay"), number: true, cell: (row) => (row.worst_delay_min === null ? "–" : number(Number(row.worst_delay_min), 0)) },
    ], best));
}

function unserved(why: unknown): Child {
  const held = Array.isArray(why) ? (why as Record<string, string>[]) : [];
  return h("section", {}, h("h2", {}, t("unserved", { count: held.length })), held.length ? h("ul", { class: "faults" }, held.slice(0, 40).map((one) => h("li", {}, both(one)))) : h("p", {}, t("all_served")));
}

function workload(rows: Row[]): Child {
  if (!rows.length) return null;
  const monday = rows.filter((row) => Number(row.weekday) === 1).sort((a, b) => Number(b.worked_min) - Number(a.worked_min));
  return h("details", { style: "margin-top:1rem" }, h("summary", {}, t("workload", { count: monday.length })), table(t("workload", { count: monday.length }), [
    { head: t("round"), cell: (row: Row) => String(row.round_id) }, { head: t("worked"), number: true, cell: (row) => clock(Number(row.worked_min)) }, { head: t("stops"), number: true, cell: (row) => number(Number(row.stops)) }, { head: t("pieces"), number: true, cell: (row) => number(Number(row.pieces), 0) }, { head: "km", number: true, cell: (row) => number(Number(row.km), 0) },
  ], monday.slice(0, 60)));
}
