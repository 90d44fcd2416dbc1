/** Supervision: today's queue, draws, cases and credit, each confined to what the role may see. */

import { get, once, Problem, send, type ActView } from "../api";
import { h, replace, type Child } from "../dom";
import { bars } from "../bars";
import { both, button, field, later, missing, notice, origin, problem, select, status, table, title } from "../parts";
import { placeNames } from "../places";
import { asker, chooser, latest, rowsOf, runLine, type Row } from "../runs";
import { actButtons, actName, cell, columnName, learnNames, learnPlaces, named, nameOf, rowsTable, type Plain } from "../records";
import { go, href } from "../state";
import { verifier } from "../verifier";
import { clock, language, number, percent, t, when } from "../words";
import type { Context, View } from "../main";

const PARTS = ["queue", "balance", "alerts", "draws", "cases", "credit", "rates"] as const;
const QUEUE = ["inspection.overdue", "hazard.overdue", "hazard.major", "complaint.late", "register.late", "emergency.late", "relief.queue", "custody.gaps"];
const TABLES = ["inspections", "findings", "hazards", "complaints", "credit_entries", "outlets", "licences", "inspectors", "plans", "emergencies", "relief", "permits", "custody", "centre_conditions", "surveys", "locker_days", "camera_days", "volumes", "remote_checks", "exemptions", "premises", "agencies", "alert_outcomes"];
const ACTS: Record<string, string[]> = {
  inspections: ["inspection."], findings: ["inspection.correct"], hazards: ["hazard."], complaints: ["complaint."], credit_entries: ["credit."], outlets: ["outlet."],
  licences: ["licence."], inspectors: ["inspector."], plans: ["planning."], emergencies: ["emergency."], relief: ["relief."], permits: ["permit."], custody: ["custody."], centre_conditions: ["centre."],
  surveys: ["service.survey"], locker_days: ["service.locker_day"], camera_days: ["service.camera_day"], volumes: ["volume."],
  remote_checks: ["remote."], exemptions: ["exemption."], premises: ["premises."], agencies: ["agency."], alert_outcomes: ["alert."],
};

export function show(context: Context): View {
  const part = PARTS.find((p) => p === context.query.get("part")) ?? "queue";
  const tabs = h("nav", { class: "tabs", "aria-label": t("screen_supervision") }, PARTS.map((p) => h("a", { href: href(undefined, { part: p, table: null, row: null, draw: null, operator: null }), "aria-current": p === part ? "page" : null }, t(`part_of_supervision_${p}`))));
  const makers: Record<(typeof PARTS)[number], () => Promise<Node>> = { queue: () => queue(context), balance: () => balance(context), alerts: () => alerts(context), draws: () => draws(context), cases: () => cases(context), credit: () => credit(context), rates: () => rates(context) };
  return { node: h("div", {}, title(t("screen_supervision"), t("lead_supervision")), tabs, later(learnt(context).then(() => makers[part]()))) };
}

async function learnt(context: Context): Promise<void> {
  const [places] = await Promise.all([placeNames(context.province, ["prefecture", "county"]), learnNames(context.province)]);
  learnPlaces(places);
}

function view(name: string, given: Plain = {}): Promise<Plain[]> {
  return get<Plain[]>(`/api/records/views/${name}?arguments=${encodeURIComponent(JSON.stringify(given))}`);
}

async function allowed(name: string): Promise<boolean> {
  const acts = await once<ActView[]>("/api/records");
  return acts.find((act) => act.name === name)?.allowed ?? false;
}

