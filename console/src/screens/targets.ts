/** Targets: the scorecard as of a day, each target with path, reasons, sources and what is owed. */

import { get, once, type Both, type Frame, type Line, type Scorecard } from "../api";
import { drawable, pathChart, spark } from "../chart";
import { h, replace, type Child } from "../dom";
import { both, button, definition, later, origin, status, title } from "../parts";
import { go, href, note } from "../state";
import { latest } from "../runs";
import { language, number, percent, t } from "../words";
import type { Context, View } from "../main";

const ORDER = ["met", "on_track", "at_risk", "off_track", "missed", "unknown"];
const GROUPS: [string, (line: Line) => boolean][] = [
  ["face.group_dated", (l) => l.wording === "numeric" && !!l.deadline],
  ["face.group_undated", (l) => l.wording === "numeric" && !l.deadline],
  ["face.group_directional", (l) => l.wording === "directional"],
  ["face.group_unmeasurable", (l) => l.wording === "unmeasurable"],
];

export async function show(context: Context): Promise<View> {
  const base = `/api/provinces/${context.province}`;
  const asOf = context.query.get("as_of");
  const [card, frame] = await Promise.all([
    get<Scorecard>(`${base}/scorecard${asOf ? `?as_of=${asOf}` : ""}`),
    once<Frame>(`${base}/scorecard/frame`),
  ]);
  const body = h("div");
  const place = h("div");
  let shown = card;
  const draw = (held: Scorecard): void => {
    shown = held;
    replace(body, ...list(held, context));
    openDrawer();
  };
  const openDrawer = (): void => {
    const asked = new URLSearchParams(location.search).get("target");
    const line = shown.lines.find((one) => one.target_id === asked);
    replace(place, line ? drawer(line, shown, frame, context) : null);
  };
  draw(card);
  const lead = t("face.lead", { as_of: card.as_of, targets: card.lines.length });
  return {
    node: h("div", {}, h("div", { class: "row", style: "justify-content:space-between" }, title(both(card.label), lead), downloads(context, frame)), slider(context, frame, card, draw), body, coherence(card), foot(card), place),
  };
}

function slider(context: Context, frame: Frame, card: Scorecard, draw: (card: Scorecard) => void): HTMLElement {
  const days = [...frame.days];
  const today = new Date().toISOString().slice(0, 10);
  if (!days.includes(today)) days.push(today);
  const first = Math.max(0, days.findIndex((day) => day >= card.as_of));
  const told = h("output", {}, card.as_of);
  let waiting = 0;
  const move = (event: Event): void => {
    const day = days[Number((event.target as HTMLInputElement).value)] ?? today;
    told.textContent = day;
    clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      note({ as_of: day === today ? null : day });
      void get<Scorecard>(`/api/provinces/${context.province}/scorecard?as_of=${day}`).then(draw);
    }, 160);
  };
  const range = h("input", { type: "range", min: 0, max: days.length - 1, value: first, "aria-label": t("as_of"), "aria-valuetext": card.as_of, oninput: move });
  return h("div", { class: "asof", style: "margin:0 0 1rem" }, h("span", { class: "soft" }, t("as_of")), range, told, h("span", { class: "soft small" }, t("as_of_note")));
}

