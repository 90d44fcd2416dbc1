/** Parts every screen uses: badges, marks of origin, tables, notices, panels. */

import { Problem, type Fault, type Origin } from "./api";
import { h, type Child } from "./dom";
import { both, has, language, t } from "./words";

const ICONS: Record<string, string> = {
  met: "✓", on_track: "↗", at_risk: "!", off_track: "↘", missed: "✕", unknown: "?",
};

export function status(name: string): HTMLElement {
  return h("span", { class: `status ${name}` }, h("i", { "aria-hidden": "true" }, ICONS[name] ?? "?"), t(`face.status_${name}`));
}

/** The mark of where a value comes from; observed values carry none, so that the others stand out. */
export function origin(name: Origin | string | null | undefined, always = false): HTMLElement | null {
  if (!name || (name === "observed" && !always)) return null;
  return h("span", { class: `mark ${name}`, title: has(`about_${name}`) ? t(`about_${name}`) : "" }, t(`face.origin_${name}`));
}

export function button(words: string, act: (event: Event) => void, kind = ""): HTMLButtonElement {
  return h("button", { type: "button", class: kind, onclick: act }, words);
}

export function notice(words: Child, kind = "info"): HTMLElement {
  return h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "note" }, words);
}

export function faultList(faults: Fault[], most = 100): HTMLElement {
  const spoken = language();
  const rows = faults.slice(0, most).map((fault) => {
    const place = [fault.table, fault.column].filter(Boolean).join(".");
    const at = fault.row === null ? place : `${place}:${fault.row}`;
    return h("li", {}, at ? h("code", {}, at) : null, " ", fault[spoken], " ", h("span", { class: "soft" }, fault[`remedy_${spoken}`]));
  });
  return h("ul", { class: "faults" }, rows, faults.length > most ? h("li", {}, t("more_faults", { count: faults.length - most })) : null);
}

export function problem(wrong: unknown): HTMLElement {
  if (wrong instanceof Problem) return notice(faultList(wrong.faults), "bad");
  throw wrong;
}

/** Put a promise's element in its place when it comes, or what went wrong. */
export function later(made: Promise<Node>, tall = false): HTMLElement {
  const place = h("div", { class: tall ? "waiting tall" : "waiting", "aria-busy": "true" }, h("span", { class: "pulse" }, t("loading")));
  const put = (node: Node): void => {
    if (place.parentNode) return place.replaceWith(node);
    // It came before its place stood anywhere: the place becomes its frame.
    place.removeAttribute("aria-busy");
    place.className = "";
    place.replaceChildren(node);
  };
  made.then(put, (wrong: unknown) => put(problem(wrong)));
  return place;
}

export interface Column<Row> {
  head: string;
  cell: (row: Row) => Child;
  number?: boolean;
  wide?: boolean;
  /** Whether its cells are too short to be broken. */
  short?: boolean;
}

export function table<Row>(caption: string, columns: Column<Row>[], rows: Row[], click?: (row: Row) => string | null): HTMLElement {
  const kind = (column: Column<Row>): string => (column.number ? "n" : column.wide ? "wide" : column.short ? "short" : "");
  const body = rows.map((row) => {
    const to = click?.(row);
    return h(
      "tr",
      {},
      columns.map((column, at) => {
        const inside = column.cell(row);
        return h("td", { class: kind(column), "data-name": column.head }, at === 0 && to ? h("a", { href: to }, inside) : inside);
      }),
    );
  });
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: kind(column) }, column.head)))),
      h("tbody", {}, body),
    ),
  );
}

export function select(label: string, options: [string, string][], chosen: string, change: (value: string) => void): HTMLElement {
  const field = h(
    "select",
    { onchange: (event: Event) => change((event.target as HTMLSelectElement).value) },
    options.map(([value, words]) => h("option", { value, selected: value === chosen }, words)),
  );
  return h("label", { class: "field" }, h("span", {}, label), field);
}

export function field(label: string, input: HTMLElement): HTMLElement {
  return h("label", { class: "field" }, h("span", {}, label), input);
}

/** What a screen says when its engine does not stand in this installation. */
export function missing(what: string[]): HTMLElement {
  return notice([h("strong", {}, t("not_here")), h("p", {}, t("not_here_why", { what: what.join(language() === "zh" ? "、" : ", ") }))], "missing");
}

export function title(words: string, lead?: Child): HTMLElement {
  return h("header", { class: "head" }, h("h1", { tabindex: "-1" }, words), lead ? h("p", { class: "lead" }, lead) : null);
}

export function definition(pairs: [string, Child][]): HTMLElement {
  return h("dl", { class: "facts" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export { both };
