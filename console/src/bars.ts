/** Bars, columns by half hour or year, waterfalls and frontiers, each as wide as its place. */

import { cut, fitted, rounds, scale, short, wide, type Box } from "./chart";
import { s } from "./dom";
import { number, t } from "./words";

export interface Bar {
  label: string;
  value: number;
  low?: number;
  high?: number;
  kind?: string;
  title?: string;
}

/** Below this width a label stands over its bar and not beside it. */
const NARROW = 430;

/** Horizontal bars with their numbers, and intervals where there are some. */
export function bars(label: string, held: Bar[], format: (value: number) => string = short): HTMLElement {
  return fitted((width) => drawBars(label, held, format, width));
}

function drawBars(label: string, held: Bar[], format: (value: number) => string, width: number): SVGSVGElement {
  const above = width < NARROW;
  const row = above ? 42 : 28;
  const height = held.length * row + 8;
  const left = above ? 2 : Math.min(0.45 * width, 14 + Math.max(52, ...held.map((bar) => wide(bar.label))));
  const right = 12 + Math.max(40, ...held.map((bar) => wide(format(bar.value))));
  const [low, high] = [Math.min(0, ...held.map((bar) => bar.low ?? bar.value)), Math.max(1e-9, ...held.map((bar) => bar.high ?? bar.value))];
  const to = scale({ width, height, left, right, top: 0, bottom: 0 }, [low, high], [0, 1]);
  const made = s("svg", { class: "chart bars", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  held.forEach((bar, k) => {
    const y = 4 + k * row + (above ? 16 : 0);
    const [a, b] = [to.x(Math.min(0, bar.value)), to.x(Math.max(0, bar.value))];
    const words = { class: "word", x: above ? 2 : left - 8, y: above ? y - 2 : y + 16, "text-anchor": above ? "start" : "end" };
    made.append(
      s("text", words, cut(bar.label, above ? width - 8 : left - 12), s("title", {}, bar.label)),
      s("rect", { class: `bar ${bar.kind ?? ""}`, x: a, y: y + 3, width: Math.max(1, b - a), height: 17, rx: 2 }, s("title", {}, bar.title ?? `${bar.label}: ${format(bar.value)}`)),
      s("text", { class: "tick", x: to.x(Math.max(bar.high ?? 0, bar.value, 0)) + 6, y: y + 16 }, format(bar.value)),
    );
    if (bar.low !== undefined && bar.high !== undefined) {
      made.append(s("path", { class: "whisker", d: `M${to.x(bar.low)} ${y + 11.5}H${to.x(bar.high)}M${to.x(bar.low)} ${y + 7.5}v8M${to.x(bar.high)} ${y + 7.5}v8` }));
    }
  });
  return made;
}

export interface Series {
  name: string;
  values: number[];
  kind: string;
}

/** Columns over an axis of hours, steps or years; a unit stands over the axis, and two drawings share a scale by `least`. */
export function columns(label: string, xs: (string | number)[], series: Series[], look: { unit?: string; least?: number; height?: number } = {}): HTMLElement {
  return fitted((width) => drawColumns(label, xs, series, look, width));
}

function drawColumns(label: string, xs: (string | number)[], series: Series[], look: { unit?: string; least?: number; height?: number }, width: number): SVGSVGElement {
  const height = look.height ?? 220;
  const totals = xs.map((_, k) => series.reduce((sum, one) => sum + (one.values[k] ?? 0), 0));
  const high = Math.max(1e-9, look.least ?? 0, ...totals);
  // What is counted in whole numbers has no mark at half a vehicle.
  const ticks = rounds(0, high * 1.05, 4).filter((value) => high < 1 || totals.some((one) => one % 1) || value % 1 === 0);
  const box: Box = { width, height, left: 14 + Math.max(22, ...ticks.map((value) => wide(short(value), 11.5))), right: 8, top: look.unit ? 26 : 10, bottom: 26 };
  const to = scale(box, [0, xs.length], [0, high * 1.05]);
  const made = s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  if (look.unit) made.append(s("text", { class: "tick", x: 2, y: 13 }, look.unit));
  for (const value of ticks) {
    made.append(
      s("line", { class: "grid", x1: box.left, x2: width - box.right, y1: to.y(value), y2: to.y(value) }),
      s("text", { class: "tick", x: box.left - 7, y: to.y(value) + 4, "text-anchor": "end" }, short(value)),
    );
  }
  const room = (width - box.left - box.right) / (14 + Math.max(...xs.map((x) => wide(String(x), 11.5))));
  const every = stride(xs, room);
  const gap = Math.min(2, 0.25 * (to.x(1) - to.x(0)));
  xs.forEach((x, k) => {
    let below = 0;
    for (const one of series) {
      const value = one.values[k] ?? 0;
      const [a, b] = [to.y(below + value), to.y(below)];
      made.append(s("rect", { class: `bar ${one.kind}`, x: to.x(k) + gap / 2, y: a, width: Math.max(0.8, to.x(1) - to.x(0) - gap), height: Math.max(0, b - a) }, s("title", {}, `${x} ${one.name}: ${number(value)}`)));
      below += value;
    }
    if (k % every === 0) made.append(s("text", { class: "tick", x: to.x(k), y: height - 8 }, x));
  });
  return made;
}

/** Which columns bear their name: all, or every second, third, sixth hour and so on, as many as have room. */
function stride(xs: (string | number)[], room: number): number {
  const steps = xs.length >= 48 ? [4, 6, 8, 12, 24, 48, 72] : [1, 2, 3, 5, 10];
  return steps.find((step) => xs.length / step <= room) ?? xs.length;
}

export interface Part {
  label: string;
  value: number;
  half: number;
  good: boolean;
}

/** From a value to another by the parts between: each part starts where the one before ended. */
export function waterfall(label: string, before: number, after: number, parts: Part[]): HTMLElement {
  return fitted((width) => drawWaterfall(label, before, after, parts, width));
}

function drawWaterfall(label: string, before: number, after: number, parts: Part[], width: number): SVGSVGElement {
  const above = width < NARROW + 120;
  const row = above ? 42 : 30;
  const height = (parts.length + 2) * row + 8;
  const left = above ? 2 : Math.min(0.42 * width, 14 + Math.max(60, ...parts.map((part) => wide(part.label))));
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
  const at = (k: number): number => 4 + k * row + (above ? 16 : 0);
  const words = (k: number, text: string): SVGElement => s("text", { class: "word", x: above ? 2 : left - 10, y: above ? at(k) - 2 : at(k) + 16, "text-anchor": above ? "start" : "end" }, cut(text, above ? width - 8 : left - 12), s("title", {}, text));
  const line = (k: number, text: string, x: number): void => {
    made.append(words(k, text), s("line", { class: "whisker", x1: to.x(x), x2: to.x(x), y1: at(k) + 2, y2: at(k) + 22 }), s("text", { class: "word", x: to.x(x) + 7, y: at(k) + 16 }, number(x, 3)));
  };
  line(0, t("before"), before);
  steps.forEach((one, k) => {
    const y = at(k + 1);
    const [a, b] = [to.x(Math.min(one.from, one.to)), to.x(Math.max(one.from, one.to))];
    made.append(
      words(k + 1, one.label),
      s("line", { class: "thread", x1: to.x(one.from), x2: to.x(one.from), y1: y - row + 12, y2: y + 4 }),
      s("rect", { class: `bar ${one.good ? "" : "e"}`, x: a, y: y + 4, width: Math.max(1.5, b - a), height: 16, rx: 2 }, s("title", {}, `${one.label}: ${number(one.value, 3)} ± ${number(one.half, 3)}`)),
      s("text", { class: "tick", x: b + 6, y: y + 16 }, `${one.value >= 0 ? "+" : ""}${number(one.value, 3)} ± ${number(one.half, 3)}`),
    );
  });
  line(steps.length + 1, t("after"), after);
  return made;
}

export interface Spot {
  x: number;
  y: number;
  label: string;
}

/** Every bundle by cost and effect, the line of those nobody beats, and the aim where one is set. */
export function frontier(label: string, all: Spot[], best: Spot[], axes: { x: string; y: string }, aim: number | null): HTMLElement {
  return fitted((width) => drawFrontier(label, all, best, axes, aim, width));
}

function drawFrontier(label: string, all: Spot[], best: Spot[], axes: { x: string; y: string }, aim: number | null, width: number): SVGSVGElement {
  const height = 280;
  const values = [...all.map((spot) => spot.y), ...(aim === null ? [] : [aim])];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.08 * (high - low || 1);
  const [bottom, top] = [low - room, high + room];
  const most = 1.06 * Math.max(1e-9, ...all.map((spot) => spot.x));
  const ticks = rounds(bottom, top, 4);
  const box: Box = { width, height, left: 16 + Math.max(...ticks.map((value) => wide(number(value, 3), 11.5))), right: 16, top: 26, bottom: 42 };
  const to = scale(box, [0, most], [bottom, top]);
  const made = s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, s("text", { class: "tick", x: 2, y: 13 }, axes.y), s("text", { class: "tick", x: width - box.right, y: height - 6, "text-anchor": "end" }, axes.x));
  for (const value of ticks) made.append(s("line", { class: "grid", x1: box.left, x2: width - box.right, y1: to.y(value), y2: to.y(value) }), s("text", { class: "tick", x: box.left - 7, y: to.y(value) + 4, "text-anchor": "end" }, number(value, 3)));
  for (const value of rounds(0, most, width < NARROW ? 3 : 6)) made.append(s("text", { class: "tick", x: to.x(value), y: height - box.bottom + 17, "text-anchor": "middle" }, number(value, 0)));
  if (aim !== null) made.append(s("line", { class: "aim", x1: box.left, x2: width - box.right, y1: to.y(aim), y2: to.y(aim) }), s("text", { class: "aimtext", x: width - box.right, y: to.y(aim) - 6, "text-anchor": "end" }, t("face.target_mark", { value: number(aim) })));
  const spot = (one: Spot, kind: string, size: number): SVGElement => s("circle", { class: kind, cx: to.x(one.x), cy: to.y(one.y), r: size }, s("title", {}, `${one.label}: ${number(one.x, 0)} · ${number(one.y, 3)}`));
  made.append(...all.map((one) => spot(one, "bundle", 4)), s("polyline", { class: "front", points: best.map((one) => `${to.x(one.x)},${to.y(one.y)}`).join(" ") }), ...best.map((one) => spot(one, "best", 5)));
  return made;
}