async function queue(context: Context): Promise<Node> {
  const made = await Promise.all(QUEUE.map(async (name): Promise<[string, Plain[]] | null> => ((await allowed(name)) ? [name, await view(name)] : null)));
  const shown = made.filter((one): one is [string, Plain[]] => one !== null);
  const waiting = shown.reduce((sum, [, rows]) => sum + rows.length, 0);
  const table_ = (name: string): string => ({ inspection: "inspections", hazard: "hazards", complaint: "complaints", register: "licences", emergency: "emergencies", relief: "relief", custody: "custody" })[name.split(".")[0] ?? ""] ?? "inspections";
  const risky = (await allowed("drawing.weights")) ? await view("drawing.weights") : [];
  const empty = context.session.may.includes("see_all") && !(await get<Plain[]>("/api/records/tables/outlets")).length;
  return h("div", {},
    empty ? h("div", { class: "card", style: "margin-bottom:1rem" }, h("p", { style: "margin-top:0" }, t("rehearse_words")), asker(t("rehearse"), "rehearsal", () => ({ month: lastMonth() }), "supervision")) : null,
    h("div", { class: "counts" }, shown.map(([name, rows]) => h("a", { class: "button", href: `#${name}` , onclick: (e: Event) => { e.preventDefault(); e.stopPropagation(); document.getElementById(name)?.scrollIntoView({ behavior: "smooth" }); } }, h("b", { class: rows.length ? "missed" : "met" }, rows.length), actName(name)))),
    waiting ? null : notice(t("queue_empty")),
    shown.filter(([, rows]) => rows.length).map(([name, rows]) => h("section", { id: name }, h("h2", {}, actName(name)), rowsTable(actName(name), rows.slice(0, 100), (row) => (typeof row.id === "string" ? href(undefined, { part: "cases", table: row.what === "correction" ? "findings" : table_(name), row: row.id }) : null)))),
    await uptime(context),
    risky.length ? h("section", {}, h("h2", {}, t("riskiest")), rowsTable(t("riskiest"), [...risky].sort((a, b) => Number(b.weight) - Number(a.weight)).slice(0, 15).map((row) => ({ id: row.id, name: row.name, weight: row.weight, kind: row.kind, operator_id: row.operator_id, prefecture_id: row.prefecture_id, parts: row.parts, origin: row.origin })), (row) => href(undefined, { part: "cases", table: "outlets", row: String(row.id) }))) : null,
    context.session.role === "administrator" || context.session.role === "province" ? null : h("p", { class: "soft" }, t("own_scope", { scope: context.session.scope })));
}

/** The month before this one, once its results could be published: a rehearsal should look like today's work. */
function lastMonth(): string {
  const now = new Date(Date.now() - 4 * 86_400_000);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
}

/** Cameras online in the latest month that has any, and the way to the X-ray machines' rates. */
async function uptime(context: Context): Promise<Child> {
  const period = await lastPeriod();
  if (!period || !(await allowed("service.cameras"))) return null;
  const told = (await view("service.cameras", { period })) as unknown as { online_share: number | null; sites: number; weak: string[]; unlinked: string[] };
  return h("section", {}, h("h2", {}, actName("service.cameras")),
    told.online_share === null ? null : h("p", {}, t("cameras_low", { period, share: percent(told.online_share), weak: told.weak.length, unlinked: told.unlinked.length })),
    h("p", { class: "row" }, h("a", { class: "button", href: href(undefined, { part: "rates", period }) }, t("part_of_supervision_rates")), context.about.engines.ledger ? h("a", { class: "button", href: href(undefined, { part: "balance", level: "machine" }) }, t("machines_low")) : null));
}

/** The latest month with camera days or appeals; nothing where the records hold none. */
async function lastPeriod(): Promise<string> {
  const held = await Promise.all((["camera_days", "volumes"] as const).map((name) => get<Plain[]>(`/api/records/tables/${name}`).catch(() => [] as Plain[])));
  return held.flat().map((row) => String(row.day ?? row.period ?? "").slice(0, 7)).sort().at(-1) ?? "";
}

