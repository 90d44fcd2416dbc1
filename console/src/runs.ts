/** Results a screen rests on: the latest run of a kind, its tables as rows, and the form that asks for a new one. */

import { get, once, type Columns, type Job, type Run } from "./api";
import { h, replace } from "./dom";
import { run } from "./jobs";
import { button, later } from "./parts";
import { address, go, href } from "./state";
import { language, named, t, when } from "./words";

export type Row = Record<string, string | number | boolean | null>;

export async function latest(kinds: string[]): Promise<Run | null> {
  const asked = new URLSearchParams(location.search).get("run");
  const held = (await get<Run[]>("/api/runs")).filter((one) => kinds.includes(one.kind));
  return held.find((one) => one.run_id === asked) ?? held[0] ?? null;
}

/** The runs of some kinds, to choose among. */
export async function chooser(kinds: string[], now: Run | null): Promise<HTMLElement | null> {
  const held = (await get<Run[]>("/api/runs")).filter((one) => kinds.includes(one.kind));
  if (held.length < 2) return null;
  const about = (one: Run): string => `${when(one.made_at)} · ${Object.entries(one.options).filter(([k, v]) => ["day", "days", "year", "scenario", "counties", "season", "pieces", "weather"].includes(k) && v !== "" && v !== null).map(([, v]) => String(v)).join(" ")} · ${one.run_id}`;
  return h("select", { "aria-label": t("run"), onchange: (e: Event) => go(href(undefined, { run: (e.target as HTMLSelectElement).value })) }, held.map((one) => h("option", { value: one.run_id, selected: one.run_id === now?.run_id }, about(one))));
}

export async function rowsOf(of: Run, table: string, most = 20_000): Promise<Row[]> {
  if (!(table in of.tables)) return [];
  const held = await get<{ columns: Record<string, (string | number | boolean | null)[]>; total: number }>(`/api/runs/${of.run_id}/tables/${table}?limit=${most}`);
  const names = Object.keys(held.columns);
  const count = names[0] ? (held.columns[names[0]]?.length ?? 0) : 0;
  return Array.from({ length: count }, (_, k) => Object.fromEntries(names.map((n) => [n, held.columns[n]?.[k] ?? null])));
}

/** A whole table as columns, asked for piece by piece. */
export async function columnsOf(of: Run, table: string): Promise<Record<string, (string | number | boolean | null)[]>> {
  const made: Record<string, (string | number | boolean | null)[]> = {};
  const total = of.tables[table] ?? 0;
  const parts = Array.from({ length: Math.ceil(total / 20_000) }, (_, k) => get<{ columns: typeof made }>(`/api/runs/${of.run_id}/tables/${table}?limit=20000&offset=${k * 20_000}`));
  for (const part of await Promise.all(parts)) for (const [name, values] of Object.entries(part.columns)) made[name] = (made[name] ?? []).concat(values);
  return made;
}

/** Names of places by id. */
export async function placeNames(province: string, levels = ["prefecture", "county", "external"]): Promise<Map<string, string>> {
  const all = await Promise.all(levels.map((level) => once<Columns>(`/api/provinces/${province}/points/${level}`)));
  const made = new Map<string, string>();
  for (const held of all) {
    const c = held.columns;
    (c.place_id ?? []).forEach((id, k) => made.set(String(id), c.kind?.[k] === "dev_zone" ? short(String(c.name_zh?.[k] ?? "")) : named(short(String(c.name_zh?.[k] ?? "")), shortPinyin(String(c.pinyin?.[k] ?? "")))));
  }
  return made;
}

function short(name: string): string {
  const bare = name.replace(/(朝鲜族|满族|蒙古族)?自治[县州]$/u, "");
  return bare.replace(/(经济技术|高新技术产业|净月高新技术产业|汽车经济技术|高新区|经济)?开发区$/u, (zone) => `${zone.slice(0, 2)}区`).replace(/(?<=..)[市县区]$/u, "");
}

function shortPinyin(text: string): string {
  const bare = text.replace(/(chaoxianzuzizhi|manzuzizhi|mengguzuzizhi)?(zhou|xian|shi|qu)$/, "");
  return bare.length > 2 ? bare : text;
}

/** A button that asks for a job, follows it, and shows its result on this screen. */
export function asker(words: string, kind: string, options: () => Record<string, unknown>, screen: string): HTMLElement {
  const place = h("div", { style: "margin-top:.6rem" });
  const act = (): void => {
    void run(place, kind, options()).then((job: Job) => go(href(screen as never, { run: typeof job.result?.run_id === "string" ? job.result.run_id : null, seen: job.job_id })), () => undefined);
  };
  return h("div", {}, button(words, act, "primary"), place);
}

export function runLine(of: Run): HTMLElement {
  return h("p", { class: "soft small" }, t("from_run"), " ", h("a", { href: href("data", { part: "runs", run: of.run_id }, false) }, h("code", {}, of.run_id)), ` · ${when(of.made_at)} · ${t("seed")} ${of.seed} · `, ["xlsx", "docx", "pdf", "html"].map((form) => [h("a", { href: `/api/runs/${of.run_id}/report?form=${form}&language=${language()}&province=${address().province}`, download: true }, t(`report_${form}`)), " "]));
}

export { later, replace };
