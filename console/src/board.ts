/** The next 72 hours: each hub's load by half hour, what breaks first, who acts, what helps, and what leaves when. */

import { get, type Run } from "./api";
import { h, s, type Child } from "./dom";
import { columns } from "./bars";
import { wide } from "./chart";
import { field, notice, origin, select, table } from "./parts";
import { asker, chooser, latest, rowsOf, runLine, type Row } from "./runs";
import { go, href } from "./state";
import { columnName } from "./records";
import { clock, language, number, t, when } from "./words";
import type { Context } from "./main";

const SLOTS = 144;
type Name = (id: unknown) => string;

export async function board(context: Context, name: Name): Promise<HTMLElement> {
  const run = await latest(["outlook"]);
  return h("section", {}, h("h2", {}, t("board")), h("p", { class: "soft" }, t("board_words")),
    notice(t("board_synthetic"), "synthetic"),
    context.session.may.includes("compute") ? await asked() : null,
    await alarms(),
    run ? await shown(run, name, context) : notice(t("no_board_yet")));
}

/** What the latest ledger raised the alarm about, beside what the twin expects; nothing where no ledger has any. */
async function alarms(): Promise<HTMLElement | null> {
  const run = await latest(["ledger"]);
  const rows = run && run.tables.alerts ? await rowsOf(run, "alerts") : [];
  if (!run || !rows.length) return null;
  const most = [...rows].sort((a, b) => Number(b.seen) - Number(b.high) - Number(a.seen) + Number(a.high)).slice(0, 5);
  return h("section", {}, h("div", { class: "row mid" }, h("h3", {}, t("board_alarms", { count: rows.length, day: String(run.facts.alert_day) })), origin(String(run.facts.origin), true)),
    table(t("part_of_supervision_alerts"), [
      { head: columnName("outlet_id"), cell: (row: Row) => String(row.outlet_id) }, { head: t("level_of_hour"), number: true, cell: (row) => clock(60 * Number(row.hour)) },
      { head: t("seen_pieces"), number: true, cell: (row) => number(Number(row.seen)) }, { head: t("expected_pieces"), number: true, cell: (row) => `${number(Number(row.expected), 1)} (${number(Number(row.low))}–${number(Number(row.high))})` },
      { head: t("reason"), wide: true, cell: (row) => String(row[`reason_${language()}`] ?? "") },
    ], most),
    h("p", {}, h("a", { href: href("supervision", { part: "alerts" }, false) }, t("part_of_supervision_alerts"), " →")));
}

/** The form that asks for a new outlook: from which day, on which trunk, in which weather, with how much more. */
async function asked(): Promise<HTMLElement> {
  const plans = (await get<Run[]>("/api/runs")).filter((one) => one.kind === "trunk" || one.kind === "trunk-baseline");
  const first = h("input", { type: "date", value: new Date(Date.now() + 864e5).toISOString().slice(0, 10) });
  const extra = h("input", { type: "number", min: -50, max: 300, step: 5, value: 0, style: "width:6rem" });
  const plants = h("input", { type: "number", min: 2015, max: 2035, step: 1, placeholder: t("as_designed"), style: "width:8rem" });
  let [weather, plan] = ["ordinary", ""];
  return h("div", { class: "row card" }, field(t("first_day"), first),
    select(t("trunk_used"), [["", t("trunk_by_rule")], ...plans.map((one): [string, string] => [one.run_id, `${t(`kind_${one.kind}`)} · ${when(one.made_at)}`])], plan, (value) => (plan = value)),
    select(t("weather"), [["ordinary", t("weather_ordinary")], ["snow", t("weather_snow")]], weather, (value) => (weather = value)),
    field(t("extra_percent"), extra), field(t("plants_of_year"), plants),
    asker(t("look_ahead"), "outlook", () => ({ first: first.value, weather, plan, extra_percent: Number(extra.value), plants_year: plants.value ? Number(plants.value) : null }), "drills"));
}