async function balance(context: Context): Promise<Node> {
  if (!context.about.engines.ledger) return missing([t("part_of_supervision_balance")]);
  const run = await latest(["ledger"]);
  const pieces = h("input", { type: "number", value: 5000, min: 100, max: 2000000, step: 1000 });
  const asks = context.session.may.includes("compute") ? h("div", { class: "row" }, field(t("pieces_a_day"), pieces), asker(t("rehearse_ledger"), "ledger", () => ({ pieces: Number(pieces.value) }), "supervision"), context.session.may.includes("settle") ? asker(t("check_office"), "ledger", () => ({ of: "office" }), "supervision") : null) : null;
  if (!run) return h("div", {}, notice(t("no_ledger_yet")), asks);
  const [rates, gaps, legs, stages] = await Promise.all([rowsOf(run, "rates"), rowsOf(run, "gaps", 200), rowsOf(run, "legs"), rowsOf(run, "stages")]);
  const level = context.query.get("level") ?? "operator";
  const held = rates.filter((row) => row.level === level && row.asked);
  const all = rates.filter((row) => row.level === "all");
  const range = (row: Row): Child => [number(Number(row.rate_percent), 2), " % ", h("small", { class: "soft" }, `${number(Number(row.low_percent), 2)}–${number(Number(row.high_percent), 2)}`)];
  const flagged = legs.filter((row) => row.flagged);
  const total = ["pieces", "delivered", "returned", "sent_out", "in_hand", "unexplained"].filter((k) => k in run.facts).map((k): [string, Child] => [t(`balance_${k}`), number(Number(run.facts[k]))]);
  return h("div", {}, h("div", { class: "row mid" }, await chooser(["ledger"], run), origin(String(run.facts.origin), true)), run.facts.origin === "synthetic" ? notice(t("ledger_synthetic"), "synthetic") : null, asks,
    h("h2", {}, t("rates_of_checks")), h("div", { class: "card" }, bars(t("rates_of_checks"), all.map((row) => ({ label: t(`check_${row.check}`), value: Number(row.rate_percent), low: Number(row.low_percent), high: Number(row.high_percent) })), (v) => `${number(v, 2)} %`)),
    h("div", { class: "row", style: "margin:.8rem 0 .4rem" }, select(t("by_level"), ["operator", "outlet", "machine", "hour"].map((one): [string, string] => [one, t(`level_of_${one}`)]), level, (one) => go(href(undefined, { level: one })))),
    table(t("rates_of_checks"), [
      { head: t(`level_of_${level}`), cell: (row: Row) => named(`${level}_id`, row.name) }, { head: t("check"), cell: (row) => t(`check_${row.check}`) }, { head: t("asked_pieces"), number: true, cell: (row) => number(Number(row.asked)) }, { head: t("made_pieces"), number: true, cell: (row) => number(Number(row.made)) }, { head: t("rate"), number: true, cell: range },
    ], [...held].sort((a, b) => Number(a.rate_percent) - Number(b.rate_percent)).slice(0, 60)),
    h("h2", {}, t("mass_balance")), h("dl", { class: "facts card" }, total.map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v)))),
    h("h3", {}, t("by_operator")), rowsTable(t("by_operator"), stages as Plain[]),
    h("h3", {}, t("flagged_legs", { count: flagged.length })), flagged.length ? rowsTable(t("flagged_legs", { count: flagged.length }), flagged.slice(0, 60) as Plain[]) : h("p", {}, t("nothing_flagged")),
    h("h3", {}, t("gap_list", { count: number(Number(run.facts.gap_count)) })), rowsTable(t("gap_list", { count: "" }), gaps as Plain[]), runLine(run));
}

interface Share { settled: number; hits: number; low: number | null; high: number | null }
interface Alarm { settled: number; hits: number; by_kind: Record<string, Share>; outcomes: Record<string, { outcome: string; note: string; known_at: string }> }

/** Outlets and hours of a day that depart from what is expected, why, and what became of each. */
async function alerts(context: Context): Promise<Node> {
  const run = await latest(["ledger"]);
  if (!run) return h("div", {}, notice(t("no_ledger_yet")), h("p", {}, h("a", { href: href(undefined, { part: "balance" }) }, t("part_of_supervision_balance"))));
  const may = context.session.may.includes("settle");
  const name = String(run.facts.ledger ?? "");
  const [rows, record] = await Promise.all([rowsOf(run, "alerts"), may && name ? get<Alarm>(`/api/ledgers/${name}/alerts`) : Promise.resolve<Alarm>({ settled: 0, hits: 0, by_kind: {}, outcomes: {} })]);
  const why = run.facts.alerts_why as Record<string, string> | undefined;
  const settled = (row: Row): Child => {
    const told = record.outcomes[String(row.alert_id)];
    return [told ? h("div", {}, h("strong", { class: told.outcome === "hit" ? "missed" : "met" }, t(`outcome_${told.outcome}`)), ` ${told.note}`, h("div", { class: "soft small" }, when(told.known_at))) : null, may && name ? button(told ? t("settle_again") : t("settle_alert"), () => settle(name, row)) : null];
  };
  return h("div", {}, h("div", { class: "row mid" }, await chooser(["ledger"], run), origin(String(run.facts.origin), true)), run.facts.origin === "synthetic" ? notice(t("ledger_synthetic"), "synthetic") : null,
    why ? notice(both(why)) : h("p", { class: "soft" }, t("alerts_words", { day: String(run.facts.alert_day), tested: number(Number(run.facts.alerts_tested)), days: Number(run.facts.history_days) })),
    record.settled ? h("p", {}, t("alarm_record", { settled: record.settled, hits: record.hits })) : null,
    ...Object.entries(record.by_kind).map(([kind, one]) => h("p", { class: "soft small" }, t(`alarm_kind_${kind}`, { settled: one.settled, hits: one.hits, low: number(100 * (one.low ?? 0)), high: number(100 * (one.high ?? 0)) }))),
    rows.length ? table(t("part_of_supervision_alerts"), [
      { head: columnName("outlet_id"), cell: (row: Row) => named("outlet_id", row.outlet_id) }, { head: columnName("operator_id"), cell: (row) => named("operator_id", row.operator_id) }, { head: t("level_of_hour"), number: true, cell: (row) => (Number(row.hour) < 0 ? t("whole_day") : clock(60 * Number(row.hour))) },
      { head: t("seen_pieces"), number: true, cell: (row) => number(Number(row.seen)) }, { head: t("expected_pieces"), number: true, cell: (row) => [number(Number(row.expected), 1), " ", h("small", { class: "soft" }, `${number(Number(row.low))}–${number(Number(row.high))}`)] },
      { head: t("reason"), wide: true, cell: (row) => String(row[`reason_${language()}`] ?? "") }, { head: t("outcome"), wide: true, cell: settled },
    ], rows) : why ? null : notice(t("no_alerts")), runLine(run));
}

