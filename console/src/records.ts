/** Rows of any shape as a table, and a form for any act of the records. */

import { get, Problem, send, type ActView, type RecordNames } from "./api";
import { h, replace, type Child } from "./dom";
import { button, field, notice, origin, problem, table } from "./parts";
import { has, language, number, t } from "./words";

export type Plain = Record<string, unknown>;
const HIDDEN = new Set(["version", "valid_from", "recorded_at", "recorded_by", "officers", "source", "origin", "published_on"]);
const KEPT_CLOCKS = new Set(["recorded_at", "recorded_by", "version"]);

/** What a column is called: its word, else its name as it stands. */
export function columnName(name: string): string {
  return has(`col_${name}`) ? t(`col_${name}`) : name;
}

const MOST_LISTED = 4;
let places = new Map<string, string>();
let called: RecordNames = { operators: {}, outlets: {}, items: {}, rules: {} };
const TIME = /^\d{4}-\d\d-\d\dT/;
const CHINA = "UTC+8";

/** Let operators, outlets and items stand under their names in the columns that hold their codes. */
export async function learnNames(province: string): Promise<void> {
  called = await get<RecordNames>(`/api/records/names/${province}?language=${language()}`);
}

/** A time as clocks in China show it, wherever the browser stands. */
function chinaTime(text: string): string {
  return new Date(text).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" }).slice(0, 16);
}

/** What a code of a column is called; undefined where nothing else is known of it. */
export function nameOf(column: string, code: string): string | undefined {
  if (/(^|_)operator_id$/.test(column)) return called.operators[code];
  if (column === "item") return called.items[code];
  if (column === "rule") return called.rules[code];
  if (/(^|_)outlet_id$/.test(column)) return called.outlets[code];
  // A finding is numbered by its visit and its item.
  const [visit, item, ...more] = code.split(":");
  return column === "id" && item && !more.length && called.items[item] ? `${visit} · ${called.items[item]}` : undefined;
}

/** A code under its name, the code itself shown when pointed at. */
export function named(column: string, code: unknown): Child {
  const known = nameOf(column, String(code ?? ""));
  return known ? h("span", { title: String(code) }, known) : String(code ?? "");
}

/** Let the names of places stand in the columns that hold their numbers. */
export function learnPlaces(names: Map<string, string>): void {
  places = names;
}

function listed(value: unknown[]): Child {
  const words = value.map((one) => (typeof one === "object" && one ? Object.entries(one as Plain).map(([k, v]) => (typeof v === "number" ? `${columnName(k)} ${number(v, 1)}` : has(`value_${String(v)}`) ? t(`value_${String(v)}`) : String(v))).join(" ") : has(`value_${String(one)}`) ? t(`value_${String(one)}`) : String(one)));
  const join = language() === "zh" ? "、" : ", ";
  if (words.length <= MOST_LISTED + 1) return words.join(join);
  return h("span", { title: words.join(join) }, words.slice(0, MOST_LISTED).join(join), " ", h("span", { class: "soft" }, t("and_so_many", { count: language() === "zh" ? words.length : words.length - MOST_LISTED })));
}

export function cell(value: unknown, column = ""): Child {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "boolean") return value ? "✓" : "✕";
  if (typeof value === "number") return number(value, 3);
  if (Array.isArray(value)) return listed(value);
  if (typeof value === "object") return Object.entries(value as Plain).map(([k, v]) => `${columnName(k)} ${typeof v === "number" ? number(v, 3) : has(`value_${String(v)}`) ? t(`value_${String(v)}`) : String(v)}`).join(" · ");
  const text = String(value);
  if (/(prefecture|county|city|place)_id$/.test(column) && places.has(text)) return places.get(text) ?? text;
  // Codes in a row, as the records keep them.
  if (/^[a-z0-9_]+(;[a-z0-9_]+)+$/.test(text) || /^;.+;$/.test(text)) return listed(text.split(";").filter(Boolean));
  if (/^[0-9a-f]{64}$/.test(text)) return h("code", { title: text }, text.slice(0, 12));
  if (TIME.test(text)) return chinaTime(text);
  if (nameOf(column, text)) return named(column, text);
  return has(`value_${text}`) ? t(`value_${text}`) : text;
}

