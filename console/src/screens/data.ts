/** Data: packs and their tables, uploads with faults and rows set aside, runs, sources, and what is synthetic. */

import { get, send, upload, type Both, type Fault, type Job, type ProvinceDetail, type Run, type TablePage, type Upload } from "../api";
import { h, replace, type Child } from "../dom";
import type { components } from "../api.gen";
import { card as jobCard } from "../jobs";
import { both, button, definition, faultList, field, later, notice, origin, problem, table, title } from "../parts";
import { columnName, learnPlaces, rowsTable, type Plain } from "../records";
import { placeNames } from "../places";
import { rowsOf, told } from "../runs";
import { go, href } from "../state";
import { has, language, number, t, when } from "../words";
import type { Context, View } from "../main";

const PARTS = ["tables", "uploads", "records", "runs", "sources", "accounts"] as const;
const ORIGINS = ["observed", "derived", "assumed", "synthetic"] as const;

export function show(context: Context): View {
  const part = PARTS.find((p) => p === context.query.get("part")) ?? "tables";
  const shown = PARTS.filter((p) => (p !== "accounts" || context.session.may.includes("accounts")) && (p !== "records" || context.session.may.includes("capture")));
  const tabs = h("nav", { class: "tabs", "aria-label": t("screen_data") }, shown.map((p) => h("a", { href: href(undefined, { part: p, table: null, run: null, rows: null, q: null, page: null, origin: null, source: null }), "aria-current": p === part ? "page" : null }, t(`part_of_data_${p}`))));
  const stops: (() => void)[] = [];
  const makers = { tables: () => tables(context), uploads: () => uploads(context, stops), records: () => records(stops), runs: () => runs(context), sources: () => sources(context), accounts: () => accounts() };
  return { node: h("div", {}, title(t("screen_data"), t("lead_data")), tabs, later(makers[part]())), leave: () => stops.forEach((end) => end()) };
}

async function tables(context: Context): Promise<Node> {
  const asked = context.query.get("table");
  if (asked) return page(context, asked);
  const held = await get<ProvinceDetail>(`/api/provinces/${context.province}`);
  const total = (name: (typeof ORIGINS)[number]): number => held.tables.reduce((sum, one) => sum + one[name], 0);
  const all = held.tables.reduce((sum, one) => sum + one.rows, 0);
  const filled = held.tables.filter((one) => one.rows).sort((a, b) => b.rows - a.rows);
  return h("div", {},
    definition([[t("province"), both(held.label)], [t("rows_in_all"), number(all)], [t("fingerprint"), h("code", {}, held.fingerprint.slice(0, 16))], [t("faults"), held.faults.length ? number(held.faults.length) : t("none")]]),
    held.faults.length ? faultList(held.faults) : null,
    h("ul", { class: "key" }, ORIGINS.map((name) => h("li", {}, h("span", { class: "bar-of sample" }, h("b", { class: name })), `${t(`face.origin_${name}`)} ${number(total(name))}`, " – ", t(`about_${name}`)))),
    table(t("part_of_data_tables"), [
      { head: t("face.table"), cell: (row) => both(row.label) },
      { head: t("face.rows"), number: true, cell: (row) => number(row.rows) },
      { head: t("of_origin"), cell: (row) => h("span", { class: "bar-of", role: "img", "aria-label": ORIGINS.map((o) => `${t(`face.origin_${o}`)} ${row[o]}`).join(", ") }, ORIGINS.map((o) => h("i", { class: o, style: `width:${(100 * row[o]) / Math.max(1, row.rows)}%` }))) },
      ...ORIGINS.map((o) => ({ head: t(`face.origin_${o}`), number: true, cell: (row: (typeof filled)[number]): Child => (row[o] ? number(row[o]) : "") })),
    ], filled, (row) => href(undefined, { table: row.table })),
  );
}