function settle(name: string, row: Row): void {
  const note = h("input", { maxlength: 500 });
  const outcome = h("select", {}, ["hit", "false"].map((one) => h("option", { value: one }, t(`outcome_${one}`))));
  const wrong = h("div");
  const save_ = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await send("POST", `/api/ledgers/${name}/alerts/${row.alert_id}?day=${String(row.day).slice(0, 10)}`, { outcome: outcome.value, note: note.value });
      box.close();
      go(href(undefined, { seen: String(Date.now()) }), true);
    } catch (found) {
      replace(wrong, problem(found));
    }
  };
  const box = h("dialog", { "aria-label": t("settle_alert"), onclose: () => box.remove() },
    h("form", { class: "stack", onsubmit: (e: Event) => void save_(e) }, h("h2", { style: "margin:0" }, t("settle_alert")), h("p", { class: "soft" }, String(row[`reason_${language()}`] ?? "")), field(t("outcome"), outcome), field(t("note"), note), wrong,
      h("div", { class: "row" }, h("button", { class: "primary" }, t("do_it")), button(t("cancel"), () => box.close()))));
  document.body.append(box);
  box.showModal();
}

async function draws(context: Context): Promise<Node> {
  const [held, acts] = await Promise.all([get<Plain[]>("/api/records/tables/draws"), once<ActView[]>("/api/records")]);
  const asked = context.query.get("draw");
  const row = held.find((one) => one.id === asked);
  const again = (): void => go(href(undefined, { seen: String(Date.now()) }), true);
  return h("div", {},
    h("p", { class: "soft" }, t("draws_words")),
    actButtons(acts.filter((act) => act.name.startsWith("drawing.") && act.kind === "act"), row ? { id_: row.id, size: row.size } : {}, again),
    h("div", { style: "margin-top:1rem" }, rowsTable(t("part_of_supervision_draws"), held, (one) => href(undefined, { draw: String(one.id) }))),
    row ? later(oneDraw(String(row.id))) : null,
    h("h2", {}, t("verify")), verifier(null),
    h("p", { class: "soft" }, t("verifier_words"), " ", ["html", "js", "py"].map((kind) => [h("a", { href: `/api/public/verifier/verify_draw.${kind}`, download: `verify_draw.${kind}` }, `verify_draw.${kind}`), " "])));
}

interface Drawn { place: number; unit: string; chance: string; inspectors: string[]; struck: string }

async function oneDraw(id: string): Promise<Node> {
  const papers = (await get<Plain[]>("/api/records/tables/draw_papers")).find((one) => one.id === id);
  if (!papers) return notice(t("no_papers_here"));
  const receipt = papers.receipt as { drawn: Drawn[]; digest: string; seed: string } | null;
  return h("section", {}, h("h2", {}, id),
    receipt
      ? table(t("drawn"), [
          { head: "#", number: true, cell: (one: Drawn) => one.place }, { head: columnName("outlet_id"), cell: (one) => [one.unit, " ", h("small", { class: "soft" }, nameOf("outlet_id", one.unit) ?? "")] }, { head: columnName("chance"), number: true, cell: (one) => fraction(one.chance) },
          { head: columnName("inspectors"), cell: (one) => one.inspectors.join(", ") }, { head: columnName("struck"), cell: (one) => one.struck || "" },
        ], receipt.drawn)
      : h("p", { class: "soft" }, t("not_revealed")),
    h("div", { class: "row", style: "margin-top:.7rem" }, save(`${id}-commit.json`, String(papers.frozen)), receipt ? save(`${id}-receipt.json`, JSON.stringify(receipt, null, 1)) : null),
    receipt ? verifier({ commit: String(papers.frozen), receipt: JSON.stringify(receipt) }) : null);
}

