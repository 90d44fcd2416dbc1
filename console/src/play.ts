/** A day played on the map: vehicles as the timetable says, and parcels where a simulated day says they were. */

import type { Drawn } from "./geo";
import { h, replace } from "./dom";
import { button, select } from "./parts";
import { across, down } from "./still";
import { clock, number, t } from "./words";

export interface Haul {
  a: [number, number];
  b: [number, number];
  from: number;
  lasts: number;
  pieces: number;
}

/** Parcels as moments: those of parcel k stand from first[k] up to first[k + 1]. */
export interface Moves {
  first: Int32Array;
  late: Uint8Array;
  minute: Float64Array;
  x: Float64Array;
  y: Float64Array;
  end: number;
}
export interface Played {
  hauls: Haul[];
  /** Whether the hauls come round every day, as a timetable's do, or happened once, as those of a simulated day. */
  daily: boolean;
  moves: Moves | null;
}

const DAY = 1440;
const [LATE, MOVING, WAITING] = ["#d23a2b", "#e08a00", "#5b7f95"];

/** The moments of a table of moves, which holds them parcel by parcel. */
export function movesOf(c: Record<string, (string | number | boolean | null)[]>): Moves | null {
  const parcels = c.parcel ?? [];
  if (!parcels.length) return null;
  const first: number[] = [];
  const late: number[] = [];
  parcels.forEach((parcel, k) => {
    if (k && parcels[k - 1] === parcel) return;
    first.push(k);
    late.push(c.late?.[k] ? 1 : 0);
  });
  const minute = Float64Array.from(c.minute as number[]);
  return {
    first: Int32Array.from([...first, parcels.length]), late: Uint8Array.from(late), minute,
    x: Float64Array.from(c.lon as number[], across), y: Float64Array.from(c.lat as number[], down),
    end: minute.reduce((a, b) => Math.max(a, b), DAY),
  };
}

/** The player: a bar with the time, drawn over the map on a canvas of its own, so that a frame costs no map work. */
export function playDay(drawn: Drawn, played: Played): HTMLElement {
  const { moves } = played;
  const end = moves ? Math.ceil(moves.end) + 1 : DAY;
  const canvas = h("canvas", { class: "over", "aria-hidden": "true" });
  const told = h("output", { class: "clock" }, "0:00");
  const counts = h("div", { class: "row mid small counted" });
  const range = h("input", { type: "range", min: 0, max: end - 1, value: 0, "aria-label": t("time_of_day"), oninput: () => { now = Number(range.value); paint(); } });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let [now, last, frame, moving, speed] = [moves ? 360 : 0, 0, 0, false, 45];
  const hauls = played.hauls.map((haul) => ({ ...haul, ax: across(haul.a[0]), ay: down(haul.a[1]), bx: across(haul.b[0]), by: down(haul.b[1]) }));
  const paint = (): void => {
    const box = drawn.map.getContainer();
    const [wide, high, ratio] = [box.clientWidth, box.clientHeight, devicePixelRatio || 1];
    if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(high * ratio)) {
      [canvas.width, canvas.height] = [Math.round(wide * ratio), Math.round(high * ratio)];
      [canvas.style.width, canvas.style.height] = [`${wide}px`, `${high}px`];
    }
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, wide, high);
    told.textContent = end > DAY ? t("day_clock", { day: Math.floor(now / DAY) + 1, time: clock(now % DAY) }) : clock(now);
    // The map is neither turned nor tilted, so a place's pixel is a scale and a shift.
    const centre = drawn.map.getCenter();
    const world = 512 * 2 ** drawn.map.getZoom();
    const [left, top] = [wide / 2 - across(centre.lng) * world, high / 2 - down(centre.lat) * world];
    if (moves) showCounts(counts, drawParcels(pen, moves, now, world, left, top));
    pen.fillStyle = moves ? "rgba(40,60,70,.55)" : "rgba(165,39,28,.78)";
    for (const haul of hauls) {
      // Yesterday's vehicles of a timetable are still on the road after midnight.
      const gone = played.daily ? (((now - haul.from) % DAY) + DAY) % DAY : now - haul.from;
      if (gone < 0 || gone > haul.lasts) continue;
      const part = gone / Math.max(1, haul.lasts);
      pen.beginPath();
      pen.arc((haul.ax + (haul.bx - haul.ax) * part) * world + left, (haul.ay + (haul.by - haul.ay) * part) * world + top, 1.4 + Math.min(7, Math.sqrt(haul.pieces) / 90), 0, 7);
      pen.fill();
    }
  };
  const step = (time: number): void => {
    if (!moving) return;
    now = (now + (Math.min(80, time - last) * speed) / 1000) % end;
    last = time;
    range.value = String(Math.floor(now));
    paint();
    frame = requestAnimationFrame(step);
  };
  const go = (on: boolean): void => {
    moving = on;
    start.textContent = moving ? t("pause") : t("play");
    cancelAnimationFrame(frame);
    if (moving) frame = requestAnimationFrame((time) => { last = time; step(time); });
    else paint();
  };
  const start = button(t("play"), () => go(!moving), "primary");
  const pace = select(t("speed"), ["15", "45", "120", "360"].map((one): [string, string] => [one, t("minutes_a_second", { minutes: one })]), String(speed), (value) => (speed = Number(value)));
  const bar = h("div", { class: "player card", hidden: true, onbegin: () => { drawn.map.getContainer().parentElement?.append(canvas); go(!still); }, onrest: () => { go(false); canvas.remove(); } },
    h("div", { class: "row mid" }, start, range, told, pace), moves ? counts : h("p", { class: "soft small", style: "margin:.3rem 0 0" }, t("vehicles_only")));
  drawn.map.on("move", paint);
  drawn.map.on("remove", () => { moving = false; canvas.remove(); });
  return bar;
}