async function page(context: Context, name: string): Promise<Node> {
  const size = 50;
  const at = Math.max(0, Number(context.query.get("page") ?? "0"));
  const [q, made] = [context.query.get("q") ?? "", context.query.get("origin") ?? ""];
  const held = await get<TablePage>(`/api/provinces/${context.province}/tables/${name}?offset=${at * size}&limit=${size}&q=${encodeURIComponent(q)}&origin=${made}`);
  const search = h("input", { type: "search", value: q, placeholder: t("search_rows"), "aria-label": t("search_rows"), onchange: (e: Event) => go(href(undefined, { q: (e.target as HTMLInputElement).value, page: null })) });
  const pick = h("select", { "aria-label": t("of_origin"), onchange: (e: Event) => go(href(undefined, { origin: (e.target as HTMLSelectElement).value, page: null })) }, ["", ...ORIGINS].map((o) => h("option", { value: o, selected: o === made }, o ? t(`face.origin_${o}`) : t("all_origins"))));
  const rows = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": both(held.label) },
    h("table", {}, h("thead", {}, h("tr", {}, held.columns.map((c) => h("th", { scope: "col", title: both(c.means) }, both(c.label), c.unit ? h("small", { class: "soft" }, ` ${c.unit}`) : null)))),
      h("tbody", {}, held.rows.map((row) => h("tr", {}, row.map((cell, k) => h("td", { class: typeof cell === "number" ? "n" : String(cell ?? "").length <= 24 ? "short" : "wide" }, held.columns[k]?.name === "origin" ? origin(String(cell), true) : cell === null ? "" : typeof cell === "number" ? String(cell) : String(cell))))))));
  const last = Math.max(0, Math.ceil(held.total / size) - 1);
  return h("div", {},
    h("p", {}, h("a", { href: href(undefined, { table: null, q: null, page: null, origin: null }) }, `← ${t("part_of_data_tables")}`)),
    h("div", { class: "row mid" }, h("h2", { style: "margin:0" }, both(held.label)), search, pick, h("span", { class: "soft" }, t("rows_found", { count: number(held.total) }))),
    h("div", { style: "margin:.7rem 0" }, rows),
    h("div", { class: "row mid" }, at > 0 ? h("a", { class: "button", href: href(undefined, { page: String(at - 1) }) }, "←") : null, h("span", { class: "soft num" }, `${at + 1} / ${last + 1}`), at < last ? h("a", { class: "button", href: href(undefined, { page: String(at + 1) }) }, "→") : null));
}

interface Found { faults: Fault[]; fault_count: number; notes: Record<string, string>[]; tally: Record<string, { rows: number; taken: number; quarantined: number; skipped: number }>; quarantined: number; feed?: boolean }

async function uploads(context: Context, stops: (() => void)[]): Promise<Node> {
  const list = h("div");
  const wrong = h("div");
  const draw = async (): Promise<void> => {
    const held = await get<Upload[]>("/api/uploads");
    replace(list, held.length ? held.map((one) => uploaded(one, stops, draw)) : h("p", { class: "soft" }, t("no_uploads")));
  };
  const sendOne = async (file: File): Promise<void> => {
    replace(wrong, h("span", { class: "pulse" }, t("sending", { file: file.name })));
    try {
      await upload<Upload>(`/api/uploads?file=${encodeURIComponent(file.name)}`, file);
      replace(wrong);
      await draw();
    } catch (found) {
      replace(wrong, problem(found));
    }
  };
  const pick = h("input", { type: "file", accept: ".xlsx,.csv,.zip", class: "unseen", id: "pack-file", onchange: (e: Event) => { const file = (e.target as HTMLInputElement).files?.[0]; if (file) void sendOne(file); } });
  const drop = h("div", { class: "drop",
    ondragover: (e: DragEvent) => { e.preventDefault(); drop.classList.add("over"); }, ondragleave: () => drop.classList.remove("over"),
    ondrop: (e: DragEvent) => { e.preventDefault(); drop.classList.remove("over"); const file = e.dataTransfer?.files[0]; if (file) void sendOne(file); } },
    h("p", { style: "margin:0 0 .6rem" }, t("upload_words")), pick, h("label", { class: "button", for: "pack-file" }, t("choose_file")), " ", h("a", { class: "button", href: "/api/uploads/template", download: true }, t("get_template")));
  await draw();
  return h("div", {}, context.session.may.includes("upload") ? [drop, wrong] : notice(t("may_not_upload")), list);
}

function uploaded(one: Upload, stops: (() => void)[], again: () => Promise<void>): HTMLElement {
  const found = one.job?.state === "done" ? (one.job.result as unknown as Found) : null;
  const open = one.job && (one.job.state === "waiting" || one.job.state === "running" || one.job.state === "failed");
  return h("section", { class: "card", style: "margin-top:1rem" },
    h("div", { class: "row mid" }, h("h3", { style: "margin:0" }, one.file), h("span", { class: "soft small" }, `${number(one.bytes / 1024)} KB · ${one.owner} · ${when(one.made_at)}`), h("code", {}, one.digest.slice(0, 12)), one.province ? h("strong", {}, t("taken_in_as", { name: one.province })) : null),
    open ? jobCard(one.job as Job, stops, (job) => { if (job.state === "done") void again(); }) : null,
    found ? findings(one, found, again) : null);
}