/** The reports of the day the slider stands on: the scorecard, and the evaluation as officials write it. */
function downloads(context: Context, frame: Frame): HTMLElement {
  const base = `/api/provinces/${context.province}`;
  const menu = h("div", { hidden: true });
  const day = (): string => new URLSearchParams(location.search).get("as_of") ?? "";
  const link = (words: string, to: string): HTMLElement => h("a", { href: `${base}/${to}&language=${language()}${day() ? `&as_of=${day()}` : ""}`, download: true }, words);
  const fill = async (): Promise<void> => {
    const over = (day() || new Date().toISOString().slice(0, 10)) >= frame.end;
    const effects = (await latest(["effect"]))?.run_id ?? "";
    const kinds = ["yearly", "midterm", ...(over ? ["final"] : [])];
    replace(menu,
      h("b", { class: "small soft" }, t("report_scorecard")), ["docx", "pdf", "xlsx", "html", "json"].map((form) => link(t(`form_${form}`), `report?form=${form}`)),
      h("b", { class: "small soft" }, t("report_evaluation")), kinds.map((kind) => ["docx", "html"].map((form) => link(`${t(`evaluation_${kind}`)} · ${t(`report_${form}`)}`, `evaluation?kind=${kind}&form=${form}&effects=${effects}`))),
      h("p", { class: "small soft" }, effects ? t("evaluation_with", { run: effects }) : t("evaluation_without")),
      button(t("print"), () => print()));
  };
  const open = button(t("report"), () => {
    menu.hidden = !menu.hidden;
    open.setAttribute("aria-expanded", String(!menu.hidden));
    if (!menu.hidden) void fill();
  });
  open.setAttribute("aria-expanded", "false");
  return h("div", { class: "menu", onkeydown: (e: KeyboardEvent) => { if (e.key === "Escape") { menu.hidden = true; open.focus(); } } }, open, menu);
}

function list(card: Scorecard, context: Context): Child[] {
  const only = new URLSearchParams(location.search).get("status");
  const chips = ORDER.filter((name) => card.summary[name]).map((name) => {
    const chip = h("button", { type: "button", "aria-pressed": String(only === name), onclick: () => go(href(undefined, { status: only === name ? null : name })) }, h("b", { class: name }, card.summary[name] ?? 0), status(name));
    return chip;
  });
  const groups = GROUPS.map(([key, belongs]) => {
    const lines = card.lines.filter((line) => belongs(line) && (!only || line.status === only));
    return lines.length ? [h("li", { class: "group" }, t(key)), ...lines.map((line) => h("li", {}, row(line, context)))] : [];
  });
  return [h("div", { class: "counts", role: "group", "aria-label": t("face.status") }, chips), h("ul", { class: "lines" }, groups)];
}

function row(line: Line, context: Context): HTMLElement {
  const chosen = context.query.get("target") === line.target_id;
  return h(
    "a",
    { href: href(undefined, { target: line.target_id }), "data-target": line.target_id, "aria-current": chosen ? "true" : null },
    h("span", { class: "name" }, both(line.label), " ", h("span", { class: "tag" }, line.rows.join(" "))),
    h("span", { class: "spark-cell" }, drawable(line) ? spark(line) : null),
    trip(line),
    h("span", { class: "state" }, status(line.status), line.forecast?.probability !== null && line.forecast ? h("small", { class: "soft", style: "display:block" }, t("chance_of", { share: chance(line.forecast.probability) })) : null),
    h("span", { class: "why" }, both(line.reason)),
  );
}

function chance(share: number | null): string {
  if (share === null) return "–";
  return share < 0.01 ? "<1 %" : share > 0.99 ? ">99 %" : `${Math.round(100 * share)} %`;
}

function trip(line: Line): HTMLElement {
  const unit = both(line.unit_label);
  const aim = line.target?.value;
  const steps: Child[] = [];
  if (line.baseline) steps.push(number(line.baseline.value), " → ");
  steps.push(h("b", {}, line.latest ? number(line.latest.value) : "?"), " ", origin(line.latest?.origin));
  if (aim !== null && aim !== undefined) steps.push(" → ", number(aim));
  const when = [line.baseline?.period, line.latest?.period, line.deadline?.slice(0, 4)].filter(Boolean).join(" · ");
  return h("span", { class: "trip" }, line.latest || line.baseline || aim ? steps : t("face.no_number"), h("small", {}, [unit, when].filter(Boolean).join(" · ")));
}