async function shown(run: Run, name: Name, context: Context): Promise<HTMLElement> {
  const [days, hubs, breaks, actions, departures] = await Promise.all(["days", "hubs", "breaks", "actions", "departures"].map((one) => rowsOf(run, one)) as [Promise<Row[]>, Promise<Row[]>, Promise<Row[]>, Promise<Row[]>, Promise<Row[]>]);
  const first = breaks[0];
  const option = (key: string): unknown => run.options[key];
  return h("div", {}, h("div", { class: "row mid", style: "margin-top:1rem" }, await chooser(["outlook"], run), origin("synthetic", true)),
    h("p", { class: "soft" }, [String(run.facts.first_day), t(`weather_${String(option("weather"))}`), `${t("extra_percent")} ${number(Number(option("extra_percent")))}`, option("plants_year") ? `${t("plants_of_year")} ${String(option("plants_year"))}` : "", `${t("late")} ${number(Number(run.facts.late_percent), 1)} %`].filter(Boolean).join(" · ")),
    first ? notice([h("strong", {}, t("breaks_first", { hub: name(first.place_id), time: moment(first.from_min) })), " ", t("breaks_count", { count: breaks.length })], "bad") : notice(t("nothing_breaks")),
    h("h3", {}, t("expected_by_day")),
    table(t("expected_by_day"), [{ head: t("col_day"), cell: (row: Row) => String(row.day) }, { head: t("pieces"), number: true, cell: (row) => number(Number(row.pieces), 0) }, { head: t("late_pieces"), number: true, cell: (row) => number(Number(row.late_pieces), 0) }, { head: t("late"), number: true, cell: (row) => `${number(Number(row.late_percent), 1)} %` }], days),
    h("h3", {}, t("load_by_half_hour")), h("div", { class: "card scroll", tabindex: 0, role: "region", "aria-label": t("load_by_half_hour") }, heat(hubs, breaks, name)), h("p", { class: "soft small" }, t("load_words")),
    first ? helps(actions, name, first) : null,
    first ? h("div", {}, h("h3", {}, t("what_breaks")), broken(breaks.slice(0, 10), name), breaks.length > 10 ? h("details", {}, h("summary", {}, t("and_more", { count: breaks.length - 10 })), broken(breaks.slice(10), name)) : null) : null,
    oneHub(hubs, departures, String(context.query.get("hub") ?? first?.place_id ?? "2201"), name), runLine(run));
}

function helps(actions: Row[], name: Name, first: Row): Child {
  return [h("h3", {}, t("what_helps", { hub: name(first.place_id) })), table(t("what_helps", { hub: "" }), [
    { head: t("action"), wide: true, cell: (row: Row) => t(`ahead_${row.action}`, { via: row.via_place_id ? name(row.via_place_id) : "" }) }, { head: t("late_pieces"), number: true, cell: (row) => (row.possible ? number(Number(row.late_pieces), 0) : "") },
    { head: t("spared"), number: true, cell: (row) => (row.possible ? `${number(Number(row.spared_pieces), 0)} (${number(Number(row.spared_percent), 1)} %)` : t("not_possible")) },
  ], [...actions].sort((a, b) => Number(b.spared_pieces ?? -1e18) - Number(a.spared_pieces ?? -1e18)))];
}

function broken(rows: Row[], name: Name): HTMLElement {
  return table(t("what_breaks"), [
    { head: t("at"), cell: (row: Row) => name(row.place_id) }, { head: t("from_hour"), cell: (row) => moment(row.from_min) }, { head: t("worst_at"), cell: (row) => moment(row.worst_min) }, { head: t("queue"), number: true, cell: (row) => number(Number(row.worst_queue_pieces), 0) },
    { head: t("hours_of_work"), number: true, cell: (row) => number(Number(row.work_h), 1) }, { head: t("room_elsewhere"), cell: (row): Child => (row.spare_place_id ? `${name(row.spare_place_id)} ${number(Number(row.spare_pieces), 0)}` : "") },
    { head: t("who_acts"), wide: true, cell: (row): Child => (row.acting_name_zh ? h("a", { href: href("supervision", { part: "cases", table: "emergencies" }, false), lang: "zh" }, String(row.acting_name_zh)) : "") },
  ], rows);
}

const moment = (minutes: unknown): string => t("day_clock", { day: Math.floor(Number(minutes) / 1440) + 1, time: clock(Number(minutes) % 1440) });