function findings(one: Upload, found: Found, again: () => Promise<void>): HTMLElement {
  const name = h("input", { pattern: "[a-z][a-z0-9_-]{1,38}", placeholder: "my-province", "aria-label": t("take_in_name") });
  const wrong = h("div");
  const accept = async (): Promise<void> => {
    try {
      await send("POST", `/api/uploads/${one.upload_id}/accept`, { name: name.value });
      await again();
    } catch (problemFound) {
      replace(wrong, problem(problemFound));
    }
  };
  const rows = Object.entries(found.tally);
  return h("div", {},
    notice(found.fault_count ? t("faults_found", { count: found.fault_count }) : t("no_faults"), found.fault_count ? "bad" : "info"),
    found.quarantined ? h("p", {}, h("a", { class: "button", href: `/api/uploads/${one.upload_id}/quarantine`, download: true }, t("get_quarantine", { count: found.quarantined }))) : null,
    found.faults.length ? faultList(found.faults, 60) : null,
    found.notes.length ? h("details", {}, h("summary", {}, t("repairs", { count: found.notes.length })), h("ul", {}, found.notes.slice(0, 100).map((words) => h("li", {}, both(words))))) : null,
    table(t("rows_taken"), [
      { head: t("face.table"), cell: ([table_]) => table_ }, { head: t("face.rows"), number: true, cell: ([, v]) => number(v.rows) },
      { head: t("taken"), number: true, cell: ([, v]) => number(v.taken) }, { head: t("set_aside"), number: true, cell: ([, v]) => number(v.quarantined) }, { head: t("skipped"), number: true, cell: ([, v]) => number(v.skipped) },
    ], rows),
    found.feed ? h("p", { class: "soft" }, t("feed_checked")) : null,
    !found.fault_count && !one.province && !found.feed ? h("div", { class: "row mid", style: "margin-top:.7rem" }, name, button(t("take_in"), () => void accept(), "primary")) : null, wrong);
}

type Capture = components["schemas"]["CaptureJob"];

/** Operators' records: sent as a workbook, CSV, JSON lines, Parquet or EPCIS, taken into the ledger, and what was set aside. */
async function records(stops: (() => void)[]): Promise<Node> {
  const [list, wrong] = [h("div"), h("div")];
  const whole = h("input", { type: "checkbox" });
  const kind = h("select", {}, ["", "acceptances", "scans", "deliveries", "outlets", "machines"].map((one) => h("option", { value: one }, one ? t(`record_${one}`) : t("record_by_name"))));
  let wait = 0;
  const draw = async (): Promise<void> => {
    const held = await get<Capture[]>("/api/epcis/capture");
    replace(list, held.length ? held.slice(0, 30).map(captured) : h("p", { class: "soft" }, t("no_captures")));
    clearTimeout(wait);
    if (held.some((one) => one.running)) wait = window.setTimeout(() => void draw(), 800);
  };
  stops.push(() => clearTimeout(wait));
  const sendOne = async (file: File): Promise<void> => {
    replace(wrong, h("span", { class: "pulse" }, t("sending", { file: file.name })));
    try {
      await upload<Capture>(`/api/ledgers/office/files?file=${encodeURIComponent(file.name)}&kind=${kind.value}&behaviour=${whole.checked ? "rollback" : "proceed"}`, file);
      replace(wrong);
      await draw();
    } catch (found) {
      replace(wrong, problem(found));
    }
  };
  const pick = h("input", { type: "file", accept: ".xlsx,.csv,.jsonl,.ndjson,.json,.jsonld,.parquet,.pq", class: "unseen", id: "records-file", onchange: (e: Event) => { const file = (e.target as HTMLInputElement).files?.[0]; if (file) void sendOne(file); } });
  await draw();
  return h("div", {}, h("p", { class: "soft" }, t("records_words")),
    h("div", { class: "row" }, field(t("record_kind"), kind), h("label", { class: "row mid" }, whole, t("whole_or_nothing")), pick, h("label", { class: "button primary", for: "records-file" }, t("choose_file"))), wrong, list);
}

