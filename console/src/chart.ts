/** Pictures drawn as SVG: a target's path and fan, bars, lines. Colours come from the style sheet. */

import type { Line } from "./api";
import { h, s } from "./dom";
import { both, number, t } from "./words";

export interface Box {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Scale {
  x: (value: number) => number;
  y: (value: number) => number;
}

export function scale(box: Box, xs: [number, number], ys: [number, number]): Scale {
  const wide = box.width - box.left - box.right;
  const high = box.height - box.top - box.bottom;
  return {
    x: (value) => box.left + ((value - xs[0]) / Math.max(1e-9, xs[1] - xs[0])) * wide,
    y: (value) => box.height - box.bottom - ((value - ys[0]) / Math.max(1e-9, ys[1] - ys[0])) * high,
  };
}

/** A drawing as wide as its place, drawn anew when that changes: its words keep their size on any screen. */
export function fitted(draw: (width: number) => SVGSVGElement): HTMLElement {
  const box = h("div", { class: "fitted" });
  let drawn = 0;
  new ResizeObserver(() => {
    const width = Math.round(box.clientWidth);
    if (width < 40 || width === drawn) return;
    drawn = width;
    box.replaceChildren(draw(width));
  }).observe(box);
  return box;
}

/** About how wide a text is drawn. */
export function wide(text: string, size = 12.5): number {
  return size * [...text].reduce((sum, one) => sum + (one.charCodeAt(0) > 255 ? 1.03 : 0.57), 0);
}

/** A text cut to fit a width. */
export function cut(text: string, most: number): string {
  if (wide(text) <= most) return text;
  let held = text;
  while (held && wide(`${held}…`) > most) held = held.slice(0, -1);
  return `${held}…`;
}

/** Three to six round numbers inside a range. */
export function rounds(low: number, high: number, about = 4): number[] {
  const rough = (high - low) / about;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).reduce((a, b) => (Math.abs(b - rough) < Math.abs(a - rough) ? b : a));
  const made: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k += 1) made.push(k * step);
  return made;
}

export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e8) return `${number(value / 1e8, 1)}×10⁸`;
  return number(value);
}

/** A period as a decimal year, as the scorecard counts it: a quarter, half or month lies in its middle. */
export function yearOf(period: string): number {
  const year = Number(period.slice(0, 4));
  const part = /^\d{4}-([QH]?)(\d{1,2})/.exec(period);
  if (!part) return year;
  const parts = part[1] === "Q" ? 4 : part[1] === "H" ? 2 : 12;
  return year + (Number(part[2]) - 0.5) / parts;
}

/** Whether a target can be drawn: it aims at a number by a date. */
export function drawable(line: Line): boolean {
  return line.wording === "numeric" && !!line.deadline && line.target?.value !== null && line.target?.value !== undefined;
}

function range(line: Line): { xs: [number, number]; ys: [number, number] } {
  const years = [...line.observations.map((o) => yearOf(o.period)), ...line.path.map((p) => Number(p.period))];
  const values = [...line.observations.map((o) => o.value), ...line.path.map((p) => p.value), line.target?.value ?? 0];
  const last = Number((line.deadline ?? "2025").slice(0, 4));
  years.push(last, Math.min(last - 5, ...years));
  if (line.forecast) {
    years.push(...line.forecast.periods.map(Number));
    values.push(...line.forecast.low80, ...line.forecast.high80);
  }
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (low === high) [low, high] = [Math.min(low, 0), Math.max(high, 1)];
  const room = 0.08 * (high - low);
  const bottom = line.unit === "%" ? Math.max(0, low - room) : low >= 0 && low < 0.5 * high ? 0 : low - room;
  const top = line.unit === "%" ? Math.min(100.5, high + room) : high + room;
  return { xs: [Math.min(...years) - 0.4, Math.max(...years) + 0.4], ys: [bottom, top] };
}

function points(pairs: [number, number][], to: Scale): string {
  return pairs.map(([x, y]) => `${to.x(x).toFixed(1)},${to.y(y).toFixed(1)}`).join(" ");
}

function fan(line: Line, to: Scale): SVGElement[] {
  const held = line.forecast;
  if (!held || !line.latest) return [];
  const same = line.observations.filter((o) => o.scope === line.latest?.scope);
  const first = same[same.length - 1];
  if (!first) return [];
  const start: [number, number][] = [[yearOf(first.period), first.value]];
  const years = held.periods.map(Number);
  const along = (values: number[]): [number, number][] => [...start, ...years.map((y, k): [number, number] => [y, values[k] ?? 0])];
  return [
    ...([[held.low80, held.high80], [held.low50, held.high50]] as const).map(([low, high]) =>
      s("polygon", { class: "fan", points: points([...along(high), ...along(low).reverse()], to) }),
    ),
    s("polyline", { class: "median", points: points(along(held.median), to) }),
  ];
}

