/** Figures: every number of a plan, its readings and links, beside the text the user loads. */

import { get, Problem, send, type Figures, type Run } from "../api";
import { h, replace, type Child } from "../dom";
import { both, button, field, later, notice, problem, table, title } from "../parts";
import { go, href, note as remember } from "../state";
import { number, t, when } from "../words";
import type { Context, View } from "../main";

interface Link { kind: string; passed: boolean; detail: Record<string, string> }
interface Figure {
  number: number; line: number; span: [number, number]; printed: string; subject: string; candidates: number[]; survivors: number[];
  chosen: number; verdict: string; verdict_by_links: string; links: Link[];
}
interface Ledger { notes: Record<string, string>[]; summary: Record<string, number>; figures: Figure[]; contradictions: { text: Record<string, string> }[]; orphan_targets: number[]; orphan_baselines: number[] }

const VERDICTS = ["certain", "probable", "ambiguous", "implausible"];
let loaded: (Figures & { text: string }) | null = null;

export async function show(context: Context): Promise<View> {
  const body = h("div");
  let shipped: Ledger | null = null;
  try {
    shipped = await get<Ledger>(`/api/provinces/${context.province}/figures`);
  } catch (wrong) {
    if (!(wrong instanceof Problem) || wrong.status !== 404) throw wrong;
  }
  const draw = (): void => {
    const ledger = loaded ? (loaded.ledger as unknown as Ledger) : shipped;
    replace(body, ledger ? inside(ledger, loaded?.lines ?? null) : notice(t("no_figures_here")));
  };
  draw();
  return { node: h("div", {}, title(t("screen_figures"), t("lead_figures")), loader(context, draw), body, later(signing(context))) };
}

function loader(context: Context, draw: () => void): HTMLElement {
  const wrong = h("div");
  const read = async (text: string): Promise<void> => {
    replace(wrong, h("span", { class: "pulse" }, t("loading")));
    try {
      loaded = { ...(await send<Figures>("POST", "/api/figures", { text, province: context.province })), text };
      replace(wrong);
      draw();
    } catch (found) {
      replace(wrong, problem(found));
    }
  };
  const pick = h("input", { type: "file", accept: ".txt,.md,text/plain", class: "unseen", id: "plan-text", onchange: (e: Event) => {
    const file = (e.target as HTMLInputElement).files?.[0];
    if (file) void file.text().then(read);
  } });
  const pasted = h("textarea", { rows: 3, placeholder: t("paste_text"), "aria-label": t("paste_text"), style: "width:100%" });
  const drop = h("div", { class: "drop",
    ondragover: (e: DragEvent) => { e.preventDefault(); drop.classList.add("over"); },
    ondragleave: () => drop.classList.remove("over"),
    ondrop: (e: DragEvent) => { e.preventDefault(); drop.classList.remove("over"); void e.dataTransfer?.files[0]?.text().then(read); } },
    h("p", { style: "margin:0 0 .6rem" }, t("load_text_words")), pick, h("label", { class: "button", for: "plan-text" }, t("load_text")), " ",
    loaded ? button(t("back_to_shipped"), () => { loaded = null; draw(); }) : null,
    h("details", { style: "margin-top:.6rem;text-align:left" }, h("summary", {}, t("or_paste")), pasted, button(t("check_text"), () => void read(pasted.value), "primary")));
  return h("section", {}, drop, wrong);
}

function inside(ledger: Ledger, lines: string[] | null): HTMLElement {
  const query = new URLSearchParams(location.search);
  const only = query.get("verdict");
  const chips = VERDICTS.filter((name) => ledger.summary[name]).map((name) => h("a", { class: "button", href: href(undefined, { verdict: only === name ? null : name }), "aria-current": only === name ? "true" : null }, h("b", { class: colour(name) }, ledger.summary[name] ?? 0), t(`face.verdict_${name}`)));
  const shown = ledger.figures.filter((f) => !only || f.verdict === only);
  const list = figureTable(shown);
  return h("div", {},
    h("p", { class: "soft" }, ledger.notes.map((words) => both(words)).join(" ")),
    h("div", { class: "counts" }, chips),
    lines ? h("div", { class: "two" }, reader(lines, ledger.figures), h("div", {}, list)) : list,
    h("h2", {}, t("face.contradictions")),
    h("ul", { class: "parts card" }, ledger.contradictions.map((c) => h("li", {}, both(c.text)))),
    h("div", { class: "two" }, ([["face.orphan_targets", ledger.orphan_targets], ["face.orphan_baselines", ledger.orphan_baselines]] as [string, number[]][]).map(([words, held]) => h("section", {}, h("h3", {}, t(words), " ", h("span", { class: "soft" }, held.length)), alone(ledger, held)))),
  );
}