function captured(one: Capture): HTMLElement {
  const aside = one.errors.length > 0 && !one.running;
  return h("section", { class: "card", style: "margin-top:1rem" },
    h("div", { class: "row mid" }, h("h3", { style: "margin:0" }, one.file), h("span", { class: "soft small" }, `${one.captureID} · ${when(one.createdAt)} · ${one.captureErrorBehaviour === "rollback" ? t("whole_or_nothing") : t("by_the_record")}`), one.running ? h("span", { class: "pulse" }, t("loading")) : h("strong", { class: one.success ? "met" : "missed" }, one.success ? t("taken_in") : t("not_taken_in"))),
    one.errors.length ? h("ul", { class: "faults" }, one.errors.map((error) => h("li", {}, h("code", {}, error.file), ` ${both(error)} `, error.count > 1 ? `× ${number(error.count)}` : null))) : null,
    aside ? h("p", {}, h("a", { class: "button", href: `/api/epcis/capture/${one.captureID}/quarantine`, download: true }, t("get_set_aside"))) : null,
    one.taken.length ? table(t("rows_taken"), [
      { head: t("face.table"), cell: (row: Record<string, unknown>) => String(row.file) }, ...["lines", "stored", "corrected", "repeated", "withdrawn", "quarantined"].map((column) => ({ head: t(`taken_${column}`), number: true, cell: (row: Record<string, unknown>): Child => number(Number(row[column])) })),
    ], one.taken) : null);
}

/** What a run was asked for, in words; all of it shows when pointed at. */
function briefly(run: Run, names: Map<string, string>): Child {
  const { title: named, levers, before_run, after_run } = { ...(run.facts as { title?: Both }), ...(run.options as { levers?: string[]; before_run?: string; after_run?: string }) };
  const words = [named ? both(named) : "", told(run, names), Array.isArray(levers) ? levers.join(language() === "zh" ? "、" : ", ") : "", before_run && after_run ? `${before_run} → ${after_run}` : ""].filter(Boolean);
  return h("span", { title: JSON.stringify(run.options).slice(0, 600) }, words.join(" · "));
}

async function runs(context: Context): Promise<Node> {
  const asked = context.query.get("run");
  if (asked) return oneRun(context, asked);
  const held = await get<Run[]>("/api/runs");
  if (!held.length) return h("p", { class: "soft" }, t("no_runs"));
  const names = await placeNames(context.province);
  return table(t("part_of_data_runs"), [
    { head: t("run"), short: true, cell: (run: Run) => h("code", {}, run.run_id) },
    { head: t("kind"), short: true, cell: (run) => t(`kind_${run.kind}`) },
    { head: t("made_at"), short: true, cell: (run) => when(run.made_at) },
    { head: t("options"), wide: true, cell: (run) => h("small", {}, briefly(run, names)) },
    { head: t("published"), cell: (run) => (run.published ? "✓" : "") },
  ], held, (run) => href(undefined, { run: run.run_id }));
}

async function oneRun(context: Context, id: string): Promise<Node> {
  const run = await get<Run>(`/api/runs/${id}`);
  const facts = Object.entries(run.facts).filter(([, v]) => v === null || typeof v !== "object").map(([k, v]): [string, Child] => [columnName(k), typeof v === "number" ? number(v, 4) : String(v)]);
  const publish = async (): Promise<void> => {
    await send(run.published ? "DELETE" : "PUT", `/api/runs/${id}/published`);
    go(href(undefined, { run: id, seen: String(Date.now()) }), true);
  };
  const options = Object.entries(run.options).filter(([, v]) => v !== null && v !== "").map(([k, v]): [string, Child] => [has(`option_${k}`) ? t(`option_${k}`) : columnName(k), typeof v === "object" ? h("code", {}, JSON.stringify(v).slice(0, 400)) : String(v)]);
  const shown = context.query.get("rows");
  const pack = await get<ProvinceDetail>(`/api/provinces/${context.province}`);
  const called = (name: string): string => both(pack.tables.find((one) => one.table === name)?.label) || (has(`part_${name}`) ? t(`part_${name}`) : name);
  return h("div", {},
    h("p", {}, h("a", { href: href(undefined, { run: null, rows: null }) }, `← ${t("part_of_data_runs")}`)),
    h("h2", {}, t(`kind_${run.kind}`), " ", h("code", {}, run.run_id)),
    h("p", { class: "row" }, ["xlsx", "docx", "pdf", "html"].map((form) => h("a", { class: "button", href: `/api/runs/${id}/report?form=${form}&language=${language()}&province=${context.province}`, download: true }, t(`report_${form}`))),
      context.session.may.includes("publish") ? button(run.published ? t("withdraw") : t("publish"), () => void publish()) : null),
    h("div", { class: "two" },
      h("div", {}, h("h3", {}, t("options")), definition([[t("made_at"), when(run.made_at)], [t("version"), run.version], [t("seed"), run.seed], [t("inputs"), h("code", {}, run.inputs.slice(0, 16))], ...options])),
      facts.length ? h("div", {}, h("h3", {}, t("figures_of_run")), definition(facts)) : null),
    h("h3", {}, t("tables")),
    h("ul", { class: "parts card" }, Object.entries(run.tables).map(([name, count]) => h("li", {}, h("a", { href: href(undefined, { rows: shown === name ? null : name }), "aria-current": shown === name ? "true" : null }, called(name)), ` · ${number(count)} `, h("a", { href: `/api/runs/${id}/tables/${name}.csv`, download: true }, "CSV")))),
    shown && shown in run.tables ? later(firstRows(run, shown, called(shown), context.province)) : null);
}