function drawer(line: Line, card: Scorecard, frame: Frame, context: Context): HTMLElement {
  const close = (): void => go(href(undefined, { target: null }));
  const tasks = frame.tasks.filter((task) => task.moves.includes(line.target_id));
  const box = h(
    "aside",
    { class: "drawer", role: "dialog", "aria-label": both(line.label) },
    h("header", {}, h("div", {}, h("h2", { tabindex: "-1" }, both(line.label)), status(line.status), " ", h("span", { class: "soft" }, line.rows.join(" "))), button(t("close"), close)),
    h("p", {}, both(line.reason)),
    drawable(line) ? pathChart(line) : null,
    line.proposed ? h("p", { class: "soft" }, t("face.proposed"), both(line.proposed)) : null,
    h("h3", {}, t("judged_by")),
    h("ul", { class: "parts" }, line.components.map((part) => h("li", {}, status(part.status), " ", h("strong", {}, t(`part_${part.name}`)), both(part.detail) === both(line.reason) ? h("span", { class: "soft" }, ` – ${t("as_above")}`) : h("div", { class: "soft" }, both(part.detail))))),
    line.observations.length ? [h("h3", {}, t("values")), observations(line, card)] : null,
    h("h3", {}, t("counted")),
    definition([
      [t("indicator"), both(line.indicator.label)],
      [t("numerator"), both(line.indicator.numerator)],
      ...(both(line.indicator.denominator) ? [[t("denominator"), both(line.indicator.denominator)] as [string, Child]] : []),
      ...(line.required_growth ? [[t("needed_growth"), percent(line.required_growth)] as [string, Child]] : []),
      ...(line.target ? [[t("asked"), [both(line.target.text), " ", line.target.derived ? origin("derived") : null]] as [string, Child]] : []),
      [t("run"), h("code", {}, card.run_id)],
    ]),
    h("h3", {}, t("owed")),
    line.needs ? h("p", {}, both(line.needs)) : null,
    tasks.length
      ? h("ul", { class: "parts" }, tasks.map((task) => h("li", {}, h("strong", {}, both(task.label)), " ", h("span", { class: "soft" }, `${task.row} · ${t("until", { day: task.deadline })}`), h("div", { class: "soft" }, t("owner_line", { owner: task.owner, payer: task.payer === "unknown" ? t("payer_unknown") : task.payer }), " ", task.assumed.length ? origin("assumed") : null))))
      : h("p", { class: "soft" }, t("no_tasks")),
    h("h3", {}, t("levers_that_move")), later(movers(line, context)),
  );
  setTimeout(() => box.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true }), 60);
  return box;
}

interface Mover { id: string; label: Both; start: string; moves: { id: string }[] }

/** The plan's levers that move a target, each leading to the screen where it is dated, priced and measured. */
async function movers(line: Line, context: Context): Promise<Node> {
  const held = await once<{ levers: Mover[] }>(`/api/provinces/${context.province}/levers`);
  const mine = held.levers.filter((lever) => lever.moves.some((one) => one.id === line.target_id));
  if (!mine.length) return h("p", { class: "soft" }, t("no_lever_moves"));
  return h("div", {}, h("ul", { class: "parts" }, mine.map((lever) => h("li", {}, h("a", { href: href("levers", { bundle: lever.id }, false) }, both(lever.label)), " ", h("span", { class: "soft" }, lever.start.slice(0, 7))))),
    mine.length > 1 ? h("p", {}, h("a", { class: "button", href: href("levers", { bundle: mine.map((lever) => lever.id).join(",") }, false) }, t("try_all_levers"))) : null);
}

function observations(line: Line, card: Scorecard): HTMLElement {
  const rows = line.observations.map((o) => {
    const source = card.sources[o.source];
    return h("li", {}, h("strong", { class: "num" }, `${o.period}: ${number(o.value)}`), ` ${both(line.unit_label)} `, origin(o.origin, true),
      h("div", { class: "soft small" }, t("known_on", { day: o.known_on }), " · ", String(source?.title ?? o.source), " ", h("a", { href: href("data", { part: "sources", source: o.source }, false) }, o.source)));
  });
  return h("ul", { class: "parts" }, rows);
}

function coherence(card: Scorecard): HTMLElement {
  return h("section", {}, h("h2", {}, t("face.coherence")), h("ul", { class: "parts card" }, card.coherence.map((finding) => h("li", {}, both(finding.text), " ", h("span", { class: "soft small" }, finding.rows.join(" "))))));
}

function foot(card: Scorecard): HTMLElement {
  return h("p", { class: "soft small", style: "overflow-wrap:anywhere" }, t("face.footer", { run: card.run_id, version: card.version, seed: card.seed, fingerprint: card.fingerprint }));
}
