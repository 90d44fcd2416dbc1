/** Results a screen rests on: the latest run of a kind, its tables as rows, and the form that asks for a new one. */

import { get, type Job, type Run } from "./api";
import { h, replace } from "./dom";
import { run } from "./jobs";
import { button, later } from "./parts";
import { placeNames } from "./places";
import { address, go, href } from "./state";
import { language, number, t, when } from "./words";

export type Row = Record<string, string | number | boolean | null>;

export async function latest(kinds: string[]): Promise<Run | null> {
  const asked = new URLSearchParams(location.search).get("run");
  const held = (await get<Run[]>("/api/runs")).filter((one) => kinds.includes(one.kind));
  return held.find((one) => one.run_id === asked) ?? held[0] ?? null;
}

const PLAIN = new Set(["base", "ordinary", "any", "0", ""]);

/** What sets a run apart, in words: its day, year, weather, how much more. What is as usual is not said. */
export function told(one: Run, names: Map<string, string>): string {
  const words: Record<string, (value: string) => string> = {
    weather: (value) => t(`weather_${value}`), season: (value) => t(`season_${value}`), 
    counties: (value) => (value.includes(",") ? t("so_many_counties", { count: value.split(",").length }) : (names.get(value) ?? value)), place_id: (value) => names.get(value) ?? value,
    days: (value) => (/^\d+$/.test(value) ? t("so_many_days", { count: value }) : value),
    extra_percent: (value) => t("so_much_more", { percent: `${Number(value) > 0 ? "+" : ""}${number(Number(value))}` }), more_percent: (value) => t("so_much_more", { percent: `${Number(value) > 0 ? "+" : ""}${number(Number(value))}` }),
    plants_year: (value) => `${t("plants_of_year")} ${value}`, pieces: (value) => `${number(Number(value))} ${t("pieces")}`,
  };
  return ["first", "day", "month", "days", "year", "scenario", "season", "weather", "counties", "place_id", "extra_percent", "more_percent", "plants_year", "pieces"].flatMap((key) => {
    const value = one.options[key] === null || one.options[key] === undefined ? "" : String(one.options[key]);
    return PLAIN.has(value) ? [] : [words[key]?.(value) ?? value];
  }).join(" ");
}

/** The runs of some kinds, to choose among. */
export async function chooser(kinds: string[], now: Run | null): Promise<HTMLElement | null> {
  const held = (await get<Run[]>("/api/runs")).filter((one) => kinds.includes(one.kind));
  if (held.length < 2) return null;
  const names = await placeNames(address().province);
  const about = (one: Run): string => [when(one.made_at), told(one, names), one.run_id].filter(Boolean).join(" · ");
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