const MOST_SHOWN = 200;

/** The first rows of a run's table, with places by name. */
async function firstRows(run: Run, name: string, label: string, province: string): Promise<Node> {
  learnPlaces(await placeNames(province));
  const rows = await rowsOf(run, name, MOST_SHOWN);
  return h("section", {}, h("h3", {}, label, " ", h("span", { class: "soft" }, t("first_rows", { shown: rows.length, count: number(run.tables[name] ?? 0) }))), rowsTable(label, rows as Plain[]));
}

/** Where values come from; one source asked for stands alone at the top, with its whole digest. */
async function sources(context: Context): Promise<Node> {
  const held = await get<ProvinceDetail>(`/api/provinces/${context.province}`);
  const asked = context.query.get("source");
  const one = held.sources.find((source) => source.source_id === asked);
  return h("div", {},
    one ? h("section", { class: "card", style: "margin-bottom:1rem" }, h("h2", {}, one.title), one.note ? h("p", { class: "soft" }, one.note) : null,
      definition([[t("face.column_id"), h("code", {}, one.source_id)], ...([["face.version", one.version], ["face.licence", one.licence], ["face.digest", one.digest]] as [string, string | null][]).filter(([, value]) => value).map(([key, value]): [string, Child] => [t(key), value])]), h("p", {}, h("a", { href: href(undefined, { source: null }) }, t("all_sources")))) : asked ? notice(t("no_such_source", { source: asked })) : null,
    table(t("part_of_data_sources"), [
      { head: t("face.column_id"), short: true, cell: (source) => h("a", { href: href(undefined, { source: source.source_id }) }, source.source_id) },
      { head: t("face.source"), wide: true, cell: (source) => [source.title, source.note ? h("div", { class: "soft small" }, source.note) : null] },
      { head: t("face.version"), cell: (source) => source.version ?? "" }, { head: t("face.licence"), cell: (source) => source.licence ?? "" },
      { head: t("face.digest"), cell: (source) => h("small", { title: source.digest ?? "" }, (source.digest ?? "").slice(0, 16)) },
    ], held.sources));
}

interface Account { name: string; role: string; scope: string; made_at: string; closed_at: string | null }

async function accounts(): Promise<Node> {
  const [held, roles] = await Promise.all([get<Account[]>("/api/accounts"), get<Record<string, string[]>>("/api/session/roles")]);
  const [name, password, scope] = [h("input", { required: true, maxlength: 80 }), h("input", { type: "password", required: true, minlength: 12 }), h("input", { maxlength: 80 })];
  const role = h("select", {}, Object.keys(roles).filter((r) => r !== "public").map((r) => h("option", { value: r }, t(`role_${r}`))));
  const wrong = h("div");
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      go(href(undefined, { seen: String(Date.now()) }), true);
    } catch (found) {
      replace(wrong, problem(found));
    }
  };
  const make = (e: Event): void => {
    e.preventDefault();
    void act(() => send("POST", "/api/accounts", { name: name.value, password: password.value, role: role.value, scope: scope.value }));
  };
  const labelled = (words: string, input: HTMLElement): HTMLElement => h("label", { class: "field" }, h("span", {}, words), input);
  return h("div", {},
    held.length ? table(t("part_of_data_accounts"), [
      { head: t("name"), cell: (a: Account) => a.name }, { head: t("role"), cell: (a) => t(`role_${a.role}`) }, { head: t("scope"), cell: (a) => a.scope }, { head: t("made_at"), cell: (a) => when(a.made_at) },
      { head: t("face.status"), cell: (a) => button(a.closed_at ? t("open_again") : t("close_account"), () => void act(() => send("PATCH", `/api/accounts/${a.name}`, { closed: !a.closed_at }))) },
    ], held) : h("p", { class: "soft" }, t("no_accounts")),
    h("h2", {}, t("new_account")),
    h("form", { class: "row", onsubmit: make }, labelled(t("name"), name), labelled(t("password"), password), labelled(t("role"), role), labelled(t("scope"), scope), h("button", { class: "primary" }, t("make"))), wrong);
}