function fraction(text: string): string {
  const [over, under] = text.split("/").map(Number);
  return under ? number((over ?? 0) / under, 4) : text;
}

function save(file: string, text: string): HTMLElement {
  return h("a", { class: "button", href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: file }, file);
}

async function cases(context: Context): Promise<Node> {
  const name = TABLES.find((one) => one === context.query.get("table")) ?? "inspections";
  const id = context.query.get("row");
  const pick = h("nav", { class: "row", "aria-label": t("registers"), style: "gap:.35rem;margin-bottom:1rem" }, TABLES.map((one) => h("a", { class: "button", href: href(undefined, { table: one, row: null }), "aria-current": one === name ? "page" : null, style: one === name ? "border-color:var(--brand);color:var(--brand);font-weight:600" : "" }, t(`table_${one}`))));
  const acts = (await once<ActView[]>("/api/records")).filter((act) => act.kind === "act" && (ACTS[name] ?? []).some((head) => act.name.startsWith(head)));
  const again = (): void => go(href(undefined, { seen: String(Date.now()) }), true);
  try {
    if (id) return h("div", {}, pick, await oneCase(name, id, acts, again));
    const rows = await get<Plain[]>(`/api/records/tables/${name}`);
    const hours = name === "relief" && rows.length && (await allowed("relief.by_hour")) ? await view("relief.by_hour") : [];
    return h("div", {}, pick, actButtons(acts, {}, again), hours.length ? h("details", { style: "margin:.8rem 0" }, h("summary", {}, actName("relief.by_hour")), rowsTable(actName("relief.by_hour"), hours)) : null, h("p", { class: "soft" }, t("rows_found", { count: number(rows.length) })), rowsTable(t(`table_${name}`), rows.slice(0, 300), (row) => href(undefined, { row: String(row.id) })));
  } catch (wrong) {
    if (!(wrong instanceof Problem)) throw wrong;
    return h("div", {}, pick, problem(wrong));
  }
}

async function oneCase(name: string, id: string, acts: ActView[], again: () => void): Promise<Node> {
  const history = await get<Plain[]>(`/api/records/tables/${name}/${encodeURIComponent(id)}`);
  const now = history[history.length - 1] ?? {};
  const facts = Object.entries(now).filter(([k, v]) => v !== null && v !== "" && !["version", "valid_from", "id"].includes(k));
  const under = name === "inspections" ? (await get<Plain[]>("/api/records/tables/findings")).filter((row) => row.inspection_id === id) : [];
  // A point says which case it follows from; a visit's points follow from its findings.
  const points = ["inspections", "findings", "hazards", "complaints"].includes(name) && (await allowed("credit.explain")) ? (await get<Plain[]>("/api/records/tables/credit_entries")).filter((row) => row.because_of === `${name}/${id}` || (name === "inspections" && String(row.because_of).startsWith(`findings/${id}:`))) : [];
  return h("div", {},
    h("p", {}, h("a", { href: href(undefined, { row: null }) }, `← ${t(`table_${name}`)}`)), h("h2", {}, id),
    h("div", { class: "two" }, h("dl", { class: "facts card" }, facts.map(([k, v]) => h("div", {}, h("dt", {}, columnName(k)), h("dd", {}, cell(v, k))))),
      h("div", {}, h("h3", { style: "margin-top:0" }, t("what_can_be_done")), actButtons(acts, { id_: id, finding_id: id, inspection_id: id, outlet_id: now.outlet_id, operator_id: now.operator_id, prefecture_id: now.prefecture_id }, again, { table: name, id, version: Number(now.version) }),
        under.length ? [h("h3", {}, t("table_findings")), h("ul", { class: "parts" }, under.map((row) => h("li", {}, status(row.passed ? "met" : "missed"), " ", h("a", { href: href(undefined, { table: "findings", row: String(row.id) }) }, cell(row.item, "item")), " ", h("span", { class: "soft small" }, named("rule", row.rule)))))] : null)),
    points.length ? [h("h3", {}, t("credit_effect", { points: number(points.reduce((sum, row) => sum + Number(row.points), 0), 1) })), h("p", { class: "soft small" }, t("credit_effect_words")), rowsTable(t("credit_effect", { points: "" }), points.map((row) => ({ id: row.id, item: row.item, points: row.points, happened_on: row.happened_on, rule: row.rule, state: row.state, objected_on: row.objected_on, origin: row.origin })), (row) => href(undefined, { table: "credit_entries", row: String(row.id) }))] : null,
    h("h3", {}, t("history")), h("p", { class: "soft small" }, t("history_words")), rowsTable(t("history"), history, undefined, true));
}

