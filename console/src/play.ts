/** A day of line-hauls played on the map: each vehicle a dot that moves as the timetable says. */

import { bend, type Drawn } from "./geo";
import { h } from "./dom";
import { button } from "./parts";
import { clock, t } from "./words";

export interface Haul {
  a: [number, number];
  b: [number, number];
  from: number;
  lasts: number;
  pieces: number;
}

const DAY = 1440;
const STEPS = 24;

/** The player: a bar with the time, drawn over the map on a canvas of its own, so that a frame costs no map work. */
export function playDay(drawn: Drawn, hauls: Haul[]): HTMLElement {
  const canvas = h("canvas", { class: "over", "aria-hidden": "true" });
  const told = h("output", { style: "font-variant-numeric:tabular-nums;font-weight:650;min-width:3.2rem" }, "0:00");
  const range = h("input", { type: "range", min: 0, max: DAY - 1, value: 0, "aria-label": t("time_of_day"), oninput: () => { now = Number(range.value); paint(); } });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let [now, last, frame, moving] = [0, 0, 0, false];
  const paths = hauls.map((haul) => bend(haul.a, haul.b, STEPS));
  const paint = (): void => {
    const box = drawn.map.getContainer();
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== box.clientWidth * ratio || canvas.height !== box.clientHeight * ratio) {
      [canvas.width, canvas.height] = [box.clientWidth * ratio, box.clientHeight * ratio];
      [canvas.style.width, canvas.style.height] = [`${box.clientWidth}px`, `${box.clientHeight}px`];
    }
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, box.clientWidth, box.clientHeight);
    told.textContent = clock(now);
    hauls.forEach((haul, k) => {
      // Yesterday's vehicles are still on the road after midnight.
      const gone = (((now - haul.from) % DAY) + DAY) % DAY;
      if (gone > haul.lasts) return;
      const at = (gone / Math.max(1, haul.lasts)) * STEPS;
      const path = paths[k] as [number, number][];
      const [p, q] = [path[Math.floor(at)], path[Math.min(STEPS, Math.floor(at) + 1)]] as [[number, number], [number, number]];
      const part = at - Math.floor(at);
      const spot = drawn.map.project([p[0] + (q[0] - p[0]) * part, p[1] + (q[1] - p[1]) * part]);
      pen.beginPath();
      pen.arc(spot.x, spot.y, 1.4 + Math.min(8, Math.sqrt(haul.pieces) / 90), 0, 7);
      pen.fillStyle = "rgba(165,39,28,.78)";
      pen.fill();
    });
  };
  const step = (time: number): void => {
    if (!moving) return;
    now = (now + Math.min(80, time - last) * 0.045) % DAY;
    last = time;
    range.value = String(Math.floor(now));
    paint();
    frame = requestAnimationFrame(step);
  };
  const go = (on: boolean): void => {
    moving = on && !still;
    start.textContent = moving ? t("pause") : t("play");
    cancelAnimationFrame(frame);
    if (moving) frame = requestAnimationFrame((time) => { last = time; step(time); });
    else paint();
  };
  const start = button(t("play"), () => go(!moving), "primary");
  const bar = h("div", { class: "player card", hidden: true, onbegin: () => { drawn.map.getContainer().parentElement?.append(canvas); go(true); }, onrest: () => { go(false); canvas.remove(); } }, start, range, told);
  drawn.map.on("move", paint);
  drawn.map.on("remove", () => { moving = false; canvas.remove(); });
  return bar;
}