/** A row per hub, a cell per half hour: how full its sorters are, and a mark where more than an hour's work waits. */
function heat(rows: Row[], breaks: Row[], name: Name): SVGSVGElement {
  const worst = new Map<string, number>();
  for (const row of rows) worst.set(String(row.place_id), Math.max(worst.get(String(row.place_id)) ?? 0, Number(row.load_percent ?? 0)));
  const order = new Map(breaks.map((row, k) => [String(row.place_id), k]));
  const hubs = [...worst.keys()].sort((a, b) => (order.get(a) ?? 999) - (order.get(b) ?? 999) || (worst.get(b) ?? 0) - (worst.get(a) ?? 0)).slice(0, 20);
  const [left, cell, high] = [14 + Math.max(60, ...hubs.map((hub) => wide(name(hub)))), 7, 20];
  const made = s("svg", { class: "chart heat", viewBox: `0 0 ${left + SLOTS * cell + 6} ${hubs.length * high + 24}`, width: left + SLOTS * cell + 6, role: "img", "aria-label": t("load_by_half_hour") });
  const at = new Map(hubs.map((hub, k) => [hub, k]));
  hubs.forEach((hub, k) => made.append(s("text", { class: "word", x: left - 8, y: k * high + 15, "text-anchor": "end" }, name(hub)), s("rect", { class: "void", x: left, y: k * high + 2, width: SLOTS * cell, height: high - 4 })));
  for (const row of rows) {
    const k = at.get(String(row.place_id));
    if (k === undefined) continue;
    const [load, waits] = [Number(row.load_percent ?? 0), Number(row.queue_pieces) > 2 * Number(row.capacity_pieces)];
    made.append(s("rect", { class: waits ? "over" : "load", x: left + (Number(row.from_min) / 30) * cell, y: k * high + 2, width: cell - 0.6, height: high - 4, style: waits ? null : `opacity:${(0.08 + 0.92 * Math.min(1, load / 100)).toFixed(2)}` }, s("title", {}, `${name(row.place_id)} ${moment(row.from_min)} · ${number(load, 0)} % · ${t("queue")} ${number(Number(row.queue_pieces), 0)}`)));
  }
  for (let hour = 0; hour <= 72; hour += 12) made.append(s("text", { class: "tick", x: left + hour * 2 * cell, y: hubs.length * high + 17, "text-anchor": hour === 72 ? "end" : "middle" }, hour % 24 ? "12:00" : t("day_number", { day: hour / 24 + 1 })));
  return made;
}

/** One hub: pieces waiting by half hour, and what leaves it when. */
function oneHub(hubs: Row[], departures: Row[], hub: string, name: Name): Child {
  const ids = [...new Set(hubs.map((row) => String(row.place_id)))].sort((a, b) => a.length - b.length || a.localeCompare(b));
  const mine = new Map(hubs.filter((row) => row.place_id === hub).map((row) => [Number(row.from_min), row]));
  const slots = Array.from({ length: SLOTS }, (_, k) => 30 * k);
  const leaving = departures.filter((row) => row.from_place_id === hub);
  return h("section", {}, h("h3", {}, t("one_hub")), select(t("site_hub"), ids.map((id): [string, string] => [id, name(id)]), hub, (id) => go(href(undefined, { hub: id }))),
    h("figure", { class: "card", style: "margin:.6rem 0" }, columns(`${name(hub)} ${t("queue")}`, slots.map(moment), [{ name: t("queue"), values: slots.map((from) => Number(mine.get(from)?.queue_pieces ?? 0)), kind: "e" }], { unit: t("unit_pieces"), height: 200 })),
    h("details", {}, h("summary", {}, t("departures_ahead", { count: leaving.length })), table(t("departures_ahead", { count: leaving.length }), [
      { head: t("departs"), cell: (row: Row) => moment(row.depart_min) }, { head: t("to"), cell: (row) => name(row.to_place_id) }, { head: t("arrives"), cell: (row) => (row.runs ? moment(row.arrive_min) : t("does_not_run")) },
      { head: t("loaded_of"), number: true, cell: (row) => `${number(Number(row.loaded_pieces), 0)} / ${number(Number(row.capacity_pieces), 0)}` }, { head: t("left_behind"), number: true, cell: (row) => (Number(row.left_over_pieces) ? number(Number(row.left_over_pieces), 0) : "") },
    ], leaving.slice(0, 300))));
}