async function credit(context: Context): Promise<Node> {
  const year = context.query.get("year") ?? ((await lastPeriod()) || new Date().toISOString()).slice(0, 4);
  const input = h("input", { type: "number", value: year, min: 2015, max: 2100, onchange: (e: Event) => go(href(undefined, { year: (e.target as HTMLInputElement).value })) });
  const brands = (await allowed("credit.brands")) ? await view("credit.brands", { year: Number(year) }) : [];
  const operator = context.query.get("operator") ?? (context.session.role === "enterprise" ? context.session.scope : null);
  const lines = operator && (await allowed("credit.explain")) ? ((await view("credit.explain", { operator_id: operator, year: Number(year) })) as unknown) : null;
  return h("div", {}, h("div", { class: "row" }, field(columnName("year"), input)), h("h2", {}, t("by_brand")), rowsTable(t("by_brand"), brands, (row) => href(undefined, { operator: String(row.operator_id) })),
    lines ? h("section", {}, h("h2", {}, cell(operator, "operator_id"), ` – ${t("line_by_line")}`), Array.isArray(lines) ? rowsTable(t("line_by_line"), lines as Plain[]) : explained(lines as Plain)) : h("p", { class: "soft" }, t("pick_operator")));
}

function explained(told: Plain): Child {
  return Object.entries(told).map(([k, v]) => (Array.isArray(v) && typeof v[0] === "object" ? h("div", { style: "margin-top:.8rem" }, rowsTable(columnName(k), v as Plain[])) : h("p", {}, h("span", { class: "soft" }, `${columnName(k)}: `), cell(v))));
}

interface Breach { prefecture_id: string; operator_id: string; visited: number; rate: number; low: number; high: number }

/** The share of outlets in breach, with its interval: in all, by prefecture, by brand. */
function breaches(rows: Breach[]): HTMLElement {
  const group = (row: Breach): Child => (row.prefecture_id ? cell(row.prefecture_id, "prefecture_id") : row.operator_id ? cell(row.operator_id, "operator_id") : h("strong", {}, t("all_listed")));
  return h("div", {}, h("p", { class: "soft" }, t("breach_words")), table(actName("standard.report"), [
    { head: t("breach_group"), cell: group }, { head: t("visited_outlets"), number: true, cell: (row) => number(row.visited) }, { head: t("rate"), number: true, cell: (row) => percent(row.rate) }, { head: t("interval_95"), number: true, cell: (row) => `${percent(row.low)} – ${percent(row.high)}` },
  ], rows));
}

async function rates(context: Context): Promise<Node> {
  const period = context.query.get("period") ?? ((await lastPeriod()) || String(new Date().getFullYear()));
  // The latest draw of which anything was visited: one just revealed says nothing yet.
  const visited = (await get<Plain[]>("/api/records/tables/inspections").catch(() => [] as Plain[])).filter((row) => row.draw_id && row.visited_on).sort((a, b) => String(a.visited_on).localeCompare(String(b.visited_on))).map((row) => String(row.draw_id)).at(-1);
  const input = h("input", { value: period, onchange: (e: Event) => go(href(undefined, { period: (e.target as HTMLInputElement).value })) });
  const views: [string, Plain][] = [...(visited ? [["standard.report", { draw_id: visited }] as [string, Plain]] : []), ["complaint.rates", { period }], ["planning.capacity", { period }], ["hazard.recurrence", {}], ["service.lockers", { period }], ["service.cameras", { period }], ["inspection.saved", { period }]];
  const made = await Promise.all(views.map(async ([name, given]): Promise<Child> => {
    if (!(await allowed(name))) return null;
    try {
      const told: unknown = await view(name, given);
      return h("section", {}, h("h2", {}, actName(name)), name === "standard.report" ? breaches(told as Breach[]) : Array.isArray(told) ? rowsTable(actName(name), told as Plain[]) : told && typeof told === "object" ? explained(told as Plain) : String(told));
    } catch (wrong) {
      return h("section", {}, h("h2", {}, actName(name)), problem(wrong));
    }
  }));
  return h("div", {}, h("div", { class: "row" }, field(columnName("period"), input)), made);
}
