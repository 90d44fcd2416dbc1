/** Thousands of curves as one picture: drawn when the hand rests, carried by the map as a single image while it moves. */

import type { CanvasSource, Map as LibreMap } from "maplibre-gl";
import type { Columns } from "./api";

type Spot = [number, number];
type Corners = [Spot, Spot, Spot, Spot];
interface Curve { a: Spot; through: Spot; b: Spot; share: number }
export interface Still { show: () => void; hide: () => void }

/** How far beyond the view the picture reaches on each side, in views: what a drag may uncover before the next one. */
const MARGIN = 0.35;
const SLICE_MS = 6;

export const across = (lon: number): number => (lon + 180) / 360;
export const down = (lat: number): number => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
const east = (x: number): number => x * 360 - 180;
const north = (y: number): number => (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90;

/** The curves of columns, the lightest first, bent to the right of their way as `bend` bends them. */
export function curvesOf(held: Columns): Curve[] {
  const c = held.columns as Record<string, number[]>;
  const top = (c.pieces ?? []).reduce((most, one) => Math.max(most, Number(one)), 1);
  const made = Array.from({ length: held.count }, (_, k): Curve => {
    const [ax, ay, bx, by] = [c.lon_a, c.lat_a, c.lon_b, c.lat_b].map((column) => Number(column?.[k])) as [number, number, number, number];
    const [cx, cy] = [(ax + bx) / 2 + (by - ay) * 0.12, (ay + by) / 2 - (bx - ax) * 0.12];
    return { a: [across(ax), down(ay)], through: [across(cx), down(cy)], b: [across(bx), down(by)], share: Math.sqrt(Number(c.pieces?.[k]) / top) };
  });
  return made.sort((one, other) => one.share - other.share);
}

/** Lay the curves on a map as one image under a layer; they are drawn anew, in slices, whenever the map has come to rest. */
export function stillLines(map: LibreMap, name: string, curves: Curve[], colour: string, under?: string): Still {
  const [shown, next] = [document.createElement("canvas"), document.createElement("canvas")];
  let round = 0;
  let visible = true;
  const redraw = (): void => {
    const mine = (round += 1);
    if (!visible) return;
    const box = map.getContainer();
    const ratio = Math.min(2, devicePixelRatio || 1);
    const bounds = map.getBounds();
    const [west, east_, top, bottom] = [across(bounds.getWest()), across(bounds.getEast()), down(bounds.getNorth()), down(bounds.getSouth())];
    const [w, h] = [east_ - west, bottom - top];
    const [x0, y0, x1, y1] = [west - MARGIN * w, top - MARGIN * h, east_ + MARGIN * w, bottom + MARGIN * h];
    next.width = Math.max(1, Math.round(box.clientWidth * (1 + 2 * MARGIN) * ratio));
    next.height = Math.max(1, Math.round(box.clientHeight * (1 + 2 * MARGIN) * ratio));
    const pen = next.getContext("2d");
    if (!pen) return;
    pen.strokeStyle = colour;
    // Places are moved to pixels here and not by the pen, whose single precision is too coarse close up.
    const spot = ([x, y]: Spot): Spot => [((x - x0) * next.width) / (x1 - x0), ((y - y0) * next.height) / (y1 - y0)];
    let at = 0;
    const slice = (): void => {
      if (mine !== round) return;
      const until = performance.now() + SLICE_MS;
      while (at < curves.length && performance.now() < until) stroke(pen, curves[at++] as Curve, spot, ratio);
      if (at < curves.length) setTimeout(slice);
      else hang([[east(x0), north(y0)], [east(x1), north(y0)], [east(x1), north(y1)], [east(x0), north(y1)]]);
    };
    slice();
  };
  const hang = (corners: Corners): void => {
    [shown.width, shown.height] = [next.width, next.height];
    shown.getContext("2d")?.drawImage(next, 0, 0);
    const source = map.getSource<CanvasSource>(name);
    if (source) {
      source.setCoordinates(corners);
      source.play();
      source.pause();
    } else {
      map.addSource(name, { type: "canvas", canvas: shown, coordinates: corners, animate: false });
      map.addLayer({ id: name, type: "raster", source: name, paint: { "raster-fade-duration": 0 } }, under && map.getLayer(under) ? under : undefined);
    }
  };
  map.on("moveend", redraw);
  map.on("resize", redraw);
  redraw();
  return {
    show() {
      visible = true;
      if (map.getLayer(name)) map.setLayoutProperty(name, "visibility", "visible");
      redraw();
    },
    hide() {
      visible = false;
      if (map.getLayer(name)) map.setLayoutProperty(name, "visibility", "none");
    },
  };
}

function stroke(pen: CanvasRenderingContext2D, one: Curve, spot: (at: Spot) => Spot, ratio: number): void {
  const [[ax, ay], [cx, cy], [bx, by]] = [spot(one.a), spot(one.through), spot(one.b)];
  const { width, height } = pen.canvas;
  if (Math.max(ax, bx, cx) < 0 || Math.max(ay, by, cy) < 0 || Math.min(ax, bx, cx) > width || Math.min(ay, by, cy) > height) return;
  pen.globalAlpha = 0.1 + 0.65 * one.share;
  pen.lineWidth = (0.2 + 6.8 * one.share) * ratio;
  pen.beginPath();
  pen.moveTo(ax, ay);
  pen.quadraticCurveTo(cx, cy, bx, by);
  pen.stroke();
}