/** Rows as a table, with the columns that say something and a mark on rows that are not observed. */
export function rowsTable(caption: string, rows: Plain[], link?: (row: Plain) => string | null, clocks = false): HTMLElement {
  const first = rows[0];
  if (!first) return h("p", { class: "soft" }, t("no_rows"));
  const names = Object.keys(first).filter((name) => (!HIDDEN.has(name) || (clocks && KEPT_CLOCKS.has(name))) && rows.some((row) => row[name] !== null && row[name] !== "" && !(Array.isArray(row[name]) && !(row[name] as unknown[]).length)));
  return table(
    caption,
    names.map((name, at) => ({
      head: rows.some((row) => TIME.test(String(row[name] ?? ""))) ? `${columnName(name)} (${CHINA})` : columnName(name),
      number: typeof first[name] === "number",
      wide: rows.some((row) => Array.isArray(row[name]) || String(row[name] ?? "").length > 60),
      short: rows.every((row) => (row[name] === null || typeof row[name] !== "object") && String(row[name] ?? "").length <= 20),
      cell: (row: Plain): Child => (at === 0 ? [cell(row[name], name), " ", origin(row.origin as string | undefined)] : cell(row[name], name)),
    })),
    rows,
    link,
  );
}

/** The row an act is decided on, as it was before whoever decides. */
export type SeenRow = { table: string; id: string; version: number };

/** A form for an act: a field for each thing it takes, sent once however often it is pressed. */
export function actForm(act: ActView, known: Plain, done: () => void, seen?: SeenRow): HTMLElement {
  const inputs = new Map<string, HTMLInputElement>();
  const request = crypto.randomUUID();
  const wrong = h("div");
  const fields = act.takes.map((one) => {
    const type = one.type === "dt.date" ? "date" : one.type === "dt.datetime" ? "datetime-local" : one.type === "bool" ? "checkbox" : one.type === "int" || one.type === "float" ? "number" : "text";
    const input = h("input", { type, name: one.name, required: one.required && type !== "checkbox", step: one.type === "float" ? "any" : null, placeholder: one.type.startsWith("list") ? "a, b" : null });
    const given = known[one.name];
    if (given !== undefined && given !== null) input.value = String(given);
    inputs.set(one.name, input);
    return field(`${columnName(one.name.replace(/_$/, ""))}${type === "datetime-local" ? ` (${CHINA})` : ""}${one.required ? "" : ` (${t("optional")})`}`, input);
  });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given: Plain = {};
    for (const one of act.takes) {
      const input = inputs.get(one.name) as HTMLInputElement;
      if (one.type === "bool") given[one.name] = input.checked;
      else if (input.value === "") continue;
      else if (one.type.startsWith("list")) given[one.name] = input.value.split(/[,，]/).map((part) => part.trim()).filter(Boolean);
      else if (one.type === "int" || one.type === "float") given[one.name] = Number(input.value);
      else if (one.type === "dt.datetime") given[one.name] = `${input.value.length === 16 ? `${input.value}:00` : input.value}+08:00`;
      else given[one.name] = input.value;
    }
    try {
      await send("POST", `/api/records/acts/${act.name}`, { arguments: given, request, seen: seen ?? null });
      done();
    } catch (found) {
      if (!(found instanceof Problem)) throw found;
      replace(wrong, problem(found));
    }
  };
  return h("form", { class: "stack", onsubmit: (e: Event) => void submit(e) }, h("h2", { style: "margin:0" }, actName(act.name)), fields, wrong, h("div", { class: "row" }, h("button", { class: "primary" }, t("do_it"))));
}

export function actName(name: string): string {
  return has(`act_${name.replace(".", "_")}`) ? t(`act_${name.replace(".", "_")}`) : name;
}

/** Buttons for the acts a role may do, each opening its form. */
export function actButtons(acts: ActView[], known: Plain, done: () => void, seen?: SeenRow): HTMLElement {
  const open = (act: ActView): void => {
    const box = h("dialog", { "aria-label": actName(act.name), onclose: () => box.remove() });
    const form = actForm(act, known, () => {
      box.close();
      done();
    }, seen);
    form.querySelector(".row:last-child")?.append(button(t("cancel"), () => box.close()));
    box.append(form);
    document.body.append(box);
    box.showModal();
  };
  const shown = acts.filter((act) => act.allowed);
  return shown.length ? h("div", { class: "row" }, shown.map((act) => button(actName(act.name), () => open(act)))) : notice(t("nothing_to_do"));
}
