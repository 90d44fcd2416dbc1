/** Pictures drawn as SVG: a target's path and fan, bars, lines. Colours come from the style sheet. */

import type { Line } from "./api";
import { s } from "./dom";
import { both, number, t } from "./words";

interface Box {
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

/** A target's path, aim, values and fan. */
export function pathChart(line: Line, width = 560, height = 260): SVGSVGElement {
  const box: Box = { width, height, left: 54, right: 92, top: 14, bottom: 28 };
  const { xs, ys } = range(line);
  const to = scale(box, xs, ys);
  const made = s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": both(line.label) });
  for (const value of rounds(ys[0], ys[1])) {
    made.append(
      s("line", { class: "grid", x1: box.left, x2: width - box.right, y1: to.y(value), y2: to.y(value) }),
      s("text", { class: "tick", x: box.left - 7, y: to.y(value) + 4, "text-anchor": "end" }, short(value)),
    );
  }
  const step = Math.max(1, Math.ceil((xs[1] - xs[0]) / 7));
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

export interface Bar {
  label: string;
  value: number;
  low?: number;
  high?: number;
  kind?: string;
  title?: string;
}

/** Horizontal bars with their numbers, and intervals where there are some. */
export function bars(label: string, held: Bar[], format: (value: number) => string = short, width = 560): SVGSVGElement {
  const row = 26;
  const height = held.length * row + 8;
  const wordy = Math.min(0.42 * width, 14 + 13 * Math.max(4, ...held.map((b) => [...b.label].reduce((n, c) => n + (c.charCodeAt(0) > 255 ? 1 : 0.56), 0))));
  const low = Math.min(0, ...held.map((b) => b.low ?? b.value));
  const high = Math.max(1e-9, ...held.map((b) => b.high ?? b.value));
  const to = scale({ width, height, left: wordy, right: 84, top: 0, bottom: 0 }, [low, high], [0, 1]);
  const made = s("svg", { class: "chart bars", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  held.forEach((bar, k) => {
    const y = 4 + k * row;
    const [a, b] = [to.x(Math.min(0, bar.value)), to.x(Math.max(0, bar.value))];
    made.append(
      s("text", { class: "word", x: wordy - 8, y: y + 15, "text-anchor": "end" }, bar.label),
      s("rect", { class: `bar ${bar.kind ?? ""}`, x: a, y: y + 3, width: Math.max(1, b - a), height: 16, rx: 2 }, bar.title ? s("title", {}, bar.title) : null),
      s("text", { class: "tick", x: to.x(Math.max(bar.high ?? 0, bar.value, 0)) + 6, y: y + 15 }, format(bar.value)),
    );
    if (bar.low !== undefined && bar.high !== undefined) {
      made.append(s("path", { class: "whisker", d: `M${to.x(bar.low)} ${y + 11}H${to.x(bar.high)}M${to.x(bar.low)} ${y + 7}v8M${to.x(bar.high)} ${y + 7}v8` }));
    }
  });
  return made;
}

/** Columns over an axis of hours or steps. */
export function columns(label: string, xs: (string | number)[], series: { name: string; values: number[]; kind: string }[], width = 720, height = 220, least = 0): SVGSVGElement {
  const box: Box = { width, height, left: 72, right: 8, top: 10, bottom: 26 };
  const totals = xs.map((_, k) => series.reduce((sum, one) => sum + (one.values[k] ?? 0), 0));
  const high = Math.max(1e-9, least, ...totals);
  const to = scale(box, [0, xs.length], [0, high * 1.05]);
  const made = s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const value of rounds(0, high * 1.05, 4)) {
    made.append(
      s("line", { class: "grid", x1: box.left, x2: width - box.right, y1: to.y(value), y2: to.y(value) }),
      s("text", { class: "tick", x: box.left - 7, y: to.y(value) + 4, "text-anchor": "end" }, short(value)),
    );
  }
  const every = Math.ceil(xs.length / 12);
  xs.forEach((x, k) => {
    let below = 0;
    for (const one of series) {
      const value = one.values[k] ?? 0;
      const [a, b] = [to.y(below + value), to.y(below)];
      made.append(s("rect", { class: `bar ${one.kind}`, x: to.x(k) + 1, y: a, width: Math.max(1, to.x(1) - to.x(0) - 2), height: Math.max(0, b - a) }, s("title", {}, `${x} ${one.name}: ${number(value)}`)));
      below += value;
    }
    if (k % every === 0) made.append(s("text", { class: "tick", x: to.x(k), y: height - 8 }, x));
  });
  return made;
}

/** From a value to another by the parts between: each part starts where the one before ended. */
export function waterfall(label: string, before: number, after: number, parts: { label: string; value: number; half: number; good: boolean }[], width = 860): SVGSVGElement {
  const row = 28;
  const height = (parts.length + 2) * row + 8;
  const left = 300;
  let level = before;
  const steps = parts.map((part) => {
    const from = level;
    level += part.value;
    return { ...part, from, to: level };
  });
  const ends = [before, after, ...steps.flatMap((one) => [one.from, one.to])];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = 0.12 * (high - low || 1);
  const to = scale({ width, height, left, right: 110, top: 0, bottom: 0 }, [low - room, high + room], [0, 1]);
  const made = s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const line = (k: number, words: string, x: number, value: string): void => {
    const y = 4 + k * row;
    made.append(s("text", { class: "word", x: left - 10, y: y + 16, "text-anchor": "end" }, words), s("line", { class: "whisker", x1: to.x(x), x2: to.x(x), y1: y + 2, y2: y + 22 }), s("text", { class: "tick", x: to.x(x) + 7, y: y + 16 }, value));
  };
  line(0, t("before"), before, number(before, 3));
  steps.forEach((one, k) => {
    const y = 4 + (k + 1) * row;
    const [a, b] = [to.x(Math.min(one.from, one.to)), to.x(Math.max(one.from, one.to))];
    made.append(
      s("text", { class: "word", x: left - 10, y: y + 16, "text-anchor": "end" }, one.label.length > 34 ? `${one.label.slice(0, 33)}…` : one.label),
      s("rect", { class: `bar ${one.good ? "" : "e"}`, x: a, y: y + 4, width: Math.max(1.5, b - a), height: 16, rx: 2 }, s("title", {}, `${one.label}: ${number(one.value, 3)} ± ${number(one.half, 3)}`)),
      s("text", { class: "tick", x: b + 6, y: y + 16 }, `${one.value >= 0 ? "+" : ""}${number(one.value, 3)}`),
    );
  });
  line(steps.length + 1, t("after"), after, number(after, 3));
  return made;
}