interface Count { moving: number; waiting: number; late: number; done: number }

/** Draw every parcel that is under way at a minute; those of one place are spread about it. */
function drawParcels(pen: CanvasRenderingContext2D, moves: Moves, now: number, world: number, left: number, top: number): Count {
  const count: Count = { moving: 0, waiting: 0, late: 0, done: 0 };
  const dots: Record<"waiting" | "moving" | "late", number[]> = { waiting: [], moving: [], late: [] };
  for (let k = 0; k < moves.late.length; k += 1) {
    const [low, high] = [moves.first[k] ?? 0, (moves.first[k + 1] ?? 0) - 1];
    if (now < (moves.minute[low] ?? 0)) continue;
    if (now >= (moves.minute[high] ?? 0)) { count.done += 1; continue; }
    let at = low;
    while (at + 1 < high && (moves.minute[at + 1] ?? 0) <= now) at += 1;
    const [ax, ay, bx, by] = [moves.x[at] ?? 0, moves.y[at] ?? 0, moves.x[at + 1] ?? 0, moves.y[at + 1] ?? 0];
    const [from, to] = [moves.minute[at] ?? 0, moves.minute[at + 1] ?? 0];
    const part = to > from ? (now - from) / (to - from) : 1;
    const waits = ax === bx && ay === by;
    const spread = waits ? 11 : 5;
    const angle = (k * 2.399963) % 6.283185;
    const away = spread * Math.sqrt((k * 0.7548777) % 1);
    const kind = moves.late[k] ? "late" : waits ? "waiting" : "moving";
    if (moves.late[k]) count.late += 1;
    count[waits ? "waiting" : "moving"] += 1;
    dots[kind].push((ax + (bx - ax) * part) * world + left + away * Math.cos(angle), (ay + (by - ay) * part) * world + top + away * Math.sin(angle));
  }
  for (const [kind, colour, size] of [["waiting", WAITING, 2.6], ["moving", MOVING, 3.4], ["late", LATE, 3.4]] as const) {
    pen.fillStyle = colour ?? "";
    const held = dots[kind];
    for (let k = 0; k < held.length; k += 2) pen.fillRect((held[k] ?? 0) - size / 2, (held[k + 1] ?? 0) - size / 2, size, size);
  }
  return count;
}

function showCounts(place: HTMLElement, count: Count): void {
  const item = (colour: string | undefined, words: string, value: number): HTMLElement => h("span", {}, h("i", { style: `background:${colour ?? "transparent"}` }), `${words} ${number(value)}`);
  replace(place, item(MOVING, t("parcels_moving"), count.moving), item(WAITING, t("parcels_waiting"), count.waiting), item(LATE, t("parcels_late"), count.late), item("#9aa6a0", t("parcels_done"), count.done));
}
