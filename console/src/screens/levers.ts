/** Levers: pick, date and cost them; what a bundle does to the tables, and what it costs by year; bundles side by side. */

import { once, send, type Both } from "../api";
import { bars, columns, waterfall } from "../chart";
import { h, replace, type Child } from "../dom";
import { both, button, later, notice, origin, problem, select, table, title } from "../parts";
import { rowsTable, type Plain } from "../records";
import { asker, chooser, latest, rowsOf, runLine } from "../runs";
import { go, href, note } from "../state";
import { has, number, percent, t } from "../words";
import type { Context, View } from "../main";

interface Lever { id: string; label: Both; kind: string; rows: string[]; moves: { id: string; label: Both }[]; start: string; ramp_years: number; payer: string; cost_origin: string; changes: { table: string; op: string; column: string; value: string }[] }
interface Held { levers: Lever[]; without: { rows: string[]; reason: string; zh: string; en: string }[] }
interface Bundle { on: string; fingerprint: string; opened: Record<string, number>; tables: { table: string; before: number; after: number }[]; shares: Record<string, number>; costs: { lever: string; year: number; capital_yuan: number; running_yuan: number; payer: string; origin: string }[] }

const kept = new Map<string, Bundle>();

export function show(context: Context): View {
  return { node: h("div", {}, title(t("screen_levers"), t("lead_levers")), later(inside(context))) };
}