/** A figure as it is read, to its last digit. */
function exact(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** The targets or baselines that have no partner, in the plan's own words, each leading to its row. */
function alone(ledger: Ledger, numbers: number[]): HTMLElement {
  const held = ledger.figures.filter((f) => numbers.includes(f.number));
  if (!held.length) return h("p", { class: "soft" }, t("none_alone"));
  return h("div", { class: "row", style: "gap:.3rem" }, held.map((f) => h("a", { class: "button small", lang: "zh", href: `#figure-${f.number}`, onclick: (e: Event) => { e.preventDefault(); e.stopPropagation(); find(f.number); } }, `${f.subject} ${f.printed}`.trim())));
}

/** Who signed off which readings, and the form that signs off those shown. */
async function signing(context: Context): Promise<Node> {
  const held = (await get<Run[]>("/api/runs")).filter((one) => one.kind === "figures");
  const note = h("input", { maxlength: 500, style: "width:min(26rem,80vw)" });
  const wrong = h("div");
  const sign = async (): Promise<void> => {
    try {
      await send("POST", "/api/figures/sign-off", { text: loaded?.text ?? "", province: context.province, note: note.value });
      go(href(undefined, { seen: String(Date.now()) }), true);
    } catch (found) {
      replace(wrong, problem(found));
    }
  };
  return h("section", {}, h("h2", {}, t("sign_off")), h("p", { class: "soft" }, t("sign_off_words")),
    context.session.may.includes("compute") ? h("div", { class: "row" }, field(t("note"), note), button(t("sign_off_these"), () => void sign(), "primary")) : null, wrong,
    held.length ? table(t("sign_off"), [
      { head: t("signed_at"), short: true, cell: (run: Run) => when(run.made_at) }, { head: t("signed_by"), cell: (run) => String(run.facts.signed_by ?? "") }, { head: t("note"), wide: true, cell: (run) => String(run.facts.note ?? "") },
      { head: t("screen_figures"), number: true, cell: (run) => number(run.tables.figures ?? 0) }, { head: t("face.contradictions"), number: true, cell: (run) => number(Number(run.facts.contradiction_count ?? 0)) },
      { head: t("run"), short: true, cell: (run) => h("a", { href: href("data", { part: "runs", run: run.run_id }, false) }, h("code", {}, run.run_id)) },
    ], held) : h("p", { class: "soft" }, t("nobody_signed")));
}

function colour(verdict: string): string {
  return verdict === "certain" ? "met" : verdict === "implausible" ? "missed" : "at_risk";
}

function figureTable(held: Figure[]): HTMLElement {
  return table(t("screen_figures"), [
    { head: t("face.subject"), cell: (f: Figure) => h("span", { id: `figure-${f.number}`, lang: "zh" }, f.subject) },
    { head: t("face.printed"), number: true, cell: (f) => f.printed },
    { head: t("face.candidates"), short: true, cell: (f) => f.candidates.length > 1 ? f.candidates.map((c, k): Child => [k ? " · " : "", f.survivors.includes(c) ? h("b", {}, exact(c)) : h("s", { class: "soft" }, exact(c))]) : "–" },
    { head: t("face.chosen"), number: true, cell: (f) => exact(f.chosen) },
    { head: t("face.verdict"), cell: (f) => h("span", { class: colour(f.verdict) }, t(`face.verdict_${f.verdict}`)) },
    { head: t("face.links"), wide: true, cell: (f) => h("small", {}, f.links.filter((k) => k.kind !== "glyph").map((k) => h("div", { class: k.passed ? "" : "missed" }, k.passed ? "✓ " : "✕ ", both(k.detail)))) },
  ], held);
}

/** The text with each figure marked where it stands. */
function reader(lines: string[], figures: Figure[]): HTMLElement {
  const by = new Map<number, Figure[]>();
  for (const figure of figures) by.set(figure.line, [...(by.get(figure.line) ?? []), figure]);
  const paragraphs = lines.map((line, k) => {
    const here = (by.get(k + 1) ?? []).map((f) => ({ f, at: place(line, f) })).filter((x) => x.at).sort((a, b) => (a.at as [number, number])[0] - (b.at as [number, number])[0]);
    const parts: Child[] = [];
    let end = 0;
    for (const { f, at } of here) {
      const [from, to] = at as [number, number];
      if (from < end) continue;
      parts.push(line.slice(end, from), h("mark", { class: f.verdict, tabindex: 0, title: `${t(`face.verdict_${f.verdict}`)}: ${exact(f.chosen)}`, onclick: () => find(f.number), onkeydown: (e: KeyboardEvent) => { if (e.key === "Enter") find(f.number); } }, line.slice(from, to)));
      end = to;
    }
    parts.push(line.slice(end));
    return h("p", {}, parts);
  });
  return h("div", { class: "card reader", tabindex: 0, role: "region", "aria-label": t("the_text") }, paragraphs);
}

/** Where a figure stands in its line as it was loaded: by its column, else by its digits. */
function place(line: string, figure: Figure): [number, number] | null {
  const digits = figure.printed.match(/[\d.,]+/)?.[0]?.replace(/\D/g, "") ?? "";
  if (!digits) return null;
  const pattern = new RegExp([...digits].join("[^\\d\\s]?"), "g");
  const column = (figure as unknown as { column: number }).column - 1;
  let best: [number, number] | null = null;
  for (const hit of line.matchAll(pattern)) {
    if (!best || Math.abs(hit.index - column) < Math.abs(best[0] - column)) best = [hit.index, hit.index + hit[0].length];
  }
  return best;
}

function find(at: number): void {
  remember({ figure: String(at) });
  document.getElementById(`figure-${at}`)?.closest("tr")?.scrollIntoView({ block: "center", behavior: "smooth" });
}