function seen(line: Line, to: Scale, size: number): SVGElement[] {
  const scopes = new Map<string, [number, number][]>();
  for (const o of line.observations) {
    scopes.set(o.scope, [...(scopes.get(o.scope) ?? []), [yearOf(o.period), o.value]]);
  }
  const lines = [...scopes.values()].filter((p) => p.length > 1).map((p) => s("polyline", { class: "seen", points: points(p, to) }));
  const dots = line.observations.map((o) => {
    const [x, y] = [to.x(yearOf(o.period)), to.y(o.value)];
    const about = s("title", {}, `${o.period}: ${number(o.value)} (${t(`face.origin_${o.origin}`)})`);
    const soft = o.origin === "assumed" || o.origin === "synthetic";
    return soft
      ? s("path", { class: `dot ${o.origin}`, d: `M${x} ${y - size - 1}l${size + 1} ${size + 1}l${-size - 1} ${size + 1}l${-size - 1} ${-size - 1}z` }, about)
      : s("circle", { class: `dot ${o.origin}`, cx: x, cy: y, r: size }, about);
  });
  return [...lines, ...dots];
}

/** A target's path, aim, values and fan, with its unit and what each mark means. */
export function pathChart(line: Line): HTMLElement {
  const marks: [boolean, string, string][] = [
    [line.observations.some((o) => o.origin === "observed"), "M1 6h18M10 3a3 3 0 1 0 .01 0z", "seen filled"], [line.observations.some((o) => o.origin === "derived"), "M1 6h18M10 3a3 3 0 1 0 .01 0z", "seen hollow"],
    [!!line.path.length, "M1 6h18", "path"], [!!line.forecast, "M1 1h18v10h-18z", "fan"], [!!line.forecast, "M1 6h18", "median"],
  ];
  const words: Record<string, string> = { "seen filled": t("key_observed"), "seen hollow": t("key_derived"), path: t("key_path"), fan: t("key_fan"), median: t("key_median") };
  const key = h("ul", { class: "key" }, marks.filter(([there]) => there).map(([, d, kind]) => h("li", {}, s("svg", { class: "chart mini", viewBox: "0 0 20 12", "aria-hidden": "true" }, s("path", { class: kind, d })), words[kind])));
  return h("figure", { class: "drawing" }, h("figcaption", { class: "soft small" }, both(line.unit_label)), fitted((width) => drawPath(line, width)), key);
}

function drawPath(line: Line, width: number, height = 260): SVGSVGElement {
  const box: Box = { width, height, left: 58, right: Math.min(98, 0.26 * width), top: 14, bottom: 28 };
  const { xs, ys } = range(line);
  const to = scale(box, xs, ys);
  const made = s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": both(line.label) });
  for (const value of rounds(ys[0], ys[1])) {
    made.append(
      s("line", { class: "grid", x1: box.left, x2: width - box.right, y1: to.y(value), y2: to.y(value) }),
      s("text", { class: "tick", x: box.left - 7, y: to.y(value) + 4, "text-anchor": "end" }, short(value)),
    );
  }
  const step = Math.max(1, Math.ceil((xs[1] - xs[0]) / (width < 450 ? 4 : 7)));
  for (let year = Math.ceil(xs[0]); year <= xs[1]; year += step) {
    made.append(s("text", { class: "tick", x: to.x(year), y: height - 8, "text-anchor": "middle" }, year));
  }
  made.append(...fan(line, to));
  if (line.path.length) {
    made.append(s("polyline", { class: "path", points: points(line.path.map((p) => [Number(p.period), p.value]), to) }));
  }
  made.append(...seen(line, to, 4));
  const aim = line.target?.value;
  if (aim !== null && aim !== undefined && line.deadline) {
    const [x, y] = [to.x(Number(line.deadline.slice(0, 4))), to.y(aim)];
    made.append(
      s("path", { class: "aim", d: `M${x - 6} ${y}h12M${x} ${y - 6}v12` }),
      s("text", { class: "aimtext", x: x + 10, y: y + 4 }, t("face.target_mark", { value: short(aim) })),
    );
  }
  if (!line.observations.length) {
    made.append(s("text", { class: "tick", x: (box.left + width - box.right) / 2, y: height / 2, "text-anchor": "middle" }, t("face.nothing_known")));
  }
  return made;
}

/** The same without words, for a row of a list. */
export function spark(line: Line, width = 132, height = 40): SVGSVGElement {
  const box: Box = { width, height, left: 4, right: 6, top: 5, bottom: 5 };
  const { xs, ys } = range(line);
  const to = scale(box, xs, ys);
  const made = s("svg", { class: "chart spark", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
  made.append(...fan(line, to));
  if (line.path.length) made.append(s("polyline", { class: "path", points: points(line.path.map((p) => [Number(p.period), p.value]), to) }));
  made.append(...seen(line, to, 2));
  const aim = line.target?.value;
  if (aim !== null && aim !== undefined && line.deadline) {
    const [x, y] = [to.x(Number(line.deadline.slice(0, 4))), to.y(aim)];
    made.append(s("path", { class: "aim", d: `M${x - 4} ${y}h8M${x} ${y - 4}v8` }));
  }
  return made;
}