async function inside(context: Context): Promise<Node> {
  const held = await once<Held>(`/api/provinces/${context.province}/levers`);
  const picked = new Map<string, number>((context.query.get("bundle") ?? "").split(",").filter(Boolean).map((part) => { const [id, slip] = part.split("~"); return [id ?? "", Number(slip ?? 0)]; }));
  const on = h("input", { type: "date", value: context.query.get("on") ?? "2025-12-31", onchange: () => void work() });
  const answer = h("div");
  const side = h("div");
  const text = (): string => [...picked].map(([id, slip]) => (slip ? `${id}~${slip}` : id)).join(",");
  const work = async (): Promise<void> => {
    note({ bundle: text() || null, on: on.value === "2025-12-31" ? null : on.value });
    if (!picked.size) return replace(answer, notice(t("pick_levers")));
    replace(answer, h("span", { class: "pulse" }, t("loading")));
    try {
      const made = await send<Bundle>("POST", `/api/provinces/${context.province}/levers/bundle`, { levers: [...picked].map(([id, slip_years]) => ({ id, slip_years })), on: on.value });
      replace(answer, told(made, held), h("p", {}, button(t("keep_bundle"), () => { kept.set(`${text()} · ${on.value}`, made); replace(side, compared(held)); })));
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
  return h("div", {},
    h("div", { class: "row", style: "margin:.6rem 0" }, h("label", { class: "field" }, h("span", {}, t("look_on")), on)),
    h("div", { class: "two" },
      h("div", {}, table(t("screen_levers"), [
        { head: "", cell: (row: (typeof rows)[number]) => row.box }, { head: t("lever"), wide: true, cell: (row) => [h("strong", {}, both(row.lever.label)), h("div", { class: "soft small" }, row.lever.rows.join(" "), row.lever.moves.length ? ` · ${t("moves")} ${row.lever.moves.map((m) => both(m.label)).slice(0, 2).join("; ")}${row.lever.moves.length > 2 ? "…" : ""}` : "")] },
        { head: t("starts"), number: true, cell: (row) => row.lever.start.slice(0, 7) }, { head: t("slip_years"), cell: (row) => row.slip }, { head: t("payer"), cell: (row) => [t(`payer_${row.lever.payer}`), " ", origin(row.lever.cost_origin)] },
      ], rows), h("details", { style: "margin-top:.8rem" }, h("summary", {}, t("rows_without", { count: held.without.reduce((n, one) => n + one.rows.length, 0) })), h("ul", { class: "faults" }, held.without.map((one) => h("li", {}, h("code", {}, one.rows.join(" ")), " ", both(one as unknown as Both)))))),
      h("div", {}, answer, side, context.session.may.includes("compute") ? h("div", { style: "margin-top:1rem" }, h("p", { class: "soft" }, t("effect_words")), asker(t("measure_effect"), "effect", () => ({ levers: [...picked.keys()] }), "levers")) : null)),
    later(effects(held)));
}

interface Share { measure: string; lever: string; before: number; after: number; share: number; gain: number; half_width: number; yuan_per_unit: number | null }

/** What each lever bought in the latest measurement: a waterfall by measure, yuan for a unit, and the frontier. */
async function effects(held: Held): Promise<Node> {
  const run = await latest(["effect"]);
  if (!run) return notice(t("no_effect_yet"));
  const [shares, frontier, counties] = await Promise.all([rowsOf(run, "shares"), rowsOf(run, "frontier"), rowsOf(run, "counties")]);
  const name = (id: string): string => both(held.levers.find((lever) => lever.id === id)?.label) || id;
  const word = (measure: string): string => (has(`effect.measure_${measure}`) ? t(`effect.measure_${measure}`) : measure);
  const measures = [...new Set(shares.map((row) => String(row.measure)))].filter((m) => shares.some((row) => row.measure === m && Math.abs(Number(row.share)) > 1e-9));
  const asked = new URLSearchParams(location.search).get("measure");
  const shown = measures.find((m) => m === asked) ?? measures[0];
  if (!shown) return h("section", {}, h("h2", {}, t("what_they_buy")), notice(t("nothing_moved")), runLine(run));
  const mine = (shares as unknown as Share[]).filter((row) => row.measure === shown).sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const first = mine[0] as Share;
  return h("section", {}, h("h2", {}, t("what_they_buy")), h("div", { class: "row mid" }, select(t("measure"), measures.map((m): [string, string] => [m, word(m)]), shown, (m) => go(href(undefined, { measure: m }))), await chooser(["effect"], run), origin("synthetic")),
    h("div", { class: "card", style: "margin:.8rem 0" }, h("b", {}, word(shown)), waterfall(word(shown), first.before, first.after, mine.map((row) => ({ label: name(row.lever), value: row.share, half: row.half_width, good: row.gain >= 0 })))),
    table(t("what_they_buy"), [
      { head: t("lever"), cell: (row: Share) => name(row.lever) }, { head: t("share_of_effect"), number: true, cell: (row) => `${row.share >= 0 ? "+" : ""}${number(row.share, 3)} ± ${number(row.half_width, 3)}` }, { head: t("yuan_per_unit"), number: true, cell: (row) => (row.yuan_per_unit === null ? "–" : number(row.yuan_per_unit / 1e4, 1)) },
    ], mine),
    frontier.length ? h("details", { style: "margin-top:.8rem" }, h("summary", {}, t("frontier")), rowsTable(t("frontier"), frontier.slice(0, 60) as Plain[])) : null,
    counties.length ? h("details", { style: "margin-top:.5rem" }, h("summary", {}, t("who_loses")), rowsTable(t("who_loses"), counties.slice(0, 80) as Plain[])) : null, runLine(run));
}

function told(made: Bundle, held: Held): HTMLElement {
  const years = [...new Set(made.costs.map((row) => row.year))].sort();
  const by = (column: "capital_yuan" | "running_yuan"): number[] => years.map((year) => made.costs.filter((row) => row.year === year).reduce((sum, row) => sum + row[column], 0) / 1e4);
  const name = (id: string): string => both(held.levers.find((lever) => lever.id === id)?.label) || id;
  const each = Object.keys(made.shares).map((id) => ({ label: name(id), value: made.costs.filter((row) => row.lever === id).reduce((sum, row) => sum + row.capital_yuan + row.running_yuan, 0) / 1e4 })).sort((a, b) => b.value - a.value);
  return h("div", { class: "card" }, h("h2", {}, t("bundle_on", { day: made.on })),
    h("ul", { class: "parts" }, Object.entries(made.shares).map(([id, share]) => h("li", {}, name(id), " ", h("span", { class: "soft" }, `${percent(share, 0)} ${t("at_work")}${made.opened[id] ? ` · ${t("rows_opened", { count: number(made.opened[id] ?? 0) })}` : ""}`)))),
    h("h3", {}, t("cost_by_year")), columns(t("cost_by_year"), years, [{ name: t("capital"), values: by("capital_yuan"), kind: "" }, { name: t("running"), values: by("running_yuan"), kind: "b" }], 620, 200),
    h("ul", { class: "key" }, h("li", {}, h("i", { style: "background:var(--a)" }), t("capital")), h("li", {}, h("i", { style: "background:var(--b)" }), t("running")), h("li", {}, t("in_wan"))),
    h("h3", {}, t("cost_by_lever")), bars(t("cost_by_lever"), each, (v) => number(v, 0), 620),
    h("h3", {}, t("tables_changed")), table(t("tables_changed"), [{ head: t("face.table"), cell: (row: Bundle["tables"][number]) => row.table }, { head: t("without_levers"), number: true, cell: (row) => number(row.before) }, { head: t("with_levers"), number: true, cell: (row) => number(row.after) }], made.tables),
    h("p", { class: "soft small" }, t("fingerprint"), " ", h("code", {}, made.fingerprint.slice(0, 16))));
}

function compared(held: Held): Child {
  const name = (id: string): string => both(held.levers.find((lever) => lever.id === id)?.label) || id;
  const rows = [...kept].map(([key, made]) => ({ key, made, capital: made.costs.reduce((sum, row) => sum + row.capital_yuan, 0) / 1e4, running: made.costs.reduce((sum, row) => sum + row.running_yuan, 0) / 1e4 }));
  return h("section", {}, h("h2", {}, t("side_by_side")), table(t("side_by_side"), [
    { head: t("bundle"), wide: true, cell: (row: (typeof rows)[number]) => Object.keys(row.made.shares).map(name).join("; ") }, { head: t("as_of"), cell: (row) => row.made.on }, { head: t("capital"), number: true, cell: (row) => number(row.capital, 0) }, { head: t("running"), number: true, cell: (row) => number(row.running, 0) },
    { head: t("rows_new"), number: true, cell: (row) => number(Object.values(row.made.opened).reduce((a, b) => a + b, 0)) },
  ], rows));
}
